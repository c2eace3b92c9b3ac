//! arXiv's OAI-PMH interface, which tells every change to its metadata
//! (<https://www.openarchives.org/OAI/openarchivesprotocol.html>).

use super::names;
use crate::source::clean::{self, Draft};
use crate::source::item::Item;
use crate::source::page::Page;
use crate::source::xml::{self, Element};

/// One part of a list of records.
#[derive(Debug, Default)]
pub(in crate::source) struct Records {
    /// A paper's day is that of its first version; records that are gone are counted only.
    pub page: Page,
    /// Where the list goes on: to be put into the next address as it is, for it is percent-encoded already.
    pub token: Option<String>,
}

/// Why a list cannot be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::source) enum OaiError {
    #[error("the resumption token is wrong or has expired; the list is to be asked for anew")]
    BadToken,
    #[error("{0}")]
    Other(String),
}

/// Reads an answer to ListRecords in the format `arXiv` or `arXivRaw`. That nothing changed is an empty list.
pub(in crate::source) fn read(document: &str) -> Result<Records, OaiError> {
    let document = xml::split(document, &["record"]).map_err(OaiError::Other)?;
    if document.head.name != "OAI-PMH" {
        return Err(OaiError::Other(format!("a document <{}> where OAI-PMH was expected", document.head.name)));
    }
    if let Some(error) = document.head.at("error") {
        let said = || OaiError::Other(clean::prose(&format!("arXiv says: {}", error.text())));
        return match error.attribute("code") {
            Some("noRecordsMatch") => Ok(Records::default()),
            Some("badResumptionToken") => Err(OaiError::BadToken),
            _ => Err(said()),
        };
    }
    // Half a list has lost its token, and with it the rest.
    if let Some(reason) = document.broken {
        return Err(OaiError::Other(reason));
    }
    if document.head.at("ListRecords").is_none() {
        return Err(OaiError::Other("an answer without a list of records".into()));
    }
    let token = document.head.text_at("ListRecords/resumptionToken");
    Ok(Records { page: Page::of_xml(&document, record), token })
}

fn record(record: &Element) -> Result<Option<Item>, String> {
    if record.at("header").and_then(|header| header.attribute("status")) == Some("deleted") {
        return Ok(None);
    }
    let metadata = record.at("metadata/arXiv").or_else(|| record.at("metadata/arXivRaw")).ok_or("it has no metadata")?;
    let text = |name: &str| metadata.text_at(name).unwrap_or_default();
    let first = metadata.text_at("created").or_else(|| metadata.text_at("version/date")).unwrap_or_default();
    let id = metadata.text_at("id").or_else(|| record.text_at("header/identifier")).unwrap_or_default();
    let draft = Draft {
        ids: [id].into_iter().chain(text("doi").split_whitespace().map(str::to_owned)).collect(),
        title: text("title"),
        abstract_text: text("abstract"),
        authors: authors(metadata),
        categories: names::categories(text("categories").split_whitespace().map(str::to_owned)),
        published: clean::time(&first),
        version: u32::try_from(metadata.all("version").count()).ok().filter(|versions| *versions > 0),
    };
    Ok(Some(Item { paper: draft.paper()?, day: clean::day(&first), is_update: false }))
}

/// Structured in the format `arXiv`, a list in `arXivRaw`.
fn authors(metadata: &Element) -> Vec<String> {
    let Some(authors) = metadata.at("authors") else { return Vec::new() };
    if authors.elements().next().is_none() {
        return names::split_authors(&authors.text());
    }
    let name = |author: &Element| ["forenames", "keyname", "suffix"].map(|part| author.text_at(part).unwrap_or_default()).join(" ");
    authors.all("author").map(name).collect()
}
