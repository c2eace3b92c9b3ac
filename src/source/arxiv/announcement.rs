//! The day's announcement: arXiv's RSS and Atom feeds of a set of categories.

use chrono::NaiveDate;

use super::names;
use crate::source::clean::{self, Draft};
use crate::source::item::Item;
use crate::source::page::Page;
use crate::source::xml::{self, Element};

/// A feed.
#[derive(Debug)]
pub(in crate::source) struct Announcement {
    pub page: Page,
    /// The day it announces.
    pub day: Option<NaiveDate>,
}

/// Reads a feed. A paper that is announced as replaced is an update of one that is known.
///
/// # Errors
/// With what arXiv says when it knows no such category, or when it is no feed.
pub(in crate::source) fn read(document: &str) -> Result<Announcement, String> {
    let document = xml::split(document, &["item", "entry"])?;
    if !matches!(document.head.name.as_str(), "rss" | "feed") {
        return Err(format!("a document <{}> where a feed was expected", document.head.name));
    }
    let feed_text = |path: &str| document.head.text_at(&format!("channel/{path}")).or_else(|| document.head.text_at(path));
    let title = feed_text("title").unwrap_or_default();
    if title.starts_with("Feed error") {
        let said = feed_text("description").or_else(|| feed_text("subtitle")).unwrap_or_default();
        return Err(clean::prose(&format!("arXiv says: {title} {said}")));
    }
    if let (true, Some(reason)) = (document.items.is_empty(), &document.broken) {
        return Err(reason.clone());
    }
    let mut page = Page::of_xml(&document, |item| entry(item).map(Some));
    page.note_end(&document);
    let stamp = feed_text("pubDate").or_else(|| feed_text("updated"));
    let listed = page.items.iter().find_map(|item| item.day);
    Ok(Announcement { page, day: listed.or_else(|| clean::day(&stamp?)) })
}

fn entry(item: &Element) -> Result<Item, String> {
    let text = |name: &str| item.text_at(name).unwrap_or_default();
    let either = |rss: &str, atom: &str| item.text_at(rss).or_else(|| item.text_at(atom)).unwrap_or_default();
    let id = either("guid", "id");
    let (described, summary) = description(&either("description", "summary"));
    let kind = item.text_at("announce_type").or(described).unwrap_or_else(|| "new".into());
    let version = version(&id);
    let stamp = either("pubDate", "published");
    let is_new = kind == "new" && version.is_none_or(|version| version == 1);
    let draft = Draft {
        ids: vec![id, text("DOI"), text("doi")],
        title: text("title"),
        abstract_text: summary,
        authors: authors(item),
        categories: names::categories(
            item.all("category").map(|category| category.attribute("term").map_or_else(|| category.text(), str::to_owned)),
        ),
        published: clean::time(&stamp).filter(|_| is_new),
        version,
    };
    Ok(Item { paper: draft.paper()?, day: clean::day(&stamp), is_update: kind.starts_with("replace") })
}

/// One `dc:creator` holds all names; Atom's own `author` one each.
fn authors(item: &Element) -> Vec<String> {
    let creators: Vec<String> = item.all("creator").flat_map(|creator| names::split_authors(&creator.text())).collect();
    match creators.is_empty() {
        false => creators,
        true => item.all("author").filter_map(|author| author.text_at("name")).collect(),
    }
}

/// The kind of the announcement and the abstract, from `arXiv:…v1 Announce Type: new ⏎Abstract: …`.
fn description(text: &str) -> (Option<String>, String) {
    let Some((head, summary)) = text.split_once("Abstract:").filter(|(head, _)| head.starts_with("arXiv:")) else {
        return (None, text.to_owned());
    };
    let kind = head.split_once("Announce Type:").map(|(_, kind)| kind.trim().to_owned());
    (kind, summary.to_owned())
}

/// The number behind the last `v` of an id.
pub(super) fn version(id: &str) -> Option<u32> {
    id.trim().rsplit_once('v')?.1.parse().ok()
}
