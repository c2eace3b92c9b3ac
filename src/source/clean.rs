//! From what an item says to a clean [`Paper`]: one set of rules for all kinds of sources.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

use crate::paper::{Paper, PaperId};
use crate::text;

/// Bounds on one item: far above any real paper, low enough that a hostile one costs little.
const MAX_TITLE_CHARS: usize = 1_000;
const MAX_ABSTRACT_CHARS: usize = 20_000;
const MAX_AUTHORS: usize = 5_000;
const MAX_NAME_CHARS: usize = 200;
const MAX_KEYWORDS: usize = 50;
const MAX_ALIASES: usize = 10;
/// Markup is longer than what it says: a feed's item may be a whole page.
const MAX_MARKUP_CHARS: usize = 200_000;
/// Browsers and mail programs agree on addresses up to about here.
const MAX_URL_BYTES: usize = 2_000;

/// What an item says, still as it came but without markup.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The identity, then others that the item states of itself; of those, unreadable ones are left out.
    pub ids: Vec<String>,
    pub title: String,
    pub abstract_text: String,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    pub published: Option<DateTime<Utc>>,
    pub version: Option<u32>,
}

impl Draft {
    /// The paper, or what keeps it from being one.
    pub(super) fn paper(self) -> Result<Paper, String> {
        let mut ids = self.ids.iter().map(|id| id.trim()).filter(|id| !id.is_empty());
        let id = PaperId::parse(ids.next().ok_or("it has no id")?).map_err(|error| error.to_string())?;
        let mut aliases: Vec<PaperId> = Vec::new();
        for alias in ids.filter_map(|alias| PaperId::parse(alias).ok()) {
            if alias != id && !aliases.contains(&alias) && aliases.len() < MAX_ALIASES {
                aliases.push(alias);
            }
        }
        Ok(Paper {
            aliases,
            abstract_text: abstract_text(&self.abstract_text),
            authors: authors(self.authors.into_iter()),
            categories: keywords(&self.categories),
            published: self.published,
            version: self.version,
            ..Paper::new(id, title(&self.title)?)
        })
    }
}

/// Ids are text: a number has lost its leading and trailing zeros already.
pub(super) fn identity_text(id: &Value) -> Result<String, String> {
    match id {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Err(format!("the id is the number {number}; ids are text, because 2504.10000 is not 2504.1")),
        _ => Err("the id is no text".into()),
    }
}

pub(super) fn title(raw: &str) -> Result<String, String> {
    let title = prose(raw);
    match title.is_empty() {
        true => Err("it has no title".into()),
        false => Ok(text::cut(&title, MAX_TITLE_CHARS).into_owned()),
    }
}

pub(super) fn abstract_text(raw: &str) -> String {
    prose(raw)
}

/// What is looked at of a text; cleaning costs time for every character.
pub(super) fn bounded(text: &str) -> &str {
    beginning(text, MAX_ABSTRACT_CHARS)
}

/// The first `chars` characters.
fn beginning(text: &str, chars: usize) -> &str {
    // No text has more characters than bytes.
    let end = if text.len() > chars { text.char_indices().nth(chars).map(|(end, _)| end) } else { None };
    &text[..end.unwrap_or(text.len())]
}

/// HTML, JATS or MathML as text, with its TeX still in it.
pub(super) fn without_markup(raw: &str) -> String {
    text::markup_to_text(beginning(raw, MAX_MARKUP_CHARS))
}

pub(super) fn keywords(words: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words.iter().map(|word| name_text(word)).filter(|word| !word.is_empty()) {
        if kept.len() < MAX_KEYWORDS && !kept.contains(&word) {
            kept.push(word);
        }
    }
    kept
}

pub(super) fn authors(names: impl Iterator<Item = String>) -> Vec<String> {
    names.map(|name| name_text(&prose(&name))).filter(|name| !name.is_empty()).take(MAX_AUTHORS).collect()
}

/// Plain Unicode on one line. Line breaks go first, because TeX may be broken across them.
pub(super) fn prose(raw: &str) -> String {
    text::one_line(&text::tex_to_unicode(&text::paragraph(bounded(raw))))
}

pub(super) fn name_text(name: &str) -> String {
    text::cut(&text::one_line(bounded(name)), MAX_NAME_CHARS).into_owned()
}

/// Times without a zone, which are taken for UTC, and dates, as people's own programs write them.
const LOOSE_TIMES: [&str; 4] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%d %B %Y %H:%M:%S"];
const LOOSE_DATES: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y"];

/// RFC 3339, RFC 2822, one of their looser relatives, or a date alone.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let time = || LOOSE_TIMES.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|time| time.and_utc());
    let day = || LOOSE_DATES.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok()).map(midnight);
    let stamp = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    stamp.ok().map(|time| time.to_utc()).or_else(time).or_else(day)
}

/// The day a time stamp names where it was written: midnight in New York is no day earlier.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let stamp = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    stamp.ok().map(|time| time.date_naive()).or_else(|| text.parse().ok())
}

pub(super) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// The first day of a date of which month or day may be missing.
pub(super) fn partial_date(year: i32, month: Option<u32>, day: Option<u32>) -> Option<NaiveDate> {
    let month = month.filter(|month| (1..=12).contains(month));
    let whole = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), month.and(day).unwrap_or(1));
    whole.or_else(|| NaiveDate::from_ymd_opt(year, month.unwrap_or(1), 1))
}

/// `Lovelace, A. K.` as `A. K. Lovelace`; a name without a comma as it is.
pub(super) fn given_name_first(name: &str) -> String {
    match name.split_once(',') {
        Some((family, given)) if !given.trim().is_empty() => {
            let (given, suffix) = given.split_once(',').unwrap_or((given, ""));
            [given, family, suffix].map(str::trim).join(" ").trim().to_owned()
        }
        _ => name.trim_end_matches(',').to_owned(),
    }
}

/// An http(s) address, or nothing: no other kind is ever linked.
pub(super) fn http_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= MAX_URL_BYTES;
    fits.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_dates_begin_where_they_can() {
        let check = |year, month, day, expect: &str| {
            assert_eq!(partial_date(year, month, day).map(|day| day.to_string()).as_deref(), Some(expect));
        };
        check(2026, Some(2), Some(30), "2026-02-01");
        check(2026, Some(13), Some(5), "2026-01-01");
        check(2026, None, Some(5), "2026-01-01");
        check(2026, Some(7), None, "2026-07-01");
        assert_eq!(partial_date(i32::MAX, None, None), None);
    }

    #[test]
    fn names_are_turned_round() {
        let check = |name: &str, expect: &str| assert_eq!(given_name_first(name), expect);
        check("Lovelace, A. K.", "A. K. Lovelace");
        check("Lark Consortium", "Lark Consortium");
        check("Smith, J., Jr.", "J. Smith Jr.");
        check("Madonna,", "Madonna");
    }

    #[test]
    fn days_and_times_are_read_in_the_spellings_of_feeds() {
        assert_eq!(day("Tue, 30 Jun 2026 00:00:00 -0400"), NaiveDate::from_ymd_opt(2026, 6, 30));
        assert_eq!(day("2026-06-30T00:00:00-04:00"), NaiveDate::from_ymd_opt(2026, 6, 30));
        assert_eq!(time("Mon, 18 Sep 2023 07:56:40 GMT").map(|time| time.to_rfc3339()).as_deref(), Some("2023-09-18T07:56:40+00:00"));
        assert_eq!((day("soon"), time("")), (None, None));
        let check = |text: &str, expect: &str| assert_eq!(time(text).map(|time| time.to_rfc3339()).as_deref(), Some(expect), "{text}");
        check("2026-06-30 07:56:40", "2026-06-30T07:56:40+00:00");
        check("2026-06-30T07:56:40.123", "2026-06-30T07:56:40.123+00:00");
        check("2026-06-30", "2026-06-30T00:00:00+00:00");
        check("30 June 2026", "2026-06-30T00:00:00+00:00");
        check("June 30, 2026", "2026-06-30T00:00:00+00:00");
        assert_eq!([time("30/06/2026"), time("2026-06"), time("99999-01-01")], [None, None, None]);
    }
}
