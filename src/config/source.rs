//! `[source.NAME]`: one source of papers.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Secret, unless_empty};

/// One source of papers. Which of the settings a kind needs, [`Source::check`] tells.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub kind: SourceKind,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What readers are told of it; without it, the kind's own name.
    #[serde(default, deserialize_with = "unless_empty")]
    pub title: Option<String>,
    pub schedule: String,
    #[serde(default = "utc")]
    pub zone: Tz,
    /// Instead of the kind's usual hosts, all of them.
    #[serde(default, deserialize_with = "unless_empty")]
    pub base_url: Option<Url>,
    /// A feed's address.
    #[serde(default, deserialize_with = "unless_empty")]
    pub url: Option<Url>,
    /// A file or a folder.
    #[serde(default, deserialize_with = "unless_empty")]
    pub path: Option<PathBuf>,
    /// Archives or categories of arXiv, such as `cs.CL` or `q-bio`.
    #[serde(default)]
    pub categories: Vec<String>,
    /// A search, in the words of the server asked.
    #[serde(default, deserialize_with = "unless_empty")]
    pub query: Option<String>,
    /// Which of the two preprint servers of one API.
    #[serde(default)]
    pub server: Preprints,
    #[serde(default, deserialize_with = "unless_empty")]
    pub api_key: Option<Secret>,
    #[serde(default, deserialize_with = "unless_empty")]
    pub api_key_file: Option<PathBuf>,
    /// The name the program gives itself at PubMed.
    #[serde(default, deserialize_with = "unless_empty")]
    pub tool: Option<String>,
    /// Where the server's people can reach the operator.
    #[serde(default, deserialize_with = "unless_empty")]
    pub email: Option<String>,
    /// Days without a listing beside those the kind itself knows.
    #[serde(default)]
    pub quiet_days: Vec<NaiveDate>,
    /// The time of day, in `zone`, by which a day's listing is usually there.
    #[serde(default, deserialize_with = "time_unless_empty")]
    pub expected_by: Option<NaiveTime>,
}

/// The keys of a source table.
pub(super) const SOURCE_KEYS: [&str; 17] = [
    "kind",
    "enabled",
    "title",
    "schedule",
    "zone",
    "base_url",
    "url",
    "path",
    "categories",
    "query",
    "server",
    "api_key",
    "api_key_file",
    "tool",
    "email",
    "quiet_days",
    "expected_by",
];

/// `[fetch.service.NAME]`: how fast the hosts of one service may be asked, over all of our hosts together.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its hosts, with all below them.
    pub hosts: Vec<String>,
    /// The time from one request to the next.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// So many requests may go out at once after a rest.
    #[serde(default = "one")]
    pub burst: u32,
    /// How long nobody asks after a 429 or 503, beside what the answer itself asks for.
    #[serde(default, with = "humantime_serde")]
    pub pause: Duration,
}

/// The keys of a service table.
pub(super) const SERVICE_KEYS: [&str; 4] = ["hosts", "every", "burst", "pause"];

/// What speaks at the other end of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The hub's Daily Papers API.
    Huggingface,
    /// The hub's API, spoken by another Paperlark.
    Paperlark,
    /// arXiv: daily feeds, query API, OAI-PMH.
    Arxiv,
    /// bioRxiv and medRxiv.
    Biorxiv,
    /// PubMed by a saved search.
    Pubmed,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// OpenAlex by query.
    Openalex,
    /// Crossref by query.
    Crossref,
    /// Files on this machine.
    File,
}

/// One API serves both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Preprints {
    /// Biology.
    #[default]
    Biorxiv,
    /// Medicine.
    Medrxiv,
}

impl Preprints {
    /// As the API and its papers' addresses write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Biorxiv => "biorxiv",
            Self::Medrxiv => "medrxiv",
        }
    }
}

impl SourceKind {
    /// Its name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Huggingface => "Hugging Face Daily Papers",
            Self::Paperlark => "Paperlark",
            Self::Arxiv => "arXiv",
            Self::Biorxiv => "bioRxiv",
            Self::Pubmed => "PubMed",
            Self::Feed => "feed",
            Self::Openalex => "OpenAlex",
            Self::Crossref => "Crossref",
            Self::File => "file",
        }
    }
}

impl Source {
    /// The addresses an operator wrote for it.
    pub fn addresses(&self) -> impl Iterator<Item = &Url> {
        self.base_url.iter().chain(&self.url)
    }

    /// Whether the settings are what the kind needs; else the key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let need = |there: bool, key: &'static str, what: &str| match there {
            true => Ok(()),
            false => Err((key, what.to_owned())),
        };
        for (key, url) in [("base_url", &self.base_url), ("url", &self.url)] {
            let web = url.as_ref().is_none_or(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            need(web, key, "must begin with https:// (or http:// where the server has nothing else)")?;
        }
        match self.kind {
            SourceKind::Huggingface => {
                need(self.base_url.is_some(), "base_url", "a huggingface source needs it, such as https://huggingface.co")
            }
            SourceKind::Paperlark => {
                need(self.base_url.is_some(), "base_url", "a paperlark source needs it: where the other one's pages are")
            }
            SourceKind::Arxiv => {
                need(!self.categories.is_empty(), "categories", "an arxiv source needs them, such as [\"cs.CL\", \"cs.LG\"]")?;
                match self.categories.iter().find(|category| !is_category(category)) {
                    Some(category) => {
                        Err(("categories", format!("{category:?} is no category of arXiv, such as cs.CL, or archive, such as cs")))
                    }
                    None => Ok(()),
                }
            }
            SourceKind::Biorxiv => Ok(()),
            SourceKind::Feed => need(self.url.is_some(), "url", "a feed source needs it: the address of the feed"),
            SourceKind::Pubmed => need(
                self.query.is_some(),
                "query",
                "a pubmed source needs it, such as \"crispr[Title/Abstract] AND review[Publication Type]\"",
            ),
            SourceKind::Openalex => {
                need(self.query.is_some(), "query", "an openalex source needs it: words to search for")?;
                need(self.api_key.is_some() || self.email.is_some(), "email", "an openalex source needs email or api_key")
            }
            SourceKind::Crossref => {
                need(self.query.is_some(), "query", "a crossref source needs it: words to search for")?;
                need(self.email.is_some(), "email", "a crossref source needs it, so that its people can reach you")
            }
            SourceKind::File => need(self.path.is_some(), "path", "a file source needs it: a file or a folder"),
        }
    }
}

/// `cs`, `q-bio`, `cs.CL`, `q-bio.NC`, `cond-mat.mes-hall`.
fn is_category(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    match text.split_once('.') {
        Some((archive, subject)) => plain(archive) && plain(subject),
        None => plain(text),
    }
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn utc() -> Tz {
    Tz::UTC
}

/// `07:00`.
fn time_unless_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        text => NaiveTime::parse_from_str(text, "%H:%M")
            .or_else(|_| text.parse())
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is no time of day, such as \"07:30\""))),
    }
}
