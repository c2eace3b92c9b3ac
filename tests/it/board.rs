//! The board for Grafana shows what `/metrics` has, all of it, and nothing else.

use std::collections::BTreeSet;

use paperlark::catcher::Fault;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::papers::invented;
use crate::support::service::Service;

const TOKEN: &str = "a token of twenty letters";

/// The names of metrics in a text, without what a histogram appends.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|word| word.starts_with("paperlark_"));
    let histogram = |name: &str| ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned();
    words.map(histogram).collect()
}

/// What a service counts that has done a little of everything.
async fn metrics() -> String {
    let settings = [("METRICS_TOKEN", TOKEN), ("HOOKS_POSTMARK_TOKEN", TOKEN)];
    let service = Service::start_with("2026-01-12T18:00:00Z", &settings).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    paperlark::pipeline::fetch::check(&service.app, service.now(), "huggingface").await.unwrap();
    service.join("ada@example.org", "robots").await;
    service.catcher.faults().once(Fault::recipients(|_| true, "421 4.3.2 closing"));
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    service.pass(std::time::Duration::from_secs(600));
    paperlark::pipeline::deliver::step(&service.app, service.now(), &CancellationToken::new()).await.unwrap();
    assert_eq!(service.digests("ada@example.org").len(), 1);
    let complaint = r#"{"RecordType": "SpamComplaint", "Email": "ada@example.org", "MessageID": "1"}"#;
    let posted = service.client.post(service.url("/hooks/postmark")).bearer_auth(TOKEN).body(complaint).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    service.client.get(service.url("/metrics")).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn the_board_shows_every_metric_there_is() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/grafana.json")).unwrap();
    let board: Value = serde_json::from_str(&text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "ids are unique: {panel}");
        let place = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(place[0] + place[2] <= 24 && !panel["title"].as_str().unwrap().is_empty(), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let found = names(target["expr"].as_str().unwrap());
            assert!(!found.is_empty() && target["datasource"]["uid"] == "${datasource}", "{target}");
            shown.extend(found);
        }
    }
    assert_eq!(board["templating"]["list"][0]["name"], "datasource");
    let metrics = metrics().await;
    assert_eq!(shown, names(&metrics));
    for name in shown {
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name} says what it is");
        let moved = |line: &str| line.starts_with(&format!("{name}{{")) && !line.ends_with(" 0");
        assert!(!name.ends_with("_total") || metrics.lines().any(moved), "{name} counts");
    }
}
