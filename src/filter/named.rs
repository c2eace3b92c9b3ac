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
    /// A filter called after what it asks for, if that can be read.
    pub fn from_query(query: &str) -> Self {
        let query = query.trim();
        let name = text::cut(&text::one_line(query), MAX_FILTER_NAME).into_owned();
        Self { name: if name.is_empty() { "Filter".to_owned() } else { name }, query: query.to_owned() }
    }
}
