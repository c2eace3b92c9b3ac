//! The demo: the whole service on one machine, with sample papers and a mail catcher.

mod hub;
mod visitor;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::catcher::{Catcher, CatcherError};
use crate::clock::Clock;
use crate::config::Config;
use crate::database::{Database, Sharing, managed};
use crate::pipeline::{compose, fetch};
use crate::run;
use crate::subscriber;
use visitor::Visitor;

/// How to run it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// End after the digests have arrived.
    pub once: bool,
    /// Take the papers from the real hub.
    pub live: bool,
}

/// The readers who sign up: an address, and filters one a line.
const READERS: [(&str, &str); 2] =
    [("ada@example.org", "diffusion OR \"flow matching\"\nrobot* OR agents\nsafety OR privacy OR trust"), ("grace@example.org", "")];

/// Ports people can remember, if they are free.
const INBOX_PORT: u16 = 8025;

/// How many days the sample has.
const DAYS: usize = hub::SAMPLE_DAYS;

/// How long a step may take; on a busy machine a mail needs some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the demo until `stop`, or with [`Options::once`] until the digests are there.
///
/// # Errors
/// When any step fails, after cleaning up.
pub async fn run(mut config: Config, options: &Options, stop: CancellationToken) -> anyhow::Result<()> {
    let clock = Clock::system();
    let catcher = catcher(&clock).await?;
    let listener = listen(config.web.listen.port()).await.context("cannot listen for the demo's pages")?;
    let address = listener.local_addr()?;
    say(&format!("mail catcher on port {}", catcher.smtp_address().port()))?;

    let data_dir = fresh_data_dir(&config)?;
    settle(&mut config, address, catcher.smtp_address(), data_dir);
    let today = clock.now().date_naive();
    if !options.live {
        let hub = hub::start(latest_working_days(today)).await?;
        config.source.values_mut().for_each(|source| source.base_url = Some(hub.clone()));
    }
    let database = Database::open(&config, Sharing::Exclusive).await?;
    say("private PostgreSQL")?;
    let result = match App::with_clock(config, database.pool.clone(), clock).await {
        Ok(app) => play(&app, listener, &catcher, options, stop).await,
        Err(error) => Err(error),
    };
    database.close().await?;
    catcher.stop().await;
    result
}

/// The service in the background, the story in front.
async fn play(app: &App, listener: TcpListener, catcher: &Catcher, options: &Options, stop: CancellationToken) -> anyhow::Result<()> {
    let now = app.clock.now();
    load(app, now).await?;
    let serving = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { run::serve(&app, run::Work { pages: Some(listener), monitor: None, worker: true }, stop).await }
    });
    let told = async {
        let story = tokio::select! {
            story = tell(app, catcher) => story,
            () = stop.cancelled() => bail!("interrupted"),
        };
        story?;
        if !options.once {
            say("\nCtrl-C ends the demo.")?;
            stop.cancelled().await;
        }
        Ok(())
    }
    .await;
    stop.cancel();
    let served = serving.await.context("the service broke")?;
    told.and(served)
}

/// The papers of the last days.
async fn load(app: &App, now: DateTime<Utc>) -> anyhow::Result<()> {
    let mut papers = 0;
    for day in latest_working_days(now.date_naive()) {
        for name in app.config.source.keys() {
            let report = fetch::fetch(app, now, name, Some(day)).await.with_context(|| format!("fetching {name} of {day}"))?;
            papers += report.papers;
        }
    }
    if papers == 0 {
        bail!("the source gave no papers for the last {DAYS} working days");
    }
    say(&format!("{papers} papers of {DAYS} days"))
}

/// Two visitors become readers, and get their digest.
async fn tell(app: &App, catcher: &Catcher) -> anyhow::Result<()> {
    let site = app.config.site.base_url.clone();
    for (address, keywords) in READERS {
        let visitor = Visitor::new(&site, catcher.mailbox(), PATIENCE)?;
        visitor.subscribe(address, keywords).await.with_context(|| format!("{address} subscribing"))?;
        visitor.confirm(address).await.with_context(|| format!("{address} confirming"))?;
        say(&format!("{address} subscribed on the page and confirmed by mail"))?;
        let parsed = address.parse().context("a demo address")?;
        let id = subscriber::find(&app.db, &parsed).await?.context("the new reader is not there")?;
        compose::ahead(app, app.clock.now(), id).await?.context("the new reader is not active")?;
        let digest = visitor.digest(address).await.with_context(|| format!("the digest of {address}"))?;
        say(&format!("{address} got “{digest}”"))?;
    }
    let inbox = catcher.inbox_url().context("the catcher has no inbox page")?;
    say(&format!("\n  The day's papers   {site}\n  The inbox          {inbox}"))
}

/// One line of progress.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mark = if line.starts_with('\n') { "" } else { "✓ " };
    writeln!(out, "{mark}{line}").and_then(|()| out.flush()).context("cannot write to the terminal")
}

/// Points the configuration at the demo's own parts.
fn settle(config: &mut Config, pages: SocketAddr, relay: SocketAddr, data_dir: PathBuf) {
    config.database.url = None;
    config.database.data_dir = Some(data_dir);
    config.secret.key = None;
    config.relay.host = relay.ip().to_string();
    config.relay.port = relay.port();
    config.relay.tls = crate::config::Tls::None;
    config.relay.user = None;
    config.relay.password = None;
    config.relays.clear();
    if let Ok(url) = format!("http://{pages}").parse() {
        config.site.base_url = url;
    }
    config.source.retain(|_, source| source.kind == crate::config::SourceKind::Huggingface);
    config.delivery.interval = Duration::from_millis(200);
}

/// The demo's own data directory, emptied.
fn fresh_data_dir(config: &Config) -> anyhow::Result<PathBuf> {
    let dir = config.database.data_dir.clone().unwrap_or_else(managed::default_data_dir).join("demo");
    match std::fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear the last demo's data in {}", dir.display()))
        }
        _ => Ok(dir),
    }
}

/// The sample's days as they would be listed now: the last working days, the oldest first.
fn latest_working_days(today: NaiveDate) -> Vec<NaiveDate> {
    let back = (0u64..).map_while(|days| today.checked_sub_days(Days::new(days)));
    let working = back.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    let mut days: Vec<NaiveDate> = working.take(DAYS).collect();
    days.reverse();
    days
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Shows the inbox on its usual port, or on any free one when somebody has it.
async fn catcher(clock: &Clock) -> Result<Catcher, CatcherError> {
    let now = {
        let clock = clock.clone();
        move || clock.now()
    };
    match Catcher::start(loopback(0), Some(loopback(INBOX_PORT)), now.clone()).await {
        Err(CatcherError::Bind { .. }) => Catcher::start(loopback(0), Some(loopback(0)), now).await,
        result => result,
    }
}

/// Listens on `port` of loopback, or on any free one when somebody has it.
async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind(loopback(port)).await {
        Err(_) => TcpListener::bind(loopback(0)).await,
        listening => listening,
    }
}
