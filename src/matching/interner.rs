//! Distinct texts under numbers.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Texts one behind the other in memory, under numbers from 0.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u32);
    }

    pub fn get(&self, number: u32) -> &str {
        &self.all[self.span(number)]
    }

    /// The text as it lies there, without asking whether characters begin and end with it.
    fn bytes(&self, number: u32) -> &[u8] {
        &self.all.as_bytes()[self.span(number)]
    }

    fn span(&self, number: u32) -> Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        start as usize..self.ends[number as usize] as usize
    }

    /// All of them, by their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.get(number))
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Numbers each distinct text, in the order they come. A window has few distinct words and asks for them again and again, so they lie
/// close together. Texts come from strangers, so the seed is random.
#[derive(Default)]
pub(super) struct Interner {
    texts: Texts,
    numbers: HashTable<u32>,
    seed: RandomState,
}

impl Interner {
    /// No text, with room for the numbers of so many.
    pub fn with_room(texts: usize) -> Interner {
        Interner { numbers: HashTable::with_capacity(texts), ..Interner::default() }
    }

    /// The number of `text`, which may be new.
    pub fn number(&mut self, text: &str) -> u32 {
        let Interner { texts, numbers, seed } = self;
        let bytes = text.as_bytes();
        let entry =
            numbers.entry(seed.hash_one(bytes), |&number| texts.bytes(number) == bytes, |&number| seed.hash_one(texts.bytes(number)));
        match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let number = texts.len() as u32;
                entry.insert(number);
                texts.push(text);
                number
            }
        }
    }

    /// The number of `text`, if it has one.
    pub fn find(&self, text: &str) -> Option<u32> {
        let bytes = text.as_bytes();
        self.numbers.find(self.seed.hash_one(bytes), |&number| self.texts.bytes(number) == bytes).copied()
    }

    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut interner = Interner::default();
        let numbers: Vec<u32> = ["", "b", "ab", "b", "a", ""].iter().map(|text| interner.number(text)).collect();
        assert_eq!(numbers, [0, 1, 2, 1, 3, 0]);
        assert_eq!((interner.len(), interner.find("ab"), interner.find("abb"), interner.texts().get(2)), (4, Some(2), None, "ab"));
    }
}
