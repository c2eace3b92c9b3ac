//! `/metrics`, `/readyz` and `/healthz`: for Prometheus, load balancers and service managers.

use std::sync::OnceLock;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{Web, reports};
use crate::App;
use crate::books;
use crate::database;
use crate::feedback::Kind;

/// Bounds of the histograms, in seconds: from a loopback relay to one that hangs.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0];

/// States a mail can be in that is not finished: each is shown, also with nothing in it.
const OPEN_STATES: [&str; 5] = ["pending", "claimed", "transmitting", "deferred", "uncertain"];

/// What this process counts, from the first call on.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let recorder = builder.expect("there are bounds").build_recorder();
        let handle = recorder.handle();
        // Another recorder can only be a test's own.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

/// Says what each metric is, and begins the counters at zero: of one that appears with its first event, no rate shows that event.
fn describe() {
    describe_counter!("paperlark_attempts_total", "Attempts to send a mail, by outcome and class of the relay's answer.");
    for (outcome, code) in [("accepted", "2xx"), ("deferred", "4xx"), ("failed", "5xx"), ("uncertain", "none")] {
        counter!("paperlark_attempts_total", "outcome" => outcome, "code" => code).increment(0);
    }
    describe_counter!("paperlark_composed_total", "Readers composed for, by what came of it.");
    for result in ["mail", "nothing_to_say", "superseded"] {
        counter!("paperlark_composed_total", "result" => result).increment(0);
    }
    describe_counter!("paperlark_feedback_total", "Bounces, complaints and reports of delivery.");
    for kind in [Kind::Failed, Kind::Delayed, Kind::Delivered, Kind::Complaint] {
        counter!("paperlark_feedback_total", "kind" => kind.word()).increment(0);
    }
    describe_counter!("paperlark_hook_requests_total", "Requests to the providers' webhooks.");
    describe_gauge!("paperlark_books", "Today's digests by what became of them; those unexplained must be none.");
    describe_gauge!("paperlark_mails", "Mails that are not finished, by state.");
    describe_gauge!("paperlark_mails_held", "Mails that wait for the operator.");
    describe_gauge!("paperlark_queue_age_seconds", "How long the oldest mail has waited since its time.");
    describe_gauge!("paperlark_readers_due", "Readers whose digest is due and not composed.");
    describe_gauge!("paperlark_route_failures", "Failures of a relay in a row.");
    describe_gauge!("paperlark_route_paused", "Whether a relay rests after trouble.");
    describe_gauge!("paperlark_source_age_seconds", "How long ago a source was last read without an error.");
    describe_gauge!("paperlark_source_failures", "Failures of a source in a row.");
    describe_histogram!("paperlark_commit_seconds", "What it takes to commit that the relay may have a mail, before DATA.");
    describe_histogram!("paperlark_matching_seconds", "What the filters of the readers composed together take.");
    describe_histogram!("paperlark_smtp_phase_seconds", "How long was waited for the relay, by phase.");
}

/// The routes for `metrics.listen`: whoever can reach that address may read them.
pub fn service(app: App) -> Router {
    recorder();
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(async |State(app): State<App>| readiness(&app).await))
        .route("/metrics", get(async |State(app): State<App>| exposition(&app).await))
        .with_state(app)
}

/// Whether this process can do its work, by its roles.
pub(super) async fn ready(State(web): State<Web>) -> Response {
    readiness(&web.app).await
}

/// The same metrics on the public address, for whoever presents `metrics.token`.
pub(super) async fn guarded(State(web): State<Web>, headers: HeaderMap) -> Response {
    if reports::presents(&headers, web.app.config.metrics.token.as_ref()) {
        return exposition(&web.app).await;
    }
    let advice = "present metrics.token as Authorization: Bearer …, or ask on metrics.listen; both are keys of the configuration\n";
    (StatusCode::FORBIDDEN, advice).into_response()
}

async fn readiness(app: &App) -> Response {
    let not = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    match database::is_current(&app.db).await {
        Err(_) => not("the database does not answer"),
        Ok(false) => not("the database's schema is older than this program: run `paperlark migrate`"),
        Ok(true) => match app.vitals.stalled(app.clock.now()) {
            Some(part) => not(&format!("{part} has not come round for a quarter of an hour")),
            None => "ready\n".into_response(),
        },
    }
}

async fn exposition(app: &App) -> Response {
    let now = app.clock.now();
    match measure(app, now).await {
        Ok(()) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], recorder().render()).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// Numbers too large to be exact in a gauge do not come up.
#[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
fn number(count: i64) -> f64 {
    count as f64
}

fn seconds_since(time: DateTime<Utc>, now: DateTime<Utc>) -> f64 {
    number((now - time).num_milliseconds().max(0)) / 1000.0
}

/// What is in the database, measured when it is asked for.
async fn measure(app: &App, now: DateTime<Utc>) -> sqlx::Result<()> {
    let queue = books::queue(&app.db, now).await?;
    for state in OPEN_STATES {
        let count = queue.states.iter().find(|(name, _)| name == state).map_or(0, |(_, count)| *count);
        gauge!("paperlark_mails", "state" => state).set(number(count));
    }
    gauge!("paperlark_mails_held").set(number(queue.held));
    gauge!("paperlark_readers_due").set(number(queue.due));
    gauge!("paperlark_queue_age_seconds").set(queue.waiting_since.map_or(0.0, |since| seconds_since(since, now)));
    for relay in app.relays.all() {
        // A relay that is well has no row.
        let row = queue.routes.iter().find(|(name, ..)| name == relay.name());
        let (failures, rests) = row.map_or((0, false), |(_, failures, until)| (*failures, *until > now));
        gauge!("paperlark_route_paused", "relay" => relay.name().to_owned()).set(if rests { 1.0 } else { 0.0 });
        gauge!("paperlark_route_failures", "relay" => relay.name().to_owned()).set(f64::from(failures));
    }
    for (source, last_success, failures) in queue.sources {
        gauge!("paperlark_source_failures", "source" => source.clone()).set(f64::from(failures));
        if let Some(last) = last_success {
            gauge!("paperlark_source_age_seconds", "source" => source).set(seconds_since(last, now));
        }
    }
    let day = now.with_timezone(&app.config.site.time_zone).date_naive();
    let balance = books::balance(&app.db, now, day).await?;
    let columns = [
        ("due", balance.due),
        ("accepted", balance.accepted),
        ("waiting", balance.waiting),
        ("failed", balance.failed),
        ("superseded", balance.superseded),
        ("dead", balance.dead),
        ("suppressed", balance.suppressed),
        ("uncertain", balance.uncertain),
        ("nothing_to_say", balance.nothing_to_say),
        ("unexplained", balance.unexplained()),
    ];
    for (column, count) in columns {
        gauge!("paperlark_books", "column" => column).set(number(count));
    }
    Ok(())
}
