//! The whole story in a real browser: `tests/browser/readers.mjs`, with scripts on and off.

use std::process::Stdio;
use std::time::Duration;

use paperlark::catcher::Catcher;
use paperlark::run;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::support::database::database;
use crate::support::papers::invented;
use crate::support::service::{KEY, configuration};

/// The story takes about a minute; a machine that builds meanwhile may need several.
const PATIENCE: Duration = Duration::from_secs(400);

async fn story(javascript: &str) {
    let database = database().await;
    let clock = paperlark::clock::Clock::system();
    let stamp = clock.clone();
    let any = "127.0.0.1:0".parse().unwrap();
    let catcher = Catcher::start(any, Some(any), move || stamp.now()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://{}/", listener.local_addr().unwrap());
    let hub = crate::support::hub::Hub::start().await;
    let config = configuration(&[
        ("SECRET_KEY", KEY),
        ("SITE_BASE_URL", &site),
        ("SITE_TIME_ZONE", "Europe/Berlin"),
        ("RELAY_PORT", &catcher.smtp_address().port().to_string()),
        ("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str()),
        ("SIGNUP_PER_NETWORK", "1000"),
        ("DELIVERY_INTERVAL", "200ms"),
    ]);
    let app = paperlark::App::with_clock(config, database.pool().clone(), clock).await.unwrap();
    let today = app.clock.now().date_naive();
    for day in [today.pred_opt().unwrap(), today] {
        hub.list(day, invented(day, 12));
        paperlark::pipeline::fetch::fetch(&app, app.clock.now(), "huggingface", Some(day)).await.unwrap();
    }
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { run::serve(&app, run::Work { pages: Some(listener), monitor: None, worker: true }, stop).await }
    });
    let mut node = Command::new("node");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/readers.mjs"))
        .envs([
            ("SITE", site.as_str()),
            ("INBOX", &catcher.inbox_url().unwrap()),
            ("JAVASCRIPT", javascript),
            ("ADDRESS", "vera@example.org"),
        ])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, node.output()).await.expect("the story ends").expect("node runs the story");
    stop.cancel();
    serving.await.unwrap().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_becomes_a_reader_and_leaves_in_a_browser_with_scripts() {
    story("on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_becomes_a_reader_and_leaves_in_a_browser_without_scripts() {
    story("off").await;
}
