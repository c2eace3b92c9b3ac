//! What indexing the day's papers is worth: the same filters over the same papers, by the shared day
//! index and by the oracle that reads one paper at a time. Both in one run; only the ratio counts.
//!
//!     cargo bench --bench matching

use std::hint::black_box;
use std::time::{Duration, Instant};

use paperlark::filter::Filter;
use paperlark::matching::{DayIndex, oracle};
use paperlark::paper::{Paper, PaperId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const WORDS: [&str; 24] = [
    "diffusion",
    "robot",
    "protein",
    "graph",
    "language",
    "retrieval",
    "speech",
    "climate",
    "quantum",
    "vision",
    "policy",
    "agent",
    "sparse",
    "causal",
    "network",
    "model",
    "sampling",
    "planning",
    "folding",
    "attention",
    "memory",
    "control",
    "theory",
    "safety",
];

const PAPERS: usize = 300;
const FILTERS: usize = 2_000;
/// The oracle reads every paper for every filter; a part of the filters is enough to know its pace.
const ORACLE_FILTERS: usize = 20;

fn text(random: &mut StdRng, words: usize) -> String {
    (0..words).map(|_| *WORDS.choose(random).expect("there are words")).collect::<Vec<_>>().join(" ")
}

fn papers(random: &mut StdRng) -> Vec<Paper> {
    let paper = |number: usize| {
        let id = PaperId::parse(&format!("9901.{number:05}")).expect("the id is well formed");
        let title = text(random, 8);
        Paper { abstract_text: text(random, 150), ..Paper::new(id, title) }
    };
    (0..PAPERS).map(paper).collect()
}

fn filters(random: &mut StdRng) -> Vec<Filter> {
    let filter = |_| {
        let query = match random.random_range(0..4) {
            0 => text(random, 1),
            1 => format!("\"{}\"", text(random, 2)),
            2 => format!("{} OR \"{}\"", text(random, 2), text(random, 2)),
            _ => format!("title:{} -{}", text(random, 1), text(random, 1)),
        };
        Filter::parse(&query).expect("the query is well formed")
    };
    (0..FILTERS).map(filter).collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn main() {
    let mut random = StdRng::seed_from_u64(7);
    let (papers, filters) = (papers(&mut random), filters(&mut random));
    let (index, building) = timed(|| DayIndex::build(&papers));
    let (found, by_index) = timed(|| filters.iter().map(|filter| black_box(index.matches(filter)).len()).collect::<Vec<_>>());
    let few = &filters[..ORACLE_FILTERS];
    let (expected, by_oracle) = timed(|| {
        few.iter().map(|filter| papers.iter().filter(|paper| black_box(oracle::matches(filter, paper))).count()).collect::<Vec<_>>()
    });
    assert_eq!(found[..ORACLE_FILTERS], expected, "both find the same");
    let one = |total: Duration, count: usize| total / u32::try_from(count).expect("the count is small");
    let (index_pace, oracle_pace) = (one(building + by_index, FILTERS), one(by_oracle, ORACLE_FILTERS));
    println!("{PAPERS} papers; a filter costs");
    println!("  by the day index  {index_pace:>12.2?}   (its building spread over {FILTERS} filters)");
    println!("  by the oracle     {oracle_pace:>12.2?}");
    println!("  ratio             {:>12.0}", oracle_pace.as_secs_f64() / index_pace.as_secs_f64());
}
