//! Crossref, by query: `GET /works?query=…` (<https://www.crossref.org/documentation/retrieve-metadata/rest-api/>).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::clean::{self, Draft};
use super::item::Item;
use super::json;
use super::page::Page;
use super::{Ask, Expect, Fetched, SourceError, Wanted};

const HOST: &str = "https://api.crossref.org";

/// Only what becomes part of a paper.
const FIELDS: &str = "DOI,type,title,subtitle,author,abstract,published,published-online,issued,created,relation";

const PAGE_SIZE: usize = 100;

/// Asks for the works that match the query and were registered on a day.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => ask.today,
        Wanted::Day(day) => day,
        Wanted::Changed(_) => return Err(ask.unsupported("does not tell what it changed: leave out --reconcile")),
    };
    let mut url = ask.url(HOST, "/works")?;
    url.query_pairs_mut()
        .append_pair("query", ask.source.query.as_deref().unwrap_or_default())
        .append_pair("filter", &format!("from-created-date:{day},until-created-date:{day}"))
        .append_pair("select", FIELDS)
        .append_pair("rows", &PAGE_SIZE.to_string())
        .append_pair("cursor", ask.cursor.unwrap_or("*"))
        .append_pair("mailto", ask.source.email.as_deref().unwrap_or_default());
    let Some(answer) = ask.get(&url, Expect::Json).await? else { return Ok(Fetched { not_modified: true, ..Fetched::default() }) };
    let works = works(&answer.text()).map_err(|reason| SourceError::malformed(&url, "JSON", reason))?;
    // The last page has a cursor too.
    let mut fetched = Fetched { next: works.cursor.filter(|_| works.page.count >= PAGE_SIZE), ..Fetched::default() };
    works.page.list_on(day, &mut fetched);
    Ok(fetched)
}

/// Records of what is no paper: they have no authors of their own, often not even a title.
const NO_PAPERS: [&str; 9] =
    ["journal", "journal-issue", "journal-volume", "component", "peer-review", "grant", "book-series", "proceedings-series", "database"];

/// Relations to other forms of the same work; all others name different works.
const SAME_WORK: [&str; 6] = ["is-preprint-of", "has-preprint", "is-identical-to", "is-same-as", "is-version-of", "has-version"];

/// One part of a result.
#[derive(Debug)]
pub(super) struct Works {
    pub page: Page,
    /// For the next part.
    pub cursor: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: String,
    #[serde(borrow)]
    message: &'a RawValue,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    #[serde(rename = "next-cursor")]
    next_cursor: Option<String>,
}

/// Reads a list of works, or a single one.
pub(super) fn works(body: &str) -> Result<Works, String> {
    let answer: Answer<'_> = serde_json::from_str(body).map_err(|error| json::refusal(body, &error))?;
    if answer.status != "ok" {
        return Err(json::said(answer.message.get()));
    }
    let mut page = Page::default();
    let Ok(list) = serde_json::from_str::<List<'_>>(answer.message.get()) else {
        page.add(answer.message.get(), work(answer.message.get()));
        return Ok(Works { page, cursor: None });
    };
    for raw in list.items {
        page.add(raw.get(), work(raw.get()));
    }
    Ok(Works { page, cursor: list.next_cursor })
}

fn work(raw: &str) -> Result<Option<Item>, String> {
    let value: Value = json::read(raw)?;
    if NO_PAPERS.contains(&json::text(&value, "type")) {
        return Ok(None);
    }
    let first = |key: &str| value.get(key).and_then(|texts| texts.get(0)).and_then(Value::as_str).unwrap_or_default();
    let title = match (first("title"), first("subtitle")) {
        (title, "") => title.to_owned(),
        (title, subtitle) if title.contains(subtitle) => title.to_owned(),
        (title, subtitle) => format!("{}: {subtitle}", title.trim_end_matches(':')),
    };
    let doi = clean::identity_text(value.get("DOI").ok_or("it has no DOI")?)?;
    let draft = Draft {
        ids: [doi].into_iter().chain(same_work(&value)).collect(),
        title: clean::without_markup(&title),
        abstract_text: clean::without_markup(json::text(&value, "abstract")),
        authors: value.get("author").and_then(Value::as_array).into_iter().flatten().map(name).collect(),
        published: ["published-online", "published", "issued", "created"].iter().find_map(|key| date(value.get(key)?)).map(clean::midnight),
        ..Draft::default()
    };
    let day = value.get("created").and_then(date);
    Ok(Some(Item { paper: draft.paper()?, day, is_update: false }))
}

fn same_work(value: &Value) -> impl Iterator<Item = String> {
    let relations = SAME_WORK.iter().filter_map(|kind| value.pointer(&format!("/relation/{kind}"))?.as_array()).flatten();
    relations.filter(|other| json::text(other, "id-type") == "doi").map(|other| json::text(other, "id").to_owned())
}

fn name(author: &Value) -> String {
    match json::text(author, "name") {
        "" => ["given", "family", "suffix"].map(|part| json::text(author, part)).join(" "),
        group => group.to_owned(),
    }
}

/// `{"date-parts": [[2026, 7]]}`: month and day may be missing, and all may be null.
fn date(value: &Value) -> Option<chrono::NaiveDate> {
    let part = |place: usize| value.pointer(&format!("/date-parts/0/{place}")).and_then(json::count);
    let small = |place: usize| part(place).and_then(|number| u32::try_from(number).ok());
    clean::partial_date(i32::try_from(part(0)?).ok()?, small(1), small(2))
}
