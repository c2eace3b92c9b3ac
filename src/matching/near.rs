//! Which stretches of words stand near one another.
//!
//! Every pair of near ones is a stretch, and of nested groups those can be very many. Only the nearest count: of each stretch on the
//! left the next one behind it, and of each on the right the next one before it. Their number grows with the text alone, and a group
//! of words is near a third word by them if it is by any.

use crate::filter::syntax::{Near, Order, Stretch};

use super::index::DayIndex;
use super::phrase::{Run, Term};

/// The stretches that `near` asks for in any field, ascending. `whole` says that words are names.
pub(super) fn runs(index: &DayIndex, near: &Near, whole: bool) -> Vec<Run> {
    let (left, right) = (of_stretch(index, &near.left, whole), of_stretch(index, &near.right, whole));
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut take = |first: Run, second: Run| {
        if second.first - first.last <= near.distance + 1 && index.in_one_text(first.last, second.first) {
            found.push(Run { first: first.first, last: second.last });
        }
    };
    nearest(&left, &right, &mut take);
    nearest(&right, &left, &mut take);
    sorted(found)
}

fn of_stretch(index: &DayIndex, stretch: &Stretch, whole: bool) -> Vec<Run> {
    let mut found = Vec::new();
    match stretch {
        Stretch::Words(words) => {
            let terms: Vec<Term> = words.iter().map(|word| index.term(word, whole)).collect();
            index.each_run(&terms.iter().collect::<Vec<_>>(), Order::InSequence, |run| found.push(run));
        }
        Stretch::AnyOf(parts) => parts.iter().for_each(|part| found.extend(of_stretch(index, part, whole))),
        Stretch::Near(near) => return runs(index, near, whole),
    }
    sorted(found)
}

/// Hands on each of `first` with the next of `second` behind it, and each of `second` with the last of `first` before it; of those
/// equally near, the shortest.
fn nearest(first: &[Run], second: &[Run], mut take: impl FnMut(Run, Run)) {
    let mut by_end = first.to_vec();
    by_end.sort_by_key(|run| (run.last, run.first));
    let mut behind = second.iter().peekable();
    for &run in &by_end {
        while behind.next_if(|other| other.first <= run.last).is_some() {}
        behind.peek().inspect(|other| take(run, ***other));
    }
    let mut before = by_end.iter().peekable();
    let mut last = None;
    for &run in second {
        while let Some(other) = before.next_if(|other| other.last < run.first) {
            last = Some(*other);
        }
        last.inspect(|other| take(*other, run));
    }
}

/// In order, each once. What comes in is mostly a few ascending lists, which a stable sort only merges.
fn sorted(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort();
    runs.dedup();
    runs
}
