//! Sources turn bytes into papers, or into clear errors; they touch no table.

mod file;
mod http;
mod huggingface;
mod item;

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;

pub use http::{Http, HttpError};

use crate::archive::{StoredValidator, Validator};
use crate::config::{Source, SourceKind};
use crate::paper::Paper;

/// What a source gave for one day.
#[derive(Debug, Clone)]
pub struct DayPapers {
    /// The day of the listing.
    pub day: NaiveDate,
    /// In the order of the list.
    pub papers: Vec<Paper>,
}

/// What one fetch gave.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// Earliest day first; a day without papers is left out.
    pub days: Vec<DayPapers>,
    /// Papers the source mentions without listing them: new versions, corrected records. They add to what is
    /// known and never arrive.
    pub updates: Vec<Paper>,
    /// Items that could not be read; the others stand in `days`.
    pub problems: Vec<Problem>,
    /// For the next conditional request.
    pub validators: Vec<Validator>,
    /// Whether the server said that nothing changed.
    pub not_modified: bool,
}

/// An item that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where: a line, or a place in a list.
    pub place: String,
    /// Why it cannot be used.
    pub reason: String,
}

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The request or its answer failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer that is not what the source promises.
    #[error("{place} is not the expected JSON: {reason}")]
    Malformed {
        /// The address or file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// Which one.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl SourceError {
    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// What the last stored answer of each address came with.
pub type Validators = HashMap<String, StoredValidator>;

/// Asks `source` for the listing of `day`.
///
/// A file source gives all days it holds when `day` is `None`; items without a day of their own
/// count for `today`.
///
/// # Errors
/// When nothing usable came; single broken items are [`Fetched::problems`].
pub async fn fetch(
    http: &Http,
    name: &str,
    source: &Source,
    day: Option<NaiveDate>,
    today: NaiveDate,
    validators: &Validators,
) -> Result<Fetched, SourceError> {
    match (source.kind, &source.base_url, &source.path) {
        (SourceKind::Huggingface, Some(base), _) => huggingface::fetch(http, base, day.unwrap_or(today), validators).await,
        (SourceKind::File, _, Some(path)) => {
            let path = path.clone();
            let reading = tokio::task::spawn_blocking(move || file::read(&path, day, today));
            reading.await.unwrap_or_else(|error| Err(SourceError::Malformed { place: "the file".into(), reason: error.to_string() }))
        }
        // `config::load` refuses these.
        (_, _, _) => Err(SourceError::Malformed { place: name.to_owned(), reason: "base_url or path is not set".into() }),
    }
}
