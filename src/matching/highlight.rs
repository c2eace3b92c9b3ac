//! The words of a text that show why its paper is here.

use std::borrow::Cow;
use std::ops::Range;

use crate::filter::Filter;
use crate::filter::syntax::{Atom, Field, Scope};
use crate::filter::words::words;

use super::text::{Wanted, stem};
use super::{near, places};

/// The parts of `text`, which is the `field` of a paper (of the authors: one name), to mark for `filters`: byte ranges, ascending,
/// apart from one another, each of whole words. A phrase is one part. What a filter leaves out marks nothing.
pub fn highlights(filters: &[&Filter], field: Field, text: &str) -> Vec<Range<usize>> {
    let wanted: Vec<(Scope, &Atom)> = filters
        .iter()
        .flat_map(|filter| filter.expression().atoms())
        .filter_map(|(atom, wanted)| match atom {
            Atom::Text(scope, _) | Atom::Near(scope, _) if wanted && scope.covers(field) => Some((*scope, atom)),
            _ => None,
        })
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let found = words(text);
    let stems: Vec<String> = found.iter().map(|word| stem(&word.folded)).collect();
    let places = places::of_field(0, field, [found.len()]);
    let mut marks = Vec::new();
    for (scope, atom) in wanted {
        let places_of = |word| {
            let word = Wanted::new(word, scope.is_names());
            let matching = places.iter().zip(found.iter().zip(&stems)).filter(|(_, (found, stem))| word.is(found, stem));
            Cow::Owned(matching.map(|(place, _)| *place).collect())
        };
        let occurrences = match atom {
            Atom::Text(_, phrase) => places::of_phrase(scope, phrase, |i| places_of(&phrase.words[i])),
            Atom::Near(_, near) => near::of_near(scope, near, &places_of),
            _ => Vec::new(),
        };
        for occurrence in occurrences {
            let (first, last) = (&found[occurrence.first.position() as usize], &found[occurrence.last.position() as usize]);
            marks.push(first.range.start..last.range.end);
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
