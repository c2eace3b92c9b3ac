//! One filter tried on an index, with what of it finds nothing.

use std::collections::HashSet;

use crate::filter::Filter;
use crate::filter::syntax::{Atom, Word};

use super::catalogue::Catalogue;
use super::index::DayIndex;
use super::matcher::Matcher;

/// What one filter finds, and what of it finds nothing.
pub struct Trial<'a> {
    /// The papers that match, ascending, each with how well it does: see [`Matcher::relevance`].
    pub found: Vec<(u32, f32)>,
    /// The atoms that the filter wants and no paper has, each once, in reading order.
    pub empty: Vec<&'a Atom>,
}

impl DayIndex {
    /// Runs one filter. For many, [`DayIndex::matcher`] is the faster way.
    pub fn try_out<'a>(&self, filter: &'a Filter) -> Trial<'a> {
        let catalogue = Catalogue::default();
        let compiled = catalogue.add(filter);
        let mut matcher = Matcher::alone(self, &catalogue);
        let ordinals = matcher.matches(&compiled).to_vec();
        let relevance = matcher.relevance(&compiled, &ordinals);
        let mut seen = HashSet::new();
        let wanted = filter.expression().atoms().into_iter().filter(|(_, wanted)| *wanted).map(|(atom, _)| atom);
        let empty = wanted.filter(|atom| {
            let number = catalogue.number_of(atom);
            seen.insert(number) && !matcher.finds(number)
        });
        Trial { empty: empty.collect(), found: ordinals.into_iter().zip(relevance).collect() }
    }

    /// Whether `word` stands in any text.
    pub fn has(&self, word: &Word) -> bool {
        let term = self.term(word, false);
        !term.spelled.is_empty() || self.vocabulary.count(&term.set) > 0
    }
}
