//! How each source fares: when it is asked next, which of its days are listed, quiet, late or failing, what it
//! sent that nobody can read, and how far a backfill came.
//!
//! Owns the tables source_state, source_day, source_reject and backfill.

mod backfill;
mod expectation;
mod overview;
mod rejects;
mod rows;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use backfill::{Backfill, Mode};
pub use expectation::{Expectation, expectation, settled, today};
pub use overview::{Missing, Standing, missing, note, overview, untold_holidays};
pub use rejects::{Reject, record_rejects, rejects};
pub use rows::{cursor, failed, note_day, note_failing, renew, succeeded, take_up};

/// What is known of one day of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its papers are there.
    Listed,
    /// Nothing is listed, as was to be expected: a weekend, a holiday, a source that is often silent.
    Quiet,
    /// A listing was to be expected, and the source answers without it: empty, or with the day before's.
    Late,
    /// The source does not answer, or not with what it should.
    Failing,
}

impl State {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Quiet => "quiet",
            Self::Late => "late",
            Self::Failing => "failing",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Listed, Self::Quiet, Self::Late, Self::Failing].into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
