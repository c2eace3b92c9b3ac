//! Words near one another, in any order.

use super::index::DayIndex;
use super::phrase::{Run, Term};

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
        for places in index.vocabulary.places(&term.set) {
            each_near(places, &rare, width, |place| events.push(u64::from(place) << WHICH_BITS | which));
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

/// Hands on those of `places` that are less than `width` from one of `others`; both are ascending.
fn each_near(places: &[u32], others: &[u32], width: u32, mut take: impl FnMut(u32)) {
    let mut rest = places;
    for &other in others {
        rest = &rest[rest.partition_point(|&place| place + width <= other)..];
        let near = rest.iter().take_while(|&&place| place < other + width).count();
        rest[..near].iter().for_each(|&place| take(place));
        rest = &rest[near..];
    }
}
