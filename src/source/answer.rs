//! What an answer holds, whoever sent it: the parsers of all kinds by the name of their format.

use chrono::NaiveDate;
use serde::Serialize;
use url::Url;

use super::page::Page;
use super::{Problem, arxiv, biorxiv, charset, crossref, feed, item, openalex, pubmed};
use crate::paper::Paper;

/// The shapes in which sources answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// arXiv's daily announcement, RSS or Atom.
    ArxivAnnouncement,
    /// arXiv's query API.
    ArxivQuery,
    /// arXiv's OAI-PMH, `arXiv` or `arXivRaw`.
    ArxivOai,
    /// bioRxiv's or medRxiv's details.
    Biorxiv,
    /// PubMed's efetch.
    PubmedArticles,
    /// PubMed's esearch, which gives no papers but where to find them.
    PubmedSearch,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// OpenAlex works.
    Openalex,
    /// Crossref works.
    Crossref,
    /// A list of the hub's or of plain papers.
    List,
}

/// A paper of an answer.
#[derive(Debug, PartialEq, Serialize)]
pub struct Listed {
    /// The day the answer gives for it, where it gives one.
    pub day: Option<NaiveDate>,
    /// Whether it is news of a paper listed before rather than a listing.
    pub is_update: bool,
    /// The paper.
    pub paper: Paper,
}

/// All that an answer holds.
#[derive(Debug, PartialEq, Serialize)]
pub struct Answered {
    /// In the order of the answer.
    pub papers: Vec<Listed>,
    /// The items that could not be read.
    pub problems: Vec<Problem>,
    /// How many items there were in all; of a search, how many it found on this page.
    pub count: usize,
}

/// Reads `body` as `format`. Takes any bytes.
///
/// # Errors
/// When it is not in that format, or when the server says why it gives nothing.
pub fn read(format: Format, body: &[u8], content_type: Option<&str>) -> Result<Answered, String> {
    let text = charset::decode(body, content_type);
    let page = match format {
        Format::ArxivAnnouncement => arxiv::announcement::read(&text)?.page,
        Format::ArxivQuery => arxiv::query::read(&text)?.page,
        Format::ArxivOai => arxiv::oai::read(&text).map_err(|error| error.to_string())?.page,
        Format::Biorxiv => biorxiv::details(&text)?.page,
        Format::PubmedArticles => pubmed::article::read(&text)?,
        Format::PubmedSearch => Page { count: pubmed::search::read(&text)?.ids.len(), ..Page::default() },
        Format::Feed => feed::read(&text, &Url::parse("https://feed.example/").map_err(|error| error.to_string())?)?,
        Format::Openalex => openalex::works(&text)?.page,
        Format::Crossref => crossref::works(&text)?.page,
        Format::List => list(&text)?,
    };
    let papers = page.items.into_iter().map(|item| Listed { day: item.day, is_update: item.is_update, paper: item.paper }).collect();
    Ok(Answered { papers, problems: page.problems, count: page.count })
}

fn list(text: &str) -> Result<Page, String> {
    let mut page = Page::default();
    for raw in item::list(text.as_bytes())? {
        page.add(raw.get(), item::read(raw.get().as_bytes()).map(Some));
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
