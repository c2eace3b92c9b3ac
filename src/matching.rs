//! Which papers match which filters, how well, and where. Pure.
//!
//! Index the day's papers, not the filters: a [`DayIndex`] is built once for a window of papers and shared, and any
//! number of filters stream through it. Each distinct atom is looked up once and remembered as the set of its papers.

mod bitmap;
mod evaluate;
mod excerpt;
mod highlight;
mod index;
mod near;
pub mod oracle;
mod places;
mod rank;
mod text;

pub use excerpt::{Excerpt, excerpt};
pub use highlight::highlights;
pub use index::DayIndex;

#[cfg(test)]
mod tests;
