//! A filter with its name.

use crate::text;

/// The longest name of a filter, in characters.
pub const MAX_FILTER_NAME: usize = 80;

/// A filter as its reader wrote it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NamedFilter {
    /// What the reader calls it.
    pub name: String,
    /// In the filter language; parsed when it was saved.
    pub query: String,
}

impl NamedFilter {
    /// A filter called after what it asks for.
    pub fn from_query(query: &str) -> Self {
        let query = query.trim();
        Self { name: text::cut(&text::one_line(query), MAX_FILTER_NAME).into_owned(), query: query.to_owned() }
    }
}
