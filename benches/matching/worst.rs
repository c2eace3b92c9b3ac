//! Looks for the filters that cost most: accepted ones of several shapes at random, the worst of each changed at random again and again.

use std::time::{Duration, Instant};

use paperlark::filter::{Filter, MAX_TERMS};
use paperlark::matching::DayIndex;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use crate::workload::Material;

const PAPERS: usize = 3_000;
/// Of each shape.
const TRIED: usize = 16;
const CHANGED: usize = 112;
const SHAPES: usize = 18;

/// A filter as its parts; what is changed is one part at a time.
#[derive(Clone)]
struct Candidate {
    parts: Vec<String>,
    joined_by: &'static str,
}

impl Candidate {
    /// The filter with as many parts as are accepted.
    fn filter(&self) -> Option<(Filter, usize)> {
        let mut count = self.parts.len();
        while count > 0 {
            if let Ok(filter) = Filter::parse(&self.parts[..count].join(self.joined_by)) {
                return Some((filter, count));
            }
            count = count * 9 / 10;
        }
        None
    }
}

/// The words of the day, the most frequent first.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn of(index: &'a DayIndex) -> Words<'a> {
        let mut words: Vec<(&str, usize)> = index.vocabulary().filter(|(word, _)| word.bytes().all(|b| b.is_ascii_lowercase())).collect();
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        Words(words.into_iter().map(|(word, _)| word).collect())
    }

    /// One of the most frequent, of which there are `among`.
    fn frequent(&self, random: &mut StdRng, among: usize) -> &'a str {
        self.0[..among.min(self.0.len())].choose(random).expect("the day has words")
    }
}

/// What the parts of a filter have in common: how frequent their words are, and which field they look at.
struct Taste {
    among: usize,
    field: &'static str,
}

impl Taste {
    fn any(random: &mut StdRng) -> Taste {
        let among = *[3, 8, 25, 100, 2_000].choose(random).expect("not empty");
        Taste { among, field: ["", "", "", "title:", "abstract:", "all:", "author:"].choose(random).expect("not empty") }
    }
}

/// A part of this shape that a filter may have.
fn part(shape: usize, taste: &Taste, words: &Words<'_>, random: &mut StdRng) -> String {
    let is_accepted = |part: &String| ["OR", "AND"].iter().any(|joint| Filter::parse(&format!("zebra {joint} {part}")).is_ok());
    let of_taste = std::iter::repeat_with(|| any_part(shape, taste, words, random)).take(8).find(is_accepted);
    // Near one another, none of the most frequent words are accepted.
    of_taste.unwrap_or_else(|| part(shape, &Taste::any(random), words, random))
}

fn any_part(shape: usize, Taste { among, field }: &Taste, words: &Words<'_>, random: &mut StdRng) -> String {
    let mut word = || words.frequent(random, *among).to_owned();
    let [a, b, c, d, e, f, g, h] = std::array::from_fn(|_| word());
    let distance = random.random_range(0..=50_u32);
    let letters = |word: &str, random: &mut StdRng| word.chars().chain("es".chars()).take(random.random_range(2..5)).collect::<String>();
    match shape {
        0 => format!("{field}\"{a}\""),
        1 => format!("{field}\"{a} {b}\""),
        2 => format!("{field}\"{a} {b} {c} {d}\""),
        3 => format!("{field}{}*", letters(&a, random)),
        4 => format!("{field}\"{}* {}*\"", letters(&a, random), letters(&b, random)),
        5 => format!("{field}\"{a} {b}\"~{distance}"),
        6 => format!("{field}\"{a} {b} {c} {d}\"~{distance}"),
        7 => format!("{field}({a} NEAR/{distance} {b})"),
        8 => format!("{field}(({a} NEAR/{distance} {b}) NEAR/{distance} ({c} OR {d}))"),
        9 => format!("{field}((({a} OR {b}) NEAR/{distance} ({c} OR {d})) NEAR/{distance} ({a} NEAR/{distance} {c}))"),
        10 => format!("{field}{}?{}*", letters(&a, random), b.chars().next().unwrap_or('e')),
        11 => format!("{field}{a}{b}"),
        12 => format!("{field}(({a} OR {b} OR {c} OR {d} OR {e}) NEAR/{distance} ({f} OR {g} OR {h} OR {a}{b}))"),
        13 => format!("NOT (\"{a} {b}\" NOT ({c} OR {field}\"{d}\"))"),
        14 => format!("({a} AND ({b} OR NOT \"{c} {d}\"))"),
        15 => format!("{field}\"{a} {}*\"~{distance}", letters(&b, random)),
        16 => format!("{field}\"{}* {}*\"~{distance}", letters(&a, random), letters(&b, random)),
        _ => format!("{field}(({}* OR {b}) NEAR/{distance} ({}* OR {d}))", letters(&a, random), letters(&c, random)),
    }
}

/// Any, where all are mixed.
fn shape_of(shape: usize, random: &mut StdRng) -> usize {
    if shape < SHAPES { shape } else { random.random_range(0..SHAPES) }
}

/// A filter of parts of one shape; of any shape beyond [`SHAPES`].
fn candidate(shape: usize, words: &Words<'_>, random: &mut StdRng) -> Candidate {
    let taste = Taste::any(random);
    let mut parts: Vec<String> = (0..MAX_TERMS).map(|_| part(shape_of(shape, random), &taste, words, random)).collect();
    parts.insert(0, "zebra".to_owned());
    Candidate { parts, joined_by: [" OR ", " AND "].choose(random).expect("not empty") }
}

/// The worst that is found of one shape.
fn climb(shape: usize, words: &Words<'_>, random: &mut StdRng, cost: impl Fn(&Candidate) -> Duration) -> Candidate {
    let tried = (0..TRIED).map(|_| candidate(shape, words, random)).map(|one| (cost(&one), one));
    let mut worst = tried.max_by_key(|(cost, _)| *cost).expect("some were tried");
    for _ in 0..CHANGED {
        let mut changed = worst.1.clone();
        if random.random_bool(0.3) {
            changed.parts.shuffle(random);
        } else {
            // What stands behind the last part that is accepted costs nothing.
            let accepted = changed.filter().map_or(1, |(_, count)| count).max(2);
            let (from, taste) = (random.random_range(1..accepted), Taste::any(random));
            let changing = changed.parts[from..accepted].iter_mut().take(random.random_range(1..=accepted / 2));
            changing.for_each(|one| *one = part(shape_of(shape, random), &taste, words, random));
        }
        let found = cost(&changed);
        if found > worst.0 {
            worst = (found, changed);
        }
    }
    worst.1
}

/// Searches all shapes, or `only` the one with that number.
pub fn search(material: &Material, only: Option<usize>) {
    let papers = &material.papers[..PAPERS];
    let index = DayIndex::build(papers);
    let words = Words::of(&index);
    let mut random = StdRng::seed_from_u64(5);
    // The least of some runs: what else the machine does only adds to it.
    let cost = |candidate: &Candidate, runs: usize| {
        let Some((filter, _)) = candidate.filter() else { return Duration::ZERO };
        let run = || {
            let start = Instant::now();
            std::hint::black_box(index.matches(&filter));
            start.elapsed()
        };
        (0..runs).map(|_| run()).min().unwrap_or_default()
    };
    println!("The worst filters of {} tried of each of {SHAPES} shapes and of all mixed, over {PAPERS} papers:", TRIED + CHANGED);
    for shape in (0..=SHAPES).filter(|shape| only.is_none_or(|only| only == *shape)) {
        let worst = climb(shape, &words, &mut random, |candidate| cost(candidate, 2));
        let (filter, parts) = worst.filter().expect("it was accepted");
        let text = filter.to_string();
        println!(
            "  {shape:>2}: {:>6.2} ms   {parts:>3} parts, {:>4} characters: {}…",
            cost(&worst, 5).as_secs_f64() * 1e3,
            text.len(),
            &text[..text.floor_char_boundary(100)]
        );
    }
}
