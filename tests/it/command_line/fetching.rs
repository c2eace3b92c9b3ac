//! `paperlark fetch`.

use std::time::Duration;

use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::hub::{Answer, Hub};
use crate::support::papers::{invented, item};
use crate::support::program::Program;
use crate::support::raw::{Raw, Reply, bomb, http};

/// A program that believes it is Monday, 12 January 2026, with a stand-in hub.
async fn on_monday() -> (Program, TestDatabase, Hub) {
    let (program, database) = Program::with_database().await;
    let hub = Hub::start().await;
    let program = program.set("CLOCK_START", "2026-01-12T12:00:00Z").set("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str());
    (program, database, hub)
}

#[tokio::test]
async fn a_day_is_fetched_once_and_not_again() {
    let (program, _database, hub) = on_monday().await;
    let monday = "2026-01-12".parse().unwrap();
    hub.list(monday, invented(monday, 8));
    program
        .run(&["fetch", "--date", "2026-01-12"])
        .await
        .ends(0)
        .says(&["huggingface 2026-01-12: 8 papers: 8 new, 0 updated, 0 unchanged"]);
    program.run(&["fetch", "huggingface", "--date", "2026-01-12"]).await.ends(0).says(&["not changed since the last fetch"]);
    program.run(&["fetch"]).await.ends(0).says(&["not changed"]);
    let fetched = program.run(&["fetch", "--json", "--date", "2026-01-12"]).await.ends(0).json();
    assert_eq!(
        (&fetched[0]["source"], &fetched[0]["day"], &fetched[0]["not_modified"]),
        (&"huggingface".into(), &"2026-01-12".into(), &true.into())
    );
}

#[tokio::test]
async fn every_day_since_one_is_fetched() {
    let (program, _database, hub) = on_monday().await;
    for day in ["2026-01-09", "2026-01-12"] {
        hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), 3));
    }
    let ran = program.run(&["fetch", "--since", "2026-01-09"]).await.ends(0);
    ran.says(&[
        "2026-01-09: 3 papers",
        "2026-01-10: nothing is listed",
        "2026-01-12: 3 papers",
        "4 fetches: 6 new papers, 0 items skipped, 0 failed",
    ]);
    assert_eq!(hub.asked().len(), 4);
    program.run(&["fetch", "--since", "2026-01-13"]).await.ends(2).complains(&["2026-01-13 is in the future", "today is 2026-01-12"]);
    program.run(&["fetch", "--since", "2001-01-01"]).await.ends(2).complains(&["more than ten years ago"]);
    program.run(&["fetch", "--since", "9999-12-31"]).await.ends(2).complains(&["future"]);
    assert!(hub.asked().is_empty());
}

#[tokio::test]
async fn skipped_items_are_code_4_and_the_rest_is_stored() {
    let (program, _database, hub) = on_monday().await;
    let broken = (0..12).map(|_| json!({"paper": {"id": 7, "title": "T"}}));
    hub.list("2026-01-12".parse().unwrap(), [item("9901.00001", "Good", "Text.", 1)].into_iter().chain(broken).collect());
    let ran = program.run(&["fetch", "--date", "2026-01-12"]).await.ends(4).complains(&["12 items skipped", "the rest is stored"]);
    ran.says(&["1 paper: 1 new", "item 2: ", "ids are text", "… and 2 more skipped"]);
    let (program, _database, hub) = on_monday().await;
    hub.list("2026-01-12".parse().unwrap(), vec![json!("nonsense")]);
    let fetched = program.run(&["fetch", "--json", "--date", "2026-01-12"]).await.ends(4).json();
    assert_eq!(fetched[0]["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_failing_hub_is_code_4_with_the_reason_and_the_other_days_go_on() {
    let (program, _database, hub) = on_monday().await;
    let body = b"<html>".to_vec();
    hub.answer_with(Some(Answer { status: 503, headers: vec![("content-type", "text/html".into())], body }));
    let ran = program.run(&["fetch", "--since", "2026-01-11"]).await.ends(4).complains(&["2 of 2 fetches failed"]);
    ran.says(&["huggingface 2026-01-11: ", "answered 503", "2 failed"]);
    let fetched = program.run(&["fetch", "--json"]).await.ends(4).json();
    assert!(fetched[0]["error"].as_str().unwrap().contains("503"));
    let away = program.set("SOURCE_HUGGINGFACE_BASE_URL", "http://127.0.0.1:1");
    away.run(&["fetch"]).await.ends(4).says(&["http://127.0.0.1:1/", "refused"]);
}

#[tokio::test]
async fn an_unknown_source_is_code_2_with_those_there_are() {
    let (program, _database, _hub) = on_monday().await;
    program.run(&["fetch", "arxiv"]).await.ends(2).complains(&["\"arxiv\"", "there is huggingface"]);
}

#[tokio::test]
async fn a_file_is_fetched_whole_or_for_one_day() {
    let (program, _database, _hub) = on_monday().await;
    let lines = [
        json!({"id": "9901.00001", "title": "One", "first_listed": "2026-01-09"}),
        json!({"id": "9901.00002", "title": "Two", "first_listed": "2026-01-12"}),
    ];
    let papers = program.file("papers.jsonl", lines.map(|line| format!("{line}\n")).concat());
    let settings = format!("[source.mine]\nkind = \"file\"\npath = {papers:?}\nschedule = \"@hourly\"\n");
    let file = program.file("own.toml", settings);
    let fetch = |arguments: &'static [&'static str]| {
        let arguments: Vec<&str> = ["--config", file.as_str(), "fetch", "mine"].iter().chain(arguments).copied().collect();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let program = &program;
        async move { program.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    fetch(&["--date", "2026-01-09"]).await.ends(0).says(&["1 paper: 1 new"]);
    fetch(&[]).await.ends(0).says(&["2 papers: 1 new, 0 updated, 1 unchanged"]);
    fetch(&[]).await.ends(0).says(&["2 papers: 0 new, 0 updated, 2 unchanged"]);
    std::fs::remove_file(&papers).unwrap();
    fetch(&[]).await.ends(4).says(&["cannot read", "papers.jsonl", "No such file"]);
    program.run(&["--config", &file, "fetch", "yours"]).await.ends(2).complains(&["huggingface", "mine"]);
}

/// The most memory the program had while it fetched, in KiB (proc_pid_status(5)), and how it ended.
async fn peak_of_fetch(program: &Program) -> (u64, Option<i32>) {
    let mut child = program.command(&["fetch", "--date", "2026-01-12"]).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut peak = 0;
    loop {
        let read = std::fs::read_to_string(&status).unwrap_or_default();
        let line = read.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        match child.try_wait().unwrap() {
            Some(status) => return (peak, status.code()),
            None => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

#[tokio::test]
async fn a_body_of_2_gigabytes_costs_no_more_memory_than_the_limit_plain_or_compressed() {
    const MIB: u64 = 1024;
    let (program, _database, hub) = on_monday().await;
    hub.list("2026-01-12".parse().unwrap(), invented("2026-01-12".parse().unwrap(), 8));
    let (usual, code) = peak_of_fetch(&program).await;
    assert_eq!(code, Some(0));
    let raw = Raw::start().await;
    let program = program.set("SOURCE_HUGGINGFACE_BASE_URL", &raw.url).set("FETCH_TIMEOUT", "90s");
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    let zipped = ["content-type: application/json", "content-encoding: gzip"];
    for reply in [Reply::Zeros(head.into(), 2 << 30), Reply::Bytes(http("200 OK", &zipped, bomb(2 << 30)))] {
        raw.reply("", reply);
        let (peak, code) = peak_of_fetch(&program).await;
        assert_eq!(code, Some(4));
        // The body is held once, and moved once as it grows.
        assert!(peak < usual + 80 * MIB, "{} MiB, where a short list takes {} MiB", peak / MIB, usual / MIB);
        println!("peak {} MiB; for a short list {} MiB", peak / MIB, usual / MIB);
    }
    assert!(raw.sent() < 256 << 20, "{} bytes were taken", raw.sent());
}
