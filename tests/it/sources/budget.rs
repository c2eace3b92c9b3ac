//! The pace at which services are asked, over all hosts; pauses; sources that hang.

use std::time::Duration;

use paperlark::App;
use paperlark::pipeline::fetch;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::{MONDAY, NOW, add_source, answer, ask, day, find, hub_source};
use crate::support::hub::Hub;
use crate::support::papers::{invented, item};
use crate::support::raw::{Raw, Reply, http};
use crate::support::service::Service;

const JSON: &str = "content-type: application/json";

/// A service whose stand-ins on loopback are all of arXiv's, asked every `every` and left alone for `pause`.
async fn paced(every: &str, pause: &str) -> Service {
    let settings = [("FETCH_SERVICE_ARXIV_HOSTS", "127.0.0.1"), ("FETCH_SERVICE_ARXIV_EVERY", every), ("FETCH_SERVICE_ARXIV_PAUSE", pause)];
    Service::start_with(NOW, &settings).await
}

/// Another host with the same database and configuration.
async fn second_host(service: &Service) -> App {
    App::with_clock((*service.app.config).clone(), service.app.db.clone(), service.app.clock.clone()).await.unwrap()
}

#[tokio::test]
async fn two_hosts_keep_one_pace_over_all_servers_of_a_service() {
    let mut service = paced("300ms", "0s").await;
    let (one, two) = (Raw::start().await, Raw::start().await);
    for (name, raw) in [("one", &one), ("two", &two)] {
        raw.reply("", Reply::Bytes(http("200 OK", &[JSON], "[]")));
        add_source(&mut service, name, hub_source(&raw.url)).await;
    }
    let other = second_host(&service).await;
    let begun = Instant::now();
    let ask = |app: &App, name: &'static str| {
        let app = app.clone();
        async move { fetch::fetch(&app, app.clock.now(), name, Some(day(MONDAY))).await.unwrap() }
    };
    tokio::join!(
        ask(&service.app, "one"),
        ask(&service.app, "two"),
        ask(&service.app, "one"),
        ask(&other, "one"),
        ask(&other, "two"),
        ask(&other, "two"),
    );
    let mut times: Vec<Instant> = [one.asked_at(), two.asked_at()].concat();
    times.sort();
    assert_eq!(times.len(), 6);
    assert!(begun.elapsed() >= Duration::from_millis(5 * 300), "six requests in {:?}", begun.elapsed());
    // A request leaves at its turn, or later on a busy machine: the sum of all gaps holds, and none is nothing.
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(100)), "{gaps:?}");
}

#[tokio::test]
async fn after_a_refusal_nobody_asks_the_service_until_its_pause_is_over() {
    let mut service = paced("0s", "1500ms").await;
    let (busy, calm) = (Raw::start().await, Hub::start().await);
    busy.reply("", Reply::Bytes(http("503 Service Unavailable", &[], "")));
    calm.list(day(MONDAY), invented(day(MONDAY), 2));
    add_source(&mut service, "busy", hub_source(&busy.url)).await;
    add_source(&mut service, "calm", hub_source(calm.url.as_str())).await;
    let other = second_host(&service).await;
    assert!(ask(&service, "busy", Some(MONDAY)).await.unwrap_err().to_string().contains("answered 503"));
    for app in [&service.app, &other] {
        let error = fetch::fetch(app, service.now(), "calm", Some(day(MONDAY))).await.unwrap_err();
        assert!(error.to_string().starts_with("arxiv is left alone for "), "{error}");
        assert!(error.to_string().contains("because it answered 503"), "{error}");
        assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_millis(1500)));
    }
    assert!(calm.asked().is_empty());
    tokio::time::sleep(Duration::from_millis(1600)).await;
    assert_eq!(ask(&service, "calm", Some(MONDAY)).await.unwrap().papers, 2);
}

#[tokio::test]
async fn a_limit_that_is_used_up_is_waited_for() {
    let mut service = paced("0s", "0s").await;
    let raw = Raw::start().await;
    raw.reply("", Reply::Bytes(http("200 OK", &[JSON, "ratelimit: \"api\";r=0;t=2"], "[]")));
    add_source(&mut service, "counted", hub_source(&raw.url)).await;
    assert!(ask(&service, "counted", Some(MONDAY)).await.is_ok(), "the answer itself is good");
    let error = ask(&service, "counted", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("its limit is used up"), "{error}");
    assert_eq!(raw.asked().len(), 1);
}

#[tokio::test]
async fn a_source_that_hangs_keeps_no_other_waiting() {
    let mut service = Service::start_with(NOW, &[("SOURCE_HUGGINGFACE_ENABLED", "false"), ("FETCH_TIMEOUT", "60s")]).await;
    let (silent, good) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Hub::start().await);
    good.list(day(MONDAY), vec![item("9901.00001", "From the good one", "Text.", 1)]);
    add_source(&mut service, "a-silent", hub_source(&format!("http://{}", silent.local_addr().unwrap()))).await;
    add_source(&mut service, "z-good", hub_source(good.url.as_str())).await;
    let stored = async {
        while find(&service, "9901.00001").await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = fetch::step(&service.app, service.now()) => panic!("the silent one was given up"),
        () = stored => {}
    }
}

#[tokio::test]
async fn a_long_wait_asked_of_one_source_is_kept_by_all_of_its_service() {
    let service = paced("0s", "0s").await;
    let mut busy = answer(429, "application/json", "{}");
    busy.headers.push(("retry-after", "600".into()));
    service.hub.answer_with(Some(busy));
    let error = ask(&service, "huggingface", Some(MONDAY)).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    service.hub.asked();
    let error = ask(&service, "huggingface", Some(MONDAY)).await.unwrap_err();
    assert!(error.retry_after().is_some_and(|wait| wait > Duration::from_secs(590)), "{error}");
    assert!(service.hub.asked().is_empty());
}
