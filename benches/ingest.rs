//! What reading a local file of papers and storing them costs on the private PostgreSQL: all at once, as sources do it, and
//! paper by paper, in the same run; papers that are new, and the same again.
//!
//!     cargo bench --bench ingest
//!
//! Papers are real where `../shared/data` (or TEST_DATA) has them, invented otherwise. The database is a private one that
//! goes when the run ends; its commits are as durable as those of the service.

mod data;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use paperlark::App;
use paperlark::archive::{self, Day, Incoming};
use paperlark::clock::Clock;
use paperlark::config::Source;
use paperlark::database::{Database, Sharing};
use paperlark::paper::Authority;
use paperlark::pipeline::fetch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

const PAPERS: usize = 20_000;
/// Stored one by one, which is slow.
const SINGLE: usize = 1_000;
/// Papers a second, read and stored.
const GOAL: f64 = 5_000.0;
const NOW: &str = "2026-05-18T12:00:00Z";

/// Lines as they stand in the data folder: arXiv's first, because they are longer.
fn real_lines(folder: &Path) -> Vec<String> {
    let lines = |name| data::lines(folder, name);
    // Those that both lists carry would be updates, not new papers.
    let mut seen = std::collections::HashSet::new();
    let id = |line: &String| serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON")["id"].to_string();
    lines("papers-arxiv-cs.jsonl.gz").chain(lines("papers-hf-daily.jsonl.gz")).filter(|line| seen.insert(id(line))).take(PAPERS).collect()
}

fn invented_lines() -> Vec<String> {
    let mut random = StdRng::seed_from_u64(7);
    let mut text = |words: usize| {
        let word = |random: &mut StdRng| {
            ["lark", "of", "tidal $n^2$", "measure", "na\\\"ive", "harbour", "the", "quiet"][random.random_range(0..8)]
        };
        (0..words).map(|_| word(&mut random)).collect::<Vec<_>>().join(" ")
    };
    let first: NaiveDate = "2025-11-01".parse().expect("a day");
    let mut line = |number: usize| {
        let authors: Vec<String> = (0..6).map(|n| format!("Author {n} of {number}")).collect();
        let day = first + Days::new((number / 200) as u64);
        let id = format!("99{:02}.{:05}", number / 100_000, number % 100_000);
        let title = format!("{} {number}", text(8));
        json!({"id": id, "title": title, "abstract": text(180), "authors": authors, "categories": ["cs.CL", "cs.LG"], "first_listed": day})
    };
    (0..PAPERS).map(|number| line(number).to_string()).collect()
}

async fn service(folder: &Path, file: &Path) -> (Database, App) {
    let environment = [
        ("PAPERLARK_DATABASE_DATA_DIR", folder.display().to_string()),
        ("PAPERLARK_SECRET_KEY", "a key for benchmarks, long enough to be one".to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value));
    let mut config = paperlark::config::load(Some("/dev/null".as_ref()), environment).expect("the configuration is right");
    let table = format!("kind = \"file\"\npath = {file:?}\nschedule = \"@daily\"");
    config.source.insert("list".into(), toml::from_str::<Source>(&table).expect("a source"));
    let database = Database::open(&config, Sharing::Exclusive).await.expect("a private PostgreSQL");
    let clock = Clock::manual(NOW.parse().expect("a time"));
    let app = App::with_clock(config, database.pool.clone(), clock).await.expect("the parts fit");
    (database, app)
}

/// Reads the file and stores all of it.
async fn whole(app: &App) -> (usize, Duration) {
    let start = Instant::now();
    let report = fetch::fetch(app, app.clock.now(), "list", None).await.expect("the file is stored");
    assert!(report.problems.is_empty(), "{:?}", report.problems.first());
    (report.papers, start.elapsed())
}

/// Stores `days` paper by paper, each in a transaction of its own.
async fn one_by_one(app: &App, days: &[(NaiveDate, paperlark::paper::Paper)]) -> (usize, Duration) {
    let start = Instant::now();
    let now: DateTime<Utc> = app.clock.now();
    for (day, paper) in days {
        let days = vec![Day { day: *day, papers: vec![paper.clone()], history: true }];
        let incoming = Incoming { source: "list".into(), authority: Authority::File, days, updates: Vec::new(), validators: Vec::new() };
        archive::store(&app.db, now, incoming, &[]).await.expect("the paper is stored");
    }
    (days.len(), start.elapsed())
}

fn write(path: &Path, lines: &[String]) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    lines.iter().for_each(|line| writeln!(file, "{line}").expect("it can be written"));
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("papers.jsonl");
    let real = data::folder();
    let lines = real.as_deref().map_or_else(invented_lines, real_lines);
    let (single, rest) = lines.split_at(SINGLE);
    let (database, app) = service(&folder.path().join("data"), &file).await;
    println!("{} papers in a file, {}", lines.len(), if real.is_some() { "real ones" } else { "invented ones" });

    write(&file, single);
    let read = fetch::look(&app, app.clock.now(), "list", None).await.expect("the file is read");
    let papers: Vec<_> = read.days.into_iter().flat_map(|day| day.papers.into_iter().map(move |paper| (day.day, paper))).collect();
    let single_new = one_by_one(&app, &papers).await;
    let single_again = one_by_one(&app, &papers).await;

    write(&file, rest);
    let start = Instant::now();
    let read = fetch::look(&app, app.clock.now(), "list", None).await.expect("the file is read");
    let only_read = (read.days.iter().map(|day| day.papers.len()).sum::<usize>(), start.elapsed());
    let new = whole(&app).await;
    let again = whole(&app).await;

    let rate = |(papers, time): (usize, Duration)| papers as f64 / time.as_secs_f64();
    println!("  {:<36}{:>8}{:>10}{:>12}{:>18}", "", "papers", "seconds", "papers/s", "to one by one");
    let row = |name: &str, measured: (usize, Duration), against: Option<(usize, Duration)>| {
        let ratio = against.map_or_else(String::new, |against| format!("{:.1} : 1", rate(measured) / rate(against)));
        println!("  {name:<36}{:>8}{:>10.2}{:>12.0}{ratio:>18}", measured.0, measured.1.as_secs_f64(), rate(measured));
    };
    row("only read and cleaned", only_read, None);
    row("new: stored one by one", single_new, None);
    row("new: read and stored at once", new, Some(single_new));
    row("again: stored one by one", single_again, None);
    row("again: read and stored at once", again, Some(single_again));
    println!("  {GOAL} papers/s are {}", if rate(new).min(rate(again)) >= GOAL { "kept" } else { "NOT kept" });
    database.close().await.expect("the server stops");
}
