//! The atoms of many filters, each under one number, and the filters as programs over them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::filter::syntax::{Atom, Near, Order, Phrase, Scope, Word};
use crate::filter::{Expression, Filter, FilterError};

use super::distinct::Distinct;
use super::entries::{entries, means_its_words};
use super::index::fields_of;
use super::pieces;
use super::program::{Step, translate};
use super::remembered::{Meaning, Remembered};

/// What one catalogue holds at most before its owner should begin a new one: all that a million readers of like interests ask
/// for, in about 40 megabytes.
const MAX_ATOMS: usize = 400_000;

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
    texts: RwLock<Remembered>,
    /// What the entries of lists of keywords mean, which mean something else alone.
    entries: RwLock<Remembered>,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// Whether the words with these numbers stand together in one of the fields (a bit each).
    Text { fields: u8, order: Order, words: Box<[u32]> },
    /// Whether stretches of the words with these numbers stand near one another in one of the fields.
    Near { fields: u8, near: Box<Near>, words: Box<[u32]> },
    /// Whether something else is so.
    Fact(Box<Atom>),
}

/// A filter as a program over the atoms of one catalogue.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) steps: Arc<[Step]>,
    pub(super) changing: bool,
}

impl Compiled {
    /// See [`Filter::depends_on_changing_facts`].
    pub fn depends_on_changing_facts(&self) -> bool {
        self.changing
    }

    fn meaning(&self) -> Meaning<'_> {
        match self.steps[..] {
            [Step::Or(atom)] if !self.changing => Meaning::Atom(atom),
            _ => Meaning::Program(self),
        }
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
        self.of_list(text).or_else(|| self.of_pieces(text)).map_or_else(|| self.of_text(text), Ok)
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
        let number = |question: Question| self.questions.number(&question, |known| *known == question, || question.clone());
        match atom {
            Atom::Text(scope, phrase) => self.number_of_phrase(*scope, phrase),
            Atom::Near(scope, near) => {
                let words = atom.words().into_iter().map(|word| self.number_of_word(*scope, word)).collect();
                number(Question::Near { fields: fields_of(*scope), near: near.clone().into(), words })
            }
            fact => number(Question::Fact(fact.clone().into())),
        }
    }

    pub(super) fn number_of_phrase<T: AsRef<str>>(&self, scope: Scope, phrase: &Phrase<T>) -> u32 {
        let (fields, order) = (fields_of(scope), phrase.order);
        let words: Vec<u32> = phrase.words.iter().map(|word| self.number_of_word(scope, word)).collect();
        let is_same = |known: &Question| match known {
            Question::Text { fields: f, order: o, words: w } => (*f, *o, &w[..]) == (fields, order, &words),
            _ => false,
        };
        self.questions.number((fields, order, &words), is_same, || Question::Text { fields, order, words: words[..].into() })
    }

    fn number_of_word<T: AsRef<str>>(&self, scope: Scope, word: &Word<T>) -> u32 {
        let (word, whole) = (word.map(T::as_ref), scope.is_names());
        let is_same = |(known, of): &(Word, bool)| known.map(String::as_str) == word && *of == whole;
        self.words.number((word, whole), is_same, || (word.map(|text| (*text).to_owned()), whole))
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

    /// The program of a text, which is remembered from now on.
    fn of_text(&self, text: &str) -> Result<Compiled, FilterError> {
        if let Some(meaning) = read(&self.texts).get(text) {
            return Ok(meaning.into());
        }
        self.of_new_text(text)
    }

    fn of_new_text(&self, text: &str) -> Result<Compiled, FilterError> {
        let compiled = self.add(&Filter::parse(text)?);
        remember(&self.texts, text, compiled.meaning());
        Ok(compiled)
    }

    /// The program of a list of keywords.
    fn of_list(&self, text: &str) -> Option<Compiled> {
        let entries = entries(text)?;
        let mut known = Some(read(&self.entries));
        let mut steps = Vec::with_capacity(16);
        for entry in entries {
            let atom = match known.get_or_insert_with(|| read(&self.entries)).get(entry) {
                Some(Meaning::Atom(atom)) => atom,
                _ => {
                    known = None;
                    self.of_new_entry(entry)?
                }
            };
            steps.push(Step::Or(atom));
        }
        Some(Compiled { steps: steps.into(), changing: false })
    }

    fn of_new_entry(&self, entry: &str) -> Option<u32> {
        let filter = Filter::parse(&format!("\"{entry}\"")).ok().filter(|_| means_its_words(entry))?;
        let Expression::Atom(atom) = filter.expression() else { return None };
        let number = self.number_of(atom);
        remember(&self.entries, entry, Meaning::Atom(number));
        Some(number)
    }

    /// The program of a text whose pieces mean the same one by one: most have been read before.
    fn of_pieces(&self, text: &str) -> Option<Compiled> {
        let mut texts = Some(read(&self.texts));
        let mut changing = false;
        let steps = pieces::translate(text, |piece, steps| {
            let mut append = |meaning: Meaning<'_>| match meaning {
                Meaning::Atom(atom) => steps.push(Step::Or(atom)),
                Meaning::Program(program) => {
                    steps.extend_from_slice(&program.steps);
                    changing |= program.changing;
                }
            };
            if let Some(meaning) = texts.get_or_insert_with(|| read(&self.texts)).get(piece.text) {
                append(meaning);
                return Some(());
            }
            // What is read anew waits for all that look up.
            texts = None;
            if let Some((scope, phrase)) = piece.phrase() {
                let atom = Meaning::Atom(self.number_of_phrase(scope, &phrase));
                remember(&self.texts, piece.text, atom);
                append(atom);
            } else {
                append(self.of_new_text(piece.text).ok()?.meaning());
            }
            Some(())
        })?;
        Some(Compiled { steps: steps.into(), changing })
    }
}

fn read(remembered: &RwLock<Remembered>) -> RwLockReadGuard<'_, Remembered> {
    remembered.read().unwrap_or_else(PoisonError::into_inner)
}

fn remember(remembered: &RwLock<Remembered>, text: &str, meaning: Meaning<'_>) {
    remembered.write().unwrap_or_else(PoisonError::into_inner).insert(text, meaning);
}
