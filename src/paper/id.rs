//! What identifies a paper, in every spelling that sources use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What identifies a paper whatever source carried it: an arXiv id without its version, else a
/// lower-cased DOI, else a PubMed id, else the address of its page.
///
/// Written and stored as `arxiv:2504.15921`, `doi:10.1101/2026.07.15.123456`, `pmid:40000001`,
/// `url:https://…`. Ids are text, never numbers: `2504.10000` is not `2504.1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaperId(String);

/// Why a text is no paper id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no paper id: give an arXiv id such as 2504.15921 or hep-th/9901001, a DOI such as 10.1101/2026.07.15.123456, a PubMed id such as pmid:40000001, or the address of the paper's page"
)]
pub struct PaperIdError(String);

/// The longest identifier kept, in bytes: well above any arXiv id or DOI, far below an index page.
pub(super) const MAX_ID_BYTES: usize = 512;

/// DOI registrants that are preprint servers: bioRxiv and medRxiv, old and new. Their DOIs may carry a version.
const PREPRINT_REGISTRANTS: [&str; 2] = ["10.1101/", "10.64898/"];

impl PaperId {
    /// Reads any common spelling: `2504.15921v2`, `arXiv:2504.15921`, `oai:arXiv.org:hep-th/9901001`,
    /// `https://arxiv.org/pdf/2504.15921.pdf`, `10.48550/arXiv.2504.15921` (the same paper), a DOI
    /// with or without its resolver, a PubMed id or page, or any other http(s) address.
    pub fn parse(text: &str) -> Result<Self, PaperIdError> {
        let text = text.trim();
        let well_formed = !text.chars().any(char::is_control);
        let canonical = if well_formed { canonical(text) } else { None };
        // The limit is on the stored form, which must read back: it can be longer than what was written.
        let id = canonical.filter(|id| id.len() <= MAX_ID_BYTES && !id.contains(char::is_whitespace));
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

    /// The bare DOI, where this is one; an arXiv paper's is `10.48550/arxiv.…` and not kept.
    pub fn doi(&self) -> Option<&str> {
        self.0.strip_prefix("doi:")
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
            Some(("pmid", id)) => format!("https://pubmed.ncbi.nlm.nih.gov/{id}/"),
            Some((_, rest)) => rest.to_owned(),
            None => self.0.clone(),
        }
    }

    /// The PDF, where the identity alone tells its address.
    pub fn pdf_url(&self) -> Option<String> {
        self.arxiv().map(|id| format!("https://arxiv.org/pdf/{id}"))
    }

    /// The order in which a paper's identities may stand for it, best first: what everybody can read, then
    /// what lasts. Equal ranks go by the text, so that it never matters which was heard of first.
    pub fn precedence(&self) -> (u8, &str) {
        let rank = match self.0.split_once(':') {
            Some(("arxiv", _)) => 0,
            Some(("doi", doi)) if is_preprint(doi) => 1,
            Some(("doi", _)) => 2,
            Some(("pmid", _)) => 3,
            _ => 4,
        };
        (rank, &self.0)
    }

    /// Who gives out ids of this kind: within one namespace, two ids are two papers.
    pub(super) fn namespace(&self) -> &str {
        let (kind, rest) = self.0.split_once(':').unwrap_or((&self.0, ""));
        match kind {
            "doi" => self.0.split('/').next().unwrap_or(kind),
            "url" => rest.split('/').nth(2).unwrap_or(rest),
            _ => kind,
        }
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
        return Some(of_doi(doi));
    }
    if let Some(number) = pubmed_id(text) {
        return Some(format!("pmid:{number}"));
    }
    of_address(text.strip_prefix("url:").unwrap_or(text))
}

fn of_doi(doi: String) -> String {
    match doi.strip_prefix("10.48550/arxiv.").and_then(arxiv_id) {
        Some(id) => format!("arxiv:{id}"),
        None => format!("doi:{doi}"),
    }
}

/// The text after `prefix`, whatever the case it is written in.
fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// The text without those of `prefixes` that stand in front of it, in their order.
fn without_prefixes<'a>(text: &'a str, prefixes: &[&str]) -> &'a str {
    prefixes.iter().fold(text, |rest, prefix| strip_prefix_ignoring_case(rest, prefix).unwrap_or(rest).trim_start())
}

fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `text` without a version such as `v2` at its end.
fn without_version(text: &str) -> &str {
    match text.rsplit_once(['v', 'V']) {
        Some((id, version)) if is_digits(version, 1..=4) => id,
        _ => text,
    }
}

/// The bare, versionless arXiv id in `text`, after <https://info.arxiv.org/help/arxiv_identifier.html>.
fn arxiv_id(text: &str) -> Option<String> {
    const IN_FRONT: [&str; 13] = [
        "https://",
        "http://",
        "www.",
        "export.",
        "arxiv.org/abs/",
        "arxiv.org/pdf/",
        "arxiv.org/html/",
        "arxiv.org/format/",
        "oai:arxiv.org:",
        "arxiv:",
        // Pages of others that show nothing but one arXiv paper.
        "huggingface.co/papers/",
        "hf.co/papers/",
        "alphaxiv.org/abs/",
    ];
    let rest = without_prefixes(text, &IN_FRONT);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let rest = without_version(rest.strip_suffix(".pdf").unwrap_or(rest));
    if let Some((year_month, number)) = rest.split_once('.')
        && is_digits(year_month, 4..=4)
        && is_digits(number, 4..=5)
    {
        return Some(rest.to_owned());
    }
    let (archive, number) = rest.split_once('/')?;
    let name_is_plain = archive.starts_with(|c: char| c.is_ascii_alphabetic())
        && archive.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b'.');
    (name_is_plain && is_digits(number, 7..=7)).then(|| {
        // `math.GT/0309136` and `math/0309136` are one paper: the subject class is not part of the id.
        let archive = archive.split('.').next().unwrap_or(archive).to_ascii_lowercase();
        format!("{archive}/{number}")
    })
}

/// The lower-cased DOI in `text` (DOIs compare without case: DOI Handbook § 2.4), of a preprint server
/// without the version it may end in.
fn doi(text: &str) -> Option<String> {
    let rest = without_prefixes(text, &["https://", "http://", "www.", "dx.doi.org/", "doi.org/", "doi:"]);
    // In an address the characters that URLs reserve are escaped; a bare DOI is what it says.
    let decoded = match rest.len() < text.len() {
        true => percent_encoding::percent_decode_str(rest).decode_utf8().ok()?,
        false => rest.into(),
    };
    let (registrant, suffix) = decoded.strip_prefix("10.")?.split_once('/')?;
    let registrant_is_numeric = !registrant.is_empty() && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    // A sentence's full stop, copied along.
    let suffix = suffix.trim_end_matches(['.', ',', ';']);
    if !registrant_is_numeric || suffix.is_empty() || decoded.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let doi = format!("10.{registrant}/{suffix}").to_lowercase();
    Some(if is_preprint(&doi) { without_version(&doi).to_owned() } else { doi })
}

fn is_preprint(doi: &str) -> bool {
    PREPRINT_REGISTRANTS.iter().any(|registrant| doi.starts_with(registrant))
}

/// The number in `PMID: 40000001` or in the address of a PubMed page.
fn pubmed_id(text: &str) -> Option<&str> {
    let rest = without_prefixes(text, &["https://", "http://", "www."]);
    let places = ["pmid:", "pubmed.ncbi.nlm.nih.gov/", "ncbi.nlm.nih.gov/pubmed/"];
    let rest = places.iter().find_map(|place| strip_prefix_ignoring_case(rest, place))?.trim_start();
    let number = rest.split(['?', '#', '/']).next().unwrap_or(rest).trim_start_matches('0');
    is_digits(number, 1..=9).then_some(number)
}

/// A page's address without what only says how somebody came there; a preprint server's page is its DOI.
fn of_address(text: &str) -> Option<String> {
    let mut url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    if matches!(url.host_str(), Some("www.biorxiv.org" | "www.medrxiv.org" | "biorxiv.org" | "medrxiv.org"))
        && let Some(rest) = url.path().strip_prefix("/content/")
        && let Some(doi) = preprint_of_page(rest)
    {
        return Some(of_doi(doi));
    }
    if url.query().is_some_and(|query| query.to_ascii_lowercase().contains("utm_")) {
        let kept = url.query_pairs().filter(|(key, _)| !key.to_ascii_lowercase().starts_with("utm_"));
        let kept: Vec<(String, String)> = kept.map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    if url.query() == Some("") {
        url.set_query(None);
    }
    Some(format!("url:{url}"))
}

/// The DOI in `10.1101/2026.01.02.123456v1.full.pdf`, the path of a preprint's page.
fn preprint_of_page(path: &str) -> Option<String> {
    let (registrant, rest) = path.split_once('/')?;
    let name = rest.split('/').next()?;
    let doi = doi(&format!("{registrant}/{}", without_page_kind(name)))?;
    is_preprint(&doi).then_some(doi)
}

/// `name` up to its version, behind which stands what kind of page it is: `…v2.full`, `…v1.abstract`.
fn without_page_kind(name: &str) -> &str {
    let version = name.rfind('v').filter(|at| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    version.map_or(name, |at| &name[..at])
}
