//! Which stretches of words stand near one another.
//!
//! Every pair of near ones is a stretch, and of nested groups those can be very many. Only the nearest count: of each stretch on the
//! left the next one behind it, and of each on the right the next one before it. Their number grows with the text alone, and a group
//! of words is near a third word by them if it is by any.

use std::borrow::Cow;

use crate::filter::syntax::{Near, Order, Stretch};

use super::index::DayIndex;
use super::phrase::{Run, Term};

/// The stretches that `near` asks for in any field, ascending. `terms` are its words, one after the other, looked up.
pub(super) fn runs<'a>(index: &DayIndex, near: &Near, terms: &mut impl Iterator<Item = &'a Term>) -> Vec<Run> {
    let (left, right) = (of_stretch(index, &near.left, terms), of_stretch(index, &near.right, terms));
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut take = |first: Run, second: Run| {
        if second.first - first.last <= near.distance + 1 && index.in_one_text(first.last, second.first) {
            found.push(Run { first: first.first, last: second.last });
        }
    };
    each_nearest(&left, &right, &mut take);
    each_nearest(&right, &left, &mut take);
    sorted(found)
}

fn of_stretch<'a>(index: &DayIndex, stretch: &Stretch, terms: &mut impl Iterator<Item = &'a Term>) -> Vec<Run> {
    let mut found = Vec::new();
    gather(index, stretch, terms, &mut found);
    sorted(found)
}

fn gather<'a>(index: &DayIndex, stretch: &Stretch, terms: &mut impl Iterator<Item = &'a Term>, found: &mut Vec<Run>) {
    match stretch {
        Stretch::Words(words) => {
            let terms: Vec<&Term> = terms.take(words.len()).collect();
            index.each_run(&terms, Order::InSequence, |run| found.push(run));
        }
        Stretch::AnyOf(parts) => parts.iter().for_each(|part| gather(index, part, terms, found)),
        Stretch::Near(near) => found.extend(runs(index, near, terms)),
    }
}

/// Hands on each of `first` with the next of `second` behind it, and each of `second` with the last of `first` before it; of those
/// equally near, the shortest. Each pair once.
fn each_nearest(first: &[Run], second: &[Run], mut take: impl FnMut(Run, Run)) {
    let by_end = by_end(first);
    let mut before = by_end.iter().peekable();
    let mut nearest = None;
    for &behind in second {
        let mut has_met = false;
        while let Some(&one) = before.next_if(|one| one.last < behind.first) {
            take(one, behind);
            (nearest, has_met) = (Some(one), true);
        }
        if let Some(one) = nearest.filter(|_| !has_met) {
            take(one, behind);
        }
    }
}

/// The ascending `runs` as they end: mostly they are single words, which end as they begin.
fn by_end(runs: &[Run]) -> Cow<'_, [Run]> {
    let end = |run: &Run| (run.last, run.first);
    if runs.is_sorted_by_key(end) {
        return Cow::Borrowed(runs);
    }
    let mut runs = runs.to_vec();
    runs.sort_by_key(end);
    Cow::Owned(runs)
}

/// In order, each once. What comes in is mostly a few ascending lists, which a stable sort only merges.
fn sorted(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort();
    runs.dedup();
    runs
}
