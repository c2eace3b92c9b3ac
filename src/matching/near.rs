//! Which stretches of words stand near one another.
//!
//! Every pair of near ones is a stretch, and of nested groups those can be very many. Only the nearest count: of each stretch on the
//! left the next one behind it, and of each on the right the next one before it. Their number grows with the text alone, and a group
//! of words is near a third word by them if it is by any.

use std::borrow::Cow;

use crate::filter::syntax::{Near, Order, Stretch};

use super::index::DayIndex;
use super::phrase::{Run, Term};
use super::within;

/// The stretches that `near` asks for in any field, ascending. `terms` are its words, one after the other, looked up.
pub(super) fn runs<'a>(index: &DayIndex, near: &Near, terms: &mut impl Iterator<Item = &'a Term>) -> Vec<Run> {
    let mut found = Vec::new();
    each_run(index, near, terms, |run| {
        found.push(run);
        0
    });
    sorted(found)
}

/// Some of them, in no order, at least one of each text that has any; none that begins before the place that `take` gave back.
pub(super) fn some_runs(index: &DayIndex, near: &Near, terms: &[&Term], take: impl FnMut(Run) -> u32) {
    match terms {
        // Two words without a place in common are near one another where they stand within the distance.
        [one, other] if one.is_apart_from(other) => within::each_run(index, terms, near.distance, take),
        _ => each_run(index, near, &mut terms.iter().copied(), take),
    }
}

/// Hands on the stretches in no order, one maybe twice, and none that begins before the place that `take` gave back.
fn each_run<'a>(index: &DayIndex, near: &Near, terms: &mut impl Iterator<Item = &'a Term>, mut take: impl FnMut(Run) -> u32) {
    let (left, right) = (of_stretch(index, &near.left, terms), of_stretch(index, &near.right, terms));
    for (first, second) in [(&left, &right), (&right, &left)] {
        let mut from = 0;
        each_nearest(first, second, |one, behind| {
            let is_near = one.first >= from && behind.first - one.last <= near.distance + 1;
            if is_near && index.in_one_text(one.last, behind.first) {
                from = take(Run { first: one.first, last: behind.last });
            }
        });
    }
}

fn of_stretch<'a>(index: &DayIndex, stretch: &Stretch, terms: &mut impl Iterator<Item = &'a Term>) -> Vec<Run> {
    let (mut words, mut others) = (Vec::new(), Vec::new());
    gather(index, stretch, terms, &mut words, &mut others);
    let mut found: Vec<Run> = index.ascending(&words).into_iter().map(|place| Run { first: place, last: place }).collect();
    if others.is_empty() {
        return found;
    }
    found.append(&mut others);
    sorted(found)
}

/// Gathers what `stretch` may be: single words, and where others stand.
fn gather<'a>(
    index: &DayIndex,
    stretch: &Stretch,
    terms: &mut impl Iterator<Item = &'a Term>,
    words: &mut Vec<&'a Term>,
    others: &mut Vec<Run>,
) {
    match stretch {
        Stretch::Words(phrase) => {
            let phrase: Vec<&Term> = terms.take(phrase.len()).collect();
            match phrase[..] {
                [word] => {
                    words.push(word);
                    others.extend(&word.spelled);
                }
                _ => index.each_run(&phrase, Order::InSequence, |run| others.push(run)),
            }
        }
        Stretch::AnyOf(parts) => parts.iter().for_each(|part| gather(index, part, terms, words, others)),
        Stretch::Near(near) => others.extend(runs(index, near, terms)),
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
