//! What came back: its kind, its validators, and what its headers ask for.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;

use crate::archive::Validator;
use crate::source::charset;

/// What kind of answer is asked for, and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Expect {
    /// JSON.
    Json,
    /// XML of any vocabulary.
    Xml,
    /// RSS, Atom or JSON Feed.
    Feed,
}

impl Expect {
    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml, text/xml;q=0.9, application/atom+xml;q=0.9",
            Self::Feed => {
                "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8"
            }
        }
    }

    /// Whether an answer of this Content-Type can be one. Servers label carelessly, but whoever sends
    /// HTML sends a page for people: a login, an error, a front page.
    pub(super) fn takes(self, content_type: &str) -> bool {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let json = kind.contains("json");
        let xml = kind.contains("xml") && !kind.contains("xhtml");
        match (self, kind.as_str()) {
            (_, "" | "text/plain" | "application/octet-stream") => true,
            (Self::Json, _) => json,
            (Self::Xml, _) => xml,
            (Self::Feed, _) => xml || json,
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Feed => "a feed",
        })
    }
}

/// A body with what the next conditional request needs.
#[derive(Debug)]
pub(in crate::source) struct Answer {
    /// As sent, decompressed; not decoded.
    pub body: Vec<u8>,
    /// The Content-Type, charset and all.
    pub content_type: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl Answer {
    /// The body decoded.
    pub fn text(&self) -> Cow<'_, str> {
        charset::decode(&self.body, self.content_type.as_deref())
    }

    /// What to keep of the answer from `url`, which held `items`, if the server gave anything to ask by.
    pub fn validator(self, url: &Url, items: usize) -> Option<Validator> {
        let any = self.etag.is_some() || self.last_modified.is_some();
        any.then(|| Validator {
            url: shown(url),
            etag: self.etag,
            last_modified: self.last_modified,
            items: i32::try_from(items).unwrap_or(i32::MAX),
        })
    }
}

/// The address as it may be shown and stored: without the operator's key and address.
pub(in crate::source) fn shown(url: &Url) -> String {
    const PRIVATE: [&str; 4] = ["api_key", "email", "mailto", "Token"];
    if !url.query_pairs().any(|(name, _)| PRIVATE.contains(&&*name)) {
        return url.to_string();
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !PRIVATE.contains(&&**name))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url.to_string()
}

/// The longest wait a server may ask for: a mistaken one must not silence a source for ever.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Retry-After in seconds; a date is taken relative to the answer's own Date header, so that no
/// clock of ours is needed.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            let date = chrono::DateTime::parse_from_rfc2822(headers.get("date")?.to_str().ok()?).ok()?;
            (until - date).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// How long a limit that is used up lasts: `RateLimit: "api";r=0;t=55` (draft-ietf-httpapi-ratelimit-headers), where `r` is
/// what remains and `t` the seconds until it is full again. Several policies stand side by side, by commas.
pub(super) fn exhausted_for(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("ratelimit")?.to_str().ok()?;
    let parameter = |policy: &str, name: &str| {
        let found = policy.split(';').filter_map(|part| part.trim().split_once('=')).find(|(key, _)| *key == name);
        found.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    let used_up = text.split(',').filter(|policy| parameter(policy, "r") == Some(0));
    used_up.filter_map(|policy| parameter(policy, "t")).max().map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_answer_is_told_by_its_content_type_and_pages_are_refused() {
        let check = |kind: &str, expect: [bool; 3]| {
            assert_eq!([Expect::Json, Expect::Xml, Expect::Feed].map(|asked| asked.takes(kind)), expect, "{kind}");
        };
        check("application/json; charset=utf-8", [true, false, true]);
        check("application/feed+json", [true, false, true]);
        check("Application/Atom+XML", [false, true, true]);
        check("text/xml; charset=ISO-8859-1", [false, true, true]);
        check("application/rss+xml", [false, true, true]);
        check("text/html", [false; 3]);
        check("application/xhtml+xml", [false; 3]);
        check("image/png", [false; 3]);
        check("text/plain", [true; 3]);
        check("", [true; 3]);
    }

    #[test]
    fn a_shown_address_tells_neither_key_nor_person() {
        let check = |url: &str, expect: &str| assert_eq!(shown(&url.parse().unwrap()), expect);
        check("https://a.org/x?term=a+b&api_key=s3cret&email=me%40a.org&tool=t", "https://a.org/x?term=a+b&tool=t");
        check("https://a.org/x?q=1%202", "https://a.org/x?q=1%202");
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_bounded() {
        let check = |value: &str, expect: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            headers.insert("date", "Fri, 07 Aug 2026 07:00:00 GMT".parse().unwrap());
            assert_eq!(retry_after(&headers), expect.map(Duration::from_secs), "{value}");
        };
        check("30", Some(30));
        check("Fri, 07 Aug 2026 07:02:00 GMT", Some(120));
        check("Fri, 07 Aug 2026 06:00:00 GMT", Some(0));
        check("99999999", Some(86_400));
        check("soon", None);
    }

    #[test]
    fn a_used_up_limit_is_read_off_its_header() {
        let check = |value: &str, expect: Option<u64>| {
            let headers = HeaderMap::from_iter([("ratelimit".parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(exhausted_for(&headers), expect.map(Duration::from_secs), "{value}");
        };
        check("\"api\";r=0;t=55", Some(55));
        check("\"api\";r=12;t=55", None);
        check("\"api\"; r=0; t=7, \"day\"; r=0; t=300", Some(300));
        check("\"api\";r=0", None);
        check("\"api\";r=0;t=999999999", Some(86_400));
        check("nonsense", None);
    }
}
