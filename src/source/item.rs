//! One item of a list: the hub's own shape, or the plain one of a JSON Lines file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::paper::{Paper, PaperId};
use crate::text;

/// A paper, and the day the item itself gives for its listing.
#[derive(Debug)]
pub(super) struct Item {
    pub paper: Paper,
    pub day: Option<NaiveDate>,
}

/// Bounds on one item: far above any real paper, low enough that a hostile one costs little.
const MAX_TITLE_CHARS: usize = 1_000;
const MAX_ABSTRACT_CHARS: usize = 20_000;
const MAX_AUTHORS: usize = 5_000;
const MAX_NAME_CHARS: usize = 200;
const MAX_KEYWORDS: usize = 50;
/// Browsers and mail programs agree on addresses up to about here.
const MAX_URL_BYTES: usize = 2_000;

/// The items of a bare JSON array, each still to be read: one that is no Unicode must not cost the others.
pub(super) fn list(body: &[u8]) -> Result<Vec<&RawValue>, String> {
    serde_json::from_slice(body).map_err(|error| match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(object)) => match object.get("error").and_then(Value::as_str) {
            Some(said) => format!("the server says: {}", text::one_line(&bounded(said))),
            None => "an object where a list of papers was expected".into(),
        },
        Ok(_) => "no list of papers".into(),
        Err(_) => error.to_string(),
    })
}

/// Reads one item in either shape.
pub(super) fn read(json: &[u8]) -> Result<Item, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| format!("no JSON: {error}"))?;
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
    #[serde(default)]
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
    #[serde(rename = "ai_keywords", default)]
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
    let title = title(hub.title.or(item.title))?;
    let day = hub.submitted_on_daily_at.as_deref().and_then(time).map(|time| time.date_naive());
    let paper = Paper {
        abstract_text: abstract_text(hub.summary.or(item.summary)),
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
        ai_summary: hub.ai_summary.map(|summary| text::paragraph(&bounded(&summary))).filter(|summary| !summary.is_empty()),
        ai_keywords: keywords(&hub.ai_keywords),
        ..Paper::new(id, title)
    };
    Ok(Item { paper, day })
}

#[derive(Deserialize)]
struct PlainPaper {
    id: Value,
    title: Option<String>,
    #[serde(rename = "abstract", alias = "summary")]
    abstract_text: Option<String>,
    #[serde(default)]
    authors: Vec<String>,
    #[serde(default)]
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
    let paper = Paper {
        abstract_text: abstract_text(plain.abstract_text),
        authors: authors(plain.authors.into_iter()),
        categories: keywords(&plain.categories),
        published: plain.published.as_deref().and_then(time),
        upvotes: plain.upvotes,
        code_url: plain.code_url.as_deref().and_then(repository),
        project_url: plain.project_url.as_deref().and_then(http_url),
        ..Paper::new(identity(&plain.id)?, title(plain.title)?)
    };
    let day = plain.first_listed.as_deref().and_then(|day| day.get(..10)).and_then(|day| day.parse().ok());
    Ok(Item { paper, day })
}

/// Ids are text: a number has lost its trailing zeros already.
fn identity(id: &Value) -> Result<PaperId, String> {
    match id {
        Value::String(text) => PaperId::parse(text).map_err(|error| error.to_string()),
        Value::Number(number) => Err(format!("the id is the number {number}; ids are text, because 2504.10000 is not 2504.1")),
        _ => Err("the id is no text".into()),
    }
}

fn title(title: Option<String>) -> Result<String, String> {
    let title = prose(&title.unwrap_or_default());
    match title.is_empty() {
        true => Err("it has no title".into()),
        false => Ok(text::cut(&title, MAX_TITLE_CHARS).into_owned()),
    }
}

fn abstract_text(summary: Option<String>) -> String {
    prose(&summary.unwrap_or_default())
}

/// What is looked at of a text; cleaning costs time for every character.
fn bounded(text: &str) -> String {
    text.chars().take(MAX_ABSTRACT_CHARS).collect()
}

fn keywords(words: &[String]) -> Vec<String> {
    words.iter().map(|word| name_text(word)).filter(|word| !word.is_empty()).take(MAX_KEYWORDS).collect()
}

fn authors(names: impl Iterator<Item = String>) -> Vec<String> {
    names.map(|name| name_text(&prose(&name))).filter(|name| !name.is_empty()).take(MAX_AUTHORS).collect()
}

/// Plain Unicode on one line. Line breaks go first, because TeX may be broken across them.
fn prose(raw: &str) -> String {
    text::one_line(&text::tex_to_unicode(&text::paragraph(&bounded(raw))))
}

fn name_text(name: &str) -> String {
    text::cut(&text::one_line(&bounded(name)), MAX_NAME_CHARS).into_owned()
}

/// RFC 3339, or a date alone.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()).or_else(day)
}

/// An http(s) address, or nothing: no other kind is ever linked.
fn http_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= MAX_URL_BYTES;
    fits.then(|| url.into())
}

/// The hub once wrote `owner/name` instead of an address.
fn repository(text: &str) -> Option<String> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    match text.trim().split_once('/') {
        Some((owner, name)) if plain(owner) && plain(name) => Some(format!("https://github.com/{owner}/{name}")),
        _ => http_url(text),
    }
}
