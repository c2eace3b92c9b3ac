//! Which papers match which filters, how well, and where. Pure.
//!
//! Index the day's papers, not the filters: a [`DayIndex`] is built once for a window of papers and shared, and any number of
//! filters stream through it. Filters are programs over atoms that a [`Catalogue`] numbers; a [`Matcher`] looks each atom up
//! once, as the set of its papers, so that a filter costs a few unions of small sets.

mod bitmap;
mod both;
mod breaks;
mod catalogue;
mod closed;
mod dense;
mod distinct;
mod entries;
mod excerpt;
mod facts;
mod grouped;
mod highlight;
mod hyphenated;
mod index;
mod interner;
mod matcher;
mod near;
mod neighbours;
pub mod oracle;
mod phrase;
mod pieces;
mod program;
mod rank;
mod remembered;
mod slots;
mod summaries;
mod text;
mod trial;
mod vocabulary;
mod within;

pub use catalogue::{Catalogue, Compiled};
pub use excerpt::{Excerpt, excerpt};
pub use highlight::{ReadText, highlights};
pub use index::DayIndex;
pub use matcher::Matcher;
pub use text::stem;
pub use trial::Trial;

#[cfg(test)]
mod tests;
