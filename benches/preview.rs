//! What trying a filter costs at the HTTP interface: 30 days of 300 papers, real filters, one visitor after another. In
//! the same run and over the same connection a page without a search, so that the share of the search itself shows.
//!
//!     cargo bench --bench preview
//!
//! Papers and filters are real where `../shared/data` (or TEST_DATA) has them, invented otherwise. The database is
//! a private one that goes when the run ends.

mod data;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use paperlark::App;
use paperlark::archive::{self, Day, Incoming};
use paperlark::clock::Clock;
use paperlark::database::{Database, Sharing};
use paperlark::filter::Filter;
use paperlark::paper::{Authority, Paper, PaperId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;

const DAYS: usize = 30;
const PAPERS_A_DAY: usize = 300;
const REQUESTS: usize = 2_000;
/// What a preview may take at most, for ninety-nine of a hundred visitors.
const GOAL: Duration = Duration::from_millis(20);

fn values(folder: &Path, name: &str) -> impl Iterator<Item = Value> + use<> {
    data::lines(folder, name).map(|line| serde_json::from_str(&line).expect("each line is JSON"))
}

fn real_papers(folder: &Path) -> Vec<Paper> {
    let paper = |line: Value| {
        let texts = |name: &str| line[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let text = |name: &str| line[name].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let id = PaperId::parse(line["id"].as_str()?).ok()?;
        Some(Paper {
            abstract_text: text("abstract"),
            authors: texts("authors"),
            categories: texts("categories"),
            ..Paper::new(id, text("title"))
        })
    };
    values(folder, "papers-arxiv-cs.jsonl.gz").filter_map(paper).take(DAYS * PAPERS_A_DAY).collect()
}

/// Papers of words that follow Zipf's law, as those of a language do.
fn invented_papers(random: &mut StdRng) -> Vec<Paper> {
    let text = |random: &mut StdRng, words: usize| (0..words).map(|_| invented_word(random)).collect::<Vec<_>>().join(" ");
    (0..DAYS * PAPERS_A_DAY)
        .map(|number| {
            let id = PaperId::parse(&format!("9901.{number:05}")).expect("the id is well formed");
            let title = text(random, 9);
            Paper { abstract_text: text(random, 170), ..Paper::new(id, title) }
        })
        .collect()
}

fn invented_word(random: &mut StdRng) -> String {
    const WORDS: f64 = 40_000.0;
    let rank = WORDS.powf(random.random::<f64>()) as u32;
    let letters = "etaoinshrdlu".as_bytes();
    let mut word = String::new();
    let mut rest = rank + 144;
    while rest > 0 {
        word.push(letters[(rest % 12) as usize] as char);
        rest /= 12;
    }
    word
}

fn filters(random: &mut StdRng) -> Vec<String> {
    let understood = |query: &String| Filter::parse(query).is_ok();
    match data::folder() {
        Some(folder) => {
            let queries = values(&folder, "filters.jsonl.gz").filter_map(|line| Some(line["expr"].as_str()?.to_owned()));
            queries.filter(understood).collect()
        }
        None => (0..200)
            .map(|_| {
                let terms = (0..random.random_range(1..15)).map(|_| invented_word(random)).collect::<Vec<_>>();
                terms.join(" OR ")
            })
            .filter(understood)
            .collect(),
    }
}

async fn store(app: &App, papers: Vec<Paper>) {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
    let days = (0..).zip(papers.chunks(PAPERS_A_DAY));
    let days = days.map(|(day, papers)| Day { day: first + Days::new(day), papers: papers.to_vec(), history: false });
    let authority = Authority::File;
    let incoming = Incoming { source: "bench".into(), authority, days: days.collect(), updates: Vec::new(), validators: Vec::new() };
    archive::store(&app.db, app.clock.now(), incoming, &[]).await.expect("the papers are stored");
}

/// Times each request, the answer read whole.
async fn timed(client: &reqwest::Client, urls: &[String]) -> Vec<Duration> {
    let mut times = Vec::with_capacity(urls.len());
    for url in urls {
        let start = Instant::now();
        let answer = client.get(url).send().await.expect("the service answers");
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
        let body = answer.bytes().await.expect("the answer is whole");
        times.push(start.elapsed());
        assert!(!body.is_empty());
    }
    times.sort_unstable();
    times
}

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

#[tokio::main]
async fn main() {
    let mut random = StdRng::seed_from_u64(7);
    let folder = tempfile::tempdir().expect("a folder");
    let environment = [
        ("PAPERLARK_DATABASE_DATA_DIR", folder.path().display().to_string()),
        ("PAPERLARK_SECRET_KEY", "a key for benchmarks, long enough to be one".to_owned()),
        ("PAPERLARK_WEB_SEARCHES_PER_MINUTE", "1000000000".to_owned()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value));
    let config = paperlark::config::load(Some("/dev/null".as_ref()), environment).expect("the configuration is right");
    let database = Database::open(&config, Sharing::Exclusive).await.expect("a private PostgreSQL");
    let app = App::with_clock(config, database.pool.clone(), Clock::system()).await.expect("the parts fit");
    let real = data::folder();
    let papers = real.as_deref().map_or_else(|| invented_papers(&mut random), real_papers);
    println!("{} papers of {DAYS} days, {}", papers.len(), if real.is_some() { "real ones" } else { "invented ones" });
    store(&app, papers).await;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let pages = paperlark::web::service(app).expect("the templates are right");
    tokio::spawn(async move { axum::serve(listener, pages).await });
    let client = reqwest::Client::builder().no_gzip().no_brotli().no_deflate().build().expect("a client");

    let filters = filters(&mut random);
    let asked = |path: &str, random: &mut StdRng| -> Vec<String> {
        let encode = |query: &String| url::form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>();
        (0..REQUESTS).map(|_| format!("{base}{path}?q={}", encode(filters.choose(random).expect("there are filters")))).collect()
    };
    let cold = timed(&client, &[format!("{base}/papers?q=first")]).await[0];
    let mut table = String::new();
    let mut row = |name: &str, times: &[Duration], against: Duration| {
        let (half, most) = (quantile(times, 0.5), quantile(times, 0.99));
        let ratio = most.as_secs_f64() / against.as_secs_f64();
        writeln!(table, "  {name:<28}{half:>10.2?}{most:>10.2?}{ratio:>8.1}").expect("a string takes all");
        most
    };
    let baseline = timed(&client, &vec![format!("{base}/papers"); REQUESTS]).await;
    let against = quantile(&baseline, 0.99);
    row("the page without a search", &baseline, against);
    row("/healthz", &timed(&client, &vec![format!("{base}/healthz"); REQUESTS]).await, against);
    let page = row("a search page", &timed(&client, &asked("/papers", &mut random)).await, against);
    let json = row("its JSON", &timed(&client, &asked("/api/filters/preview", &mut random)).await, against);
    println!("{} different filters; the first visitor waits {cold:.2?} for the index", filters.len());
    println!("  {:<28}{:>10}{:>10}{:>8}\n{table}", "", "p50", "p99", "ratio");
    println!("  p99 of {GOAL:.0?} is {}", if page.max(json) <= GOAL { "kept" } else { "NOT kept" });
    database.close().await.expect("the server stops");
}
