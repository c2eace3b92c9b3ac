//! A paper, its identity, and the rules that make one of what several sources say. Pure.

mod id;
mod likeness;
mod merge;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use id::{PaperId, PaperIdError};
pub use likeness::{LIKENESS_DAYS, Likeness, may_be_alike, may_share};
pub use merge::{Authority, Field, Origins};

/// One paper as readers see it: what its sources said, cleaned and merged.
///
/// All texts are plain Unicode without control characters; addresses are http(s).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// The canonical identity.
    pub id: PaperId,
    /// Other identities of the same paper, such as the DOI of its journal version, best first.
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
    /// Names of the sources that carried it, in the order of the alphabet.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Whose word each field is.
    #[serde(default, skip_serializing_if = "Origins::is_empty")]
    pub origins: Origins,
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
            origins: Origins::default(),
        }
    }

    /// Takes the counts out, which change from hour to hour.
    pub fn take_counts(&mut self) -> Counts {
        Counts { upvotes: self.upvotes.take(), comments: self.comments.take(), github_stars: self.github_stars.take() }
    }

    /// Puts counts in.
    pub fn set_counts(&mut self, counts: Counts) {
        (self.upvotes, self.comments, self.github_stars) = (counts.upvotes, counts.comments, counts.github_stars);
    }
}

/// What people count of a paper. It settles over weeks, so it is kept beside a paper's revisions, not in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Votes on the listing that has them.
    pub upvotes: Option<u32>,
    /// Comments on the listing that has them.
    pub comments: Option<u32>,
    /// Stars of the repository.
    pub github_stars: Option<u32>,
}

#[cfg(test)]
mod tests;
