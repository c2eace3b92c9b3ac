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
    /// The places of a frequent word, once they were asked for.
    pub dense: OnceLock<Dense>,
}

impl DayIndex {
    /// Hands on every run of the phrase `terms` in any field, each once, in no order.
    pub(super) fn each_run(&self, terms: &[&Term], order: Order, mut take: impl FnMut(Run)) {
        match (terms, order) {
            ([term], _) => {
                self.vocabulary.places(&term.set).flatten().for_each(|&place| take(Run { first: place, last: place }));
                term.spelled.iter().for_each(|run| take(*run));
            }
            (terms, Order::InSequence) => {
                let joints = self.joints(terms);
                if joints.is_empty() && terms.iter().all(|term| term.spelled.is_empty()) {
                    self.each_sequence(terms, take);
                } else {
                    self.aligned(terms, &joints).into_iter().for_each(take);
                }
            }
            (terms, Order::Within(distance)) => {
                within::each_run(self, terms, distance, take);
            }
        }
    }

    /// Hands on every run where the words of `terms` stand one for one.
    fn each_sequence(&self, terms: &[&Term], mut take: impl FnMut(Run)) {
        let row = self.row.len();
        let is_frequent = |term: &&Term| dense::is_frequent(self.vocabulary.count(&term.set), row);
        if terms.len() > dense::MAX_WORDS || !terms.iter().all(is_frequent) {
            return self.in_sequence(terms.len(), |i| &terms[i].set, take);
        }
        let dense = terms.iter().map(|term| term.dense.get_or_init(|| Dense::of(self.vocabulary.places(&term.set).flatten(), row)));
        let dense: Vec<&Dense> = dense.collect();
        let mut firsts = dense[0].clone();
        (0..).zip(dense).skip(1).for_each(|(distance, next)| firsts.keep_before(next, distance));
        firsts.places().for_each(|first| take(Run { first, last: first + terms.len() as u32 - 1 }));
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

    /// Every run of the phrase where some words of the one side spell one of the other.
    fn aligned(&self, terms: &[&Term], joints: &[Joint]) -> Vec<Run> {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); terms.len() + 1];
        for (at, term) in terms.iter().enumerate() {
            let (before, behind) = runs.split_at_mut(at + 1);
            let joints = || joints.iter().filter(|joint| joint.at == at).map(|joint| (joint.parts, &joint.set));
            let sets = [(1, &term.set)].into_iter().chain(joints());
            if at == 0 {
                for (parts, set) in sets {
                    behind[parts - 1].extend(self.vocabulary.places(set).flatten().map(|&place| Run { first: place, last: place }));
                }
                behind[0].extend(&term.spelled);
                continue;
            }
            for &Run { first, last } in &before[at] {
                let next = last + 1;
                // A break stands behind every text, so there is a next.
                let one_for_some = sets.clone().filter(|(_, set)| self.stands(set, next));
                one_for_some.for_each(|(parts, _)| behind[parts - 1].push(Run { first, last: next }));
                let from = term.spelled.partition_point(|run| run.first < next);
                let spelled = term.spelled[from..].iter().take_while(|run| run.first == next);
                behind[0].extend(spelled.map(|run| Run { first, last: run.last }));
            }
        }
        let mut whole = runs.pop().unwrap_or_default();
        whole.sort_unstable();
        whole.dedup();
        whole
    }
}
