//! Which stretches of words stand near one another.

use std::borrow::Cow;

use crate::filter::syntax::{Near, Scope, Stretch, Word};

use super::places::{Occurrence, Place, in_sequence};

/// The stretches in `scope` that `near` asks for, in ascending order. `places_of` gives all places of a word in ascending order.
pub(super) fn of_near<'a>(scope: Scope, near: &'a Near, places_of: &impl Fn(&'a Word) -> Cow<'a, [Place]>) -> Vec<Occurrence> {
    let mut found = near_one_another(near, places_of);
    found.retain(|occurrence| scope.covers(occurrence.first.field()));
    found
}

fn near_one_another<'a>(near: &'a Near, places_of: &impl Fn(&'a Word) -> Cow<'a, [Place]>) -> Vec<Occurrence> {
    let (left, right) = (of_stretch(&near.left, places_of), of_stretch(&near.right, places_of));
    let mut found = followed(&left, &right, near.distance);
    found.extend(followed(&right, &left, near.distance));
    found.sort_unstable();
    found.dedup();
    found
}

fn of_stretch<'a>(stretch: &'a Stretch, places_of: &impl Fn(&'a Word) -> Cow<'a, [Place]>) -> Vec<Occurrence> {
    match stretch {
        Stretch::Words(words) => in_sequence(&words.iter().map(places_of).collect::<Vec<_>>()),
        Stretch::Near(near) => near_one_another(near, places_of),
        Stretch::AnyOf(parts) => {
            let mut found: Vec<Occurrence> = parts.iter().flat_map(|part| of_stretch(part, places_of)).collect();
            found.sort_unstable();
            found.dedup();
            found
        }
    }
}

/// Each of `first` with each of `second` that begins behind it after at most `distance` other words.
fn followed(first: &[Occurrence], second: &[Occurrence], distance: u32) -> Vec<Occurrence> {
    let mut found = Vec::new();
    for one in first {
        let (from, to) = (one.last.after(1), one.last.after(1 + distance as usize));
        let behind = &second[second.partition_point(|other| other.first < from)..];
        let near = behind.iter().take_while(|other| other.first <= to);
        found.extend(near.map(|other| Occurrence { first: one.first, last: other.last }));
    }
    found
}
