//! Mails go out: lease, render, send, record. No transaction is open while the relay is spoken to.
//!
//! Guarantee: at least once; twice only when acceptance could not be recorded (a crash, or a reply
//! lost after the last byte) and no witness tells of it, and then as the same bytes with the same
//! Message-ID. Trouble with the relay itself pauses the route and costs no mail an attempt.

mod gauge;
mod letter;
mod oracle;
mod policy;
mod postfix;
mod quota;
mod routes;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use letter::letter;

use crate::App;
use crate::clock::Stopwatch;
use crate::mail::queue::{self, Claimed, Ending, Hold, Note, Outcome, Reported, Source, Transmission};
use crate::mail::render::Rendered;
use crate::smtp::{Relay, Reply, SendError};
use crate::subscriber;
use letter::Letters;
use routes::Routes;

/// Mails a claim: a few seconds' work for one worker, so that others find some too.
pub const CLAIM: i32 = 50;

/// What delivering did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Mails the relay took.
    pub accepted: usize,
    /// Put off by the relay.
    pub deferred: usize,
    /// Refused for good, or not renderable.
    pub failed: usize,
    /// Of unknown fate.
    pub uncertain: usize,
    /// No longer wanted.
    pub suppressed: usize,
    /// Given back, because the relay cannot be used now or the service is stopping.
    pub released: usize,
    /// Given back until their turn comes by the relay's pace.
    pub paced: usize,
}

impl Delivered {
    /// How many mails were taken up.
    pub fn total(&self) -> usize {
        self.accepted + self.deferred + self.failed + self.uncertain + self.suppressed + self.released + self.paced
    }
}

/// What became of one mail.
enum End {
    Accepted,
    Deferred,
    Failed,
    Uncertain,
    Suppressed,
    Released,
    Paced,
}

/// Mails that this worker holds, with all that it takes to send them.
pub struct Batch {
    app: App,
    mails: Vec<Claimed>,
    letters: Letters,
    routes: Routes,
    stop: CancellationToken,
}

/// Sends what is waiting at `now`, one batch; nothing while the route is paused.
///
/// With `stop` cancelled, mails on the wire are finished and the rest is given back.
pub async fn step(app: &App, now: DateTime<Utc>, stop: &CancellationToken) -> sqlx::Result<Delivered> {
    match take(app, now, stop).await? {
        Some(batch) => batch.send(None).await,
        None => Ok(Delivered::default()),
    }
}

/// Takes up a batch of what is waiting at `now`, to be sent at once; `None` when nothing is, or no relay can be used.
pub async fn take(app: &App, now: DateTime<Utc>, stop: &CancellationToken) -> sqlx::Result<Option<Batch>> {
    let settings = &app.config.delivery;
    let recovered = queue::recover(&app.db, now, settings.uncertain_wait).await?;
    if recovered != queue::Recovered::default() {
        tracing::warn!(?recovered, "took over from workers that died, or ended old mails");
    }
    oracle::settle(app, now).await?;
    let routes = Routes::open(app, now, CLAIM).await?;
    let room = i64::from(routes.room().min(CLAIM));
    if room == 0 {
        return Ok(None);
    }
    let mails = queue::claim(&app.db, now, settings.lease, room).await?;
    if mails.is_empty() {
        routes.settle().await?;
        // Nobody is kept waiting by a connection that dies unnoticed overnight.
        app.relays.close().await;
        return Ok(None);
    }
    let letters = Letters::load(app, &mails).await?;
    Ok(Some(Batch { app: app.clone(), mails, letters, routes, stop: stop.clone() }))
}

impl Batch {
    /// Sends its mails: each is made in a task of its own, so that signing keeps all processors busy and no connection waiting.
    /// Of `room`, which has a place for each, every mail gives its place back as it ends.
    pub async fn send(mut self, mut room: Option<OwnedSemaphorePermit>) -> sqlx::Result<Delivered> {
        let mails = std::mem::take(&mut self.mails);
        let held: Vec<Hold> = mails.iter().map(Claimed::hold).collect();
        let (width, batch) = (self.routes.width(), Arc::new(self));
        let places: Vec<_> = mails.iter().map(|_| room.as_mut().and_then(|room| room.split(1))).collect();
        drop(room);
        let sending = futures::stream::iter(mails.into_iter().zip(places))
            .map(|(mail, place)| {
                let span = tracing::info_span!("delivery", mail = %mail.id, subject = ?mail.subject, fence = mail.fence);
                let batch = batch.clone();
                let delivering = async move {
                    let end = deliver(&batch, mail).await;
                    drop(place);
                    end
                };
                tokio::spawn(delivering.instrument(span))
            })
            .buffer_unordered(width)
            .collect::<Vec<_>>();
        let ends = tokio::select! {
            ends = sending => ends,
            never = heartbeat(&batch.app, &held) => match never {},
        };
        let mut delivered = Delivered::default();
        for end in ends {
            match end.unwrap_or_else(|broken| resume_unwind(broken.into_panic()))? {
                End::Accepted => delivered.accepted += 1,
                End::Deferred => delivered.deferred += 1,
                End::Failed => delivered.failed += 1,
                End::Uncertain => delivered.uncertain += 1,
                End::Suppressed => delivered.suppressed += 1,
                End::Released => delivered.released += 1,
                End::Paced => delivered.paced += 1,
            }
        }
        batch.routes.settle().await?;
        Ok(delivered)
    }
}

/// Renews the leases of a batch for as long as it takes, several times a lease. A failure ends nothing:
/// mails on the wire must be finished, and should the lease be lost, the fence protects what others do.
async fn heartbeat(app: &App, held: &[Hold]) -> Infallible {
    let lease = app.config.delivery.lease;
    loop {
        tokio::time::sleep(lease / 6).await;
        if let Err(error) = queue::extend(&app.db, app.clock.now(), lease, held).await {
            tracing::warn!(%error, "leases could not be renewed; trying again");
        }
    }
}

async fn deliver(batch: &Batch, mail: Claimed) -> sqlx::Result<End> {
    let Batch { app, letters, routes, stop, .. } = batch;
    let route = if stop.is_cancelled() { None } else { routes.choose(mail.id, mail.attempts) };
    let Some(route) = route else {
        queue::release(&app.db, &mail, None).await?;
        return Ok(End::Released);
    };
    let now = app.clock.now();
    // Should a paper bring the program to a fault, it is this mail's alone.
    let rendered = match catch_unwind(AssertUnwindSafe(|| letters.render(app, &mail))) {
        Ok(Ok(Some(rendered))) => rendered,
        Ok(Ok(None)) => {
            queue::suppress(&app.db, now, &mail).await?;
            return Ok(End::Suppressed);
        }
        Ok(Err(error)) => return unrenderable(app, now, &mail, error.to_string()).await,
        Err(_) => return unrenderable(app, now, &mail, "a fault of the program: see its error output".to_owned()).await,
    };
    let bytes_hash = Sha256::digest(&rendered.bytes);
    if mail.only_bytes.as_ref().is_some_and(|only| only[..] != bytes_hash[..]) {
        tracing::error!("the relay may have this mail, and templates, keys or settings have changed since: left for the operator");
        let text = "sent once without an answer, and cannot be made the same again: see `paperlark mail held`".to_owned();
        return finish(app, &mail, Outcome::Held, Reply { code: None, text }).await;
    }
    match route.relay.admit(now, &rendered.envelope_to) {
        Ok(wait) => tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {
                queue::release(&app.db, &mail, None).await?;
                return Ok(End::Released);
            }
        },
        Err(again) => {
            queue::release(&app.db, &mail, Some(again)).await?;
            return Ok(End::Paced);
        }
    }
    match send(app, &route.relay, &mail, &rendered, &bytes_hash).await? {
        Sent::Reply(reply) => {
            route.accepted();
            finish(app, &mail, Outcome::Accepted, reply).await
        }
        Sent::Unwanted => {
            queue::suppress(&app.db, app.clock.now(), &mail).await?;
            Ok(End::Suppressed)
        }
        Sent::Not(SendError::Route(reply)) => {
            // Should it be this mail that makes the relay give up, the others go first next time.
            queue::release(&app.db, &mail, Some(app.clock.now() + policy::back_off(0, mail.id))).await?;
            routes.close(route, &reply.text).await?;
            Ok(End::Released)
        }
        Sent::Not(SendError::Deferred(reply)) => {
            let again = app.clock.now() + policy::back_off(mail.attempts, mail.id);
            finish(app, &mail, Outcome::Deferred(again), reply).await
        }
        Sent::Not(SendError::Refused(reply)) => finish(app, &mail, Outcome::Failed, reply).await,
        Sent::Not(SendError::Unanswered(reply)) => {
            let look_again = app.clock.now() + policy::doubt(app.config.delivery.uncertain_wait, mail.attempts);
            finish(app, &mail, Outcome::Uncertain(look_again), reply).await
        }
    }
}

enum Sent {
    Reply(Reply),
    Not(SendError),
    /// Consent was withdrawn, or the claim lost, before the first byte.
    Unwanted,
}

/// Envelope, then the commit that the relay may have it from here on, then the bytes.
async fn send(app: &App, relay: &Relay, mail: &Claimed, rendered: &Rendered, bytes_hash: &[u8]) -> sqlx::Result<Sent> {
    let eight_bit = !rendered.bytes.is_ascii();
    let envelope = match relay.open(&rendered.envelope_from, &rendered.envelope_to, eight_bit).await {
        Ok(envelope) => envelope,
        Err(error) => return Ok(Sent::Not(error)),
    };
    let watch = Stopwatch::start();
    let now = app.clock.now();
    let transmission = Transmission {
        hold: mail.hold(),
        relay: envelope.relay_name().to_owned(),
        bytes_hash: bytes_hash.to_vec(),
        at: now,
        lease_until: now + app.config.delivery.lease,
    };
    if !app.recorder.begin(transmission).await? {
        envelope.cancel().await;
        return Ok(Sent::Unwanted);
    }
    gauge::commit(&watch);
    Ok(match envelope.send(&rendered.bytes).await {
        Ok(reply) => Sent::Reply(reply),
        Err(error) => Sent::Not(error),
    })
}

async fn unrenderable(app: &App, now: DateTime<Utc>, mail: &Claimed, problem: String) -> sqlx::Result<End> {
    let problem = policy::without_addresses(&problem);
    tracing::error!(mail = %mail.id, problem, "a mail cannot be rendered");
    let again = (mail.render_failures + 1 < policy::MAX_RENDER_FAILURES).then(|| now + policy::back_off(mail.render_failures, mail.id));
    finish(app, mail, Outcome::Unrenderable(again), Reply { code: None, text: problem }).await
}

/// Records the end of an attempt; then a bad address gets no more mails. Should this fail, the next mail meets the same refusal.
async fn finish(app: &App, mail: &Claimed, outcome: Outcome, reply: Reply) -> sqlx::Result<End> {
    let now = app.clock.now();
    let bad_address = outcome == Outcome::Failed && reply.says_bad_address();
    let note = Note { code: reply.code, text: policy::without_addresses(&reply.text) };
    let ending = Ending { hold: mail.hold(), outcome: outcome.clone(), note: note.clone(), at: now };
    let recorded = app.recorder.end(ending).await?;
    if recorded && bad_address {
        let mut tx = app.db.begin().await?;
        subscriber::suppress(&mut tx, now, mail.subscriber_id, "bounce").await?;
        tx.commit().await?;
    }
    if !recorded && outcome == Outcome::Accepted {
        // Whoever took this worker for dead need not guess.
        queue::report(&app.db, now, mail.id, Reported::Accepted, Source::Worker).await?;
    }
    gauge::sent(&outcome, note.code);
    tracing::debug!(?outcome, code = note.code, recorded, "an attempt ended");
    Ok(match outcome {
        Outcome::Accepted => End::Accepted,
        Outcome::Deferred(_) | Outcome::Unrenderable(Some(_)) => End::Deferred,
        Outcome::Failed | Outcome::Unrenderable(None) => End::Failed,
        Outcome::Uncertain(_) | Outcome::Held => End::Uncertain,
    })
}
