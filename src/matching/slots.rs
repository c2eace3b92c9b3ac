//! A table that threads fill side by side.

use std::sync::OnceLock;

/// The first chunk has so many slots, each further one twice as many as the one before.
const FIRST: usize = 64;
const CHUNKS: usize = 26;

/// As many slots as numbers are used. What was at hand stays where it is, so that no thread waits for another that needs more.
pub(super) struct Slots<T> {
    chunks: [OnceLock<Box<[T]>>; CHUNKS],
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { chunks: std::array::from_fn(|_| OnceLock::new()) }
    }
}

impl<T: Default> Slots<T> {
    /// The slot of `number`, which is below four billion.
    pub fn at(&self, number: u32) -> &T {
        let shifted = number as usize + FIRST;
        let chunk = (shifted / FIRST).ilog2() as usize;
        let size = FIRST << chunk;
        let slots = self.chunks[chunk].get_or_init(|| std::iter::repeat_with(T::default).take(size).collect());
        &slots[shifted - size]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_slot_of_its_own() {
        let slots = Slots::<OnceLock<u32>>::default();
        let numbers = (0..1000).chain([65_535, 65_536, 1_000_000]);
        numbers.clone().for_each(|number| assert!(slots.at(number).set(number).is_ok()));
        numbers.for_each(|number| assert_eq!(slots.at(number).get(), Some(&number)));
    }
}
