//! A paper, its identity, and the rule that merges what several sources say of it. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What identifies a paper whatever source carried it: an arXiv id without its version, else a
/// lower-cased DOI, else the address of its page.
///
/// Written and stored as `arxiv:2504.15921`, `doi:10.1101/2026.07.15.123456`, `url:https://…`.
/// Ids are text, never numbers: `2504.10000` is not `2504.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaperId(String);

/// Why a text is no paper id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no paper id: give an arXiv id such as 2504.15921 or hep-th/9901001, a DOI such as 10.1101/2026.07.15.123456, or the address of the paper's page"
)]
pub struct PaperIdError(String);

/// The longest identifier kept, in bytes: well above any arXiv id or DOI, far below an index page.
const MAX_ID_BYTES: usize = 512;

impl PaperId {
    /// Reads any common spelling: `2504.15921v2`, `arXiv:2504.15921`, `oai:arXiv.org:hep-th/9901001`,
    /// `https://arxiv.org/pdf/2504.15921.pdf`, `10.48550/arXiv.2504.15921` (the same paper), a DOI
    /// with or without its resolver, or any other http(s) address.
    pub fn parse(text: &str) -> Result<Self, PaperIdError> {
        let text = text.trim();
        let well_formed = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let canonical = if well_formed { canonical(text) } else { None };
        // The limit is on the stored form, which must read back: it can be longer than what was written.
        let id = canonical.filter(|id| id.len() <= MAX_ID_BYTES);
        id.map(Self).ok_or_else(|| PaperIdError(text.chars().take(80).collect()))
    }

    /// The stored form, with its kind in front.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bare arXiv id, where this is one.
    pub fn arxiv(&self) -> Option<&str> {
        self.0.strip_prefix("arxiv:")
    }

    /// The form used in addresses of pages: bare for arXiv ids (`2504.15921`), whole otherwise.
    pub fn slug(&self) -> &str {
        self.arxiv().unwrap_or(&self.0)
    }

    /// The page a reader should land on.
    pub fn page_url(&self) -> String {
        match self.0.split_once(':') {
            Some(("arxiv", id)) => format!("https://arxiv.org/abs/{id}"),
            Some(("doi", doi)) => format!("https://doi.org/{doi}"),
            Some((_, rest)) => rest.to_owned(),
            None => self.0.clone(),
        }
    }

    /// The PDF, where the identity alone tells its address.
    pub fn pdf_url(&self) -> Option<String> {
        self.arxiv().map(|id| format!("https://arxiv.org/pdf/{id}"))
    }
}

impl fmt::Display for PaperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PaperId {
    type Err = PaperIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PaperId {
    type Error = PaperIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PaperId> for String {
    fn from(id: PaperId) -> Self {
        id.0
    }
}

/// The stored form of whatever identity `text` spells.
fn canonical(text: &str) -> Option<String> {
    if let Some(id) = arxiv_id(text) {
        return Some(format!("arxiv:{id}"));
    }
    if let Some(doi) = doi(text) {
        return Some(arxiv_id_of_doi(&doi).map_or_else(|| format!("doi:{doi}"), |id| format!("arxiv:{id}")));
    }
    let url = url::Url::parse(text.strip_prefix("url:").unwrap_or(text)).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| format!("url:{url}"))
}

/// The text after `prefix`, whatever the case it is written in.
fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The bare, versionless arXiv id in `text`, after <https://info.arxiv.org/help/arxiv_identifier.html>.
fn arxiv_id(text: &str) -> Option<String> {
    let mut rest = text;
    let hosts =
        ["https://", "http://", "www.", "export.", "arxiv.org/abs/", "arxiv.org/pdf/", "arxiv.org/html/", "oai:arxiv.org:", "arxiv:"];
    for prefix in hosts {
        rest = strip_prefix_ignoring_case(rest, prefix).unwrap_or(rest);
    }
    rest = rest.split(['?', '#']).next().unwrap_or(rest);
    rest = rest.strip_suffix(".pdf").unwrap_or(rest);
    let rest = match rest.rsplit_once('v') {
        Some((id, version)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => id,
        _ => rest,
    };
    let digits = |s: &str, lengths: std::ops::RangeInclusive<usize>| lengths.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    if let Some((year_month, number)) = rest.split_once('.')
        && digits(year_month, 4..=4)
        && digits(number, 4..=5)
    {
        return Some(rest.to_owned());
    }
    let (archive, number) = rest.split_once('/')?;
    let name_is_plain = archive.starts_with(|c: char| c.is_ascii_alphabetic())
        && archive.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'.');
    (name_is_plain && digits(number, 7..=7)).then(|| {
        // `math.GT/0309136` and `math/0309136` are one paper: the subject class is not part of the id.
        let archive = archive.split('.').next().unwrap_or(archive).to_ascii_lowercase();
        format!("{archive}/{number}")
    })
}

/// The lower-cased DOI in `text` (DOIs compare without case: DOI Handbook § 2.4).
fn doi(text: &str) -> Option<String> {
    let mut rest = text;
    for prefix in ["https://", "http://", "dx.doi.org/", "doi.org/", "doi:"] {
        rest = strip_prefix_ignoring_case(rest, prefix).unwrap_or(rest);
    }
    let (registrant, suffix) = rest.strip_prefix("10.")?.split_once('/')?;
    let registrant_is_numeric = !registrant.is_empty() && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (registrant_is_numeric && !suffix.is_empty()).then(|| rest.to_lowercase())
}

fn arxiv_id_of_doi(doi: &str) -> Option<String> {
    arxiv_id(doi.strip_prefix("10.48550/arxiv.")?)
}

/// One paper as readers see it: what its sources said, cleaned and merged.
///
/// All texts are plain Unicode without control characters; addresses are http(s).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// The canonical identity.
    pub id: PaperId,
    /// Other identities of the same paper, such as the DOI of its journal version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<PaperId>,
    /// The paper's own version, where its source counts them (arXiv's `v3` is 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// One line.
    pub title: String,
    /// One paragraph; may be empty where a source gives none.
    #[serde(rename = "abstract", default)]
    pub abstract_text: String,
    /// In the order of the paper.
    #[serde(default)]
    pub authors: Vec<String>,
    /// Such as `cs.CL`, the primary one first; empty where the source does not know them.
    #[serde(default)]
    pub categories: Vec<String>,
    /// When the paper itself first appeared.
    #[serde(default)]
    pub published: Option<DateTime<Utc>>,
    /// Votes on the listing that has them.
    #[serde(default)]
    pub upvotes: Option<u32>,
    /// Comments on the listing that has them.
    #[serde(default)]
    pub comments: Option<u32>,
    /// Where the code is.
    #[serde(default)]
    pub code_url: Option<String>,
    /// Stars of that repository.
    #[serde(default)]
    pub github_stars: Option<u32>,
    /// The paper's own site.
    #[serde(default)]
    pub project_url: Option<String>,
    /// A picture of the paper.
    #[serde(default)]
    pub thumbnail_url: Option<String>,
    /// The lab or company behind it.
    #[serde(default)]
    pub organization: Option<String>,
    /// Who put it on a curated list.
    #[serde(default)]
    pub submitted_by: Option<String>,
    /// A one-sentence summary made by the source's model.
    #[serde(default)]
    pub ai_summary: Option<String>,
    /// Keywords made by the source's model.
    #[serde(default)]
    pub ai_keywords: Vec<String>,
    /// Names of the sources that carried it, in order of first appearance.
    #[serde(default)]
    pub sources: Vec<String>,
}

impl Paper {
    /// A paper of which nothing but identity and title is known yet.
    pub fn new(id: PaperId, title: impl Into<String>) -> Self {
        Self {
            id,
            aliases: Vec::new(),
            version: None,
            title: title.into(),
            abstract_text: String::new(),
            authors: Vec::new(),
            categories: Vec::new(),
            published: None,
            upvotes: None,
            comments: None,
            code_url: None,
            github_stars: None,
            project_url: None,
            thumbnail_url: None,
            organization: None,
            submitted_by: None,
            ai_summary: None,
            ai_keywords: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Takes over what `newer` knows; what only the older report knows stays.
    ///
    /// A later report wins field by field, an absent or empty field never erases a known one, and
    /// sources add up. Merging the same report twice changes nothing.
    pub fn merge(&mut self, newer: Paper) {
        fn text(known: &mut String, new: String) {
            if !new.is_empty() {
                *known = new;
            }
        }
        fn list<T>(known: &mut Vec<T>, new: Vec<T>) {
            if !new.is_empty() {
                *known = new;
            }
        }
        fn option<T>(known: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *known = new;
            }
        }
        for alias in newer.aliases {
            if alias != self.id && !self.aliases.contains(&alias) {
                self.aliases.push(alias);
            }
        }
        self.version = self.version.max(newer.version);
        text(&mut self.title, newer.title);
        text(&mut self.abstract_text, newer.abstract_text);
        list(&mut self.authors, newer.authors);
        list(&mut self.categories, newer.categories);
        option(&mut self.published, newer.published);
        option(&mut self.upvotes, newer.upvotes);
        option(&mut self.comments, newer.comments);
        option(&mut self.code_url, newer.code_url);
        option(&mut self.github_stars, newer.github_stars);
        option(&mut self.project_url, newer.project_url);
        option(&mut self.thumbnail_url, newer.thumbnail_url);
        option(&mut self.organization, newer.organization);
        option(&mut self.submitted_by, newer.submitted_by);
        option(&mut self.ai_summary, newer.ai_summary);
        list(&mut self.ai_keywords, newer.ai_keywords);
        for source in newer.sources {
            if !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
    }
}

#[cfg(test)]
mod tests;
