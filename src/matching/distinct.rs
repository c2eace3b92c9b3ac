//! Distinct things under numbers.

use std::hash::{BuildHasher, Hash};
use std::sync::{OnceLock, PoisonError, RwLock};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::slots::Slots;

/// Numbers each distinct thing from 0, in the order they come. It is shared between threads, and what is numbered is read without a
/// lock. Things come from strangers, so the seed is random.
pub(super) struct Distinct<T> {
    things: Slots<OnceLock<T>>,
    /// The hash and the number of each.
    numbers: RwLock<HashTable<(u64, u32)>>,
    seed: RandomState,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Distinct { things: Slots::default(), numbers: RwLock::default(), seed: RandomState::default() }
    }
}

impl<T> Distinct<T> {
    /// The number of the thing that `is` the one, which may be new. A thing is always `asked` for by equal values.
    pub fn number(&self, asked: impl Hash, is: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
        let hash = self.seed.hash_one(asked);
        let find = |numbers: &HashTable<(u64, u32)>| {
            numbers.find(hash, |&(of, number)| of == hash && is(self.get(number))).map(|&(_, number)| number)
        };
        if let Some(number) = find(&self.numbers.read().unwrap_or_else(PoisonError::into_inner)) {
            return number;
        }
        let mut numbers = self.numbers.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made it meanwhile.
        find(&numbers).unwrap_or_else(|| {
            let number = numbers.len() as u32;
            self.things.at(number).get_or_init(make);
            numbers.insert_unique(hash, (hash, number), |&(hash, _)| hash);
            number
        })
    }

    /// The thing with that `number`.
    pub fn get(&self, number: u32) -> &T {
        self.things.at(number).get().expect("a number is given out when its thing is there")
    }

    pub fn len(&self) -> usize {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_one_number_whichever_thread_asks() {
        let distinct = Distinct::default();
        let number = |thing: u32| distinct.number(thing, |other| *other == thing, || thing);
        let number_all = || (0..1_000).map(|thing| number(thing % 300)).collect::<Vec<u32>>();
        let (here, there) = std::thread::scope(|scope| {
            let there = scope.spawn(number_all);
            (number_all(), there.join().unwrap())
        });
        assert_eq!(here, there);
        assert_eq!(distinct.len(), 300);
        (0..300).for_each(|thing| assert_eq!(*distinct.get(number(thing)), thing));
    }
}
