//! Words near one another, in any order.

use super::index::DayIndex;
use super::phrase::Run;
use super::vocabulary::WordSet;

/// Hands on every narrowest stretch of one text that holds each of `words` as often as they do, with at most `distance` other
/// words among them. `firsts` says of each word which is the first that was written like it.
pub(super) fn each_run(index: &DayIndex, words: &[WordSet], firsts: &[usize], distance: u32, mut take: impl FnMut(Run)) {
    let width = words.len() as u32 + distance;
    let distinct: Vec<&WordSet> = (0..words.len()).filter(|&i| firsts[i] == i).map(|i| &words[i]).collect();
    let counted = |first: usize| firsts.iter().filter(|other| **other == first).count();
    let wanted: Vec<usize> = (0..words.len()).filter(|&i| firsts[i] == i).map(counted).collect();
    if distinct.iter().any(|word| index.vocabulary.count(word) == 0) {
        return;
    }
    let mut events: Vec<(u32, usize)> = Vec::new();
    for (which, word) in distinct.iter().enumerate() {
        events.extend(index.vocabulary.places(word).flatten().map(|&place| (place, which)));
    }
    events.sort_unstable();

    let mut counts = vec![0_usize; distinct.len()];
    let mut left = 0;
    for right in 0..events.len() {
        let (end, which) = events[right];
        counts[which] += 1;
        while events[left].0 + width <= end || !index.in_one_text(events[left].0, end) || counts[events[left].1] > wanted[events[left].1] {
            counts[events[left].1] -= 1;
            left += 1;
        }
        if counts.iter().zip(&wanted).all(|(count, wanted)| count >= wanted) {
            take(Run { first: events[left].0, last: end });
        }
    }
}
