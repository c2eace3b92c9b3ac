//! The pieces that the grammar is made of.

use std::borrow::Cow;

use super::field::FieldName;
use super::note::Note;
use super::syntax::{Order, Scope, Word};
use super::term::Form;

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    /// Where it begins, in bytes of the text that was cut up.
    pub at: usize,
    pub kind: Kind<'a>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'a> {
    Open,
    Close,
    And,
    Or,
    /// With the most other words in between.
    Near(u64),
    /// One directly behind the other.
    Adjacent,
    /// With the sign or word it was written as.
    Not(&'static str),
    /// A comma or semicolon.
    Separator,
    /// The end of a line.
    LineBreak,
    Field(FieldName, &'a str),
    /// A run without spaces, as written.
    Bare(Cow<'a, str>),
    Quoted(Quoted<'a>),
    /// Words that another search language wrote, read already.
    Term(Term),
    /// What no paper here can be asked for.
    Dropped(Note),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quoted<'a> {
    pub text: &'a str,
    pub form: Form,
    /// What stands between `~` and the next space, if there is a `~`.
    pub distance: Option<&'a str>,
}

/// A phrase of another search language.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// `None` until the field written behind it, or behind the group around it, is known.
    pub scope: Option<Scope>,
    pub words: Vec<Word>,
    pub order: Order,
    /// The subject heading it was, which stands in no text: looked for as words where it is wanted, ignored where it is not.
    pub heading: Option<String>,
}

impl Token<'_> {
    /// Whether it stands between the entries of a list.
    pub fn separates(&self) -> bool {
        matches!(self.kind, Kind::Separator | Kind::LineBreak)
    }
}

impl Kind<'_> {
    /// Whether an expression goes on behind it, also on the next line.
    pub fn goes_on(&self) -> bool {
        matches!(self, Kind::And | Kind::Or | Kind::Near(_) | Kind::Adjacent | Kind::Not(_) | Kind::Field(..))
    }
}
