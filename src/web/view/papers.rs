//! The pages of one paper and of a digest.

use serde::Serialize;

use super::card::{Fact, PaperCard, counted, facts, links, title};
use super::link::{ExternalLink, Link};
use super::{Moment, Page};
use crate::paper::Paper;

/// Authors the page of a paper shows at once; the others unfold (collaborations have thousands).
const AUTHORS_SHOWN: usize = 30;
/// The longest description for previews elsewhere, in characters.
const DESCRIPTION_CHARS: usize = 200;

/// One appearance of a paper on a list.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// The day's page.
    pub day: Link,
    /// The source that listed it.
    pub source: String,
    /// Its place there, from 1.
    pub rank: Option<u32>,
}

/// All that is known of one paper.
#[derive(Debug, Serialize)]
pub struct PaperPage {
    /// The title, never empty.
    pub title: String,
    /// The first authors.
    pub authors: Vec<String>,
    /// The others, where there are many.
    pub more_authors: Vec<String>,
    /// How many others.
    pub more_authors_count: String,
    /// One sentence made by a source's model.
    pub ai_summary: Option<String>,
    /// The abstract by paragraphs; empty where no source gave one.
    pub paragraphs: Vec<String>,
    /// Votes, comments, stars.
    pub facts: Vec<Fact>,
    /// The paper elsewhere.
    pub links: Vec<ExternalLink>,
    /// Its identity: `arXiv 2504.15921`, a DOI or an address.
    pub identifier: String,
    /// When it first appeared, such as `22 April 2025`.
    pub published: Option<String>,
    /// The lab or company behind it.
    pub organization: Option<String>,
    /// Such as `cs.CL`.
    pub categories: Vec<String>,
    /// Keywords made by a source's model.
    pub keywords: Vec<String>,
    /// Who put it on a curated list.
    pub submitted_by: Option<String>,
    /// The sources that carried it.
    pub sources: Vec<String>,
    /// Newest first.
    pub listings: Vec<Listing>,
}

impl PaperPage {
    /// The page of `paper`, which was listed as `listings` say.
    pub fn new(paper: &Paper, listings: Vec<Listing>) -> Self {
        let shown = paper.authors.len().min(AUTHORS_SHOWN);
        let more_authors = paper.authors[shown..].to_vec();
        let paragraphs = paper.abstract_text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        Self {
            title: title(paper).to_owned(),
            authors: paper.authors[..shown].to_vec(),
            more_authors_count: counted(more_authors.len(), "more author", "more authors"),
            more_authors,
            ai_summary: paper.ai_summary.clone().filter(|summary| !summary.trim().is_empty()),
            paragraphs: paragraphs.map(str::to_owned).collect(),
            facts: facts(paper),
            links: links(paper),
            identifier: identifier(paper),
            published: paper.published.map(|at| at.format("%-d %B %Y").to_string()),
            organization: paper.organization.clone(),
            categories: paper.categories.clone(),
            keywords: paper.ai_keywords.clone(),
            submitted_by: paper.submitted_by.clone(),
            sources: paper.sources.clone(),
            listings,
        }
    }
}

fn identifier(paper: &Paper) -> String {
    match (paper.id.arxiv(), paper.id.as_str().split_once(':')) {
        (Some(arxiv), _) => format!("arXiv {arxiv}"),
        (None, Some(("doi", doi))) => format!("DOI {doi}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (None, None) => paper.id.to_string(),
    }
}

impl Page for PaperPage {
    const TEMPLATE: &'static str = "paper";

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> Option<String> {
        let text = self.ai_summary.as_ref().or(self.paragraphs.first())?;
        Some(text.chars().take(DESCRIPTION_CHARS).collect())
    }
}

/// The papers one filter found.
#[derive(Debug, Serialize)]
pub struct DigestSection {
    /// The filter's name; none for the trending papers.
    pub name: Option<String>,
    /// The filter as written, where it says more than the name.
    pub query: Option<String>,
    /// One sentence: why these papers are here.
    pub why: String,
    /// Best first, the matched words marked.
    pub papers: Vec<PaperCard>,
    /// Such as `and 12 more`.
    pub more: Option<String>,
}

/// A digest in the browser.
#[derive(Debug, Serialize)]
pub struct DigestPage {
    /// When it was made.
    pub made: Moment,
    /// The days it covers, such as `Thursday, 7 August 2025`.
    pub days: String,
    /// Such as `12 papers by 3 filters`.
    pub lead: String,
    /// Which sources were missing, in a sentence.
    pub note: Option<String>,
    /// The papers, by filter; empty on a quiet day.
    pub sections: Vec<DigestSection>,
    /// The path of the reader's preferences, where the link grants them.
    pub preferences: Option<String>,
}

impl DigestPage {
    /// The digest made at `made` of the papers of `days`.
    pub fn new(made: Moment, days: String, sections: Vec<DigestSection>) -> Self {
        let papers = sections.iter().map(|section| section.papers.len()).sum();
        let filters = sections.iter().filter(|section| section.name.is_some()).count();
        let mut lead = counted(papers, "paper", "papers");
        if filters > 0 {
            lead = format!("{lead} for {}", counted(filters, "filter", "filters"));
        }
        Self { made, days, lead, note: None, sections, preferences: None }
    }
}

impl Page for DigestPage {
    const TEMPLATE: &'static str = "digest";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        format!("Your digest, {}", self.days)
    }
}
