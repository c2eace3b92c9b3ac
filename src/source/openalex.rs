//! OpenAlex, by query: `GET /works?search=…` (<https://docs.openalex.org>).

use chrono::Days;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::clean::{self, Draft};
use super::item::Item;
use super::json;
use super::page::Page;
use super::{Ask, Expect, Fetched, SourceError, Wanted};

const HOST: &str = "https://api.openalex.org";

/// Only what becomes part of a paper.
const FIELDS: &str = "id,doi,title,display_name,publication_date,ids,authorships,locations,abstract_inverted_index";

const PAGE_SIZE: &str = "100";

/// Works are added some days after they appeared.
const DAYS_TO_BE_ADDED: u64 = 7;

/// Asks for the works that match the query and were added on a day, which only a key allows, or else appeared in the
/// week up to it. Each is listed on the day it appeared.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => ask.today,
        Wanted::Day(day) => day,
        Wanted::Changed(_) => return Err(ask.unsupported("does not tell what it changed: leave out --reconcile")),
    };
    let since = day.checked_sub_days(Days::new(DAYS_TO_BE_ADDED)).unwrap_or(day);
    let mut url = ask.url(HOST, "/works")?;
    let dates = match &ask.source.api_key {
        Some(_) => format!("from_created_date:{day},to_created_date:{day}"),
        None => format!("from_publication_date:{since},to_publication_date:{day}"),
    };
    url.query_pairs_mut()
        .append_pair("search", ask.source.query.as_deref().unwrap_or_default())
        .append_pair("filter", &dates)
        .append_pair("select", FIELDS)
        .append_pair("per-page", PAGE_SIZE)
        .append_pair("cursor", ask.cursor.unwrap_or("*"));
    if let Some(email) = &ask.source.email {
        url.query_pairs_mut().append_pair("mailto", email);
    }
    if let Some(key) = &ask.source.api_key {
        url.query_pairs_mut().append_pair("api_key", key.expose());
    }
    let Some(answer) = ask.get(&url, Expect::Json).await? else { return Ok(Fetched { not_modified: true, ..Fetched::default() }) };
    let works = works(&answer.text()).map_err(|reason| SourceError::malformed(&url, "JSON", reason))?;
    let mut fetched = Fetched { next: works.cursor.filter(|_| works.page.count > 0), ..Fetched::default() };
    let appeared = |item: &Item| item.paper.published.map_or(day, |time| time.date_naive()).clamp(since, day);
    works.page.list_by(&mut fetched, Some(day), appeared);
    Ok(fetched)
}

/// The longest abstract that is put together, in words.
const MAX_WORDS: usize = 5_000;

/// One part of a result.
#[derive(Debug)]
pub(super) struct Works {
    pub page: Page,
    /// For the next part; none behind the last.
    pub cursor: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    next_cursor: Option<String>,
}

pub(super) fn works(body: &str) -> Result<Works, String> {
    let answer: Answer<'_> = serde_json::from_str(body).map_err(|error| json::refusal(body, &error))?;
    let mut page = Page::default();
    for raw in answer.results {
        page.add(raw.get(), work(raw.get()).map(Some));
    }
    Ok(Works { page, cursor: answer.meta.and_then(|meta| meta.next_cursor) })
}

fn work(raw: &str) -> Result<Item, String> {
    let value: Value = json::read(raw)?;
    let text = |key: &str| json::text(&value, key);
    let own = clean::identity_text(value.get("id").ok_or("it has no id")?)?;
    let locations = value.get("locations").and_then(Value::as_array).into_iter().flatten();
    let on_arxiv = locations.map(|location| json::text(location, "landing_page_url")).filter(|url| url.contains("arxiv.org/abs/"));
    let pmid = value.pointer("/ids/pmid").and_then(Value::as_str).unwrap_or_default();
    let names = value.get("authorships").and_then(Value::as_array).into_iter().flatten().map(|authorship| {
        let shown = authorship.pointer("/author/display_name").and_then(Value::as_str);
        shown.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| json::text(authorship, "raw_author_name")).to_owned()
    });
    let title = Some(text("title")).filter(|title| !title.is_empty()).unwrap_or_else(|| text("display_name"));
    let draft = Draft {
        ids: [text("doi"), pmid].into_iter().chain(on_arxiv).chain([own.as_str()]).map(str::to_owned).collect(),
        title: clean::without_markup(title),
        abstract_text: clean::without_markup(&inverted(value.get("abstract_inverted_index").unwrap_or(&Value::Null))),
        authors: names.collect(),
        published: clean::time(text("publication_date")),
        ..Draft::default()
    };
    Ok(Item { paper: draft.paper()?, day: None, is_update: false })
}

/// The text of an index from each word to its places. Places are sorted, never reserved: a hostile one may be any number.
fn inverted(index: &Value) -> String {
    let mut words: Vec<(u64, &str)> = Vec::new();
    for (word, places) in index.as_object().into_iter().flatten() {
        words.extend(places.as_array().into_iter().flatten().filter_map(Value::as_u64).map(|place| (place, word.as_str())));
    }
    words.sort_unstable();
    words.truncate(MAX_WORDS);
    words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}
