//! A table that threads fill side by side, each entry once.

use std::sync::OnceLock;

/// The first chunk has so many slots, each further one twice as many as the one before.
const FIRST: usize = 64;
const CHUNKS: usize = 26;

/// As many slots as numbers are used. Filling one locks no other, and reading a filled one is a plain load.
pub(super) struct Slots<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { chunks: std::array::from_fn(|_| OnceLock::new()) }
    }
}

impl<T> Slots<T> {
    /// The slot of `number`, which is below four billion.
    pub fn at(&self, number: u32) -> &OnceLock<T> {
        let shifted = number as usize + FIRST;
        let chunk = (shifted / FIRST).ilog2() as usize;
        let size = FIRST << chunk;
        let slots = self.chunks[chunk].get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
        &slots[shifted - size]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_slot_of_its_own() {
        let slots = Slots::default();
        let numbers = (0..1000).chain([65_535, 65_536, 1_000_000]);
        numbers.clone().for_each(|number| assert!(slots.at(number).set(number).is_ok()));
        numbers.for_each(|number| assert_eq!(slots.at(number).get(), Some(&number)));
    }
}
