//! Real papers in their thousands, where the data folder is there; the project's sample everywhere.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{NOW, add_source, ask, day, file_source, new_papers};
use crate::support::papers::{lines, shared_data};
use crate::support::service::Service;

/// A service with one more source, "list", that reads `path`.
async fn service_reading(path: &Path) -> Service {
    let mut service = Service::start(NOW).await;
    add_source(&mut service, "list", file_source(path)).await;
    service
}

/// The folder of real papers; says so where it is missing.
fn data() -> Option<PathBuf> {
    let folder = shared_data();
    if folder.is_none() {
        eprintln!("skipped: there is no folder of real papers");
    }
    folder
}

#[tokio::test]
async fn the_projects_sample_is_read_without_a_loss_from_the_hub_and_from_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sample");
    let service = service_reading(&folder).await;
    let mut papers = 0;
    for (number, listed) in (1..).zip(["2026-01-12", "2026-01-13", "2026-01-14"]) {
        let items: Vec<Value> = serde_json::from_slice(&fs::read(folder.join(format!("day-{number}.json"))).unwrap()).unwrap();
        papers += items.len();
        service.hub.list(day(listed), items);
        assert_eq!(service.fetch(listed).await.problems, []);
    }
    assert!(papers >= 30);
    let report = ask(&service, "list", None).await.unwrap();
    assert_eq!((report.papers, new_papers(&report), report.problems), (papers, 0, vec![]));
}

#[tokio::test]
async fn a_year_of_the_hubs_papers_is_stored_without_a_loss() {
    let Some(data) = data() else { return };
    let service = service_reading(&data.join("papers-hf-daily.jsonl.gz")).await;
    let report = ask(&service, "list", None).await.unwrap();
    assert_eq!((report.papers, new_papers(&report), report.problems), (7_400, 7_400, vec![]));
    assert_eq!(new_papers(&ask(&service, "list", Some("2025-06-10")).await.unwrap()), 0);
    assert_eq!(service.get("/papers/date/2025-06-10").await.status(), 200);
}

#[tokio::test]
async fn the_hubs_own_recorded_answer_is_stored_without_a_loss() {
    let Some(data) = data() else { return };
    let folder = data.join("raw/huggingface");
    let files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let items: usize = files.iter().map(|file| serde_json::from_slice::<Vec<Value>>(&fs::read(file).unwrap()).unwrap().len()).sum();
    let service = service_reading(&folder).await;
    let report = ask(&service, "list", None).await.unwrap();
    assert!(items > 0);
    assert_eq!((report.papers, report.problems), (items, vec![]));
}

#[tokio::test]
async fn thousands_of_arxiv_papers_of_all_subjects_are_stored_without_a_loss() {
    const TAKEN: usize = 3_000;
    let Some(data) = data() else { return };
    for file in ["papers-arxiv-cs.jsonl.gz", "papers-arxiv-allcats.jsonl.gz"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken.jsonl");
        let mut taken = fs::File::create(&path).unwrap();
        lines(data.join(file)).take(TAKEN).for_each(|line| writeln!(taken, "{line}").unwrap());
        let service = service_reading(&path).await;
        let report = ask(&service, "list", None).await.unwrap();
        assert_eq!((report.papers, report.problems), (TAKEN, vec![]), "{file}");
        let stored: usize = report.stored.iter().map(|(_, stored)| stored.new + stored.unchanged + stored.updated).sum();
        assert_eq!(stored, TAKEN, "{file}: each under its own id");
    }
}
