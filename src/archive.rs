//! The archive: every paper, once, with what is known of it, when it came and who listed it.
//!
//! Owns the tables paper, paper_revision, paper_alias, batch, arrival, listing, archive_version and
//! http_validator, and the view current_paper.
//!
//! What two rows of paper say may turn out to be one paper. Then the row with the worse identity points to
//! the other (`merged_into`) and says nothing any more: its listings, arrivals and aliases are the other's
//! from then on. Its revisions stay, because digests name them, and [`former_rows`] tells who was sent it.

mod read;
mod row;
mod store;

pub use read::{
    Arrived, Listed, OnDay, PaperRow, Period, StoredValidator, Version, days_listed, first_window, former_rows, listed_between, listed_on,
    listing, newest_batch, newest_day, paper, recent, revisions, validators, version, window,
};
pub use store::{Day, Incoming, Outcome, Stored, Validator, store};

/// A paper and revision, as a digest names them.
pub type RevisionKey = (i64, i32);
