//! Answers that are no list of papers: the source says what is wrong, and nothing is stored.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::net::TcpListener;

use super::{MONDAY, NOW, add_source, answer, ask, day, find, hub_source, refusal};
use crate::support::papers::{invented, item};
use crate::support::service::Service;

#[tokio::test]
async fn every_bad_answer_is_told_and_leaves_things_as_they_were() {
    let service = Service::start(NOW).await;
    let list = serde_json::to_string(&vec![item("9901.00001", "T", "Text.", 1), item("9901.00002", "T", "Text.", 1)]).unwrap();
    let (half, json) = (&list[..list.len() / 2], "application/json; charset=utf-8");
    let cases = [
        (answer(500, json, "{}"), "answered 500"),
        (answer(503, "text/html", "<h1>busy</h1>"), "answered 503"),
        (answer(400, json, r#"{"error":"no such date"}"#), "answered 400"),
        (answer(404, "text/html", "nothing"), "answered 404"),
        (answer(429, json, "{}"), "answered 429"),
        (answer(304, json, ""), "answered 304"),
        (answer(200, "text/html; charset=utf-8", "<html>please log in</html>"), "sent text/html; charset=utf-8 instead of JSON"),
        (answer(200, json, "<html>please log in</html>"), "is not the expected JSON"),
        (answer(200, json, half), "is not the expected JSON"),
        (answer(200, json, ""), "is not the expected JSON"),
        (answer(200, json, r#"{"error":"the index\nis being rebuilt"}"#), "the server says: the index is being rebuilt"),
        (answer(200, json, r#"{"papers":[]}"#), "an object where a list of papers was expected"),
        (answer(200, json, "7"), "no list of papers"),
        (answer(200, json, "[".repeat(100_000)), "is not the expected JSON"),
        (answer(200, json, b"[\"\xff\xfe\"".to_vec()), "is not the expected JSON"),
    ];
    for (bad, expect) in cases {
        let shown = String::from_utf8_lossy(&bad.body[..bad.body.len().min(60)]).into_owned();
        service.hub.answer_with(Some(bad));
        let error = refusal(&service).await;
        assert!(error.contains(expect), "{shown}: {error}");
        assert!(error.contains(service.hub.url.as_str()), "the message names the address: {error}");
    }
    assert!(find(&service, "9901.00001").await.is_none());
    service.hub.answer_with(None);
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    assert_eq!(service.fetch(MONDAY).await.papers, 3);
}

#[tokio::test]
async fn a_page_that_fails_keeps_the_pages_before_it_out() {
    // A hub whose first page is whole and whose second is missing must not pass for a short day.
    let service = Service::start_with(NOW, &[("FETCH_MAX_BODY", "40000")]).await;
    let mut items: Vec<_> = (0..100).map(|n| json!({"paper": {"id": format!("9901.{n:05}"), "title": "T"}})).collect();
    items.push(json!({"paper": {"id": "9901.00100", "title": "T", "note": "x".repeat(50_000)}}));
    service.hub.list(day(MONDAY), items.clone());
    assert!(refusal(&service).await.contains("sent more than 40000 bytes"));
    assert!(find(&service, "9901.00000").await.is_none());
    items.pop();
    service.hub.list(day(MONDAY), items);
    assert_eq!(service.fetch(MONDAY).await.papers, 100);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_cut_off_compressed_or_not() {
    let service = Service::start_with(NOW, &[("FETCH_MAX_BODY", "20000")]).await;
    service.hub.answer_with(Some(answer(200, "application/json", vec![b' '; 20_001])));
    let error = refusal(&service).await;
    assert!(error.contains("sent more than 20000 bytes") && error.contains("fetch.max_body"), "{error}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![b' '; 10_000_000]).unwrap();
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 20_000);
    let mut bomb = answer(200, "application/json", bomb);
    bomb.headers.push(("content-encoding", "gzip".into()));
    service.hub.answer_with(Some(bomb));
    assert!(refusal(&service).await.contains("sent more than 20000 bytes"));
}

#[tokio::test]
async fn a_hub_that_does_not_answer_is_left_after_the_time_out() {
    let mut service = Service::start_with(NOW, &[("FETCH_TIMEOUT", "300ms")]).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    add_source(&mut service, "silent", hub_source(&url)).await;
    let error = ask(&service, "silent", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.starts_with(&url) && error.contains("no answer in time"), "{error}");
    drop(silent);
    let error = ask(&service, "silent", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_hub_that_points_at_itself_is_not_followed_for_ever() {
    let service = Service::start(NOW).await;
    let mut circle = answer(302, "text/html", "");
    circle.headers.push(("location", format!("/api/daily_papers?date={MONDAY}")));
    service.hub.answer_with(Some(circle));
    assert!(refusal(&service).await.contains("redirect"));
    assert!(service.hub.asked().len() <= 6);
}

#[tokio::test]
async fn an_unknown_source_is_answered_with_those_there_are() {
    let service = Service::start(NOW).await;
    let error = ask(&service, "hugingface", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("\"hugingface\"") && error.contains("there is huggingface"), "{error}");
}
