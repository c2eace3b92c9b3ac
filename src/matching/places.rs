//! Where words stand, and which of them stand together.

use std::borrow::Cow;

use crate::filter::MAX_DISTANCE;
use crate::filter::syntax::{Field, Order, Phrase, Scope};

const FIELD_SHIFT: u32 = 28;
const PAPER_SHIFT: u32 = 32;
/// The highest position within one field of one paper: 134 million words; what stands behind is not indexed.
const MAX_POSITION: u32 = (1 << (FIELD_SHIFT - 1)) - 1;
/// How far the names of two authors stand apart, so that no phrase reaches from one into the next.
const NAME_GAP: u32 = 1000;
// A window holds the words of a phrase and the words between them.
const _: () = assert!(NAME_GAP as usize > MAX_DISTANCE as usize + crate::filter::MAX_TERMS);

/// The place of one word: paper, field and position in one number, in this order, so that sorted places are grouped by field and
/// the next word's place is one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

impl Place {
    fn new(paper: u32, field: Field, position: u32) -> Place {
        Place(u64::from(paper) << PAPER_SHIFT | (field as u64) << FIELD_SHIFT | u64::from(position))
    }

    /// The ordinal of the paper.
    pub fn paper(self) -> u32 {
        (self.0 >> PAPER_SHIFT) as u32
    }

    pub fn field(self) -> Field {
        Field::ALL[(self.0 >> FIELD_SHIFT) as usize & 3]
    }

    /// The position within the field.
    pub fn position(self) -> u32 {
        self.0 as u32 & MAX_POSITION
    }

    pub fn after(self, words: usize) -> Place {
        Place(self.0 + words as u64)
    }

    /// The place `words` before this one, if the field goes back so far.
    fn before(self, words: usize) -> Option<Place> {
        (self.position() as usize >= words).then(|| Place(self.0 - words as u64))
    }
}

/// The places of the words of one field, whose texts (one, or the names of the authors) hold `lengths` words.
pub(super) fn of_field(paper: u32, field: Field, lengths: impl IntoIterator<Item = usize>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut start = 0_u32;
    for length in lengths {
        let end = start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)).min(MAX_POSITION);
        places.extend((start..end).map(|position| Place::new(paper, field, position)));
        start = end.saturating_add(NAME_GAP);
    }
    places
}

/// The places in `scope` of every word that belongs to `phrase`, ascending. `places_of` gives, for each word of the phrase, all its
/// places in ascending order.
pub(super) fn of_phrase<'a>(scope: Scope, phrase: &Phrase, places_of: impl Fn(usize) -> Cow<'a, [Place]>) -> Vec<Occurrence> {
    let in_scope = |place: &Place| scope.covers(place.field());
    if let [_] = phrase.words.as_slice() {
        return places_of(0).iter().copied().filter(in_scope).map(|first| Occurrence { first, last: first }).collect();
    }
    let lists: Vec<Cow<[Place]>> = (0..phrase.words.len()).map(places_of).collect();
    let mut found = match phrase.order {
        Order::InSequence => in_sequence(&lists),
        Order::Within(distance) => within(phrase, &lists, distance as usize),
    };
    found.retain(|occurrence| in_scope(&occurrence.first));
    found
}

/// A stretch of words in one field where a phrase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub first: Place,
    /// The last word of the stretch.
    pub last: Place,
}

/// Where the words with the places `lists` stand one after the other, in ascending order.
pub(super) fn in_sequence(lists: &[Cow<[Place]>]) -> Vec<Occurrence> {
    // The rarest word leads, so that frequent ones are only looked up.
    let Some((rarest, list)) = lists.iter().enumerate().min_by_key(|(_, list)| list.len()) else { return Vec::new() };
    let starts = list.iter().filter_map(|place| place.before(rarest));
    let is_whole = |start: &Place| lists.iter().enumerate().all(|(i, list)| list.binary_search(&start.after(i)).is_ok());
    starts.filter(is_whole).map(|first| Occurrence { first, last: first.after(lists.len() - 1) }).collect()
}

/// Every narrowest window that holds each word of the phrase as often as the phrase does.
fn within(phrase: &Phrase, lists: &[Cow<[Place]>], distance: usize) -> Vec<Occurrence> {
    let width = phrase.words.len() + distance;
    let distinct: Vec<usize> = (0..lists.len()).filter(|&i| !phrase.words[..i].contains(&phrase.words[i])).collect();
    let wanted: Vec<usize> = distinct.iter().map(|&i| phrase.words.iter().filter(|word| **word == phrase.words[i]).count()).collect();
    let mut events: Vec<(Place, usize)> = Vec::new();
    for (word, &i) in distinct.iter().enumerate() {
        events.extend(lists[i].iter().map(|&place| (place, word)));
    }
    events.sort_unstable();

    let mut found: Vec<Occurrence> = Vec::new();
    let mut counts = vec![0_usize; distinct.len()];
    let mut left = 0;
    for right in 0..events.len() {
        counts[events[right].1] += 1;
        let end = events[right].0;
        while events[left].0.after(width) <= end || counts[events[left].1] > wanted[events[left].1] {
            counts[events[left].1] -= 1;
            left += 1;
        }
        if counts.iter().zip(&wanted).all(|(count, wanted)| count >= wanted) {
            found.push(Occurrence { first: events[left].0, last: end });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_what_it_was_made_of() {
        let place = Place::new(7, Field::Author, 12);
        assert_eq!((place.paper(), place.field(), place.position()), (7, Field::Author, 12));
        assert_eq!((place.before(12).map(Place::position), place.before(13)), (Some(0), None));
    }

    #[test]
    fn names_stand_too_far_apart_for_any_phrase() {
        let positions: Vec<_> = of_field(0, Field::Author, [2, 0, 1]).into_iter().map(Place::position).collect();
        assert_eq!(positions, [0, 1, 2 + 2 * NAME_GAP]);
    }

    #[test]
    fn what_lies_beyond_the_last_position_is_left_out() {
        assert_eq!(of_field(0, Field::Title, [0]).len(), 0);
        let last = of_field(0, Field::Author, (0..200_000).map(|_| 1)).last().copied();
        assert!(last.is_some_and(|place| place.field() == Field::Author && place.position() <= MAX_POSITION));
    }
}
