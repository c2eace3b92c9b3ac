//! Runs the programs of filters over one index.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::filter::syntax::Order;

use super::bitmap::{self, Bitmap};
use super::catalogue::{Catalogue, Compiled, Number, Question};
use super::index::{DayIndex, Text};
use super::near;
use super::phrase::{Run, Term};
use super::program::{Stack, Step};
use super::rank::{self, Score};
use super::slots::Slots;
use super::within;

/// What one index remembers of atoms at most, in bytes; beyond it, an atom is looked up anew for every filter.
const MAX_REMEMBERED_BYTES: usize = 64 << 20;
/// What it remembers of the places of frequent words at most, in bytes; beyond it, phrases are found the slower way.
const MAX_FREQUENT_BYTES: usize = 32 << 20;
/// What remembering the papers of an atom costs beside them, about.
const ENTRY_BYTES: usize = 64;

/// What an index has learnt of the catalogue it worked with last.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<(Number, Arc<Memory>)>>);

/// The atoms that were looked up so far, and the words they are made of.
#[derive(Default)]
struct Memory {
    words: Slots<OnceLock<Term>>,
    /// Of each atom [`UNKNOWN`], [`NO_PAPER`], or the number of its papers in `found`. Threads that meet one at the same time both look
    /// it up, which is rare, and find the same.
    atoms: Slots<AtomicU32>,
    found: Slots<OnceLock<Hits>>,
    /// The last number in `found`; the first is 1.
    last: AtomicU32,
    bytes: AtomicUsize,
    frequent_bytes: AtomicUsize,
}

/// The papers of one atom; at least one.
struct Hits {
    papers: Bitmap,
    /// How much the atom says for each of its papers; found out when first asked for.
    scores: OnceLock<Box<[Score]>>,
}

/// Runs filters over an index. Each thread has its own; what they learn of atoms they share.
pub struct Matcher<'a> {
    index: &'a DayIndex,
    catalogue: &'a Catalogue,
    memory: Arc<Memory>,
    near_by: NearBy,
    stack: Stack,
    found: Box<[u32]>,
}

/// The papers of the atoms that one matcher met, side by side, in few lines of the processor's cache.
#[derive(Default)]
struct NearBy {
    /// Of each atom [`UNKNOWN`], [`NO_PAPER`], or where its papers stand in `rows`.
    row_of: Vec<u32>,
    /// Sets of so many blocks; the first is for an atom that finds no room.
    rows: Vec<u64>,
    width: usize,
}

const UNKNOWN: u32 = 0;
const NO_PAPER: u32 = u32::MAX;
/// How many blocks of rows are kept near by: 8 MB.
const MAX_NEAR_BY: usize = 1 << 20;

impl DayIndex {
    /// What runs the filters of `catalogue` over this index. It remembers what it learns of atoms until another catalogue comes.
    pub fn matcher<'a>(&'a self, catalogue: &'a Catalogue) -> Matcher<'a> {
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(number, _)| *number != catalogue.number) {
            *kept = Some((catalogue.number, Arc::default()));
        }
        let memory = kept.as_ref().map(|(_, memory)| Arc::clone(memory)).unwrap_or_default();
        Matcher::new(self, catalogue, memory)
    }
}

impl<'a> Matcher<'a> {
    fn new(index: &'a DayIndex, catalogue: &'a Catalogue, memory: Arc<Memory>) -> Matcher<'a> {
        let found = vec![0; bitmap::room(index.len())].into_boxed_slice();
        let width = bitmap::blocks(index.len());
        let near_by = NearBy { row_of: Vec::new(), rows: vec![0; width], width };
        Matcher { index, catalogue, memory, near_by, stack: Stack::default(), found }
    }

    /// A matcher whose work nobody shares.
    pub(super) fn alone(index: &'a DayIndex, catalogue: &'a Catalogue) -> Matcher<'a> {
        Matcher::new(index, catalogue, Arc::default())
    }

    /// The ordinals of the papers that match `filter`, a filter of the matcher's catalogue; ascending.
    pub fn matches(&mut self, filter: &Compiled) -> &[u32] {
        let papers = self.index.len();
        let mut stack = std::mem::take(&mut self.stack);
        stack.push(papers);
        for step in &*filter.steps {
            match *step {
                Step::Or(atom) => stack.or(self.papers_of(atom)),
                Step::And(atom) => stack.and(self.papers_of(atom)),
                Step::AndNot(atom) => stack.and_not(self.papers_of(atom)),
                Step::Fill => stack.fill(papers),
                Step::Push => stack.push(papers),
                Step::PopOr | Step::PopAnd | Step::PopAndNot => stack.pop(*step),
            }
        }
        let count = bitmap::list(stack.take(), &mut self.found);
        self.stack = stack;
        &self.found[..count]
    }

    /// How well each of the papers `ordinals` (ascending) matches: 0 or more, comparable between papers of one index under one
    /// filter. Only the words the filter wants count; what it leaves out, and facts such as categories, do not.
    pub fn relevance(&self, filter: &Compiled, ordinals: &[u32]) -> Vec<f32> {
        let mut relevance = vec![0.0; ordinals.len()];
        for atom in filter.wanted() {
            self.with_hits(atom, |hits| {
                let Some(hits) = hits else { return };
                let scores = hits.scores.get_or_init(|| self.scores(atom, &hits.papers));
                for (sum, ordinal) in relevance.iter_mut().zip(ordinals) {
                    if let Ok(at) = scores.binary_search_by_key(ordinal, |score| score.paper) {
                        *sum += scores[at].value;
                    }
                }
            });
        }
        relevance
    }

    /// Whether any paper has the atom.
    pub(super) fn finds(&self, atom: u32) -> bool {
        self.with_hits(atom, |hits| hits.is_some())
    }

    /// The papers of one atom, if there are any.
    fn papers_of(&mut self, atom: u32) -> Option<&[u64]> {
        let row = match self.near_by.row_of.get(atom as usize) {
            Some(&NO_PAPER) => return None,
            Some(&row) if row != UNKNOWN => row as usize,
            _ => self.bring_near(atom)?,
        };
        Some(&self.near_by.rows[row..row + self.near_by.width])
    }

    /// Says where the papers of the atom stand near by from now on.
    #[cold]
    fn bring_near(&mut self, atom: u32) -> Option<usize> {
        let mut near_by = std::mem::take(&mut self.near_by);
        if near_by.row_of.len() <= atom as usize {
            near_by.row_of.resize(self.catalogue.len(), UNKNOWN);
        }
        let row = self.with_hits(atom, |hits| {
            let blocks = hits?.blocks();
            if near_by.rows.len() + near_by.width > MAX_NEAR_BY {
                near_by.rows[..near_by.width].copy_from_slice(blocks);
                return Some(0);
            }
            near_by.rows.extend_from_slice(blocks);
            Some(near_by.rows.len() - near_by.width)
        });
        match row {
            None => near_by.row_of[atom as usize] = NO_PAPER,
            Some(0) => {}
            Some(row) => near_by.row_of[atom as usize] = row as u32,
        }
        self.near_by = near_by;
        row
    }

    /// Hands on the papers of one atom; they are looked up once, as far as memory goes.
    fn with_hits<T>(&self, atom: u32, take: impl FnOnce(Option<&Hits>) -> T) -> T {
        let Memory { atoms, found, last, bytes, .. } = &*self.memory;
        let slot = atoms.at(atom);
        match slot.load(Ordering::Acquire) {
            NO_PAPER => return take(None),
            UNKNOWN => {}
            number => return take(found.at(number).get()),
        }
        let Some(hits) = self.look_up(atom) else {
            slot.store(NO_PAPER, Ordering::Relaxed);
            return take(None);
        };
        if bytes.load(Ordering::Relaxed) > MAX_REMEMBERED_BYTES {
            return take(Some(&hits));
        }
        bytes.fetch_add(ENTRY_BYTES + size_of_val(hits.blocks()), Ordering::Relaxed);
        let number = last.fetch_add(1, Ordering::Relaxed) + 1;
        let hits = found.at(number).get_or_init(|| hits);
        slot.store(number, Ordering::Release);
        take(Some(hits))
    }

    fn look_up(&self, atom: u32) -> Option<Hits> {
        let papers = match self.catalogue.question(atom) {
            Question::Fact(fact) => self.index.facts.find(fact),
            Question::Text { fields, words, .. } if words.len() == 1 => self.index.papers_with(self.term(words[0]), *fields)?,
            asked => {
                let mut papers = None;
                self.each_text(asked, true, |text| papers.get_or_insert_with(|| Bitmap::none(self.index.len())).insert(text.paper));
                papers?
            }
        };
        (!papers.is_empty()).then_some(Hits { papers, scores: OnceLock::new() })
    }

    fn scores(&self, atom: u32, papers: &Bitmap) -> Box<[Score]> {
        let question = self.catalogue.question(atom);
        rank::scores(self.index, papers, |take| self.each_text(question, false, take))
    }

    /// Hands on the text of each place where the words of `question` stand, or, if one place is `enough`, maybe of fewer.
    fn each_text(&self, question: &Question, enough: bool, mut take: impl FnMut(Text)) {
        let mut take_run = |fields: u8, run: Run| {
            let text = self.index.text_at(run.first);
            if fields & 1 << text.field as u8 != 0 {
                take(text);
            }
            text.end
        };
        match question {
            Question::Fact(_) => {}
            Question::Text { fields, order, words } => {
                let terms: Vec<&Term> = words.iter().map(|word| self.term(*word)).collect();
                match order {
                    Order::Within(distance) if enough => within::each_run(self.index, &terms, *distance, |run| take_run(*fields, run)),
                    order => self.index.each_run(&terms, *order, |run| {
                        take_run(*fields, run);
                    }),
                }
            }
            Question::Near { fields, near, words } => {
                let terms: Vec<&Term> = words.iter().map(|word| self.term(*word)).collect();
                if enough {
                    near::some_runs(self.index, near, &terms, |run| take_run(*fields, run));
                } else {
                    near::runs(self.index, near, &mut terms.into_iter()).into_iter().for_each(|run| {
                        take_run(*fields, run);
                    });
                }
            }
        }
    }

    /// A word of the catalogue, looked up once.
    fn term(&self, number: u32) -> &Term {
        let look_up = || {
            let (word, whole) = self.catalogue.word(number);
            let mut term = self.index.term(word, whole);
            let bytes = if term.is_frequent { self.index.row.len() / 8 } else { 0 };
            term.is_frequent &= self.memory.frequent_bytes.fetch_add(bytes, Ordering::Relaxed) <= MAX_FREQUENT_BYTES;
            term
        };
        self.memory.words.at(number).get_or_init(look_up)
    }
}

impl Hits {
    fn blocks(&self) -> &[u64] {
        self.papers.blocks()
    }
}
