//! The words of a text that show why its paper is here.

use std::fmt;
use std::ops::Range;

use crate::filter::Filter;
use crate::filter::syntax::{Atom, Field, Scope};
use crate::filter::words::each_word;

use super::index::DayIndex;
use super::near;
use super::phrase::{Run, Term};

/// A text made ready to be marked for any number of filters.
pub struct ReadText {
    field: Field,
    words: Vec<Range<usize>>,
    /// The same index that finds the paper, over this text alone: what it finds is what is marked.
    index: DayIndex,
}

impl ReadText {
    /// Reads `text`, which is the `field` of a paper (of the authors: one name).
    pub fn new(field: Field, text: &str) -> Self {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.start..word.end));
        Self { field, words, index: DayIndex::of_text(field, text) }
    }

    /// Where its words stand, in bytes; ascending.
    pub fn words(&self) -> &[Range<usize>] {
        &self.words
    }

    /// The parts to mark for `filters`: byte ranges, ascending, apart from one another, each of whole words. A phrase is one part.
    /// What a filter leaves out marks nothing.
    pub fn marks(&self, filters: &[&Filter]) -> Vec<Range<usize>> {
        let mut marks = Vec::new();
        let mut mark = |run: Run| marks.push(self.words[run.first as usize].start..self.words[run.last as usize].end);
        for (scope, atom) in wanted(filters, self.field) {
            let terms: Vec<Term> = atom.words().into_iter().map(|word| self.index.term(word, scope.is_names())).collect();
            match atom {
                Atom::Text(_, phrase) => self.index.each_run(&terms.iter().collect::<Vec<_>>(), phrase.order, &mut mark),
                Atom::Near(_, near) => near::runs(&self.index, near, &mut terms.iter()).into_iter().for_each(&mut mark),
                _ => {}
            }
        }
        united(marks)
    }
}

impl fmt::Debug for ReadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadText").field("field", &self.field).field("words", &self.words.len()).finish_non_exhaustive()
    }
}

/// As [`ReadText::marks`], for a text that is marked once.
pub fn highlights(filters: &[&Filter], field: Field, text: &str) -> Vec<Range<usize>> {
    match wanted(filters, field).next() {
        Some(_) => ReadText::new(field, text).marks(filters),
        None => Vec::new(),
    }
}

/// What of `filters` may be found in `field` and is not left out.
fn wanted<'a>(filters: &[&'a Filter], field: Field) -> impl Iterator<Item = (Scope, &'a Atom)> {
    let atoms = filters.iter().flat_map(|filter| filter.expression().atoms());
    atoms.filter_map(move |(atom, wanted)| match atom {
        Atom::Text(scope, _) | Atom::Near(scope, _) if wanted && scope.covers(field) => Some((*scope, atom)),
        _ => None,
    })
}

/// Overlapping and touching ranges as one, in order.
fn united(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}
