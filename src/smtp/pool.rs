//! How many connections a relay gets, who has one next, and who waits.
//!
//! A relay that says it is too busy gets half as many; every mail it takes wins back a little, as TCP does with its
//! window (AIMD). Whoever waits for a connection says to whom the mail shall go, so that the connection that
//! comes free can open that envelope together with the end of its last mail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::connection::{Connection, Wanted};
use crate::clock::Stopwatch;
use crate::config;

pub(super) struct Pool {
    state: Mutex<State>,
    most: usize,
    mails_per_connection: u32,
    idle_timeout: Duration,
}

struct State {
    idle: Vec<Connection>,
    /// All connections: idle, at work, or being made.
    live: usize,
    /// How many there may be now: at least 1.
    limit: f64,
    /// In the order of their coming. Nobody waits while a connection is idle or another may be made.
    waiting: VecDeque<Waiter>,
}

/// Somebody who waits for a connection.
pub(super) struct Waiter {
    wanted: Wanted,
    turn: oneshot::Sender<Lease>,
}

/// The right to one connection: an open one, or to make one. Dropping it passes the right on; the connection
/// survives only by [`Lease::keep`], since it may be in the middle of something.
pub(super) struct Lease {
    pool: Arc<Pool>,
    pub(super) connection: Option<Connection>,
    /// The envelope is on its way already.
    pub(super) begun: bool,
    is_fit: bool,
}

impl Pool {
    pub(super) fn new(settings: &config::Relay) -> Arc<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a number of connections")]
        let limit = settings.connections as f64;
        let state = State { idle: Vec::new(), live: 0, limit, waiting: VecDeque::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            most: settings.connections,
            mails_per_connection: settings.mails_per_connection,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// Waits for a connection, or for the right to make one.
    pub(super) async fn turn(self: &Arc<Self>, wanted: &Wanted) -> Lease {
        loop {
            let turn = {
                let mut state = self.lock();
                if let Some(connection) = self.take_idle(&mut state) {
                    return self.lease(Some(connection));
                }
                if state.has_room() {
                    state.live += 1;
                    return self.lease(None);
                }
                let (sender, turn) = oneshot::channel();
                state.waiting.push_back(Waiter { wanted: wanted.clone(), turn: sender });
                turn
            };
            // Whoever took this waiter along may have broken off.
            if let Ok(lease) = turn.await {
                return lease;
            }
        }
    }

    /// The next in line, if `connection` may go on after its present mail; with the commands for it.
    pub(super) fn next(&self, connection: &Connection) -> Option<(Waiter, String)> {
        let mut state = self.lock();
        if connection.mails + 1 >= self.mails_per_connection || state.is_over() {
            return None;
        }
        while state.waiting.front().is_some_and(|waiter| waiter.turn.is_closed()) {
            state.waiting.pop_front();
        }
        let commands = connection.ahead(&state.waiting.front()?.wanted)?;
        state.waiting.pop_front().map(|waiter| (waiter, commands))
    }

    /// The relay is too busy. Not halved again before the last halving has taken effect: all connections may hear of
    /// the same trouble.
    pub(super) fn shrink(&self) {
        let mut state = self.lock();
        if !state.is_over() {
            #[expect(clippy::cast_precision_loss, reason = "a number of connections")]
            let half = state.live as f64 / 2.0;
            state.limit = half.ceil().max(1.0);
        }
        while state.is_over()
            && let Some(connection) = state.idle.pop()
        {
            state.live -= 1;
            tokio::spawn(connection.quit());
        }
    }

    /// The relay took a mail.
    pub(super) fn grow(self: &Arc<Self>) {
        let mut state = self.lock();
        #[expect(clippy::cast_precision_loss, reason = "a number of connections")]
        let most = self.most as f64;
        state.limit = (state.limit + 1.0 / state.limit).min(most);
        if state.has_room()
            && let Some(waiter) = state.waiting.pop_front()
        {
            state.live += 1;
            drop(state);
            drop(waiter.turn.send(self.lease(None)));
        }
    }

    /// Whether this is not the only connection.
    pub(super) fn has_others(&self) -> bool {
        self.lock().live > 1
    }

    /// Gives all idle connections up.
    pub(super) fn drain(&self) -> Vec<Connection> {
        let mut state = self.lock();
        let idle = std::mem::take(&mut state.idle);
        state.live -= idle.len();
        idle
    }

    fn lease(self: &Arc<Self>, connection: Option<Connection>) -> Lease {
        Lease { pool: self.clone(), connection, begun: false, is_fit: false }
    }

    fn take_idle(&self, state: &mut State) -> Option<Connection> {
        while let Some(connection) = state.idle.pop() {
            if connection.idle.elapsed() < self.idle_timeout {
                return Some(connection);
            }
            state.live -= 1;
            tokio::spawn(connection.quit());
        }
        None
    }

    /// Passes a right on, with its connection unless that has served its time.
    fn give_back(self: &Arc<Self>, connection: Option<Connection>) {
        let mut state = self.lock();
        let (kept, worn) = match connection {
            Some(connection) if connection.mails < self.mails_per_connection && !state.is_over() => (Some(connection), None),
            other => (None, other),
        };
        let next = if state.is_over() { None } else { state.waiting.pop_front() };
        match (next, kept) {
            (Some(waiter), kept) => {
                drop(state);
                // Should the waiter be gone, the lease comes back here by being dropped.
                let mut lease = self.lease(kept);
                lease.is_fit = true;
                drop(waiter.turn.send(lease));
            }
            (None, Some(mut connection)) => {
                connection.idle = Stopwatch::start();
                state.idle.push(connection);
            }
            (None, None) => state.live -= 1,
        }
        if let Some(connection) = worn {
            tokio::spawn(connection.quit());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of connections")]
impl State {
    fn has_room(&self) -> bool {
        self.live as f64 + 1.0 <= self.limit
    }

    fn is_over(&self) -> bool {
        self.live as f64 > self.limit
    }
}

impl Lease {
    /// The connection is ready for another mail.
    pub(super) fn keep(mut self) {
        self.is_fit = true;
    }

    /// Hands the connection, or what is left of the right to one, to the waiter whose envelope went out on it.
    pub(super) fn hand_to(mut self, waiter: Waiter) {
        self.begun = self.connection.is_some();
        if let Err(mut lease) = waiter.turn.send(self)
            && let Some(connection) = &mut lease.connection
        {
            connection.give_up();
            lease.keep();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| self.is_fit);
        self.pool.give_back(connection);
    }
}
