//! arXiv's query API: backfill by date, look-up by id.

use super::announcement::version;
use super::names;
use crate::source::clean::{self, Draft};
use crate::source::item::Item;
use crate::source::json;
use crate::source::page::Page;
use crate::source::xml::{self, Element};

/// One slice of a result.
#[derive(Debug)]
pub(in crate::source) struct Slice {
    pub page: Page,
    /// How many papers match in all.
    pub total: Option<u64>,
}

/// Reads an answer.
///
/// # Errors
/// With what arXiv says of a query it cannot run, or when it is no whole answer: papers would be missed.
pub(in crate::source) fn read(document: &str) -> Result<Slice, String> {
    let document = xml::split(document, &["entry"])?;
    if document.head.name != "feed" {
        return Err(format!("a document <{}> where a feed was expected", document.head.name));
    }
    if let Some(said) = document.items.iter().filter_map(|item| item.element.as_ref().ok()).find_map(error) {
        return Err(clean::prose(&format!("arXiv says: {said}")));
    }
    if let Some(reason) = document.broken {
        return Err(reason);
    }
    let total = document.head.text_at("totalResults").and_then(|total| json::count(&total.into()));
    Ok(Slice { page: Page::of_xml(&document, |item| entry(item).map(Some)), total })
}

/// What is said by an entry that is an error.
fn error(entry: &Element) -> Option<String> {
    let is_error = entry.text_at("id").is_some_and(|id| id.contains("/api/errors")) || entry.text_at("title").as_deref() == Some("Error");
    is_error.then(|| entry.text_at("summary").unwrap_or_else(|| "an error".into()))
}

fn entry(entry: &Element) -> Result<Item, String> {
    let text = |name: &str| entry.text_at(name).unwrap_or_default();
    let id = text("id");
    let terms = |name| entry.all(name).filter_map(|category| category.attribute("term").map(str::to_owned));
    let stamp = text("published");
    let draft = Draft {
        version: version(&id),
        ids: [id].into_iter().chain(text("doi").split_whitespace().map(str::to_owned)).collect(),
        title: text("title"),
        abstract_text: text("summary"),
        authors: entry.all("author").filter_map(|author| author.text_at("name")).collect(),
        categories: names::categories(terms("primary_category").chain(terms("category"))),
        published: clean::time(&stamp),
    };
    Ok(Item { paper: draft.paper()?, day: clean::day(&stamp), is_update: false })
}
