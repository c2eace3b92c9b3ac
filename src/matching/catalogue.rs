//! The atoms of many filters, each under one number, and the filters as programs over them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::fast::RandomState;
use indexmap::IndexSet;

use crate::filter::syntax::{Atom, Near, Order, Scope, Word};
use crate::filter::{Filter, FilterError};

use super::alternatives;
use super::index::fields_of;
use super::program::{Step, translate};
use super::vocabulary::Table;

/// What one catalogue holds at most before its owner should begin a new one: all that a million readers of like interests ask
/// for, in about 60 megabytes.
const MAX_ATOMS: usize = 400_000;
/// The texts remembered with their programs, in bytes: those that many readers share come back within moments.
const MAX_TEXT_BYTES: usize = 32 << 20;
/// What a remembered text costs beside itself, about.
const ENTRY_BYTES: usize = 100;

/// Numbers the atoms of filters, so that an index meets each distinct one once, and remembers the programs of texts it read.
///
/// Shared between threads. It grows with the distinct atoms: see [`Catalogue::is_full`].
pub struct Catalogue {
    /// Tells it from every other catalogue of this process.
    pub(super) number: u64,
    interned: RwLock<Interned>,
}

#[derive(Default)]
struct Interned {
    words: IndexSet<(Word, bool), RandomState>,
    questions: IndexSet<Question, RandomState>,
    texts: Table<Box<str>, Compiled>,
    text_bytes: usize,
}

/// What one atom asks of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// Whether the words with these numbers stand together in one of the fields (a bit each).
    Text { fields: u8, order: Order, words: Arc<[u32]> },
    /// Whether stretches of the words with these numbers stand near one another in one of the fields.
    Near { fields: u8, near: Near, words: Arc<[u32]> },
    /// Whether something else is so.
    Fact(Atom),
}

/// A filter as a program over the atoms of one catalogue.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) steps: Arc<[Step]>,
    changing: bool,
}

impl Compiled {
    /// See [`Filter::depends_on_changing_facts`].
    pub fn depends_on_changing_facts(&self) -> bool {
        self.changing
    }

    /// The distinct atoms that the filter wants, rather than leaves out, ascending.
    pub(super) fn wanted(&self) -> Vec<u32> {
        let mut wanted = Vec::new();
        let mut leaves_out = vec![false];
        // From behind, because how a set is combined is said after its steps.
        for step in self.steps.iter().rev() {
            let outer = leaves_out.last().copied().unwrap_or(false);
            match *step {
                Step::Or(atom) | Step::And(atom) if !outer => wanted.push(atom),
                Step::AndNot(atom) if outer => wanted.push(atom),
                Step::PopOr | Step::PopAnd => leaves_out.push(outer),
                Step::PopAndNot => leaves_out.push(!outer),
                Step::Push => drop(leaves_out.pop()),
                Step::Or(_) | Step::And(_) | Step::AndNot(_) | Step::Fill => {}
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Catalogue { number: NEXT.fetch_add(1, Ordering::Relaxed), interned: RwLock::default() }
    }
}

impl Catalogue {
    /// The program of `text`; as [`Filter::parse`] and [`Catalogue::add`], but quick for what it has read before.
    pub fn compile(&self, text: &str) -> Result<Compiled, FilterError> {
        if let Some(parts) = alternatives::of(text) {
            return match self.any_of(parts.clone()) {
                Some(compiled) => Ok(compiled),
                // Some part is new: read all of them, and the whole text where one of them means nothing alone.
                None if parts.clone().all(|part| self.remembered(part).is_ok()) => self.any_of(parts).map_or_else(|| self.parse(text), Ok),
                None => self.parse(text),
            };
        }
        self.remembered(text)
    }

    /// The program of `filter`.
    pub fn add(&self, filter: &Filter) -> Compiled {
        let mut interned = self.write();
        let mut steps = Vec::new();
        translate(filter.expression(), &mut |atom| interned.number(atom), &mut steps);
        Compiled { steps: steps.into(), changing: filter.depends_on_changing_facts() }
    }

    /// The number of an atom.
    pub(super) fn number_of(&self, atom: &Atom) -> u32 {
        self.write().number(atom)
    }

    /// Whether it holds so much that a new catalogue should take its place.
    pub fn is_full(&self) -> bool {
        self.read().questions.len() >= MAX_ATOMS
    }

    /// The number of distinct atoms.
    pub fn len(&self) -> usize {
        self.read().questions.len()
    }

    /// Whether it has met no atom yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn question(&self, number: u32) -> Question {
        self.read().questions[number as usize].clone()
    }

    /// Hands the word with that `number` on, and whether it is compared whole.
    pub(super) fn with_word<T>(&self, number: u32, take: impl FnOnce(&Word, bool) -> T) -> T {
        let interned = self.read();
        let (word, whole) = &interned.words[number as usize];
        take(word, *whole)
    }

    fn parse(&self, text: &str) -> Result<Compiled, FilterError> {
        Filter::parse(text).map(|filter| self.add(&filter))
    }

    fn remembered(&self, text: &str) -> Result<Compiled, FilterError> {
        if let Some(compiled) = self.read().texts.get(text) {
            return Ok(compiled.clone());
        }
        let compiled = self.parse(text)?;
        let mut interned = self.write();
        let bytes = ENTRY_BYTES + text.len() + size_of_val(&*compiled.steps);
        if interned.text_bytes + bytes > MAX_TEXT_BYTES {
            (interned.texts, interned.text_bytes) = (Table::default(), 0);
        }
        interned.text_bytes += bytes;
        interned.texts.insert(text.into(), compiled.clone());
        Ok(compiled)
    }

    /// The program of alternatives that were all read before.
    fn any_of<'a>(&self, parts: impl Iterator<Item = &'a str>) -> Option<Compiled> {
        let interned = self.read();
        let mut steps: Vec<Step> = Vec::with_capacity(16);
        let mut changing = false;
        for part in parts {
            let compiled = interned.texts.get(part)?;
            changing |= compiled.changing;
            match &*compiled.steps {
                [Step::Or(atom)] => steps.push(Step::Or(*atom)),
                several => {
                    steps.push(Step::Push);
                    steps.extend_from_slice(several);
                    steps.push(Step::PopOr);
                }
            }
        }
        Some(Compiled { steps: steps.into(), changing })
    }

    fn read(&self) -> RwLockReadGuard<'_, Interned> {
        self.interned.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Interned> {
        self.interned.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interned {
    fn number(&mut self, atom: &Atom) -> u32 {
        let question = match atom {
            Atom::Text(scope, phrase) => {
                Question::Text { fields: fields_of(*scope), order: phrase.order, words: self.words(&phrase.words, *scope) }
            }
            Atom::Near(scope, near) => {
                Question::Near { fields: fields_of(*scope), near: near.clone(), words: self.words(atom.words(), *scope) }
            }
            fact => Question::Fact(fact.clone()),
        };
        self.questions.insert_full(question).0 as u32
    }

    fn words<'a>(&mut self, words: impl IntoIterator<Item = &'a Word>, scope: Scope) -> Arc<[u32]> {
        words.into_iter().map(|word| self.words.insert_full((word.clone(), scope.is_names())).0 as u32).collect()
    }
}
