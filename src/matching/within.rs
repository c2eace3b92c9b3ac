//! Words near one another, in any order.

use super::index::DayIndex;
use super::phrase::{Run, Term};
use super::vocabulary::{StemId, WordSet};

/// Enough for the words of one phrase.
const WHICH_BITS: u32 = 8;

/// Hands on every narrowest stretch of one text that holds each of `words` as often as they do, with at most `distance` other
/// words among them.
pub(super) fn each_run(index: &DayIndex, terms: &[&Term], distance: u32, mut take: impl FnMut(Run)) {
    let width = terms.len() as u32 + distance;
    let is_first = |&(i, term): &(usize, &&Term)| terms[..i].iter().all(|before| before.word != term.word);
    let distinct: Vec<&Term> = terms.iter().enumerate().filter(is_first).map(|(_, term)| *term).collect();
    let wanted: Vec<usize> = distinct.iter().map(|one| terms.iter().filter(|term| term.word == one.word).count()).collect();
    let count = |which: &usize| index.vocabulary.count(&distinct[*which].set);
    let Some(rarest) = (0..distinct.len()).min_by_key(count) else { return };
    // Every stretch holds the rarest word; what is far from all of its places need not be looked at.
    let mut rare: Vec<u32> = index.vocabulary.places(&distinct[rarest].set).flatten().copied().collect();
    rare.sort();
    // The place and, in the lowest bits, whose it is.
    let mut events: Vec<u64> = Vec::new();
    for (which, term) in (0..).zip(&distinct) {
        let take = |place| events.push(u64::from(place) << WHICH_BITS | which);
        match term.set {
            WordSet::Stem(stem) if width <= NARROW => each_beside(&index.stems, stem, &rare, width, take),
            _ => each_near(index, &term.set, &rare, width, take),
        }
    }
    // The lists are ascending, which a stable sort makes use of.
    events.sort();
    let event = |at: usize| ((events[at] >> WHICH_BITS) as u32, (events[at] % (1 << WHICH_BITS)) as usize);

    let mut counts = vec![0_usize; distinct.len()];
    let mut missing = terms.len();
    let mut left = 0;
    for right in 0..events.len() {
        let (end, which) = event(right);
        counts[which] += 1;
        missing -= usize::from(counts[which] <= wanted[which]);
        loop {
            let (start, which) = event(left);
            if start + width > end && counts[which] <= wanted[which] && index.in_one_text(start, end) {
                break;
            }
            missing += usize::from(counts[which] <= wanted[which]);
            counts[which] -= 1;
            left += 1;
        }
        if missing == 0 {
            take(Run { first: event(left).0, last: end });
        }
    }
}

/// Up to here, looking at every place is quicker than looking for the next one of a word.
const NARROW: u32 = 12;

/// Hands on the places of `stem` in the row `stems` that are less than `width` from one of `others`, which are ascending.
fn each_beside(stems: &[StemId], stem: StemId, others: &[u32], width: u32, mut take: impl FnMut(u32)) {
    let mut next = 0;
    for &other in others {
        let from = next.max((other + 1).saturating_sub(width));
        next = (other + width).min(stems.len() as u32);
        let beside = &stems[from as usize..next as usize];
        (from..).zip(beside).filter(|(_, found)| **found == stem).for_each(|(place, _)| take(place));
    }
}

/// The same for the words of any `set`; each list of their places is gone through by itself.
fn each_near(index: &DayIndex, set: &WordSet, others: &[u32], width: u32, mut take: impl FnMut(u32)) {
    for mut rest in index.vocabulary.places(set) {
        for &other in others {
            rest = &rest[leading(rest, |place| place + width <= other)..];
            let near = rest.iter().take_while(|&&place| place < other + width).count();
            rest[..near].iter().for_each(|&place| take(place));
            rest = &rest[near..];
        }
    }
}

/// How many of the first places `holds` is true of, and of none behind them: a few as a rule, so the steps begin small.
fn leading(places: &[u32], holds: impl Fn(u32) -> bool) -> usize {
    let mut step = 1;
    while places.get(step).is_some_and(|&place| holds(place)) {
        step *= 2;
    }
    let (known, end) = (step / 2, places.len().min(step + 1));
    known + places[known..end].partition_point(|&place| holds(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_places_are_counted_at_every_length() {
        for length in 0..20_u32 {
            let places: Vec<u32> = (0..length).collect();
            (0..=length).for_each(|end| assert_eq!(leading(&places, |place| place < end), end as usize, "{length}"));
        }
    }
}
