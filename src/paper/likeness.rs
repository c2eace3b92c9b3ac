//! Whether two records without a common identity are one paper all the same.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Paper, PaperId};

/// Records listed further apart than this are never joined by title and author: titles are used again.
pub const LIKENESS_DAYS: i32 = 10;

/// Shorter titles ("Editorial", "Weekly update") say too little. In letters and digits.
const MIN_TITLE_CHARS: usize = 20;

/// What two records of one paper have in common, whatever case, accents, punctuation and order of names
/// they are written with: the title, and a name of the first author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    title: String,
    /// Without initials: one source writes "Mara Lind", the next "Lind, M."
    names: BTreeSet<String>,
}

impl Likeness {
    /// `None` where too little is known to compare by.
    pub fn of(paper: &Paper) -> Option<Self> {
        let author = paper.authors.first()?;
        let title = folded(&paper.title);
        let names = author.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c) && c != '-' && c != '\'' && c != '’');
        let names: BTreeSet<String> = names.map(folded).filter(|name| name.chars().nth(1).is_some()).collect();
        (title.chars().count() >= MIN_TITLE_CHARS && !names.is_empty()).then_some(Self { title, names })
    }

    /// 64 bits of the title to look up by; who finds one compares the rest.
    pub fn key(&self) -> i64 {
        let hash = Sha256::digest(self.title.as_bytes());
        i64::from_be_bytes(hash[..8].try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Whether both may be records of one paper.
    pub fn resembles(&self, other: &Self) -> bool {
        self.title == other.title && !self.names.is_disjoint(&other.names)
    }
}

/// Letters and digits in lower case, without accents.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a source that gives both sets of identities to one paper can be believed: no two arXiv ids name
/// one paper. A paper may well have two DOIs or two pages.
pub fn may_share(one: &[PaperId], other: &[PaperId]) -> bool {
    let arxiv = |ids: &[PaperId]| ids.iter().find(|id| id.arxiv().is_some()).cloned();
    match (arxiv(one), arxiv(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Whether papers with these identities that look alike can be one: not when somebody who gives out ids
/// gave them two.
pub fn may_be_alike(one: &[PaperId], other: &[PaperId]) -> bool {
    one.iter().all(|id| other.iter().all(|with| id == with || id.namespace() != with.namespace()))
}
