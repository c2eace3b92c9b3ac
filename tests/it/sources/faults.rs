//! What becomes of each fault of a server: the outcome, what is said, what is stored. The same table stands in
//! docs/sources.md; `cargo test --test it faults -- --nocapture` prints it.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{MONDAY, NOW, add_source, ask, find, hub_source, new_papers};
use crate::support::papers::item;
use crate::support::raw::{Raw, Reply, http};
use crate::support::service::Service;

const JSON: &str = "content-type: application/json";

/// One fault: its name, what the server does, a part of what is said, how many papers are stored.
struct Fault {
    name: &'static str,
    reply: Reply,
    says: &'static str,
    stored: usize,
}

fn bytes(name: &'static str, answer: Vec<u8>, says: &'static str, stored: usize) -> Fault {
    Fault { name, reply: Reply::Bytes(answer), says, stored }
}

/// Two papers whose ids begin with `number`, so that each fault has its own.
fn list(number: usize) -> Vec<Value> {
    (1..=2).map(|n| item(&format!("99{number:02}.0000{n}"), "Title", "Text.", 1)).collect()
}

fn text(items: &[Value]) -> String {
    serde_json::to_string(items).unwrap()
}

/// Of an answer that ends when the connection does.
fn head() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{JSON}\r\nconnection: close\r\n\r\n").into()
}

fn faults(elsewhere: &Raw) -> Vec<Fault> {
    let port = elsewhere.url.rsplit(':').next().unwrap();
    let whole = |number| http("200 OK", &[JSON], text(&list(number)));
    let redirect = |to: &str| http("302 Found", &[&format!("location: {to}")], "");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    let mut cut = whole(6);
    cut.truncate(cut.len() - 20);
    let truncated = text(&list(12));
    let latin: Vec<u8> = text(&list(10)).replace("Title", "Titel für").chars().map(|c| c as u8).collect();
    let broken = [&list(13)[..], &[json!({"paper": {"id": "9913.00003"}}), json!("nonsense")]].concat();
    let numbers = [&list(15)[..], &[json!({"paper": {"id": 9915.1, "title": "T"}})]].concat();
    vec![
        bytes("429 with Retry-After", http("429 Too Many Requests", &["retry-after: 600"], ""), "(asks to wait 600 s)", 0),
        bytes("429 without Retry-After", http("429 Too Many Requests", &[], ""), "answered 429 Too Many Requests", 0),
        bytes("500", http("500 Internal Server Error", &[], "<h1>oops</h1>"), "answered 500", 0),
        bytes("503", http("503 Service Unavailable", &[], ""), "answered 503", 0),
        bytes("body cut off", cut, "the request failed", 0),
        Fault {
            name: "slow head",
            reply: Reply::Drip(Vec::new(), whole(7), Duration::from_millis(200)),
            says: "no answer in time: nothing came within 0.5 s",
            stored: 0,
        },
        Fault {
            name: "slow body",
            reply: Reply::Drip(head(), text(&list(8)).into(), Duration::from_millis(200)),
            says: "no answer in time",
            stored: 0,
        },
        Fault { name: "2 GB body", reply: Reply::Zeros(head(), 2 << 30), says: "sent more than 4194304 bytes", stored: 0 },
        bytes("gzip bomb", http("200 OK", &[JSON, "content-encoding: gzip"], bomb.finish().unwrap()), "sent more than 4194304 bytes", 0),
        bytes("JSON that is no UTF-8", http("200 OK", &[JSON], latin), "", 2),
        bytes("HTML instead of JSON", http("200 OK", &["content-type: text/html"], "<html>"), "sent text/html instead of JSON", 0),
        bytes("JSON cut short", http("200 OK", &[JSON], &truncated[..truncated.len() - 9]), "is not the expected JSON: EOF", 0),
        bytes("broken items among good ones", http("200 OK", &[JSON], text(&broken)), "item 3: it has no title", 2),
        bytes("ids twice", http("200 OK", &[JSON], text(&[list(14), list(14)].concat())), "", 2),
        bytes("ids as numbers", http("200 OK", &[JSON], text(&numbers)), "ids are text", 2),
        bytes("redirect loop", redirect("/api/daily_papers"), "redirects more than 5 times", 0),
        bytes("redirect to 169.254.169.254", redirect("http://169.254.169.254/latest/"), "a link-local address", 0),
        bytes("redirect to localhost", redirect(&format!("http://localhost:{port}/")), "it is this machine", 0),
        bytes("redirect to another port of this machine", redirect(&elsewhere.url), "it is this machine", 0),
        bytes("redirect to another site", redirect("https://papers.example.org/"), "that is another site", 0),
    ]
}

/// A row of the table, without what differs from run to run.
fn row(name: &str, outcome: &str, says: &str, stored: usize, ports: &[&str]) -> String {
    let mut says = says.replace('|', "\\|");
    for (port, plain) in ports.iter().zip(["http://hub", "http://elsewhere"]) {
        says = says.replace(port, plain).replace(&port.replace("http://127.0.0.1:", "http://localhost:"), "http://localhost");
    }
    let says = says.replace(&format!("?date={MONDAY}&limit=100&p=0"), "");
    format!("| {name} | {outcome} | {} | {stored} |", if says.is_empty() { "–" } else { says.as_str() })
}

#[tokio::test]
async fn every_fault_of_a_server_is_told_and_costs_no_more_than_itself() {
    let settings = [("FETCH_FIRST_BYTE_TIMEOUT", "500ms"), ("FETCH_TIMEOUT", "4s"), ("FETCH_MAX_BODY", "4194304")];
    let mut service = Service::start_with(NOW, &settings).await;
    let (raw, elsewhere) = (Raw::start().await, Raw::start().await);
    add_source(&mut service, "faulty", hub_source(&raw.url)).await;
    let ports = [raw.url.as_str(), elsewhere.url.as_str()];
    let mut rows = Vec::new();
    for fault in faults(&elsewhere) {
        raw.reply("", fault.reply);
        let result = ask(&service, "faulty", Some(MONDAY)).await;
        let (outcome, says, stored) = match &result {
            Ok(report) if report.problems.is_empty() => ("stored", String::new(), new_papers(report)),
            Ok(report) => {
                let problem = &report.problems[0];
                ("the good ones stored", format!("{}: {}", problem.place, problem.reason), new_papers(report))
            }
            Err(error) => ("refused", error.to_string(), 0),
        };
        assert!(says.contains(fault.says), "{}: {says}", fault.name);
        assert_eq!(stored, fault.stored, "{}: {says}", fault.name);
        rows.push(row(fault.name, outcome, &says, stored, &ports));
    }
    assert!(raw.sent() < 64 << 20, "of the 2 GB, {} bytes were taken", raw.sent());
    assert!(elsewhere.asked().is_empty(), "nobody was led elsewhere");

    add_source(&mut service, "nowhere", hub_source("https://papers.invalid")).await;
    let error = ask(&service, "nowhere", Some(MONDAY)).await.unwrap_err().to_string();
    assert!(error.contains("dns error"), "{error}");
    rows.push("| the name cannot be found | refused | https://papers.invalid/api/daily_papers: …: dns error: … | 0 |".to_owned());

    // What was wrong with items can be looked up later, as they came.
    let kept = paperlark::standing::rejects(&service.app.db, Some("faulty"), 100).await.unwrap();
    assert_eq!(kept.iter().filter(|reject| reject.payload.contains("9913.00003")).count(), 1);

    let good = Raw::start().await;
    good.reply("", Reply::Bytes(http("200 OK", &[JSON], text(&list(50)))));
    add_source(&mut service, "faulty", hub_source(&good.url)).await;
    assert_eq!(new_papers(&ask(&service, "faulty", Some(MONDAY)).await.unwrap()), 2, "nothing of it lasts");
    assert!(find(&service, "9950.00001").await.is_some());

    println!("| Fault | Outcome | Says | Stored |\n|---|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    let documented = include_str!("../../../docs/sources.md");
    for row in rows {
        assert!(documented.contains(&row), "docs/sources.md lacks: {row}");
    }
}
