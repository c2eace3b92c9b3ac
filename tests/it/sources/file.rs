//! Files of papers: every form they come in, and what is said of broken ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use paperlark::archive;
use serde_json::json;
use tempfile::TempDir;

use super::{NOW, add_source, ask, day, file_source, find, new_papers, paper};
use crate::support::papers::item;
use crate::support::service::Service;

const LINES: &str = concat!(
    r#"{"id": "9901.00001", "title": "One", "abstract": "First.", "authors": ["Ann Bee"], "categories": ["cs.RO", "stat.ML"], "#,
    r#""published": "2026-01-02", "first_listed": "2026-01-09", "source": "hand", "upvotes": 4, "code": "https://example.org/c"}"#,
    "\n",
    r#"{"id": "math/0309136v2", "title": "Two", "summary": "Second.", "first_listed": "2026-01-12T09:00:00Z"}"#,
    "\n",
    r#"{"id": "10.1101/2026.01.05.1234", "title": "Three", "abstract": null, "first_listed": null}"#,
    "\n",
);

/// A service with a source "list" that reads `name` in a folder of the test, filled by `write`.
async fn service_reading(name: &str, write: impl FnOnce(&Path)) -> (Service, TempDir) {
    let mut service = Service::start(NOW).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    add_source(&mut service, "list", file_source(&folder.path().join(name))).await;
    (service, folder)
}

async fn reading(content: impl AsRef<[u8]>) -> (Service, TempDir) {
    service_reading("papers", |folder| fs::write(folder.join("papers"), content).unwrap()).await
}

fn gzipped(content: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(content.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn plain_lines_give_papers_on_the_days_they_name() {
    let (service, _folder) = reading(LINES).await;
    let report = ask(&service, "list", None).await.unwrap();
    assert_eq!((report.papers, report.problems.len()), (3, 0));
    let days: Vec<String> = report.stored.iter().map(|(day, stored)| format!("{day}: {}", stored.new)).collect();
    assert_eq!(days, ["2026-01-09: 1", "2026-01-12: 2"], "without a day of its own, today");
    let one = paper(&service, "9901.00001").await.paper;
    assert_eq!((one.title.as_str(), one.abstract_text.as_str(), one.upvotes), ("One", "First.", Some(4)));
    assert_eq!((one.authors, one.categories), (vec!["Ann Bee".to_owned()], vec!["cs.RO".to_owned(), "stat.ML".to_owned()]));
    assert_eq!((one.published, one.code_url.as_deref()), (Some("2026-01-02T00:00:00Z".parse().unwrap()), Some("https://example.org/c")));
    assert_eq!(paper(&service, "math/0309136").await.paper.abstract_text, "Second.");
    assert_eq!(paper(&service, "10.1101/2026.01.05.1234").await.paper.sources, ["list"]);
    assert_eq!(new_papers(&ask(&service, "list", None).await.unwrap()), 0, "reading it again changes nothing");
}

#[tokio::test]
async fn the_form_of_a_file_does_not_matter() {
    let hub_list = serde_json::to_string_pretty(&[item("9901.00001", "One", "x", 1), item("9901.00002", "Two", "x", 1)]).unwrap();
    let plain_list = format!("[{}]", LINES.trim_end().replace('\n', ","));
    let cases: [(&str, Vec<u8>, usize); 10] = [
        ("a byte order mark", format!("\u{feff}{LINES}").into(), 3),
        ("a byte order mark and a list", format!("\u{feff}\r\n {plain_list}").into(), 3),
        ("line ends of Windows", LINES.replace('\n', "\r\n").into(), 3),
        ("blank lines", LINES.replace('\n', "\n\n  \n").into(), 3),
        ("no line end at the end", LINES.trim_end().into(), 3),
        ("the hub's own list", hub_list.into(), 2),
        ("a list of plain papers", plain_list.clone().into(), 3),
        ("compressed lines", gzipped(LINES), 3),
        ("compressed in two parts", [gzipped(LINES), gzipped(r#"{"id": "9901.00009", "title": "Nine"}"#)].concat(), 4),
        ("a compressed list", gzipped(&plain_list), 3),
    ];
    for (form, content, papers) in cases {
        let (service, _folder) = reading(content).await;
        let report = ask(&service, "list", None).await.unwrap();
        assert_eq!((report.papers, report.problems), (papers, vec![]), "{form}");
    }
}

#[tokio::test]
async fn a_folder_is_read_by_name_leaving_out_what_is_no_list() {
    let fill = |folder: &Path| {
        fs::write(folder.join("b.jsonl"), r#"{"id": "9901.00001", "title": "Newer title"}"#).unwrap();
        fs::write(folder.join("a.json"), r#"[{"id": "9901.00001", "title": "Older title"}]"#).unwrap();
        fs::write(folder.join("c.ndjson.gz"), gzipped(r#"{"id": "9901.00003", "title": "Third"}"#)).unwrap();
        fs::write(folder.join("README.md"), "# No papers").unwrap();
        fs::write(folder.join(".half-written.jsonl"), "{").unwrap();
    };
    let (service, _folder) = service_reading("", fill).await;
    let report = ask(&service, "list", None).await.unwrap();
    assert_eq!((new_papers(&report), report.problems.len()), (2, 0));
    assert_eq!(paper(&service, "9901.00001").await.paper.title, "Newer title");
}

#[tokio::test]
async fn a_broken_line_is_named_by_its_number() {
    let lines = [
        "",
        r#"{"id": "9901.00001", "title": "Good"}"#,
        r#"{"id": "9901.00002", "title": "Cut o"#,
        r#"{"id": 9901.10000, "title": "A number"}"#,
        r#"{"id": "9901.00004"}"#,
        "\u{0}\u{1}",
        r#"{"id": "9901.00006", "title": "Good too"}"#,
        r#"{"id": "9901.00007", "title": "T", "authors": "Ann Bee"}"#,
    ];
    let (service, folder) = reading(lines.join("\n")).await;
    let report = ask(&service, "list", None).await.unwrap();
    assert_eq!(report.papers, 2);
    let file = folder.path().join("papers");
    let places: Vec<String> = report.problems.iter().map(|problem| problem.place.clone()).collect();
    assert_eq!(places, [3, 4, 5, 6, 8].map(|number| format!("{}, line {number}", file.display())));
    for (problem, expect) in report.problems.iter().zip(["no JSON", "ids are text", "no title", "no JSON", "Ann Bee"]) {
        assert!(problem.reason.contains(expect), "{problem:?}");
    }
}

#[tokio::test]
async fn a_file_without_papers_is_no_trouble_and_a_missing_or_broken_one_is_told() {
    for content in ["", "\n \r\n", "\u{feff}", "[]", " [ ]\n"] {
        let (service, _folder) = reading(content).await;
        assert_eq!(ask(&service, "list", None).await.unwrap().papers, 0, "{content:?}");
    }
    for (content, expect) in [(&b"[{\"id\": \"99"[..], "EOF"), (&gzipped(LINES)[..40], "deflate"), (b"[1] and more", "trailing")] {
        let (service, folder) = reading(content).await;
        let error = ask(&service, "list", None).await.unwrap_err().to_string();
        assert!(error.contains(expect) && error.contains(&folder.path().join("papers").display().to_string()), "{error}");
    }
    let (service, _folder) = service_reading("nowhere.jsonl", |_| ()).await;
    let error = ask(&service, "list", None).await.unwrap_err().to_string();
    assert!(error.contains("nowhere.jsonl") && error.contains("No such file"), "{error}");
}

#[tokio::test]
async fn one_day_can_be_asked_for() {
    let (service, _folder) = reading(LINES).await;
    let report = ask(&service, "list", Some("2026-01-09")).await.unwrap();
    assert_eq!((report.papers, report.stored.len()), (2, 1), "the paper of that day, and the one that names none");
    assert!(find(&service, "math/0309136").await.is_none());
    assert_eq!(ask(&service, "list", Some("2026-01-10")).await.unwrap().papers, 1);
}

#[tokio::test]
async fn tex_is_shown_as_text() {
    let tex = json!({
        "id": "9901.00001", "title": "Bounds of $O(n^2)$ for\n Erd\\H{o}s--R\\'enyi graphs", "abstract": "With $\\alpha \\le 1$.",
        "authors": ["P\\'al Tur\\'an", "{\\L}ukasz Wo\\'zniak"]
    });
    let (service, _folder) = reading(tex.to_string()).await;
    assert_eq!(ask(&service, "list", None).await.unwrap().papers, 1);
    let kept = paper(&service, "9901.00001").await.paper;
    assert_eq!(kept.title, "Bounds of O(n²) for Erdős–Rényi graphs");
    assert_eq!(kept.abstract_text, "With α ≤ 1.");
    assert_eq!(kept.authors, ["Pál Turán", "Łukasz Woźniak"]);
}

#[tokio::test]
async fn a_paper_of_two_sources_is_one_paper_with_what_both_know() {
    let (service, _folder) =
        reading(r#"{"id": "9901.00001", "title": "Raw", "categories": ["cs.RO"], "first_listed": "2026-01-09"}"#).await;
    ask(&service, "list", None).await.unwrap();
    service.hub.list(day("2026-01-12"), vec![item("https://arxiv.org/abs/9901.00001v1", "Chosen", "Text.", 7)]);
    let chosen = service.fetch("2026-01-12").await;
    assert_eq!((chosen.stored[0].1.new, chosen.stored[0].1.curated), (0, 1));
    let kept = paper(&service, "9901.00001").await.paper;
    assert_eq!((kept.title.as_str(), kept.upvotes), ("Raw", Some(7)), "the hub's titles have lost their formulas, its votes are its own");
    assert_eq!((kept.categories, kept.sources), (vec!["cs.RO".to_owned()], vec!["huggingface".to_owned(), "list".to_owned()]));
    let row = paper(&service, "9901.00001").await;
    assert_eq!(archive::days_listed(&service.app.db, row.key.0).await.unwrap().len(), 2);
}
