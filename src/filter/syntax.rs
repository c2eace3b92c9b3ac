//! The syntax tree of a filter: what the parser makes, the printer writes and the matching engine walks.

mod near;

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::category::CategoryPattern;

pub use near::{Near, Stretch};

/// What a paper must be to pass.
///
/// In canonical shape, which [`Expression::and`], [`Expression::or`] and [`Expression::not`] keep: `And` and `Or` have
/// two or more distinct parts, none of their own kind; no `Not` holds a `Not`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    /// One thing looked for.
    Atom(Atom),
    /// Everything else.
    Not(Box<Expression>),
    /// All of these.
    And(Vec<Expression>),
    /// At least one of these.
    Or(Vec<Expression>),
}

impl Expression {
    /// All of `parts`, of which there is at least one.
    pub fn and(parts: Vec<Expression>) -> Expression {
        let flat = parts.into_iter().flat_map(|part| match part {
            Expression::And(inner) => inner,
            other => vec![other],
        });
        match distinct(flat) {
            mut one if one.len() == 1 => one.remove(0),
            several => Expression::And(several),
        }
    }

    /// At least one of `parts`, of which there is at least one.
    pub fn or(parts: Vec<Expression>) -> Expression {
        let flat = parts.into_iter().flat_map(|part| match part {
            Expression::Or(inner) => inner,
            other => vec![other],
        });
        match distinct(flat) {
            mut one if one.len() == 1 => one.remove(0),
            several => Expression::Or(several),
        }
    }

    /// Everything but `inner`.
    #[expect(clippy::should_implement_trait, reason = "it stands beside `and` and `or`, which no operator trait fits")]
    pub fn not(inner: Expression) -> Expression {
        match inner {
            Expression::Not(twice) => *twice,
            other => Expression::Not(Box::new(other)),
        }
    }

    /// Every atom, in reading order, with whether the filter wants it (rather than leaves it out).
    pub fn atoms(&self) -> Vec<(&Atom, bool)> {
        fn walk<'a>(expression: &'a Expression, wanted: bool, atoms: &mut Vec<(&'a Atom, bool)>) {
            match expression {
                Expression::Atom(atom) => atoms.push((atom, wanted)),
                Expression::Not(inner) => walk(inner, !wanted, atoms),
                Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| walk(part, wanted, atoms)),
            }
        }
        let mut atoms = Vec::new();
        walk(self, true, &mut atoms);
        atoms
    }

    /// How many groups and negations stand inside one another when the expression is written out.
    pub(super) fn nesting(&self) -> usize {
        let grouped = |part: &Expression| part.nesting() + usize::from(matches!(part, Expression::And(_) | Expression::Or(_)));
        match self {
            Expression::Atom(_) => 0,
            Expression::Not(inner) => 1 + grouped(inner),
            Expression::And(parts) | Expression::Or(parts) => parts.iter().map(grouped).max().unwrap_or(0),
        }
    }
}

fn distinct<T: Clone + Eq + std::hash::Hash>(parts: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::with_hasher(RandomState::default());
    parts.filter(|part| seen.insert(part.clone())).collect()
}

/// One thing that is true of a paper or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Atom {
    /// Words in its texts.
    Text(Scope, Phrase),
    /// Words near one another in one of its texts: `(graph OR network) NEAR/3 learning`.
    Near(Scope, Near),
    /// One of its categories: `cat:cs.LG`, `cat:cs.*`.
    Category(CategoryPattern),
    /// A source that carried it, in folded case: `source:arxiv`.
    Source(String),
    /// Its votes; a paper whose votes are unknown matches no comparison.
    Upvotes(Comparison, u32),
    /// How many authors it has; a paper whose authors are unknown matches no comparison.
    Authors(Comparison, u32),
    /// Something it comes with.
    Has(Feature),
}

impl Atom {
    /// Whether it may become true of a paper after the paper arrived.
    pub fn changes(&self) -> bool {
        matches!(self, Atom::Upvotes(..) | Atom::Has(_))
    }

    /// The words it looks for, in reading order.
    pub fn words(&self) -> Vec<&Word> {
        let mut words = Vec::new();
        match self {
            Atom::Text(_, phrase) => words.extend(&phrase.words),
            Atom::Near(_, near) => near.collect_words(&mut words),
            _ => {}
        }
        words
    }
}

/// Which texts of a paper are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Title and abstract: where words without a field are looked for.
    Topic,
    /// The title.
    Title,
    /// The abstract.
    Abstract,
    /// The names of the authors; a phrase stays within one name.
    Author,
    /// The lab or company.
    Organization,
    /// All four texts.
    All,
}

/// One text of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Title,
    Abstract,
    Author,
    Organization,
}

impl Field {
    /// All fields, in the order of their discriminants.
    pub const ALL: [Field; 4] = [Field::Title, Field::Abstract, Field::Author, Field::Organization];
}

impl Scope {
    /// Whether `field` is among the texts read.
    pub fn covers(self, field: Field) -> bool {
        match self {
            Scope::Topic => matches!(field, Field::Title | Field::Abstract),
            Scope::Title => field == Field::Title,
            Scope::Abstract => field == Field::Abstract,
            Scope::Author => field == Field::Author,
            Scope::Organization => field == Field::Organization,
            Scope::All => true,
        }
    }

    /// Whether the scope holds names, which are compared whole, never by their stems.
    pub fn is_names(self) -> bool {
        matches!(self, Scope::Author | Scope::Organization)
    }
}

/// One or more words that stand together in one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phrase<T = String> {
    /// At least one.
    pub words: Vec<Word<T>>,
    /// How they must stand to one another.
    pub order: Order,
}

/// How the words of a phrase stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Directly one after the other.
    InSequence,
    /// In any order, with at most so many other words between the first and the last of them. A word written
    /// twice must stand there twice.
    Within(u32),
}

/// One word that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word<T = String> {
    /// Any word of the same stem; the text is in folded case.
    Stem(T),
    /// Any word that begins so; the text is in folded case.
    Prefix(T),
    /// Any word of this shape; see [`pattern`](super::pattern). The text is in folded case.
    Pattern(T),
    /// This very word in any case; the text is in folded case.
    Exact(T),
    /// This very word in this very case.
    Cased(T),
}

impl<T> Word<T> {
    /// The same about another text.
    pub fn map<'a, U>(&'a self, text: impl FnOnce(&'a T) -> U) -> Word<U> {
        match self {
            Word::Stem(own) => Word::Stem(text(own)),
            Word::Prefix(own) => Word::Prefix(text(own)),
            Word::Pattern(own) => Word::Pattern(text(own)),
            Word::Exact(own) => Word::Exact(text(own)),
            Word::Cased(own) => Word::Cased(text(own)),
        }
    }
}

/// How a number of the paper is compared with one of the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    AtLeast,
    MoreThan,
    AtMost,
    LessThan,
    Exactly,
}

impl Comparison {
    /// Whether `own`, the paper's, compares so with `number`.
    pub fn holds(self, own: u32, number: u32) -> bool {
        match self {
            Comparison::AtLeast => own >= number,
            Comparison::MoreThan => own > number,
            Comparison::AtMost => own <= number,
            Comparison::LessThan => own < number,
            Comparison::Exactly => own == number,
        }
    }
}

/// What a paper may come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    Code,
    Project,
    Thumbnail,
}
