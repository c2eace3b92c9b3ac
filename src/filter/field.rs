//! The names of the fields, as they are typed and printed.

use super::error::Problem;
use super::syntax::Scope;

/// What may stand before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldName {
    Text(Scope),
    Category,
    Source,
    Upvotes,
    /// Their number, or, before a name, [`Scope::Author`].
    Authors,
    Has,
}

/// Every spelling, the printed one of each field first.
const SPELLINGS: [(&str, FieldName); 17] = [
    ("title", FieldName::Text(Scope::Title)),
    ("abstract", FieldName::Text(Scope::Abstract)),
    ("author", FieldName::Text(Scope::Author)),
    ("org", FieldName::Text(Scope::Organization)),
    ("all", FieldName::Text(Scope::All)),
    ("cat", FieldName::Category),
    ("source", FieldName::Source),
    ("upvotes", FieldName::Upvotes),
    ("authors", FieldName::Authors),
    ("has", FieldName::Has),
    ("ti", FieldName::Text(Scope::Title)),
    ("abs", FieldName::Text(Scope::Abstract)),
    ("au", FieldName::Text(Scope::Author)),
    ("organization", FieldName::Text(Scope::Organization)),
    ("category", FieldName::Category),
    ("src", FieldName::Source),
    ("upvote", FieldName::Upvotes),
];

/// How many of [`SPELLINGS`] are offered in a message.
const PRINTED: usize = 10;

/// Below this likeness (Jaro-Winkler, 0 to 1) a name is no misspelling of a field but something else.
const MIN_LIKENESS: f64 = 0.75;

impl FieldName {
    /// Reads a name in any case.
    pub fn parse(name: &str) -> Option<FieldName> {
        SPELLINGS.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(name)).map(|&(_, field)| field)
    }

    /// The texts that are read, unless the field holds other facts.
    pub fn scope(self) -> Option<Scope> {
        match self {
            FieldName::Text(scope) => Some(scope),
            FieldName::Authors => Some(Scope::Author),
            _ => None,
        }
    }

    /// The printed name.
    pub fn name(self) -> &'static str {
        SPELLINGS.iter().find(|&&(_, field)| field == self).map_or("", |&(spelling, _)| spelling)
    }
}

/// The problem of a name that is no field, with the field it looks like.
pub(super) fn unknown_field(name: &str) -> Problem {
    let lower = name.to_lowercase();
    let likeness = |spelling: &str| strsim::jaro_winkler(spelling, &lower);
    let nearest = SPELLINGS.iter().map(|&(spelling, _)| spelling).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let advice = match nearest.filter(|spelling| likeness(spelling) >= MIN_LIKENESS) {
        Some(spelling) => format!("did you mean {spelling}:? To look for the words themselves, put them in quotes"),
        None => {
            let known: Vec<_> = SPELLINGS[..PRINTED].iter().map(|(spelling, _)| format!("{spelling}:")).collect();
            format!("use {}, or put the words in quotes", known.join(" "))
        }
    };
    Problem::UnknownField { name: name.chars().take(40).collect(), advice }
}
