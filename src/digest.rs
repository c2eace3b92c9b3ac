//! A digest: which papers, under which of the reader's filters, in which order.
//!
//! Owns the table digest. [`Window`] is what a day's readers share, [`lay_out`] the pure choice for
//! one of them, [`cards`] the way from stored rows to what a mail or page shows.

mod cards;
mod layout;
mod memory;
mod reason;
mod rows;
mod window;

use serde::{Deserialize, Serialize};

pub use cards::{Printer, Site, card, digest_sections, digest_token, entry_card};
pub use layout::{Filters, Searched, Wanted, compile, lay_out};
pub use memory::{Cards, KnownPaper, Papers, Texts};
pub use reason::{matched, reasons};
pub use rows::{NewDigest, StoredDigest, insert, load, load_all, replace, sent_papers};
pub use window::{Window, Windows};

use crate::archive::RevisionKey;

/// What a digest holds, as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Which sources were missing when it was composed, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// One for each filter that found something, or one of trending papers.
    pub sections: Vec<Section>,
}

/// The papers of one filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The filter's name; none for the trending papers.
    pub name: Option<String>,
    /// The filter as it was when the digest was composed.
    pub query: Option<String>,
    /// Best first.
    pub papers: Vec<Entry>,
    /// How many of them the mail shows; the rest stands on the web.
    pub shown: usize,
    /// How many were found beyond those kept.
    pub more: usize,
}

/// A paper in a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Row of the paper.
    pub paper: i64,
    /// What was known of it when the digest was composed.
    pub revision: i32,
    /// Its votes then; they are no part of a revision. Unknown also in digests of before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upvotes: Option<u32>,
    /// The reader's other filters that found it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

impl Entry {
    /// Row and revision.
    pub fn key(&self) -> RevisionKey {
        (self.paper, self.revision)
    }
}

impl Content {
    /// Nothing to say.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Every paper in it, in order.
    pub fn papers(&self) -> impl Iterator<Item = RevisionKey> + '_ {
        self.sections.iter().flat_map(|section| section.papers.iter().map(Entry::key))
    }
}
