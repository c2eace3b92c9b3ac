//! From a text in whichever language to a filter and the notes on it.

use super::dialect::{Dialect, lines, ovid, pubmed};
use super::error::{Fault, Problem};
use super::note::{Note, Notes};
use super::{Filter, MAX_DEPTH, MAX_LENGTH, bounds, lexer, parser};

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
    bounds::check_total(&expression).map_err(|problem| Fault::new(0, problem))?;
    // The canonical form is a filter too, though it may be longer: `abs:(a,b)` is `abstract:a OR abstract:b`.
    let filter = Filter { expression };
    let is_short = text.len() < MAX_LENGTH / 8 && text.is_ascii() && !is_numbered;
    if !is_short && filter.to_string().chars().nth(MAX_LENGTH).is_some() {
        return Err(Fault::new(0, Problem::TooLong));
    }
    Ok(Reading { filter, notes: notes.into_vec() })
}
