//! Polite HTTP: conditional requests, limits on time and size, Retry-After understood.

use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use url::Url;

use crate::archive::StoredValidator;
use crate::config::Config;

/// The client of all sources.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    max_body: usize,
}

/// A body with what the next conditional request needs.
#[derive(Debug)]
pub(super) struct Answer {
    pub body: Vec<u8>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
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
    #[error("{url} sent {found} instead of JSON")]
    WrongType {
        /// The address asked.
        url: String,
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

    /// GETs JSON; `None` when the server says that what was stored still holds.
    pub(super) async fn get_json(&self, url: &Url, stored: Option<&StoredValidator>) -> Result<Option<Answer>, HttpError> {
        let mut request = self.client.get(url.clone()).header("accept", "application/json");
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
        if !status.is_success() {
            return Err(HttpError::Status { url: url.to_string(), status, retry_after: retry_after(response.headers()) });
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, last_modified, kind) = (header(ETAG), header(LAST_MODIFIED), header(CONTENT_TYPE));
        if let Some(found) = kind.filter(|kind| !kind.contains("json") && !kind.starts_with("text/plain")) {
            return Err(HttpError::WrongType { url: url.to_string(), found });
        }
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failed(url, &error))?;
            if body.len() + chunk.len() > self.max_body {
                return Err(HttpError::TooLarge { url: url.to_string(), limit: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(Answer { body, etag, last_modified }))
    }
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
    HttpError::Failed { url: url.to_string(), reason }
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
