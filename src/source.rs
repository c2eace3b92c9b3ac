//! Sources turn bytes into papers, or into clear errors. They touch no table but the request budget.

pub mod answer;
mod arxiv;
mod biorxiv;
mod charset;
mod clean;
mod crossref;
mod feed;
mod file;
mod http;
mod huggingface;
mod item;
mod json;
mod openalex;
mod page;
mod pubmed;
mod xml;

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use url::Url;

use http::{Answer, Expect, shown};
pub use http::{Http, HttpError};

use crate::archive::{StoredValidator, Validator};
use crate::config::{Source, SourceKind};
use crate::paper::Paper;

/// What a source is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What is new, as the source itself sees it.
    Latest,
    /// What belongs to one day: listed, posted or registered then, whichever the source can tell.
    Day(NaiveDate),
    /// What a source changed on one day, older papers among it.
    Changed(NaiveDate),
}

/// One question to one source.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The client.
    pub http: &'a Http,
    /// The source's name in the configuration.
    pub name: &'a str,
    /// Its settings.
    pub source: &'a Source,
    /// What for.
    pub wanted: Wanted,
    /// The day it is now in the source's zone.
    pub today: NaiveDate,
    /// arXiv's evenings without announcement.
    pub no_mail: &'a [NaiveDate],
    /// Where the answer before this one broke off: its [`Fetched::next`].
    pub cursor: Option<&'a str>,
    /// What the last stored answer of each address came with.
    pub validators: &'a Validators,
}

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
    /// Papers that are announced or listed (new ones and cross-lists), earliest day first; a day
    /// without papers is left out, unless the source says that it has none.
    pub days: Vec<DayPapers>,
    /// New versions and better metadata of papers announced before (replacements, corrections): they
    /// are merged where the paper is known, and arrive in nobody's digest.
    pub updates: Vec<Paper>,
    /// Items that could not be read; the others stand in `days`.
    pub problems: Vec<Problem>,
    /// For the next conditional request.
    pub validators: Vec<Validator>,
    /// Whether the server said that nothing changed.
    pub not_modified: bool,
    /// There is more: where to go on, as the [`Ask::cursor`] of the next question.
    pub next: Option<String>,
}

/// An item that was skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where: a line, or a place in a list.
    pub place: String,
    /// Why it cannot be used.
    pub reason: String,
    /// The item as it came, cut to [`MAX_PAYLOAD`].
    #[serde(skip)]
    pub payload: Option<String>,
}

/// How much of a rejected item is kept, in bytes: any real one fits.
const MAX_PAYLOAD: usize = 64 * 1024;

impl Problem {
    /// Of an item that came as `raw`.
    pub(crate) fn of(place: impl Into<String>, reason: impl Into<String>, raw: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(&raw[..raw.len().min(MAX_PAYLOAD)]).replace('\0', "\u{fffd}");
        Self { place: place.into(), reason: reason.into(), payload: Some(raw) }
    }
}

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The request or its answer failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer that is not what the source promises.
    #[error("{place} is not the expected {expected}: {reason}")]
    Malformed {
        /// The address or file.
        place: String,
        /// `JSON`, `feed` and the like.
        expected: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The server understood and refused, in words of its own.
    #[error("{place} refuses: {said}")]
    Refused {
        /// The address.
        place: String,
        /// What it said.
        said: String,
    },
    /// A continuation that the server does not know any more.
    #[error("{place} does not know its own continuation any more; the day is begun again")]
    CursorExpired {
        /// The address.
        place: String,
    },
    /// A question that this kind of source has no answer to.
    #[error("{name} {reason}")]
    Unsupported {
        /// The source.
        name: String,
        /// Why, and what can be asked.
        reason: &'static str,
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

    fn malformed(url: &Url, expected: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed { place: shown(url), expected, reason: reason.into() }
    }
}

/// What the last stored answer of each address came with, by the address as it is shown.
pub type Validators = HashMap<String, StoredValidator>;

impl Ask<'_> {
    /// GETs `url` with what was stored of it; `None` when the server says that this still holds.
    async fn get(&self, url: &Url, expect: Expect) -> Result<Option<Answer>, HttpError> {
        self.http.get(url, expect, self.stored(url)).await
    }

    /// What the last stored answer of `url` came with.
    fn stored(&self, url: &Url) -> Option<&StoredValidator> {
        self.validators.get(&shown(url))
    }

    /// `path` below the configured base, else below the `usual` one.
    fn url(&self, usual: &str, path: &str) -> Result<Url, SourceError> {
        let broken = || SourceError::Unsupported { name: self.name.to_owned(), reason: "has an unusable base_url" };
        let mut url = match &self.source.base_url {
            Some(base) => base.clone(),
            None => usual.parse().map_err(|_| broken())?,
        };
        url.set_path(&format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/')));
        Ok(url)
    }

    fn unsupported(&self, reason: &'static str) -> SourceError {
        SourceError::Unsupported { name: self.name.to_owned(), reason }
    }
}

/// Asks a source.
///
/// # Errors
/// When nothing usable came; single broken items are [`Fetched::problems`].
pub async fn fetch(ask: Ask<'_>) -> Result<Fetched, SourceError> {
    match ask.source.kind {
        SourceKind::Huggingface | SourceKind::Paperlark => huggingface::fetch(&ask).await,
        SourceKind::File => file::fetch(&ask).await,
        SourceKind::Arxiv => arxiv::fetch(&ask).await,
        SourceKind::Biorxiv => biorxiv::fetch(&ask).await,
        SourceKind::Pubmed => pubmed::fetch(&ask).await,
        SourceKind::Feed => feed::fetch(&ask).await,
        SourceKind::Openalex => openalex::fetch(&ask).await,
        SourceKind::Crossref => crossref::fetch(&ask).await,
    }
}
