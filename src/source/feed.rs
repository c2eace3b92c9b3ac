//! Any RSS, Atom or JSON Feed: journals, labs, blogs. What a feed is, the library knows; here stands what is special
//! about papers in feeds: where the DOI hides, how authors are listed, which text is the abstract.
//!
//! Each item goes to the library alone, in the elements that stood around it, so that a broken one costs only itself.

mod names;
mod place;

use std::panic;

use chrono::{DateTime, NaiveDate, Utc};
use feed_rs::model::Entry;
use feed_rs::parser::Builder;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::clean::{self, Draft};
use super::item::Item;
use super::json;
use super::page::Page;
use super::xml::{self, Element};
use super::{Ask, Expect, Fetched, SourceError, Wanted};

/// A summary this long is an abstract; a shorter one gives way to the content, if there is some.
const MIN_ABSTRACT_CHARS: usize = 200;
/// What is taken of a content that may be the whole article.
const MAX_CONTENT_CHARS: usize = 5_000;
/// How far into a text its publisher's line may go.
const MAX_IMPRINT_BYTES: usize = 300;

/// Asks for the feed. An item is listed on the day it was published; one without a date, or of a day to come, today.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    if ask.wanted != Wanted::Latest {
        return Err(ask.unsupported("tells only what is new: a feed cannot be asked for past days"));
    }
    let url = ask.source.url.clone().ok_or_else(|| ask.unsupported("has no url"))?;
    let Some(answer) = ask.get(&url, Expect::Feed).await? else { return Ok(Fetched { not_modified: true, ..Fetched::default() }) };
    let page = read(&answer.text(), &url).map_err(|reason| SourceError::malformed(&url, "feed", reason))?;
    let mut fetched = Fetched::default();
    fetched.validators.extend(answer.validator(&url, page.count));
    page.list_by(&mut fetched, Some(ask.today), |item| item.day.unwrap_or(ask.today).min(ask.today));
    Ok(fetched)
}

/// Reads a feed found at `base`.
///
/// # Errors
/// When it is none.
pub(super) fn read(document: &str, base: &Url) -> Result<Page, String> {
    match document.trim_start().starts_with('{') {
        true => read_json(document, base),
        false => read_xml(document, base),
    }
}

/// The one entry of a feed that holds nothing else.
///
/// Each gets a parser of its own, because the library's keeps what an item that failed left behind; and where the
/// library panics, as it does over some lengths of time and addresses, that too costs no more than the item.
fn entry(document: &str, base: &Url) -> Result<Entry, String> {
    let parsing = panic::catch_unwind(|| {
        let parser = Builder::new().base_uri(Some(base)).sanitize_content(false).id_generator(|_, _, _| String::new()).build();
        parser.parse(document.as_bytes())
    });
    let feed = parsing.map_err(|_| "the library that reads feeds failed over it")?.map_err(|error| error.to_string())?;
    feed.entries.into_iter().next().ok_or_else(|| "it is no item of a feed".into())
}

fn read_xml(document: &str, base: &Url) -> Result<Page, String> {
    let document = xml::split(document, &["item", "entry"])?;
    match document.head.name.as_str() {
        "rss" | "RDF" | "feed" => {}
        "html" => return Err("a web page where a feed was expected; its own address is often named in the page's head".into()),
        other => return Err(format!("a document <{other}> where a feed was expected")),
    }
    if let (true, Some(reason)) = (document.items.is_empty(), &document.broken) {
        return Err(reason.clone());
    }
    let mut page = Page::default();
    for item in &document.items {
        let found = item.element.as_ref().map_err(Clone::clone).and_then(|element| {
            let entry = entry(&alone(&item.around, element), base)?;
            read_entry(entry, &Extra::of(element)).map(Some)
        });
        page.add(item.raw, found);
    }
    page.note_end(&document);
    Ok(page)
}

/// Of vocabularies other than the item's own and these, such as those of podcasts and pictures, nothing becomes part of a paper.
const PREFIXES: [&str; 6] = ["", "dc", "content", "atom", "a10", "rss"];

/// A feed with nothing but `item`. Names of people are ours to read; texts with tags in them become texts.
fn alone(around: &[&str], item: &Element) -> String {
    let item = item.to_xml(|child| match child.name.as_str() {
        _ if child.prefix() != item.prefix() && !PREFIXES.contains(&child.prefix()) => Err(()),
        "author" | "creator" | "contributor" => Err(()),
        "content" if child.elements().next().is_none() && child.text().is_empty() => Err(()),
        "title" | "description" | "encoded" if child.elements().next().is_some() => Ok(Some(child.markup())),
        _ => Ok(None),
    });
    let opening: String = around.iter().map(|tag| place::current_version(tag)).collect();
    let closing: String = around.iter().rev().map(|tag| format!("</{}>", place::name(tag))).collect();
    format!("{opening}{item}{closing}")
}

/// What stands beside the fields that every feed has.
#[derive(Debug, Default)]
struct Extra {
    /// Of `prism:doi` and `dc:identifier`, or of JSON Feed's items.
    identifiers: Vec<String>,
    authors: Vec<String>,
    subjects: Vec<String>,
    /// As it is written where the library does not read it.
    date: Option<DateTime<Utc>>,
}

impl Extra {
    fn of(item: &Element) -> Self {
        let texts = |name: &'static str| item.all(name).map(Element::text);
        let creators = texts("creator").collect::<Vec<_>>();
        let people = item.all("author").map(|author| author.text_at("name").unwrap_or_else(|| author.text()));
        Self {
            identifiers: texts("doi").chain(texts("identifier")).chain(texts("guid")).chain(texts("id")).collect(),
            authors: if creators.is_empty() { people.collect() } else { creators },
            subjects: texts("subject").collect(),
            date: ["pubDate", "published", "updated", "date"].into_iter().flat_map(texts).find_map(|text| clean::time(&text)),
        }
    }
}

fn read_entry(entry: Entry, extra: &Extra) -> Result<Item, String> {
    let links: Vec<&str> = entry
        .links
        .iter()
        .filter(|link| !matches!(link.rel.as_deref(), Some("self" | "replies" | "enclosure")))
        .map(|link| link.href.as_str())
        .collect();
    let named = extra.identifiers.iter().map(String::as_str);
    let ids = place::identities(named, &links);
    let title = entry.title.map(|title| clean::without_markup(&title.content)).unwrap_or_default();
    let summary = entry.summary.map(|summary| clean::without_markup(&summary.content)).unwrap_or_default();
    let content = entry.content.and_then(|content| content.body).map(|body| clean::without_markup(&body)).unwrap_or_default();
    let published = entry.published.or(entry.updated).or(extra.date);
    let terms = entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term));
    let draft = Draft {
        ids,
        title,
        abstract_text: abstract_of(&summary, &content),
        authors: names::list(&extra.authors),
        categories: terms.chain(extra.subjects.iter().cloned()).collect(),
        published,
        version: None,
    };
    Ok(Item { paper: draft.paper()?, day: published.map(listed), is_update: false })
}

fn listed(published: DateTime<Utc>) -> NaiveDate {
    published.date_naive()
}

/// A text without the line that some publishers put before it: `Meadow, Published online: 12 January 2026; doi:10.5555/m-1`.
fn without_imprint(text: &str) -> &str {
    let head = &text[..text.floor_char_boundary(MAX_IMPRINT_BYTES)];
    let Some((_, after)) = head.split_once("Published online").and_then(|(_, after)| after.split_once("doi:")) else { return text };
    let doi = after.find(char::is_whitespace).unwrap_or(after.len());
    text[head.len() - after.len() + doi..].trim_start()
}

/// The summary, unless it is no more than a line such as "Volume 12, Issue 3" beside a longer content.
fn abstract_of(summary: &str, content: &str) -> String {
    let summary_is_whole = summary.trim().chars().count() >= MIN_ABSTRACT_CHARS || summary.len() >= content.len();
    match summary_is_whole {
        true => without_imprint(summary).to_owned(),
        false => crate::text::cut(&clean::prose(without_imprint(content)), MAX_CONTENT_CHARS).into_owned(),
    }
}

#[derive(Deserialize)]
struct JsonFeed<'a> {
    version: String,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

fn read_json(document: &str, base: &Url) -> Result<Page, String> {
    let feed: JsonFeed<'_> = serde_json::from_str(document).map_err(|error| json::refusal(document, &error))?;
    let mut page = Page::default();
    for raw in feed.items {
        page.add(raw.get(), read_json_item(base, &feed.version, raw.get()).map(Some));
    }
    Ok(page)
}

fn read_json_item(base: &Url, version: &str, raw: &str) -> Result<Item, String> {
    let mut item: Value = json::read(raw)?;
    let object = item.as_object_mut().ok_or("it is no object")?;
    // `author` is the spelling of version 1.0.
    let one = object.remove("author").into_iter();
    let people: Vec<Value> =
        one.chain(object.remove("authors").into_iter().flat_map(|list| list.as_array().cloned().unwrap_or_default())).collect();
    let mut identifiers: Vec<String> = ["doi", "_doi"].iter().filter_map(|key| object.get(*key)?.as_str().map(str::to_owned)).collect();
    match object.get("id") {
        Some(Value::String(id)) => identifiers.push(id.clone()),
        // A number identifies within the feed, and the library wants a text; it is no paper's id, which may have lost its zeros.
        Some(number) => drop(object.insert("id".into(), number.to_string().into())),
        None => {}
    }
    let authors = people.iter().map(|person| json::text(person, "name").to_owned()).collect();
    let extra = Extra { identifiers, authors, ..Extra::default() };
    let alone = serde_json::json!({ "version": version, "title": "", "items": [item] }).to_string();
    read_entry(entry(&alone, base)?, &extra)
}

#[cfg(test)]
mod tests;
