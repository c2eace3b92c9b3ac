//! Where the words of a phrase stand together.

use std::sync::OnceLock;

use crate::filter::syntax::{Order, Word};

use super::closed::{Joint, Part};
use super::dense::{self, Dense};
use super::index::DayIndex;
use super::vocabulary::WordSet;
use super::within;

/// A stretch of the row where a phrase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub first: u32,
    /// The last word of the stretch.
    pub last: u32,
}

/// A word of a filter, looked up in one index.
pub(super) struct Term {
    pub word: Word,
    pub set: WordSet,
    /// The runs of several words that spell it, ascending.
    pub spelled: Vec<Run>,
    /// What it contributes to compounds; none for other than plain words.
    pub part: Option<Part>,
    /// Whether it stands in so many places that going through all of the row is the quicker way to find it beside others.
    pub is_frequent: bool,
    /// Its places then, once they were asked for.
    pub dense: OnceLock<Dense>,
}

impl Term {
    /// Whether both are words that can have no place in common, nor any of several words.
    pub(super) fn is_apart_from(&self, other: &Term) -> bool {
        let is_word = |term: &Term| matches!(term.set, WordSet::Stem(_)) && term.spelled.is_empty();
        is_word(self) && is_word(other) && self.set != other.set
    }
}

impl DayIndex {
    /// Hands on every run of the phrase `terms` in any field, each once, in no order.
    pub(super) fn each_run(&self, terms: &[&Term], order: Order, mut take: impl FnMut(Run)) {
        match (terms, order) {
            ([term], _) => {
                self.ascending(&[term]).into_iter().for_each(|place| take(Run { first: place, last: place }));
                term.spelled.iter().for_each(|run| take(*run));
            }
            (terms, Order::InSequence) => {
                self.each_sequence(terms, &mut take);
                self.aligned(terms).into_iter().for_each(take);
            }
            (terms, Order::Within(distance)) => within::each_run(self, terms, distance, |run| {
                take(run);
                0
            }),
        }
    }

    /// Where one of `words` itself stands, ascending.
    pub(super) fn ascending(&self, words: &[&Term]) -> Vec<u32> {
        let count = words.iter().map(|word| self.vocabulary.count(&word.set)).sum();
        if let [word] = words
            && word.is_frequent
        {
            return self.dense(word).list(count);
        }
        let places = words.iter().flat_map(|word| self.vocabulary.places(&word.set)).flatten().copied();
        if dense::is_frequent(count, self.row.len()) {
            return Dense::of(places, self.row.len()).list(count);
        }
        let mut ascending: Vec<u32> = places.collect();
        // They are a few ascending lists, which a stable sort only merges.
        ascending.sort();
        ascending.dedup();
        ascending
    }

    fn dense<'a>(&self, term: &'a Term) -> &'a Dense {
        term.dense.get_or_init(|| Dense::of(self.vocabulary.places(&term.set).flatten().copied(), self.row.len()))
    }

    /// Hands on every run where the words of `terms` stand one for one.
    fn each_sequence(&self, terms: &[&Term], mut take: impl FnMut(Run)) {
        if terms.len() > dense::MAX_WORDS || !terms.iter().all(|term| term.is_frequent) {
            return self.in_sequence(terms.len(), |i| &terms[i].set, take);
        }
        let dense: Vec<&Dense> = terms.iter().map(|term| self.dense(term)).collect();
        dense::each_sequence(&dense, |first| take(Run { first, last: first + terms.len() as u32 - 1 }));
    }

    /// Hands on every run where so many words stand one for one, each of its `set`.
    pub(super) fn in_sequence<'a>(&self, words: usize, set: impl Fn(usize) -> &'a WordSet, mut take: impl FnMut(Run)) {
        let never_meet = |i: usize| match (set(i), set(i + 1)) {
            (WordSet::Stem(first), WordSet::Stem(second)) => !self.neighbours.may_meet(*first, *second),
            (first, second) => *first == WordSet::NONE || *second == WordSet::NONE,
        };
        if (0..words - 1).any(never_meet) {
            return;
        }
        // The rarest word leads; beside each place of it, the row says whether the others stand there.
        let rarest = (0..words).min_by_key(|&i| self.vocabulary.count(set(i))).unwrap_or(0);
        for &place in self.vocabulary.places(set(rarest)).flatten() {
            let Some(first) = place.checked_sub(rarest as u32) else { continue };
            // A break stands behind every text, so the row goes on as long as the words are there.
            if (0..words).all(|i| self.stands(set(i), first + i as u32)) {
                take(Run { first, last: first + words as u32 - 1 });
            }
        }
    }

    /// Every run of the phrase where some words of the one side spell one of the other, but those where others stand one for one too.
    fn aligned(&self, terms: &[&Term]) -> Vec<Run> {
        let alignment = Alignment { index: self, terms, joints: &self.joints(terms) };
        let mut runs = Vec::new();
        // Such words are rare: each place of them is looked at with what stands around it.
        for joint in alignment.joints {
            let places = self.vocabulary.places(&joint.set).flatten();
            places.for_each(|&place| alignment.around(joint.at, joint.parts, Run { first: place, last: place }, &mut runs));
        }
        for (at, term) in terms.iter().enumerate() {
            term.spelled.iter().for_each(|run| alignment.around(at, 1, *run, &mut runs));
        }
        let width = terms.len() as u32;
        let one_for_one =
            |run: &Run| run.last + 1 - run.first == width && (run.first..).zip(terms).all(|(at, term)| self.stands(&term.set, at));
        runs.retain(|run| !one_for_one(run));
        runs.sort_unstable();
        runs.dedup();
        runs
    }
}

/// A phrase held against the row, with the words that are one word on either side.
struct Alignment<'a> {
    index: &'a DayIndex,
    terms: &'a [&'a Term],
    joints: &'a [Joint],
}

impl Alignment<'_> {
    /// Finds the runs of the phrase in which the words from `at` on, so many `parts`, are those of `run`, and those before it stand
    /// one for one: each run is found by the first such place in it.
    fn around(&self, at: usize, parts: usize, run: Run, found: &mut Vec<Run>) {
        let Some(first) = run.first.checked_sub(at as u32) else { return };
        if (first..).zip(&self.terms[..at]).all(|(place, term)| self.index.stands(&term.set, place)) {
            let mut lasts = Vec::new();
            self.behind(at + parts, run.last, &mut lasts);
            found.extend(lasts.into_iter().map(|last| Run { first, last }));
        }
    }

    /// Where the words from that with the number `at` on end, if they stand just behind `place`.
    fn behind(&self, at: usize, place: u32, lasts: &mut Vec<u32>) {
        let Some(term) = self.terms.get(at) else { return lasts.push(place) };
        // A break stands behind every text, so there is a next.
        let next = place + 1;
        let joints = self.joints.iter().filter(|joint| joint.at == at).map(|joint| (joint.parts, &joint.set));
        for (parts, set) in [(1, &term.set)].into_iter().chain(joints) {
            if self.index.stands(set, next) {
                self.behind(at + parts, next, lasts);
            }
        }
        let from = term.spelled.partition_point(|run| run.first < next);
        let spelled = term.spelled[from..].iter().take_while(|run| run.first == next);
        spelled.for_each(|run| self.behind(at + 1, run.last, lasts));
    }
}
