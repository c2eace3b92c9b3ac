//! The atoms of many filters, each under one number, and the filters as programs over them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::filter::syntax::{Atom, Near, Order, Scope, Word};
use crate::filter::{Filter, FilterError};

use super::distinct::Distinct;
use super::index::fields_of;
use super::interner::Interner;
use super::pieces;
use super::program::{Step, translate};

/// What one catalogue holds at most before its owner should begin a new one: all that a million readers of like interests ask
/// for, in about 40 megabytes.
const MAX_ATOMS: usize = 400_000;
/// The texts remembered with their programs, in bytes: about those of so many atoms, which many readers share.
const MAX_TEXT_BYTES: usize = 40 << 20;
/// What a remembered text costs beside itself, about.
const ENTRY_BYTES: usize = 64;

/// Numbers the atoms of filters, so that an index meets each distinct one once, and remembers the programs of texts it read.
///
/// Shared between threads. It grows with the distinct atoms: see [`Catalogue::is_full`].
#[derive(Default)]
pub struct Catalogue {
    /// Tells it from every other catalogue of this process.
    pub(super) number: Number,
    /// Each word, and whether it is compared whole.
    words: Distinct<(Word, bool)>,
    questions: Distinct<Question>,
    texts: RwLock<Texts>,
}

/// A number that no other catalogue of this process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u64);

impl Default for Number {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Number(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What one atom asks of a paper.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// Whether the words with these numbers stand together in one of the fields (a bit each).
    Text { fields: u8, order: Order, words: Box<[u32]> },
    /// Whether stretches of the words with these numbers stand near one another in one of the fields.
    Near { fields: u8, near: Box<Near>, words: Box<[u32]> },
    /// Whether something else is so.
    Fact(Box<Atom>),
}

/// Texts that were read, with their programs.
#[derive(Default)]
struct Texts {
    numbers: Interner,
    programs: Vec<Compiled>,
    bytes: usize,
}

impl Texts {
    fn get(&self, text: &str) -> Option<&Compiled> {
        self.numbers.find(text).map(|number| &self.programs[number as usize])
    }

    fn insert(&mut self, text: &str, compiled: &Compiled) {
        let bytes = ENTRY_BYTES + text.len() + size_of_val(&*compiled.steps);
        if self.bytes + bytes > MAX_TEXT_BYTES {
            *self = Texts::default();
        }
        // Another thread may have read it meanwhile.
        if self.numbers.number(text) as usize == self.programs.len() {
            self.programs.push(compiled.clone());
            self.bytes += bytes;
        }
    }
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

impl Catalogue {
    /// The program of `text`; as [`Filter::parse`] and [`Catalogue::add`], but quick for what it has read before.
    pub fn compile(&self, text: &str) -> Result<Compiled, FilterError> {
        self.of_pieces(text).map_or_else(|| self.remembered(text), Ok)
    }

    /// The program of `filter`.
    pub fn add(&self, filter: &Filter) -> Compiled {
        let (mut steps, mut changing) = (Vec::new(), false);
        let mut number = |atom: &Atom| {
            changing |= atom.changes();
            self.number_of(atom)
        };
        translate(filter.expression(), &mut number, &mut steps);
        Compiled { steps: steps.into(), changing }
    }

    /// The number of an atom.
    pub(super) fn number_of(&self, atom: &Atom) -> u32 {
        self.questions.number(match atom {
            Atom::Text(scope, phrase) => {
                Question::Text { fields: fields_of(*scope), order: phrase.order, words: self.words(&phrase.words, *scope) }
            }
            Atom::Near(scope, near) => {
                Question::Near { fields: fields_of(*scope), near: near.clone().into(), words: self.words(atom.words(), *scope) }
            }
            fact => Question::Fact(fact.clone().into()),
        })
    }

    fn words<'a>(&self, words: impl IntoIterator<Item = &'a Word>, scope: Scope) -> Box<[u32]> {
        let whole = scope.is_names();
        let find = |word| self.words.find(&(word, whole), |(known, of)| known == word && *of == whole);
        let number = |word: &'a Word| find(word).unwrap_or_else(|| self.words.number((word.clone(), whole)));
        words.into_iter().map(number).collect()
    }

    /// Whether it holds so much that a new catalogue should take its place.
    pub fn is_full(&self) -> bool {
        self.len() >= MAX_ATOMS
    }

    /// The number of distinct atoms.
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether it has met no atom yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn question(&self, number: u32) -> &Question {
        self.questions.get(number)
    }

    /// The word with that `number`, and whether it is compared whole.
    pub(super) fn word(&self, number: u32) -> (&Word, bool) {
        let (word, whole) = self.words.get(number);
        (word, *whole)
    }

    fn remembered(&self, text: &str) -> Result<Compiled, FilterError> {
        if let Some(compiled) = self.read_texts().get(text) {
            return Ok(compiled.clone());
        }
        self.parse(text)
    }

    /// The program of a text that is new, and is remembered from now on.
    fn parse(&self, text: &str) -> Result<Compiled, FilterError> {
        let compiled = self.add(&Filter::parse(text)?);
        self.texts.write().unwrap_or_else(PoisonError::into_inner).insert(text, &compiled);
        Ok(compiled)
    }

    /// The program of a text whose pieces mean the same one by one: most have been read before.
    fn of_pieces(&self, text: &str) -> Option<Compiled> {
        let mut known = Some(self.read_texts());
        let mut changing = false;
        let steps = pieces::translate(text, |piece, steps| {
            let mut append = |compiled: &Compiled| {
                steps.extend_from_slice(&compiled.steps);
                changing |= compiled.changing;
            };
            match known.as_ref().and_then(|texts| texts.get(piece)) {
                Some(compiled) => append(compiled),
                None => {
                    // What is read anew waits for all that look up.
                    known = None;
                    append(&self.parse(piece).ok()?);
                    known = Some(self.read_texts());
                }
            }
            Some(())
        })?;
        Some(Compiled { steps: steps.into(), changing })
    }

    fn read_texts(&self) -> RwLockReadGuard<'_, Texts> {
        self.texts.read().unwrap_or_else(PoisonError::into_inner)
    }
}
