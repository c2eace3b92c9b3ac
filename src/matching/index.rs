//! The inverted index of one window of papers.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use crate::filter::Filter;
use crate::filter::syntax::{Field, Scope};
use crate::filter::words::each_word;
use crate::paper::Paper;

use super::breaks::Breaks;
use super::catalogue::Catalogue;
use super::facts::Facts;
use super::hyphenated::{Hyphenated, Hyphenating};
use super::matcher::{Kept, Matcher};
use super::neighbours::Neighbours;
use super::rank::Lengths;
use super::summaries::Summaries;
use super::vocabulary::{Gathering, StemId, Vocabulary, WordId, WordSet};

/// A window of papers, ready for any number of filters. It never changes, and is shared between threads.
///
/// Papers are named by their ordinal: their place, from 0, in the order they were given in.
pub struct DayIndex {
    pub(super) vocabulary: Vocabulary,
    /// All texts as one row of words, each text followed by a break.
    pub(super) row: Vec<WordId>,
    /// The stem of each word of the row.
    pub(super) stems: Vec<StemId>,
    texts: Vec<Text>,
    breaks: Breaks,
    pub(super) neighbours: Neighbours,
    pub(super) hyphenated: Hyphenated,
    pub(super) facts: Facts,
    pub(super) lengths: Lengths,
    pub(super) summaries: Summaries,
    pub(super) kept: Kept,
}

/// Fewer papers are not worth a thread.
const MIN_SHARE: usize = 64;

/// Whose text it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub paper: u32,
    pub field: Field,
    /// Where the next one begins in the row: just behind its break.
    pub end: u32,
}

impl DayIndex {
    /// Indexes `papers`; all processors share the reading of many.
    pub fn build<'a>(papers: impl IntoIterator<Item = &'a Paper>) -> DayIndex {
        Self::build_on(thread::available_parallelism().map_or(1, NonZero::get), papers)
    }

    /// The same on so many `threads`.
    pub fn build_on<'a>(threads: usize, papers: impl IntoIterator<Item = &'a Paper>) -> DayIndex {
        let papers: Vec<&Paper> = papers.into_iter().collect();
        Self::in_shares(papers.len().div_ceil(threads.max(1)).max(MIN_SHARE), &papers)
    }

    /// The same with so many papers a thread.
    pub(super) fn in_shares(share: usize, papers: &[&Paper]) -> DayIndex {
        let reading = thread::scope(|scope| {
            let (own, others) = papers.split_at(share.min(papers.len()));
            let others: Vec<_> = others.chunks(share).map(|papers| scope.spawn(|| Reading::of(papers))).collect();
            let own = Reading::of(own);
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))).fold(own, Reading::followed_by)
        });
        reading.finish(papers, papers.len() > share)
    }

    /// An index of one text, which is the `field` of the only paper.
    pub(super) fn of_text(field: Field, text: &str) -> DayIndex {
        let mut reading = Reading::default();
        reading.text(field, text);
        reading.finish(&[], false)
    }

    /// The number of papers.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is no paper.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ordinals of the papers that match, ascending. For many filters, [`DayIndex::matcher`] is the faster way.
    pub fn matches(&self, filter: &Filter) -> Vec<u32> {
        let catalogue = Catalogue::default();
        Matcher::alone(self, &catalogue).matches(&catalogue.add(filter)).to_vec()
    }

    /// How well one paper matches. For several, [`DayIndex::try_out`] is the faster way.
    pub fn relevance(&self, filter: &Filter, ordinal: u32) -> f32 {
        let catalogue = Catalogue::default();
        Matcher::alone(self, &catalogue).relevance(&catalogue.add(filter), &[ordinal])[0]
    }

    /// Every distinct word of the window in folded case, in no order, with the number of its occurrences.
    pub fn vocabulary(&self) -> impl Iterator<Item = (&str, usize)> {
        self.vocabulary.forms()
    }

    /// Whether a word of `set` stands at `place` of the row.
    pub(super) fn stands(&self, set: &WordSet, place: u32) -> bool {
        match set {
            WordSet::Stem(stem) => self.stems[place as usize] == *stem,
            other => self.vocabulary.holds(other, self.row[place as usize]),
        }
    }

    /// Whose text stands at `place` of the row.
    pub(super) fn text_at(&self, place: u32) -> Text {
        self.texts[self.breaks.before(place) as usize]
    }

    /// Whether both places, of which `other` is the later and fewer than 64 behind, belong to one text.
    pub(super) fn in_one_text(&self, place: u32, other: u32) -> bool {
        !self.breaks.is_between(place, other)
    }
}

/// The fields that `scope` covers, a bit each.
pub(super) fn fields_of(scope: Scope) -> u8 {
    Field::ALL.into_iter().filter(|&field| scope.covers(field)).fold(0, |fields, field| fields | 1 << field as u8)
}

/// An index in the making.
#[derive(Default)]
struct Reading {
    words: Gathering,
    texts: Vec<Text>,
    hyphenated: Hyphenating,
    lengths: Lengths,
}

impl Reading {
    fn of(papers: &[&Paper]) -> Reading {
        let mut reading = Reading::default();
        for paper in papers {
            let lengths = Field::ALL.map(|field| texts(paper, field).map(|text| reading.text(field, text)).sum());
            reading.lengths.push(lengths);
        }
        reading
    }

    /// Reads one text of the next paper and says how many words it has.
    fn text(&mut self, field: Field, text: &str) -> usize {
        let start = self.words.len();
        self.hyphenated.end_text();
        each_word(text, |word| {
            self.hyphenated.read(text, &word, self.words.len() as u32);
            self.words.word(&word);
        });
        let words = self.words.len() - start;
        self.words.end_text();
        self.texts.push(Text { paper: self.lengths.len() as u32, field, end: self.words.len() as u32 });
        words
    }

    /// Both as one: first these papers, then those of `other`.
    fn followed_by(mut self, other: Reading) -> Reading {
        let (place, paper) = (self.words.len() as u32, self.lengths.len() as u32);
        self.words.append(other.words);
        self.texts.extend(other.texts.iter().map(|text| Text { paper: paper + text.paper, end: place + text.end, ..*text }));
        self.hyphenated.append(&other.hyphenated, place);
        self.lengths.append(other.lengths);
        self
    }

    /// The index of these `papers`, finished on `two` threads or one.
    fn finish(self, papers: &[&Paper], two: bool) -> DayIndex {
        let Reading { words, texts, hyphenated, lengths } = self;
        let length = words.len();
        let others = || (Facts::of(papers), Breaks::of(texts.iter().map(|text| text.end - 1), length));
        let (vocabulary, row, (facts, breaks)) = words.finish(two, others);
        let stems: Vec<StemId> = row.iter().map(|word| vocabulary.stem_of(*word)).collect();
        let mut neighbours = Neighbours::with_room(row.len());
        stems.windows(2).for_each(|pair| neighbours.insert(pair[0], pair[1]));
        DayIndex {
            breaks,
            texts,
            vocabulary,
            row,
            stems,
            neighbours,
            hyphenated: hyphenated.finish(),
            facts,
            lengths,
            summaries: Summaries::default(),
            kept: Kept::default(),
        }
    }
}

/// The texts of one field: several for the authors.
fn texts(paper: &Paper, field: Field) -> impl Iterator<Item = &str> {
    let (one, several): (Option<&String>, &[String]) = match field {
        Field::Title => (Some(&paper.title), &[]),
        Field::Abstract => (Some(&paper.abstract_text), &[]),
        Field::Author => (None, &paper.authors),
        Field::Organization => (paper.organization.as_ref(), &[]),
    };
    one.into_iter().chain(several).map(String::as_str)
}
