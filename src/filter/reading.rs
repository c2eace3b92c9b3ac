//! From a text in whichever language to a filter and the notes on it.

use super::dialect::{Dialect, lines, ovid, pubmed};
use super::error::{Fault, Problem};
use super::note::{Note, Notes};
use super::syntax::{Atom, Expression, Order, Phrase, Word};
use super::{Filter, MAX_DEPTH, MAX_LENGTH, MAX_PATTERNS, MAX_PROXIMITIES, MAX_WITHIN, lexer, parser};

/// A filter, and what its writer should know about how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub filter: Filter,
    /// Each of another kind; empty for most filters.
    pub notes: Vec<Note>,
}

/// Reads `text`, whose signs are plain.
pub(super) fn read(text: &str, mut notes: Notes) -> Result<Reading, Fault> {
    let dialect = Dialect::of(text);
    let is_numbered = lines::is_numbered(text);
    let tokens = if is_numbered {
        let (tokens, more) = lines::tokens(text)?;
        notes.extend(more);
        tokens
    } else {
        lines::refuse_reference(text)?;
        let mut none = lines::Lines::default();
        let tokens = match dialect {
            Dialect::Plain => lexer::tokens(text)?,
            Dialect::Ovid => ovid::tokens(text, 0, &mut none)?,
            Dialect::PubMed => pubmed::tokens(text, 0, &mut none)?,
        };
        notes.extend(none.notes);
        tokens
    };
    let expression = parser::expression(&tokens, dialect == Dialect::PubMed, &mut notes)?;
    if expression.nesting() > MAX_DEPTH {
        return Err(Fault::new(0, Problem::TooDeep));
    }
    refuse_costly(&expression)?;
    // The canonical form is a filter too, though it may be longer: `abs:(a,b)` is `abstract:a OR abstract:b`.
    let filter = Filter { expression };
    let is_short = text.len() < MAX_LENGTH / 8 && text.is_ascii() && !is_numbered;
    if !is_short && filter.to_string().chars().nth(MAX_LENGTH).is_some() {
        return Err(Fault::new(0, Problem::TooLong));
    }
    Ok(Reading { filter, notes: notes.into_vec() })
}

/// Keeps what one filter costs on a large day within a few milliseconds: the words it may compare place by place, and the shapes it
/// may hold against every word of the day.
fn refuse_costly(expression: &Expression) -> Result<(), Fault> {
    let fault = |problem| Err(Fault::new(0, problem));
    let (mut proximities, mut patterns) = (0, 0);
    for (atom, _) in expression.atoms() {
        proximities += match atom {
            Atom::Text(_, Phrase { words, order: Order::Within(_) }) if words.len() > MAX_WITHIN => return fault(Problem::LongProximity),
            Atom::Text(_, Phrase { words, order: Order::Within(_) }) => words.len() / 2,
            Atom::Near(_, near) => near.count(),
            _ => 0,
        };
        patterns += atom.words().iter().filter(|word| matches!(word, Word::Pattern(_))).count();
    }
    match () {
        () if proximities > MAX_PROXIMITIES => fault(Problem::TooManyProximities),
        () if patterns > MAX_PATTERNS => fault(Problem::TooManyPatterns),
        () => Ok(()),
    }
}
