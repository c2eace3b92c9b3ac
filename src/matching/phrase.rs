//! Where the words of a phrase stand together.

use crate::filter::syntax::Order;

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

/// A phrase, with its words looked up in one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub words: Vec<WordSet>,
    pub order: Order,
    /// For each word, which is the first that was written like it. Words written otherwise may find the same word.
    firsts: Vec<usize>,
}

impl Pattern {
    /// The pattern of words `written` so, which find `words`.
    pub(super) fn new<W: PartialEq>(written: &[W], words: Vec<WordSet>, order: Order) -> Self {
        let firsts = written.iter().map(|word| written.iter().position(|other| other == word).unwrap_or(0)).collect();
        Self { words, order, firsts }
    }
}

impl DayIndex {
    /// Hands on every run of `pattern` in any field, in no order.
    pub(super) fn each_run(&self, pattern: &Pattern, mut take: impl FnMut(Run)) {
        match (pattern.words.as_slice(), pattern.order) {
            ([word], _) => self.vocabulary.places(word).flatten().for_each(|&place| take(Run { first: place, last: place })),
            (words, Order::InSequence) => self.in_sequence(words, take),
            (words, Order::Within(distance)) => within::each_run(self, words, &pattern.firsts, distance, take),
        }
    }

    fn in_sequence(&self, words: &[WordSet], mut take: impl FnMut(Run)) {
        // The rarest word leads; beside each place of it, the row says whether the others stand there.
        let rarest = (0..words.len()).min_by_key(|&i| self.vocabulary.count(&words[i])).unwrap_or(0);
        for &place in self.vocabulary.places(&words[rarest]).flatten() {
            let Some(first) = (place as usize).checked_sub(rarest) else { continue };
            let Some(stretch) = self.row.get(first..first + words.len()) else { continue };
            if stretch.iter().zip(words).all(|(&word, wanted)| self.vocabulary.holds(wanted, word)) {
                take(Run { first: first as u32, last: (first + words.len() - 1) as u32 });
            }
        }
    }
}
