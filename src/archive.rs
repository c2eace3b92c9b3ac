//! The archive: every paper, once, with what is known of it, when it came and who listed it.
//!
//! Owns the tables paper, paper_revision, paper_alias, batch, arrival, listing and http_validator.

mod read;
mod store;

pub use read::{
    Arrived, Listed, PaperRow, Period, StoredValidator, Version, days_listed, first_window, listed_on, listed_since, listing, newest_batch,
    newest_day, paper, recent, revisions, validators, version, window,
};
pub use store::{Incoming, Stored, Validator, store};

/// A paper and revision, as a digest names them.
pub type RevisionKey = (i64, i32);
