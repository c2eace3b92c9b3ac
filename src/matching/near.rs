//! Which stretches of words stand near one another.

use crate::filter::syntax::{Near, Stretch, Word};

use super::index::DayIndex;
use super::phrase::{Pattern, Run};
use super::vocabulary::WordSet;
use crate::filter::syntax::Order;

/// The stretches of any field that `near` asks for, ascending. `set_of` looks a word up.
pub(super) fn runs(index: &DayIndex, near: &Near, set_of: &impl Fn(&Word) -> WordSet) -> Vec<Run> {
    let left = of_stretch(index, &near.left, set_of);
    if left.is_empty() {
        return left;
    }
    let right = of_stretch(index, &near.right, set_of);
    let mut found = followed(index, &left, &right, near.distance);
    found.extend(followed(index, &right, &left, near.distance));
    sorted(found)
}

fn of_stretch(index: &DayIndex, stretch: &Stretch, set_of: &impl Fn(&Word) -> WordSet) -> Vec<Run> {
    let mut found = Vec::new();
    match stretch {
        Stretch::Words(words) => {
            let pattern = Pattern::new(words, words.iter().map(set_of).collect(), Order::InSequence);
            index.each_run(&pattern, |run| found.push(run));
        }
        Stretch::Near(near) => return runs(index, near, set_of),
        Stretch::AnyOf(parts) => parts.iter().for_each(|part| found.extend(of_stretch(index, part, set_of))),
    }
    sorted(found)
}

/// Each of `first` with each of `second` that begins behind it in the same text after at most `distance` other words.
fn followed(index: &DayIndex, first: &[Run], second: &[Run], distance: u32) -> Vec<Run> {
    let mut found = Vec::new();
    for one in first {
        let behind = &second[second.partition_point(|other| other.first <= one.last)..];
        let near = behind.iter().take_while(|other| other.first <= one.last + 1 + distance && index.in_one_text(one.last, other.first));
        found.extend(near.map(|other| Run { first: one.first, last: other.last }));
    }
    found
}

fn sorted(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable();
    runs.dedup();
    runs
}
