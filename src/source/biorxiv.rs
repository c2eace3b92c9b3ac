//! bioRxiv and medRxiv: `GET /details/{server}/{from}/{to}/{cursor}/json` (<https://api.biorxiv.org>).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::clean::{self, Draft};
use super::item::Item;
use super::json;
use super::page::Page;
use super::{Ask, Expect, Fetched, SourceError, Wanted};

const HOST: &str = "https://api.biorxiv.org";

/// Its documentation says a hundred.
const PAGE_SIZE: usize = 30;

/// A day is read in one go, and what is longer in parts.
const MAX_PAGES: usize = 30;

/// Asks for the preprints and versions posted on a day. The cursor is how many came before.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => ask.today,
        Wanted::Day(day) => day,
        Wanted::Changed(_) => return Err(ask.unsupported("lists new versions by day itself: leave out --reconcile")),
    };
    let mut fetched = Fetched { not_modified: true, ..Fetched::default() };
    let mut read: usize = ask.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    for _ in 0..MAX_PAGES {
        let url = ask.url(HOST, &format!("/details/{}/{day}/{day}/{read}/json", ask.source.server.as_str()))?;
        let Some(answer) = ask.get(&url, Expect::Json).await? else {
            match ask.stored(&url).and_then(|stored| usize::try_from(stored.items).ok()) {
                Some(items) if items >= PAGE_SIZE => read += items,
                _ => return Ok(fetched),
            }
            continue;
        };
        fetched.not_modified = false;
        let mut details = self::details(&answer.text()).map_err(|reason| SourceError::malformed(&url, "JSON", reason))?;
        let (count, total) = (details.page.count, usize::try_from(details.total).unwrap_or(usize::MAX));
        read += count;
        if count == 0 && read < total {
            let reason = format!("an empty page, though {total} preprints are there and {read} have come");
            return Err(SourceError::malformed(&url, "JSON", reason));
        }
        fetched.validators.extend(answer.validator(&url, count));
        let wanted = |category: &String| ask.source.categories.iter().any(|wanted| wanted.replace('_', " ").eq_ignore_ascii_case(category));
        details.page.items.retain(|item| ask.source.categories.is_empty() || item.paper.categories.iter().any(wanted));
        details.page.list_on(day, &mut fetched);
        if read >= total {
            return Ok(fetched);
        }
    }
    fetched.next = Some(read.to_string());
    Ok(fetched)
}

/// One part of an interval's preprints.
#[derive(Debug)]
pub(super) struct Details {
    pub page: Page,
    /// How many there are in the interval.
    pub total: u64,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default, borrow)]
    collection: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    status: String,
    #[serde(default)]
    total: Value,
}

/// Reads an answer; an interval without preprints is an empty one.
pub(super) fn details(body: &str) -> Result<Details, String> {
    let answer: Answer<'_> = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let message = answer.messages.first().ok_or("an answer without a message")?;
    let is_empty = message.status.to_lowercase().starts_with("no posts found");
    if message.status != "ok" && !is_empty {
        return Err(clean::prose(&format!("the server says: {}", message.status)));
    }
    let mut page = Page::default();
    for raw in answer.collection {
        page.add(raw.get(), preprint(raw.get()).map(Some));
    }
    Ok(Details { page, total: json::count(&message.total).unwrap_or_default() })
}

fn preprint(raw: &str) -> Result<Item, String> {
    let value: Value = json::read(raw)?;
    let text = |key: &str| json::text(&value, key);
    let doi = clean::identity_text(value.get("doi").ok_or("it has no doi")?)?;
    let version = value.get("version").and_then(json::count).and_then(|version| u32::try_from(version).ok());
    let later = version.is_some_and(|version| version > 1);
    let draft = Draft {
        // "NA" until it is published.
        ids: [doi.as_str(), text("published")].into_iter().filter(|id| !id.eq_ignore_ascii_case("NA")).map(str::to_owned).collect(),
        title: text("title").to_owned(),
        abstract_text: text("abstract").to_owned(),
        authors: text("authors").split(';').map(clean::given_name_first).collect(),
        categories: vec![text("category").to_owned()],
        published: clean::time(text("date")).filter(|_| !later),
        version,
    };
    Ok(Item { paper: draft.paper()?, day: clean::day(text("date")), is_update: later })
}
