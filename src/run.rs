//! The loops around the steps, signals, and an orderly end. Everything that sleeps is here.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::App;
use crate::inbound::Listener;
use crate::pipeline::deliver::{self, Delivered};
use crate::pipeline::{compose, fetch, watch};
use crate::vitals::Part;
use crate::web;

/// How long the end may take: a mail on the wire needs its final reply.
const DRAIN_LIMIT: Duration = Duration::from_secs(60);

/// Sources are due to the minute.
const FETCH_INTERVAL: Duration = Duration::from_secs(20);

/// How often the books are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(60);

/// Mails under way at once: while one batch is sent the next is made ready, and a mail that the relay holds up keeps only
/// its own place.
const UNDER_WAY: u32 = 4 * deliver::CLAIM.unsigned_abs();

/// The wait after a step failed: the database is away, and need not be asked at full pace.
const TROUBLE_INTERVAL: Duration = Duration::from_secs(5);

/// Cancelled by SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let token = stop.clone();
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if last {
                tracing::warn!("ending at once");
                std::process::exit(130);
            }
            tracing::info!("ending: mails on the wire are finished first; once more to end at once");
            token.cancel();
        }
    });
    Ok(stop)
}

/// What a process does: hosts that meet in one database share the work as they like.
#[derive(Debug)]
pub struct Work {
    /// Where the pages are served, if they are.
    pub pages: Option<TcpListener>,
    /// Where metrics and readiness are served, if they are.
    pub monitor: Option<TcpListener>,
    /// Whether sources are asked, digests composed and mails sent.
    pub worker: bool,
}

/// Does its share of the work until `stop`, then drains.
///
/// # Errors
/// When the pages cannot be served, or the drain takes too long. Trouble with the database or the
/// relay is logged and waited out.
pub async fn serve(app: &App, work: Work, stop: CancellationToken) -> anyhow::Result<()> {
    // What is logged tells the hosts apart, and a process from the one before it.
    let run = tracing::info_span!("run", id = format_args!("{:08x}", Uuid::new_v4().as_fields().0));
    parts(app, work, stop).instrument(run).await
}

async fn parts(app: &App, work: Work, stop: CancellationToken) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    if let Some(listener) = work.pages {
        tasks.spawn(pages(app.clone(), listener, stop.clone()).in_current_span());
    }
    if let Some(listener) = work.monitor {
        tasks.spawn(monitor(app.clone(), listener, stop.clone()).in_current_span());
    }
    if work.worker {
        let mails = Arc::new(Notify::new());
        // Each source has a loop of its own: one that takes long keeps no other waiting.
        for name in app.config.source.keys() {
            tasks.spawn(fetching(app.clone(), name.clone(), stop.clone()).in_current_span());
        }
        tasks.spawn(composing(app.clone(), stop.clone(), mails.clone()).in_current_span());
        tasks.spawn(delivering(app.clone(), stop.clone(), mails).in_current_span());
        tasks.spawn(watching(app.clone(), stop.clone()).in_current_span());
        if let Some(address) = app.config.bounce.listen {
            let reports = Listener::bind(address).await?;
            let (app, stop) = (app.clone(), stop.clone());
            let serving = async move {
                reports.serve(app, stop).await;
                Ok(())
            };
            tasks.spawn(serving.in_current_span());
        }
    }
    let mut result = Ok(());
    let drain = async {
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.context("a part of the service broke").and_then(|ended| ended);
            stop.cancel();
            if result.is_ok() {
                result = ended;
            }
        }
    };
    let limit = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN_LIMIT).await;
    };
    tokio::select! {
        () = drain => {}
        () = limit => anyhow::bail!("gave up waiting for the last mails; they will be taken up at the next start"),
    }
    app.relays.close().await;
    result
}

async fn pages(app: App, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let ended = stop.clone();
    let serving = axum::serve(listener, web::service(app)?).with_graceful_shutdown(async move { ended.cancelled().await });
    serving.await.context("cannot serve the pages")
}

async fn monitor(app: App, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let ended = stop.clone();
    let serving = axum::serve(listener, web::monitor::service(app)).with_graceful_shutdown(async move { ended.cancelled().await });
    serving.await.context("cannot serve the metrics")
}

async fn watching(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        pause(&stop, WATCH_INTERVAL, std::future::pending()).await;
        web::monitor::recorder().run_upkeep();
        if let Err(error) = watch::step(&app, app.clock.now()).await {
            trouble("watching", &error);
        }
    }
    Ok(())
}

async fn fetching(app: App, source: String, stop: CancellationToken) -> anyhow::Result<()> {
    app.vitals.beat(Part::Fetching, app.clock.now());
    while !stop.is_cancelled() {
        // A fetch that is cut off leaves nothing half stored.
        let fetched = tokio::select! {
            fetched = fetch::check(&app, app.clock.now(), &source) => fetched,
            () = stop.cancelled() => break,
        };
        let wait = match fetched {
            Ok(_) => {
                app.vitals.beat(Part::Fetching, app.clock.now());
                FETCH_INTERVAL
            }
            Err(error) => trouble("fetching", &error),
        };
        pause(&stop, wait, std::future::pending()).await;
    }
    Ok(())
}

async fn composing(app: App, stop: CancellationToken, mails: Arc<Notify>) -> anyhow::Result<()> {
    app.vitals.beat(Part::Composing, app.clock.now());
    while !stop.is_cancelled() {
        let wait = match compose::step(&app, app.clock.now()).await {
            Ok(composed) => {
                app.vitals.beat(Part::Composing, app.clock.now());
                if composed.mails > 0 {
                    tracing::info!(?composed, "composed");
                    mails.notify_one();
                }
                app.config.delivery.interval
            }
            Err(error) => trouble("composing", &error),
        };
        pause(&stop, wait, std::future::pending()).await;
    }
    Ok(())
}

async fn delivering(app: App, stop: CancellationToken, mails: Arc<Notify>) -> anyhow::Result<()> {
    let mut batches = JoinSet::new();
    let room = Arc::new(Semaphore::new(UNDER_WAY as usize));
    loop {
        app.vitals.beat(Part::Delivering, app.clock.now());
        let places = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            places = room.clone().acquire_many_owned(deliver::CLAIM.unsigned_abs()) => places.context("the room is never closed")?,
        };
        let mut wait = match deliver::take(&app, app.clock.now(), &stop).await {
            Ok(Some(batch)) => {
                batches.spawn(batch.send(Some(places)).in_current_span());
                Duration::ZERO
            }
            Ok(None) => app.config.delivery.interval,
            Err(error) => trouble("delivering", &error),
        };
        while let Some(sent) = batches.try_join_next() {
            wait = wait.max(delivered(sent?));
        }
        pause(&stop, wait, mails.notified()).await;
    }
    // Whatever was taken up is finished.
    while let Some(sent) = batches.join_next().await {
        delivered(sent?);
    }
    Ok(())
}

/// Tells what became of a batch, and how long to wait before the next.
fn delivered(sent: sqlx::Result<Delivered>) -> Duration {
    match sent {
        Ok(delivered) => {
            tracing::info!(?delivered, "delivered");
            Duration::ZERO
        }
        Err(error) => trouble("delivering", &error),
    }
}

fn trouble(what: &str, error: &sqlx::Error) -> Duration {
    tracing::error!(%error, "{what} failed and will be tried again");
    TROUBLE_INTERVAL
}

/// Waits until `wait` is over, `earlier` happens or the service stops.
async fn pause(stop: &CancellationToken, wait: Duration, earlier: impl Future<Output = ()>) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = earlier => {}
        () = stop.cancelled() => {}
    }
}
