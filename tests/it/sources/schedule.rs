//! When sources are asked: by their schedule, later after trouble, and by one host only.

use std::time::Duration;

use paperlark::pipeline::fetch;
use tokio::net::TcpListener;

use super::{MONDAY, NOW, add_source, answer, day, file_source, find, hub_source};
use crate::support::hub::Hub;
use crate::support::papers::{invented, item};
use crate::support::service::Service;

/// The shortest look back, so that a schedule can be read off what is asked.
const YESTERDAY_TOO: (&str, &str) = ("DIGEST_LOOKBACK", "1day");

/// Moves the clock to `now` and says how many sources were asked.
async fn asked_at(service: &Service, now: &str) -> usize {
    service.set(now);
    fetch::step(&service.app, service.now()).await.unwrap()
}

/// How many sources are asked when `seconds` more have passed.
async fn asked_after(service: &Service, seconds: u64) -> usize {
    service.pass(Duration::from_secs(seconds));
    fetch::step(&service.app, service.now()).await.unwrap()
}

#[tokio::test]
async fn a_source_is_asked_at_once_and_then_by_its_schedule() {
    let service = Service::start_with(NOW, &[YESTERDAY_TOO]).await;
    for (now, expect) in [
        ("2026-01-12T12:00:00Z", 1),
        ("2026-01-12T12:00:20Z", 0),
        ("2026-01-12T12:06:59Z", 0),
        ("2026-01-12T12:07:00Z", 1),
        ("2026-01-12T12:07:00Z", 0),
        ("2026-01-12T13:06:59Z", 0),
        // However long the service was away, it asks once.
        ("2026-01-12T18:30:00Z", 1),
        ("2026-01-12T18:30:01Z", 0),
    ] {
        assert_eq!(asked_at(&service, now).await, expect, "{now}");
    }
    let both_days = ["date=2026-01-11 p=0 limit=100", "date=2026-01-12 p=0 limit=100"];
    assert_eq!(service.hub.asked(), [both_days; 3].concat(), "yesterday's list too: papers are added after midnight");
}

#[tokio::test]
async fn days_missed_while_the_service_was_down_are_made_up_and_mailed() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 4));
    assert_eq!(asked_at(&service, "2026-01-12T18:00:00Z").await, 1);
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    for missed in ["2026-01-13", "2026-01-15", "2026-01-20", "2026-01-23"] {
        service.hub.list(day(missed), invented(day(missed), 4));
    }
    assert_eq!(asked_at(&service, "2026-01-24T05:00:00Z").await, 1);
    service.set("2026-01-24T06:00:00Z");
    service.work().await;
    let digests = service.digests("ada@example.org");
    assert_eq!((digests.len(), digests[1].len()), (2, 8), "eleven days' papers in one digest");
}

#[tokio::test]
async fn votes_are_asked_for_again_for_fourteen_days() {
    let listed = "2026-01-05";
    let service = Service::start("2026-01-05T18:00:00Z").await;
    for (now, votes, expect) in [
        ("2026-01-05T18:00:00Z", 1, 1),
        ("2026-01-12T18:10:00Z", 40, 40),
        // Thirteen days and a half later, and a fortnight later.
        ("2026-01-19T06:10:00Z", 140, 140),
        ("2026-01-20T06:10:00Z", 999, 140),
    ] {
        service.hub.list(day(listed), vec![item("9901.00001", "T", "x", votes)]);
        assert_eq!(asked_at(&service, now).await, 1);
        assert_eq!(find(&service, "9901.00001").await.unwrap().paper.upvotes, Some(expect), "{now}");
    }
}

#[tokio::test]
async fn a_bad_day_does_not_keep_the_others_back() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day("2026-01-05"), vec![serde_json::json!("x".repeat(2_000))]);
    service.hub.list(day(MONDAY), invented(day(MONDAY), 2));
    let mut config = (*service.app.config).clone();
    config.fetch.max_body = 1_500;
    let strict = paperlark::App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    assert_eq!(fetch::step(&strict, service.now()).await.unwrap(), 1);
    assert!(find(&service, "9901.01100").await.is_some(), "the later day is stored");
}

#[tokio::test]
async fn the_schedule_and_today_are_of_the_sources_own_zone() {
    let settings = [("SOURCE_HUGGINGFACE_ZONE", "Asia/Tokyo"), ("SOURCE_HUGGINGFACE_SCHEDULE", "0 7 * * *"), YESTERDAY_TOO];
    let service = Service::start_with("2026-01-12T12:00:00Z", &settings).await;
    assert_eq!(asked_at(&service, "2026-01-12T12:00:00Z").await, 1);
    service.hub.asked();
    assert_eq!(asked_at(&service, "2026-01-12T21:59:59Z").await, 0);
    assert_eq!(asked_at(&service, "2026-01-12T22:00:00Z").await, 1, "seven o'clock in Tokyo");
    assert_eq!(service.hub.asked(), ["date=2026-01-12 p=0 limit=100", "date=2026-01-13 p=0 limit=100"]);
}

#[tokio::test]
async fn a_failing_source_is_asked_less_often_until_it_recovers() {
    let service = Service::start(NOW).await;
    service.hub.answer_with(Some(answer(503, "text/plain", "")));
    assert_eq!(asked_after(&service, 0).await, 1);
    for minutes in [1, 2, 4, 8] {
        assert_eq!(asked_after(&service, minutes * 60 - 1).await, 0, "{minutes}");
        assert_eq!(asked_after(&service, 1).await, 1, "{minutes}");
    }
    service.hub.answer_with(None);
    service.hub.list(day(MONDAY), invented(day(MONDAY), 2));
    assert_eq!(asked_after(&service, 16 * 60).await, 1);
    assert!(find(&service, "9901.01100").await.is_some());
    service.hub.answer_with(Some(answer(503, "text/plain", "")));
    assert_eq!(asked_at(&service, "2026-01-12T13:07:00Z").await, 1, "on schedule again");
    assert_eq!(asked_after(&service, 60).await, 1, "and patient from the start");
}

#[tokio::test]
async fn a_hub_that_asks_for_a_pause_gets_it() {
    // The header, and how long the source rests; a pause shorter than our own does not hurry us.
    for (header, seconds) in [(Some("600"), 600), (Some("7"), 60), (None, 60), (Some("99999999"), 86_400), (Some("whenever"), 60)] {
        let service = Service::start(NOW).await;
        let mut busy = answer(429, "application/json", "{}");
        busy.headers.extend(header.map(|value| ("retry-after", value.to_owned())));
        service.hub.answer_with(Some(busy));
        assert_eq!(asked_after(&service, 0).await, 1);
        assert_eq!(asked_after(&service, seconds - 1).await, 0, "{header:?}");
        assert_eq!(asked_after(&service, 1).await, 1, "{header:?}");
    }
}

#[tokio::test]
async fn one_failing_source_harms_no_other() {
    let mut service = Service::start_with(NOW, &[("FETCH_TIMEOUT", "300ms")]).await;
    let (silent, good) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Hub::start().await);
    good.list(day(MONDAY), vec![item("9901.00001", "From the good one", "Text.", 1)]);
    add_source(&mut service, "a-silent", hub_source(&format!("http://{}", silent.local_addr().unwrap()))).await;
    add_source(&mut service, "b-missing", file_source("/no/such/file.jsonl".as_ref())).await;
    add_source(&mut service, "z-good", hub_source(good.url.as_str())).await;
    service.hub.answer_with(Some(answer(500, "text/plain", "")));
    assert_eq!(asked_after(&service, 0).await, 4);
    assert_eq!(find(&service, "9901.00001").await.unwrap().paper.sources, ["z-good"]);
    assert_eq!(asked_after(&service, 60).await, 3, "those that failed, not the good one");
}

#[tokio::test]
async fn a_disabled_source_is_never_asked() {
    let service = Service::start_with(NOW, &[("SOURCE_HUGGINGFACE_ENABLED", "false")]).await;
    assert_eq!(asked_after(&service, 0).await, 0);
    assert!(service.hub.asked().is_empty());
}

#[tokio::test]
async fn hosts_that_share_a_database_ask_once() {
    let service = Service::start_with(NOW, &[YESTERDAY_TOO]).await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    for at in ["2026-01-12T12:00:00Z", "2026-01-12T12:07:00Z"] {
        service.set(at);
        let step = || fetch::step(&service.app, service.now());
        let (one, two, three) = tokio::join!(step(), step(), step());
        assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 1);
        assert_eq!(service.hub.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_host_that_dies_while_asking_is_stood_in_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let service = Service::start_with(NOW, &[("SOURCE_HUGGINGFACE_BASE_URL", &address)]).await;
    let dying = fetch::step(&service.app, service.now());
    assert!(tokio::time::timeout(Duration::from_millis(500), dying).await.is_err(), "it hangs, and is dropped");
    drop(silent);
    assert_eq!(asked_after(&service, 599).await, 0);
    assert_eq!(asked_after(&service, 1).await, 1);
}
