//! Texts that were read, with what they mean.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::catalogue::Compiled;
use super::program::Step;

/// The texts remembered with their programs, in bytes: about those of as many atoms as a catalogue holds, which many readers share.
const MAX_BYTES: usize = 40 << 20;
/// What a remembered text and a program cost beside their bytes and steps, about.
const ENTRY_BYTES: usize = 32;
const PROGRAM_BYTES: usize = 64;

/// A bounded memory of texts. They come from strangers, so the seed is random.
#[derive(Default)]
pub(super) struct Remembered {
    texts: Vec<u8>,
    entries: HashTable<Entry>,
    programs: Vec<Compiled>,
    steps: usize,
    seed: RandomState,
}

/// Of one text, in few bytes: most look-ups find a line of memory that no processor has at hand.
struct Entry {
    hash: u32,
    start: u32,
    length: u16,
    is_atom: bool,
    /// The atom, or the place of the program.
    meaning: u32,
}

/// What a text means.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    /// This atom alone, which never changes.
    Atom(u32),
    Program(&'a Compiled),
}

impl From<Meaning<'_>> for Compiled {
    fn from(meaning: Meaning<'_>) -> Compiled {
        match meaning {
            Meaning::Atom(atom) => Compiled { steps: [Step::Or(atom)].into(), changing: false },
            Meaning::Program(program) => program.clone(),
        }
    }
}

impl Remembered {
    /// What `text` means, if it is remembered.
    pub fn get(&self, text: &str) -> Option<Meaning<'_>> {
        let entry = self.find(text, self.hash(text))?;
        Some(if entry.is_atom { Meaning::Atom(entry.meaning) } else { Meaning::Program(&self.programs[entry.meaning as usize]) })
    }

    /// Remembers it; before, what is remembered is forgotten where it is too much.
    pub fn insert(&mut self, text: &str, meaning: Meaning<'_>) {
        let Ok(length) = u16::try_from(text.len()) else { return };
        if self.bytes() > MAX_BYTES {
            *self = Remembered::default();
        }
        let hash = self.hash(text);
        // Another thread may have read it meanwhile.
        if self.find(text, hash).is_some() {
            return;
        }
        let (is_atom, meaning) = match meaning {
            Meaning::Atom(atom) => (true, atom),
            Meaning::Program(program) => {
                self.programs.push(program.clone());
                self.steps += program.steps.len();
                (false, self.programs.len() as u32 - 1)
            }
        };
        let entry = Entry { hash, start: self.texts.len() as u32, length, is_atom, meaning };
        self.texts.extend_from_slice(text.as_bytes());
        self.entries.insert_unique(spread(hash), entry, |entry| spread(entry.hash));
    }

    fn bytes(&self) -> usize {
        self.texts.len() + self.entries.len() * ENTRY_BYTES + self.programs.len() * PROGRAM_BYTES + self.steps * size_of::<Step>()
    }

    fn hash(&self, text: &str) -> u32 {
        self.seed.hash_one(text.as_bytes()) as u32
    }

    fn find(&self, text: &str, hash: u32) -> Option<&Entry> {
        let bytes = |entry: &Entry| &self.texts[entry.start as usize..][..usize::from(entry.length)];
        self.entries.find(spread(hash), |entry| entry.hash == hash && bytes(entry) == text.as_bytes())
    }
}

/// The table takes a place from the lower bits and a tag from the upper ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_forgotten_when_it_is_too_much() {
        let mut remembered = Remembered::default();
        let atom_of = |remembered: &Remembered, text: &str| match remembered.get(text) {
            Some(Meaning::Atom(atom)) => Some(atom),
            _ => None,
        };
        remembered.insert("ab", Meaning::Atom(7));
        remembered.insert("ab", Meaning::Atom(8));
        remembered.insert("a", Meaning::Program(&Compiled { steps: [Step::Fill].into(), changing: true }));
        assert!(matches!(remembered.get("a"), Some(Meaning::Program(program)) if program.changing && *program.steps == [Step::Fill]));
        assert_eq!((atom_of(&remembered, "ab"), atom_of(&remembered, "b")), (Some(7), None));
        let long = |number: usize| format!("{number:050000}");
        for number in 0..MAX_BYTES / 40_000 {
            remembered.insert(&long(number), Meaning::Atom(1));
            assert_eq!(atom_of(&remembered, &long(number)), Some(1));
            assert!(remembered.bytes() <= MAX_BYTES + 60_000);
        }
        assert_eq!(atom_of(&remembered, "ab"), None);
        remembered.insert(&"a".repeat(1 << 16), Meaning::Atom(1));
        assert_eq!(atom_of(&remembered, &"a".repeat(1 << 16)), None);
    }
}
