//! Words near one another, in any order.

use std::borrow::Cow;

use super::index::DayIndex;
use super::phrase::{Run, Term};

/// The places of one word that are still to be looked at, ascending.
struct Ahead<'a> {
    places: &'a [u32],
    /// How many of them a stretch must hold.
    wanted: usize,
}

/// Hands on every narrowest stretch of one text that holds each of `terms` as often as they do, with at most `distance` other
/// words among them; ascending, and none that begins before the place that `take` gave back.
pub(super) fn each_run(index: &DayIndex, terms: &[&Term], distance: u32, mut take: impl FnMut(Run) -> u32) {
    let width = terms.len() as u32 + distance;
    let is_first = |&(i, term): &(usize, &&Term)| terms[..i].iter().all(|before| before.word != term.word);
    let distinct: Vec<&Term> = terms.iter().enumerate().filter(is_first).map(|(_, term)| *term).collect();
    let Some(rarest) = distinct.iter().copied().min_by_key(|term| index.vocabulary.count(&term.set)) else { return };
    let rare = index.ascending(&[rarest]);
    if rare.is_empty() {
        return;
    }
    let beside =
        |term: &&Term| if std::ptr::eq(*term, rarest) { Cow::Borrowed(&*rare) } else { Cow::Owned(near(index, term, &rare, width)) };
    let places: Vec<Cow<'_, [u32]>> = distinct.iter().map(beside).collect();
    let wanted = |one: &Term| terms.iter().filter(|term| term.word == one.word).count();
    let mut words: Vec<Ahead<'_>> = distinct.iter().zip(&places).map(|(term, places)| Ahead { places, wanted: wanted(term) }).collect();
    each_narrowest(&mut words, |first, last| match last + 1 - first {
        // What comes ends no sooner than here, so it begins near here.
        found if found > width => last + 1 - width,
        _ if index.in_one_text(first, last) => take(Run { first, last }),
        _ => 0,
    });
}

/// Where the word `term` stands, ascending: every place that is less than `width` from one of `others`, and maybe more.
fn near(index: &DayIndex, term: &Term, others: &[u32], width: u32) -> Vec<u32> {
    // Going on to the next place of a word costs some times as much as looking at the next word of the row.
    if index.vocabulary.count(&term.set) * 2 < others.len() * width as usize {
        return index.ascending(&[term]);
    }
    let mut next = 0;
    let beside = |&other: &u32| {
        let from = next.max((other + 1).saturating_sub(width));
        next = (other + width).min(index.row.len() as u32);
        from..next
    };
    others.iter().flat_map(beside).filter(|&place| index.stands(&term.set, place)).collect()
}

/// Hands on the first and the last place of every narrowest stretch that holds as many places of each of `words` as wanted, and that
/// does not begin before the place that `take` gave back.
fn each_narrowest(words: &mut [Ahead<'_>], mut take: impl FnMut(u32, u32) -> u32) {
    while words.iter().all(|word| word.places.len() >= word.wanted) {
        // What begins at the first place ends no sooner than each word has been met often enough; the next begins behind it.
        let first = words.iter().fold(u32::MAX, |first, word| first.min(word.places[0]));
        let last = words.iter().fold(0, |last, word| last.max(word.places[word.wanted - 1]));
        let from = take(first, last).max(first + 1);
        for word in &mut *words {
            let passed = word.places.iter().take_while(|place| **place < from).count();
            word.places = &word.places[passed..];
        }
    }
}
