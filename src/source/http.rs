//! Polite HTTP: conditional requests, limits on time and size, Retry-After understood.

use std::fmt;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use url::Url;

use crate::archive::{StoredValidator, Validator};
use crate::config::Config;

/// The client of all sources.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    max_body: usize,
}

/// What kind of answer is asked for, and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "the kinds of sources that read XML are on their way"))]
pub(super) enum Expect {
    /// JSON.
    Json,
    /// XML of any vocabulary.
    Xml,
    /// RSS, Atom or JSON Feed.
    Feed,
}

impl Expect {
    fn accept(self) -> &'static str {
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
    fn takes(self, content_type: &str) -> bool {
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
pub(super) struct Answer {
    /// As sent, decompressed; not decoded.
    pub body: Vec<u8>,
    /// The Content-Type, charset and all.
    #[expect(dead_code, reason = "JSON needs no charset; what reads XML is on its way")]
    pub content_type: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Answer {
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
pub(super) fn shown(url: &Url) -> String {
    const PRIVATE: [&str; 3] = ["api_key", "email", "mailto"];
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

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(reqwest::Error),
    /// No usable connection or answer.
    #[error("{url}: {reason}")]
    Failed {
        /// The address asked.
        url: String,
        /// The chain of causes.
        reason: String,
    },
    /// The server answered, but not with what was asked for.
    #[error("{url} answered {status}{}", .retry_after.map(|wait| format!(" (asks to wait {} s)", wait.as_secs())).unwrap_or_default())]
    Status {
        /// The address asked.
        url: String,
        /// The answer's status.
        status: StatusCode,
        /// From Retry-After (RFC 9110 § 10.2.3), in seconds or as a date.
        retry_after: Option<Duration>,
        /// What it said, up to 64 KiB.
        body: Vec<u8>,
    },
    /// More than `fetch.max_body`.
    #[error("{url} sent more than {limit} bytes; raise fetch.max_body if that is right")]
    TooLarge {
        /// The address asked.
        url: String,
        /// The limit in force, in bytes after decompression.
        limit: usize,
    },
    /// An answer of another kind, such as a login page.
    #[error("{url} sent {found} instead of {expected}")]
    WrongType {
        /// The address asked.
        url: String,
        /// What was asked for.
        expected: String,
        /// Its Content-Type.
        found: String,
    },
}

impl HttpError {
    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// As many as a well-run service needs; more is a loop.
const MAX_REDIRECTS: usize = 5;

/// The longest wait a server may ask for: a mistaken one must not silence a source for ever.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl Http {
    /// A client that names this service and its operator.
    ///
    /// # Errors
    /// When the TLS set-up of the machine is unusable.
    pub fn new(config: &Config) -> Result<Self, HttpError> {
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let contact = config.fetch.contact.as_deref().map(|contact| format!("; {contact}")).unwrap_or_default();
        let client = Client::builder()
            .user_agent(format!("Paperlark/{} (+{}{contact})", env!("CARGO_PKG_VERSION"), config.site.base_url))
            .connect_timeout(config.fetch.connect_timeout)
            .timeout(config.fetch.timeout)
            .redirect(redirect::Policy::limited(MAX_REDIRECTS))
            .build()
            .map_err(HttpError::Setup)?;
        Ok(Self { client, max_body: config.fetch.max_body })
    }

    /// GETs `url`; `None` when the server says that what was stored still holds.
    pub(super) async fn get(&self, url: &Url, expect: Expect, stored: Option<&StoredValidator>) -> Result<Option<Answer>, HttpError> {
        let mut request = self.client.get(url.clone()).header(ACCEPT, expect.accept());
        if let Some(etag) = stored.and_then(|stored| stored.etag.as_deref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = stored.and_then(|stored| stored.last_modified.as_deref()) {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        let response = request.send().await.map_err(|error| failed(url, &error))?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && stored.is_some() {
            return Ok(None);
        }
        let retry_after = retry_after(response.headers());
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, last_modified, content_type) = (header(ETAG), header(LAST_MODIFIED), header(CONTENT_TYPE));
        if !status.is_success() {
            let body = beginning(response).await;
            return Err(HttpError::Status { url: shown(url), status, retry_after, body });
        }
        if let Some(found) = content_type.as_ref().filter(|kind| !expect.takes(kind)) {
            return Err(HttpError::WrongType { url: shown(url), expected: expect.to_string(), found: found.clone() });
        }
        let body = self.body(url, response).await?;
        Ok(Some(Answer { body, content_type, etag, last_modified }))
    }

    /// The whole body, decompressed, as long as it keeps to the limit.
    async fn body(&self, url: &Url, response: Response) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failed(url, &error))?;
            if body.len() + chunk.len() > self.max_body {
                return Err(HttpError::TooLarge { url: shown(url), limit: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// How much of a refusal is read: its reason stands at the beginning.
const MAX_REFUSAL: usize = 64 * 1024;

async fn beginning(response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await
        && body.len() < MAX_REFUSAL
    {
        body.extend_from_slice(&chunk[..chunk.len().min(MAX_REFUSAL - body.len())]);
    }
    body
}

/// The whole chain of causes: reqwest's own message is only its head.
fn failed(url: &Url, error: &reqwest::Error) -> HttpError {
    let mut reason = match error.is_timeout() {
        true => "no answer in time".to_owned(),
        false => "the request failed".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    HttpError::Failed { url: shown(url), reason }
}

/// Retry-After in seconds; a date is taken relative to the answer's own Date header, so that no
/// clock of ours is needed.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
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
}
