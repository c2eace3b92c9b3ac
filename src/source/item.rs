//! One item of a list: the hub's own shape, or the plain one of a JSON Lines file.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::clean::{abstract_text, authors, bounded, http_url, identity_text, keywords, name_text, time, title};
use super::json;
use crate::paper::{Paper, PaperId};
use crate::text;

/// A paper, and the day the item itself gives for its listing.
#[derive(Debug)]
pub(super) struct Item {
    pub paper: Paper,
    pub day: Option<NaiveDate>,
    /// Whether it tells news of a paper that was listed before, and does not list it.
    pub is_update: bool,
}

/// The items of a bare JSON array, each still to be read: one that is no Unicode must not cost the others.
pub(super) fn list(body: &[u8]) -> Result<Vec<&RawValue>, String> {
    serde_json::from_slice(body).map_err(|error| match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(object)) => match object.get("error").and_then(Value::as_str) {
            Some(said) => format!("the server says: {}", text::one_line(bounded(said))),
            None => "an object where a list of papers was expected".into(),
        },
        Ok(_) => "no list of papers".into(),
        Err(_) => error.to_string(),
    })
}

/// Reads one item in either shape.
pub(super) fn read(json: &[u8]) -> Result<Item, String> {
    let text = std::str::from_utf8(json).map_err(|error| format!("no JSON: {error}"))?;
    let value: Value = json::read(text).map_err(|error| format!("no JSON: {error}"))?;
    match value.get("paper") {
        Some(Value::Object(_)) => read_hub(value),
        Some(_) => Err("`paper` is not an object".into()),
        None => read_plain(value),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HubPaper {
    id: Value,
    title: Option<String>,
    summary: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    authors: Vec<HubAuthor>,
    published_at: Option<String>,
    submitted_on_daily_at: Option<String>,
    submitted_on_daily_by: Option<HubAccount>,
    upvotes: Option<u32>,
    project_page: Option<String>,
    github_repo: Option<String>,
    github_stars: Option<u32>,
    #[serde(rename = "ai_summary")]
    ai_summary: Option<String>,
    #[serde(rename = "ai_keywords", default, deserialize_with = "or_none")]
    ai_keywords: Vec<String>,
    organization: Option<HubAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HubItem {
    paper: HubPaper,
    title: Option<String>,
    summary: Option<String>,
    thumbnail: Option<String>,
    num_comments: Option<u32>,
    submitted_by: Option<HubAccount>,
    organization: Option<HubAccount>,
}

#[derive(Deserialize)]
struct HubAuthor {
    name: Option<String>,
}

#[derive(Deserialize)]
struct HubAccount {
    fullname: Option<String>,
    name: Option<String>,
}

impl HubAccount {
    fn shown(self) -> Option<String> {
        self.fullname.or(self.name).map(|name| name_text(&name)).filter(|name| !name.is_empty())
    }
}

fn read_hub(value: Value) -> Result<Item, String> {
    let item = HubItem::deserialize(value).map_err(|error| error.to_string())?;
    let hub = item.paper;
    let id = identity(&hub.id)?;
    let title = title(&hub.title.or(item.title).unwrap_or_default())?;
    let day = hub.submitted_on_daily_at.as_deref().and_then(time).map(|time| time.date_naive());
    let paper = Paper {
        abstract_text: abstract_text(&hub.summary.or(item.summary).unwrap_or_default()),
        authors: authors(hub.authors.into_iter().filter_map(|author| author.name)),
        published: hub.published_at.as_deref().and_then(time),
        upvotes: hub.upvotes,
        comments: item.num_comments,
        code_url: hub.github_repo.as_deref().and_then(repository),
        github_stars: hub.github_stars,
        project_url: hub.project_page.as_deref().and_then(http_url),
        thumbnail_url: item.thumbnail.as_deref().and_then(http_url),
        organization: hub.organization.or(item.organization).and_then(HubAccount::shown),
        submitted_by: item.submitted_by.or(hub.submitted_on_daily_by).and_then(HubAccount::shown),
        ai_summary: hub.ai_summary.map(|summary| text::paragraph(bounded(&summary))).filter(|summary| !summary.is_empty()),
        ai_keywords: keywords(&hub.ai_keywords),
        ..Paper::new(id, title)
    };
    Ok(Item { paper, day, is_update: false })
}

#[derive(Deserialize)]
struct PlainPaper {
    id: Value,
    doi: Option<String>,
    title: Option<String>,
    #[serde(rename = "abstract", alias = "summary")]
    abstract_text: Option<String>,
    #[serde(default, deserialize_with = "or_none")]
    authors: Vec<String>,
    #[serde(default, deserialize_with = "or_none")]
    categories: Vec<String>,
    published: Option<String>,
    first_listed: Option<String>,
    upvotes: Option<u32>,
    #[serde(alias = "code")]
    code_url: Option<String>,
    project_url: Option<String>,
}

fn read_plain(value: Value) -> Result<Item, String> {
    let plain = PlainPaper::deserialize(value).map_err(|error| error.to_string())?;
    let id = identity(&plain.id)?;
    let paper = Paper {
        aliases: plain.doi.and_then(|doi| PaperId::parse(&doi).ok()).filter(|doi| *doi != id).into_iter().collect(),
        abstract_text: abstract_text(&plain.abstract_text.unwrap_or_default()),
        authors: authors(plain.authors.into_iter()),
        categories: keywords(&plain.categories),
        published: plain.published.as_deref().and_then(time),
        upvotes: plain.upvotes,
        code_url: plain.code_url.as_deref().and_then(repository),
        project_url: plain.project_url.as_deref().and_then(http_url),
        ..Paper::new(id, title(&plain.title.unwrap_or_default())?)
    };
    let day = plain.first_listed.as_deref().and_then(|day| day.get(..10)).and_then(|day| day.parse().ok());
    Ok(Item { paper, day, is_update: false })
}

/// Servers of other makes write null for what they do not know.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

fn identity(id: &Value) -> Result<PaperId, String> {
    PaperId::parse(&identity_text(id)?).map_err(|error| error.to_string())
}

/// The hub once wrote `owner/name` instead of an address.
fn repository(text: &str) -> Option<String> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    match text.trim().split_once('/') {
        Some((owner, name)) if plain(owner) && plain(name) => Some(format!("https://github.com/{owner}/{name}")),
        _ => http_url(text),
    }
}
