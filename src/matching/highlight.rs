//! The words of a text that show why its paper is here.

use std::ops::Range;

use crate::filter::Filter;
use crate::filter::syntax::{Atom, Field};
use crate::filter::words::each_word;

use super::index::DayIndex;
use super::near;
use super::phrase::{Run, Term};

/// The parts of `text`, which is the `field` of a paper (of the authors: one name), to mark for `filters`: byte ranges, ascending,
/// apart from one another, each of whole words. A phrase is one part. What a filter leaves out marks nothing.
pub fn highlights(filters: &[&Filter], field: Field, text: &str) -> Vec<Range<usize>> {
    let atoms = filters.iter().flat_map(|filter| filter.expression().atoms());
    let mut wanted = atoms.filter_map(|(atom, wanted)| match atom {
        Atom::Text(scope, _) | Atom::Near(scope, _) if wanted && scope.covers(field) => Some((scope, atom)),
        _ => None,
    });
    let Some(first) = wanted.next() else { return Vec::new() };
    let mut ranges = Vec::new();
    each_word(text, |word| ranges.push(word.start..word.end));
    // The same index that finds the paper, over this text alone: what it finds is what is marked.
    let index = DayIndex::of_text(field, text);
    let mut marks = Vec::new();
    for (scope, atom) in [first].into_iter().chain(wanted) {
        let mut mark = |run: Run| marks.push(ranges[run.first as usize].start..ranges[run.last as usize].end);
        match atom {
            Atom::Text(_, phrase) => {
                let terms: Vec<Term> = phrase.words.iter().map(|word| index.term(word, scope.is_names())).collect();
                index.each_run(&terms.iter().collect::<Vec<_>>(), phrase.order, mark);
            }
            Atom::Near(_, near) => near::runs(&index, near, scope.is_names()).into_iter().for_each(&mut mark),
            _ => {}
        }
    }
    united(marks)
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
