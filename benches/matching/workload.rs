//! What is measured: real papers and filters recombined from real phrases, where they lie beside the repository; invented ones
//! elsewhere.

use paperlark::filter::Filter;
use paperlark::paper::{Paper, PaperId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::data;

/// Papers, and what people look for in them.
pub struct Material {
    pub papers: Vec<Paper>,
    /// Keywords and phrases of filters, in lower case.
    phrases: Vec<String>,
    /// How many of them a filter holds.
    sizes: Vec<usize>,
    pub is_real: bool,
}

impl Material {
    /// Real material if there is some.
    pub fn load() -> Material {
        real().unwrap_or_else(invented)
    }

    /// Alternatives in canonical form.
    pub fn alternatives(&self, count: usize) -> Vec<String> {
        let mut random = StdRng::seed_from_u64(1);
        let mut filters = Vec::with_capacity(count);
        for _ in 0..count {
            let size = *self.sizes.choose(&mut random).expect("there are sizes");
            let parts: Vec<String> = (0..size).map(|_| quoted(self.phrase(&mut random))).collect();
            filters.push(parts.join(" OR "));
        }
        filters
    }

    /// Filters of every kind, with hundreds of thousands of distinct atoms.
    pub fn mixed(&self, count: usize) -> Vec<String> {
        let mut random = StdRng::seed_from_u64(2);
        (0..count).map(|_| self.mixed_filter(&mut random)).collect()
    }

    fn mixed_filter(&self, random: &mut StdRng) -> String {
        let phrase = |random: &mut StdRng| quoted(self.phrase(random));
        match random.random_range(0..8) {
            0 => format!("{} NOT {}", phrase(random), phrase(random)),
            1 => format!("({} OR {}) AND {}", phrase(random), phrase(random), self.word(random)),
            2 => format!("title:{} OR abstract:{}", phrase(random), self.pair(random)),
            3 => format!("{}* AND {}", self.beginning(random), phrase(random)),
            4 => {
                format!("{} AND cat:{}", self.pair(random), ["cs", "cs.CL", "cs.CV", "cs.LG", "stat.ML"].choose(random).expect("not empty"))
            }
            5 => {
                let near = || format!("{}~{}", self.pair(random), random.random_range(1..6));
                // Some words are refused there.
                std::iter::repeat_with(near).find(|near| Filter::parse(near).is_ok()).expect("most are accepted")
            }
            6 => format!("author:{} OR {}", self.word(random), self.pair(random)),
            _ => format!("{} OR {} OR {}", phrase(random), self.pair(random), self.word(random)),
        }
    }

    fn phrase(&self, random: &mut StdRng) -> &str {
        self.phrases.choose(random).expect("there are phrases")
    }

    /// One word of a phrase.
    fn word(&self, random: &mut StdRng) -> &str {
        let words: Vec<&str> = self.phrase(random).split([' ', '-']).filter(|word| word.len() > 2).collect();
        words.choose(random).copied().unwrap_or("model")
    }

    /// Two words that may never have met.
    fn pair(&self, random: &mut StdRng) -> String {
        format!("\"{} {}\"", self.word(random), self.word(random))
    }

    fn beginning(&self, random: &mut StdRng) -> String {
        let word = self.word(random);
        word.chars().take(random.random_range(3..7)).collect()
    }
}

/// A phrase as the canonical form writes it.
fn quoted(phrase: &str) -> String {
    if phrase.contains([' ', '-']) { format!("\"{}\"", phrase.replace('-', " ")) } else { phrase.to_owned() }
}

fn real() -> Option<Material> {
    let folder = data::folder()?;
    let lines = |name| data::lines(&folder, name).map(|line| serde_json::from_str::<Value>(&line).expect("every line is JSON"));
    let mut papers: Vec<Paper> = lines("papers-arxiv-cs.jsonl.gz").filter_map(|line| paper(&line)).collect();
    papers.sort_by(|a, b| a.id.cmp(&b.id));
    let mut phrases = Vec::new();
    let mut sizes = Vec::new();
    for filter in lines("filters.jsonl.gz") {
        let listed: Vec<&str> = filter["raw"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if filter["kind"] == "or-list" && !listed.is_empty() {
            sizes.push(listed.len());
        }
        let expression = filter["expr"].as_str().unwrap_or_default();
        let in_quotes = expression.split(['"', '“', '”']).skip(1).step_by(2);
        phrases.extend(listed.into_iter().chain(in_quotes).map(str::to_lowercase));
    }
    let is_plain = |phrase: &String| {
        phrase.len() > 2
            && phrase.starts_with(|first: char| first.is_ascii_lowercase())
            && phrase.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-')
    };
    phrases.retain(|phrase| is_plain(phrase) && !matches!(phrase.as_str(), "and" | "not" | "exp" | "limit"));
    phrases.sort_unstable();
    phrases.dedup();
    Some(Material { papers, phrases, sizes, is_real: true })
}

fn paper(line: &Value) -> Option<Paper> {
    let strings = |name: &str| line[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let id = PaperId::parse(line["id"].as_str()?).ok()?;
    let clean = |name: &str| paperlark::text::paragraph(&paperlark::text::tex_to_unicode(line[name].as_str().unwrap_or_default()));
    Some(Paper {
        abstract_text: clean("abstract"),
        authors: strings("authors"),
        categories: strings("categories"),
        sources: vec!["arxiv".to_owned()],
        ..Paper::new(id, clean("title"))
    })
}

/// Words of a made-up tongue in the proportions of a real one: the tenth word is met a tenth as often as the first.
fn invented() -> Material {
    let mut random = StdRng::seed_from_u64(3);
    let syllables = ["ba", "co", "di", "fe", "gra", "lu", "mo", "net", "per", "ro", "sta", "tion", "ur", "vex", "zi"];
    let mut word = || (0..random.random_range(2..5)).map(|_| *syllables.choose(&mut random).expect("not empty")).collect::<String>();
    let words: Vec<String> = (0..20_000).map(|_| word()).collect();
    let mut random = StdRng::seed_from_u64(4);
    let mut text = |length: usize| {
        let pick = |random: &mut StdRng| ((words.len() as f64).powf(random.random_range(0.0..1.0)) as usize).min(words.len() - 1);
        (0..length).map(|_| words[pick(&mut random)].as_str()).collect::<Vec<_>>().join(" ")
    };
    let papers = (0..17_000).map(|number| {
        let id = PaperId::parse(&format!("99{:02}.{:05}", number / 10_000 + 1, number % 10_000)).expect("the id is well formed");
        Paper { abstract_text: text(180), authors: vec![text(2), text(2)], categories: vec!["cs.LG".to_owned()], ..Paper::new(id, text(9)) }
    });
    let papers = papers.collect();
    let phrases = (0..1_600).map(|number| text(1 + number % 3)).collect();
    Material { papers, phrases, sizes: vec![1, 2, 3, 4, 5, 8, 8, 9], is_real: false }
}
