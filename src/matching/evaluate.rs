//! Walks a filter over the sets of papers its atoms stand for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::filter::syntax::{Atom, Expression};

use super::bitmap::Bitmap;
use super::index::DayIndex;
use super::near;
use super::places::{self, Occurrence};
use super::rank::{self, Score};

/// What one index remembers of atoms at most, in bytes: some 200,000 atoms of a day of 300 papers.
const MAX_REMEMBERED_BYTES: usize = 64 << 20;
/// What remembering an atom costs beside its papers: the key, its strings and the table, about.
const ENTRY_BYTES: usize = 256;

/// The papers of one atom.
pub(super) struct Hits {
    pub papers: Bitmap,
    /// How much the atom says for each of its papers, by ordinal; empty where it is no matter of degree.
    pub scores: Vec<Score>,
}

/// The atoms that were looked up so far.
#[derive(Default)]
pub(super) struct Memory(RwLock<Remembered>);

#[derive(Default)]
struct Remembered {
    hits: HashMap<Atom, Arc<Hits>>,
    bytes: usize,
}

impl Memory {
    fn recall(&self, atom: &Atom) -> Option<Arc<Hits>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).hits.get(atom).cloned()
    }

    /// Once full, it forgets everything: the atoms that many readers share are back within moments.
    fn remember(&self, atom: &Atom, hits: Arc<Hits>) {
        let bytes = ENTRY_BYTES + hits.papers.bytes() + hits.scores.len() * size_of::<Score>();
        let mut memory = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if memory.bytes + bytes > MAX_REMEMBERED_BYTES {
            *memory = Remembered::default();
        }
        if memory.hits.insert(atom.clone(), hits).is_none() {
            memory.bytes += bytes;
        }
    }
}

impl DayIndex {
    /// The papers that match. The depth of an expression is bounded by the parser, so the recursion is too.
    pub(super) fn evaluate(&self, expression: &Expression) -> Bitmap {
        match expression {
            Expression::Atom(atom) => self.hits(atom).papers.clone(),
            Expression::Not(inner) => self.evaluate(inner).complement(),
            Expression::Or(parts) => {
                let mut papers = Bitmap::none(self.len());
                parts.iter().for_each(|part| self.with_papers(part, |more| papers.unite(more)));
                papers
            }
            Expression::And(parts) => {
                let mut papers = Bitmap::none(self.len()).complement();
                for part in parts {
                    match part {
                        Expression::Not(inner) => self.with_papers(inner, |others| papers.subtract(others)),
                        wanted => self.with_papers(wanted, |others| papers.intersect(others)),
                    }
                }
                papers
            }
        }
    }

    /// Hands the papers of `expression` on, without a copy where they are remembered.
    fn with_papers(&self, expression: &Expression, take: impl FnOnce(&Bitmap)) {
        match expression {
            Expression::Atom(atom) => take(&self.hits(atom).papers),
            other => take(&self.evaluate(other)),
        }
    }

    /// The papers of one atom, looked up once.
    pub(super) fn hits(&self, atom: &Atom) -> Arc<Hits> {
        self.memory.recall(atom).unwrap_or_else(|| {
            let hits = Arc::new(self.look_up(atom));
            self.memory.remember(atom, Arc::clone(&hits));
            hits
        })
    }

    fn look_up(&self, atom: &Atom) -> Hits {
        let without_scores = |papers: Bitmap| Hits { papers, scores: Vec::new() };
        match atom {
            Atom::Text(scope, phrase) => {
                self.with_scores(&places::of_phrase(*scope, phrase, |word| self.places(&phrase.words[word], scope.is_names())))
            }
            Atom::Near(scope, near) => {
                let places_of = |word| self.places(word, scope.is_names());
                self.with_scores(&near::of_near(*scope, near, &places_of))
            }
            Atom::Category(pattern) => without_scores(Bitmap::of(self.len(), self.in_category(pattern))),
            Atom::Source(name) => without_scores(Bitmap::of(self.len(), self.carried_by(name))),
            Atom::Upvotes(comparison, number) => without_scores(Bitmap::of(self.len(), self.with_upvotes(*comparison, *number))),
            Atom::Authors(comparison, number) => without_scores(Bitmap::of(self.len(), self.with_authors(*comparison, *number))),
            Atom::Has(feature) => without_scores(Bitmap::of(self.len(), self.with_feature(*feature))),
        }
    }

    fn with_scores(&self, found: &[Occurrence]) -> Hits {
        let papers = Bitmap::of(self.len(), found.iter().map(|occurrence| occurrence.first.paper()));
        Hits { papers, scores: rank::scores(found, &self.lengths) }
    }
}
