//! The filter language: what a reader writes to say which papers they want. Pure.
//!
//! What readers know from GitHub, Google Scholar and PubMed:
//! - `diffusion models` finds papers with both words, in any form, in title or abstract;
//! - `"flow matching"` the words one after the other in one field; so do `flow-matching` and `CRISPR/Cas9`;
//! - `"graph network"~3` the words in any order with at most three others between them;
//! - `transform*` words that begin so; `=models` this form only, in any case, `==RAG` in this case too;
//! - `a OR b`, `a | b`, `a AND b`, `a && b`, `a NOT b`, `a -b`, `( … )`; AND binds tighter than OR, operators are upper case;
//! - `title:` (`ti:`), `abstract:` (`abs:`), `author:` (`au:`), `org:`, `all:` before a word, a phrase or a group; names are compared
//!   whole, not by their stems;
//! - `cat:cs.LG`, `cat:cs.*`, `source:arxiv`, `upvotes:>=10` (a bare number means at least), `has:code`, `has:project`, `has:thumbnail`;
//! - a list of keywords, separated by commas, semicolons or lines, is one filter of alternatives: `large language model, RAG`.
//!   There several plain words are a phrase, and an entry that only leaves out, such as `-survey`, does so for the whole list.

mod bounds;
mod category;
mod dialect;
mod error;
mod explain;
mod field;
mod foreign;
mod import;
mod leaf;
mod lexer;
mod named;
mod near;
mod note;
mod parser;
pub mod pattern;
mod print;
mod ranking;
mod reading;
pub mod syntax;
mod term;
mod token;
pub mod words;

use std::fmt;

use error::{Fault, Problem};
use note::Notes;

pub use category::{ALIASES as CATEGORY_ALIASES, CategoryPattern};
pub use error::FilterError;
pub use explain::{Explanation, Piece};
pub(crate) use foreign::is_mere_word;
pub use import::{Format, ImportError, Imported, filters as import_filters};
pub(crate) use leaf::{plain_phrase, source_name};
pub use named::{MAX_FILTER_NAME, NamedFilter};
pub use note::Note;
pub use ranking::{Ranking, RankingError, Standing};
pub use reading::Reading;
pub use syntax::{Expression, Field};

/// The longest filter, in characters: the longest systematic-review searches in use have under 7,000.
pub const MAX_LENGTH: usize = 8_000;
/// The most words and values in one filter: twenty times a rich list of keywords; keeps one filter's evaluation under a millisecond.
pub const MAX_TERMS: usize = 500;
/// How deep parentheses and NOTs may stand inside one another: people write three or four; keeps recursion off the stack's end.
pub const MAX_DEPTH: usize = 32;
/// The most other words `"…"~n` allows in between: beyond the length of a long sentence, AND says the same.
pub const MAX_DISTANCE: u32 = 50;
/// The most NEARs inside one another: people write two; each multiplies the places to compare.
pub const MAX_NEARS: usize = 3;
/// The most NEARs and pairs of words in `"…"~n` in one filter: the longest searches in use have 47.
pub const MAX_PROXIMITIES: usize = 50;
/// The most words beside NEARs and in `"…"~n` in one filter, each as often as it stands in NEARs: the longest searches in use
/// have 113.
pub const MAX_NEAR_WORDS: usize = 120;
/// The most words in one `"…"~n`.
pub const MAX_WITHIN: usize = 8;
/// The most words with `?`, `#` or a counted `*` in one filter: each is held against many words of a day.
pub const MAX_PATTERNS: usize = 60;
/// The fewest letters before a `*`: one letter would match a tenth of all words.
pub const MIN_PREFIX: usize = 2;
/// The same beside NEAR and in `"…"~n`, where places are compared and not only words.
pub const MIN_NEAR_PREFIX: usize = 3;

/// A parsed filter within all bounds.
///
/// Its `Display` is the canonical form, which parses to an equal filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    expression: Expression,
}

impl Filter {
    /// Reads what a reader wrote, without the notes on how it was read.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        Ok(Self::read(text)?.filter)
    }

    /// Reads what a reader wrote.
    pub fn read(text: &str) -> Result<Reading, FilterError> {
        let plain = lexer::plain(text);
        if let Some((at, _)) = plain.char_indices().nth(MAX_LENGTH).filter(|_| plain.len() > MAX_LENGTH) {
            return Err(FilterError::locate(Fault::new(at, Problem::TooLong), &plain));
        }
        match dialect::address::decoded(&plain) {
            None => reading::read(&plain, Notes::default()).map_err(|fault| FilterError::locate(fault, &plain)),
            Some(decoded) => {
                let mut notes = Notes::default();
                notes.add(Note::WebAddress);
                // Places in the decoded text are none in the writer's.
                reading::read(&decoded, notes).map_err(|fault| FilterError::locate(Fault::new(0, fault.problem), &plain))
            }
        }
    }

    /// The syntax tree.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether it asks for facts that change after a paper arrived, so that a known paper may match later.
    pub fn depends_on_changing_facts(&self) -> bool {
        self.expression.atoms().iter().any(|(atom, _)| atom.changes())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;
