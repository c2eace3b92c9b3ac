//! How fast a day's papers meet a million filters, and how that compares: one table, one run, the same inputs, equal counts.
//!
//!     make bench                                   everything, with PostgreSQL and Tantivy beside
//!     cargo bench --bench matching -- [PART]...    those parts only: engine, rivals, worst, parts
//!
//! Only the ratios within one run mean something; figures are processor time of one thread, but for two threads time that passes.

#[path = "../data/mod.rs"]
mod data;
mod parts;
mod rivals;
mod workload;
mod worst;

use std::hint::black_box;
use std::slice::Chunks;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use paperlark::matching::{Catalogue, Compiled, DayIndex};
use paperlark::paper::Paper;
use rustix::time::{ClockId, clock_gettime};
use workload::Material;

const FILTERS: usize = 1_000_000;
const RUNS: usize = 9;
/// How often two things that are compared by the time that passes are done.
const TURNS: usize = 61;
/// How many filters a thread takes at once.
const CHUNK: usize = 10_000;

/// Processor time of this thread.
pub fn clock() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("processor time is positive")
}

/// The result, and the median duration of several runs.
pub fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut durations = Vec::new();
    let mut result = None;
    for _ in 0..runs {
        drop(result.take());
        let start = clock();
        result = Some(black_box(work()));
        durations.push(clock().saturating_sub(start));
    }
    durations.sort_unstable();
    (result.expect("at least one run"), durations[runs / 2])
}

/// How long `other` takes, and which share of the time that `one` takes: medians of runs by turns, so that both meet the same machine.
fn by_turns(one: impl Fn(), other: impl Fn()) -> (Duration, f64) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let runs: Vec<(Duration, Duration)> = (0..TURNS).map(|_| (time(&one), time(&other))).collect();
    let mut others: Vec<Duration> = runs.iter().map(|run| run.1).collect();
    let mut shares: Vec<f64> = runs.iter().map(|(one, other)| other.as_secs_f64() / one.as_secs_f64()).collect();
    others.sort_unstable();
    shares.sort_unstable_by(f64::total_cmp);
    (others[TURNS / 2], shares[TURNS / 2])
}

/// The number of matches of all `filters`: text analysis, look-up of every atom, and the list of each filter's papers.
fn evaluate(papers: &[Paper], catalogue: &Catalogue, filters: &[Compiled]) -> u64 {
    let index = DayIndex::build_on(1, papers);
    let mut matcher = index.matcher(catalogue);
    filters.iter().map(|filter| black_box(matcher.matches(filter)).len() as u64).sum()
}

/// The same, by two threads and by one in turns: how long two take, and which share of the time that one takes.
fn evaluate_on_two_threads(papers: &[Paper], catalogue: &Catalogue, filters: &[Compiled]) -> (Duration, f64) {
    let found = evaluate(papers, catalogue, filters);
    // Threads take the filters chunk by chunk, as workers take due readers.
    let count = |index: &DayIndex, chunks: &Mutex<Chunks<'_, Compiled>>| {
        let next = || chunks.lock().expect("no thread panics").next();
        let mut matcher = index.matcher(catalogue);
        std::iter::from_fn(next).flatten().map(|filter| black_box(matcher.matches(filter)).len() as u64).sum::<u64>()
    };
    let ((ask, asked), (tell, told)) = (mpsc::channel::<Share<'_>>(), mpsc::channel());
    std::thread::scope(|scope| {
        // The other thread lives from one turn to the next, as workers do.
        scope.spawn(move || asked.iter().try_for_each(|(index, chunks)| tell.send(count(&index, &chunks))));
        let shared = || {
            let share = (Arc::new(DayIndex::build_on(2, papers)), Arc::new(Mutex::new(filters.chunks(CHUNK))));
            ask.send(share.clone()).expect("the other thread listens");
            let sum = count(&share.0, &share.1) + told.recv().expect("the other thread counts");
            assert_eq!(sum, found, "two threads find the same");
        };
        let times = by_turns(|| assert_eq!(evaluate(papers, catalogue, filters), found), shared);
        drop(ask);
        times
    })
}

/// What two threads share of one evaluation.
type Share<'a> = (Arc<DayIndex>, Arc<Mutex<Chunks<'a, Compiled>>>);

fn compile(texts: &[String]) -> (Catalogue, Vec<Compiled>) {
    let catalogue = Catalogue::default();
    let filters = texts.iter().map(|text| catalogue.compile(text).unwrap_or_else(|error| panic!("{text}: {error}"))).collect();
    (catalogue, filters)
}

fn engine(material: &Material) {
    println!("{FILTERS} filters; processor seconds on one core, the median of {RUNS} runs; two threads: seconds that pass, and their");
    println!("share of those that one takes, the median of {TURNS} turns");
    let alternatives = material.alternatives(FILTERS);
    let lists = alternatives.iter().map(|text| text.replace(" OR ", ", ").replace('"', "")).collect();
    for (name, texts, sizes) in [
        ("alternatives", alternatives, &[300, 1_000, 3_000][..]),
        ("the same as lists of keywords, as readers write them", lists, &[]),
        ("mixed", material.mixed(FILTERS), &[300]),
    ] {
        let distinct = texts.iter().collect::<std::collections::HashSet<_>>().len();
        let ((catalogue, filters), compiling) = median(3, || compile(&texts));
        let (again, remembering) = median(3, || texts.iter().filter_map(|text| catalogue.compile(text).ok()).count());
        assert_eq!(again, filters.len());
        println!("  {name}: {distinct} distinct texts, {} distinct atoms", catalogue.len());
        println!("    read and numbered                       {:>8.3}", compiling.as_secs_f64());
        println!("    again, by what is remembered            {:>8.3}", remembering.as_secs_f64());
        for &size in sizes {
            let papers = &material.papers[..size];
            let (_, indexing) = median(RUNS, || DayIndex::build_on(1, papers));
            let (found, evaluating) = median(RUNS, || evaluate(papers, &catalogue, &filters));
            let (two, share) = evaluate_on_two_threads(papers, &catalogue, &filters);
            println!(
                "    evaluated over {size:>5} papers             {:>8.3}   indexing {:.3}; {found} matches; two threads {:.3}, {:.0} %",
                evaluating.as_secs_f64(),
                indexing.as_secs_f64(),
                two.as_secs_f64(),
                share * 100.0
            );
        }
    }
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    let material = Material::load();
    println!("{} {} papers", material.papers.len(), if material.is_real { "real" } else { "invented" });
    if is_asked("engine") {
        engine(&material);
    }
    if is_asked("rivals") {
        rivals::compare(&material);
    }
    if is_asked("worst") {
        worst::search(&material, asked.iter().find_map(|argument| argument.parse().ok()));
    }
    if is_asked("parts") {
        parts::measure();
    }
}
