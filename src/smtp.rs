//! The relay: connections, one mail at a time on each, and what its replies mean.
//!
//! A client of our own: what went wrong is known by the phase in which it did (RFC 5321 § 3.3), each phase has its
//! time-out, and commands travel together where the relay allows (RFC 2920): MAIL with RCPT, and both with the end
//! of the mail before. DATA never does: by then the caller has committed that the relay may have the mail.

mod connect;
mod connection;
mod dsn;
mod login;
mod pace;
mod pool;
mod relays;
mod reply;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use connect::RelayError;
pub use relays::Relays;
pub use reply::{Reply, SendError};

use crate::clock::Stopwatch;
use crate::config;
use connect::Connector;
use connection::Wanted;
use pace::Pace;
use pool::{Lease, Pool};

/// Notes how long was waited for a phase to end: connect, tls, ehlo, auth; then for the replies to MAIL, RCPT and DATA, and for
/// the content with the reply to its final dot.
fn timed(phase: &'static str, watch: &Stopwatch) {
    metrics::histogram!("paperlark_smtp_phase_seconds", "phase" => phase).record(watch.elapsed().as_secs_f64());
}

/// The way to one relay, with its connections.
pub struct Relay {
    name: String,
    settings: config::Relay,
    connector: Connector,
    pool: Arc<Pool>,
    pace: Mutex<Pace>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A mail whose recipient the relay has accepted, but of which it has not seen a byte.
pub struct Envelope<'a> {
    relay: &'a Relay,
    lease: Lease,
}

impl std::fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope").field("relay", &self.relay.name).finish_non_exhaustive()
    }
}

impl Relay {
    /// Prepares the way; connects to nothing yet. `hello` is the name for EHLO unless one is set.
    ///
    /// # Errors
    /// When the certificate file is unreadable.
    pub fn new(name: String, settings: &config::Relay, hello: &str) -> Result<Self, RelayError> {
        Ok(Self {
            name,
            connector: Connector::new(settings, hello)?,
            pool: Pool::new(settings),
            pace: Mutex::new(Pace::new(settings)),
            settings: settings.clone(),
        })
    }

    /// The name of its table, or host and port: as the route is known in the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings.
    pub fn settings(&self) -> &config::Relay {
        &self.settings
    }

    /// How many mails should be under way at once, so that there is always one whose envelope can go out with the end of
    /// the mail before: others are being made or recorded meanwhile.
    pub fn width(&self) -> usize {
        self.settings.connections * 4
    }

    /// Asks for a place in the relay's pace at `now`, for a mail to `to`: how long to wait before [`Relay::open`].
    ///
    /// # Errors
    /// When the wait would be too long to hold the mail meanwhile: the time to ask again.
    pub fn admit(&self, now: DateTime<Utc>, to: &str) -> Result<Duration, DateTime<Utc>> {
        let domain = to.rsplit('@').next().unwrap_or_default();
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).admit(now, domain)
    }

    /// Opens the envelope of a mail: MAIL and RCPT, on an idle connection or a new one. Waits while all are at work.
    ///
    /// # Errors
    /// [`SendError::Route`] when no mail can go now; [`SendError::Deferred`] and
    /// [`SendError::Refused`] when the relay will not take mail for this recipient.
    pub async fn open(&self, from: &str, to: &str, eight_bit: bool) -> Result<Envelope<'_>, SendError> {
        let wanted = Wanted::parse(from, to, eight_bit, self.settings.report_success)?;
        loop {
            let mut lease = self.pool.turn(&wanted).await;
            // The relay may have closed an idle connection meanwhile; only a new one tells its state.
            if lease.connection.is_some() {
                match self.envelope(&mut lease, &wanted).await {
                    Err(SendError::Route(_)) => lease.connection = None,
                    verdict => return self.opened(lease, verdict),
                }
            }
            match self.connector.connect().await {
                Ok(connection) => lease.connection = Some(connection),
                // One connection too many is no trouble while others work.
                Err(error) if error.reply().says_slower() && self.pool.has_others() => {
                    self.pool.shrink();
                    continue;
                }
                Err(error) => return self.opened(lease, Err(error)),
            }
            let verdict = self.envelope(&mut lease, &wanted).await;
            return self.opened(lease, verdict);
        }
    }

    async fn envelope(&self, lease: &mut Lease, wanted: &Wanted) -> Result<(), SendError> {
        let begun = std::mem::take(&mut lease.begun);
        match &mut lease.connection {
            None => Err(SendError::Route(Reply::local("the connection broke"))),
            Some(connection) if begun => connection.opened().await,
            Some(connection) => connection.open(wanted).await,
        }
    }

    fn opened(&self, lease: Lease, verdict: Result<(), SendError>) -> Result<Envelope<'_>, SendError> {
        match verdict {
            Ok(()) => Ok(Envelope { relay: self, lease }),
            Err(error) => {
                self.heed(error.reply());
                if error.is_about_this_mail() {
                    lease.keep();
                }
                Err(error)
            }
        }
    }

    fn heed(&self, reply: &Reply) {
        if reply.says_slower() {
            self.pool.shrink();
        }
    }

    /// Says goodbye on all idle connections.
    pub async fn close(&self) {
        futures::future::join_all(self.pool.drain().into_iter().map(connection::Connection::quit)).await;
    }
}

impl<'a> Envelope<'a> {
    /// The relay that will have the mail, as [`Relay::name`] says it.
    pub fn relay_name(&self) -> &str {
        self.relay.name()
    }

    /// Sends the mail: DATA, its bytes, the final dot.
    ///
    /// # Errors
    /// [`SendError::Unanswered`] when the relay may have it all the same; any other error means that
    /// it has not.
    pub async fn send(self, message: &[u8]) -> Result<Reply, SendError> {
        let Self { relay, mut lease } = self;
        let Some(connection) = &mut lease.connection else {
            return Err(SendError::Deferred(Reply::local("the connection broke")));
        };
        if let Err(error) = connection.data().await {
            relay.heed(error.reply());
            if error.is_about_this_mail() {
                lease.keep();
            }
            return Err(error);
        }
        let (waiter, ahead) = relay.pool.next(connection).unzip();
        let verdict = connection.body(message, &ahead.unwrap_or_default()).await;
        match &verdict {
            Ok(_) => relay.pool.grow(),
            Err(error) => relay.heed(error.reply()),
        }
        let is_fit = match &verdict {
            Ok(_) => true,
            Err(error) => error.is_about_this_mail(),
        };
        if !is_fit {
            lease.connection = None;
        }
        match waiter {
            Some(waiter) => lease.hand_to(waiter),
            None => lease.keep(),
        }
        verdict
    }

    /// Takes the mail back before its first byte.
    pub async fn cancel(self) {
        // The next envelope on this connection begins with RSET.
        self.lease.keep();
    }
}
