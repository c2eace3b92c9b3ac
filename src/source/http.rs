//! Polite and careful HTTP: a budget for each service, conditional requests, limits on time and size, and no
//! way to an address that the operator did not mean.

mod answer;
mod budget;
mod post;
mod rules;
mod small;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION};
use reqwest::{Client, Proxy, Response, StatusCode, redirect};
use sqlx::PgPool;
use url::Url;

pub(super) use answer::{Answer, Expect, shown};

use crate::archive::StoredValidator;
use crate::config::Config;
use answer::{exhausted_for, retry_after};
use budget::{Budget, Denied};
use rules::{Resolver, Rules};

/// The client of all sources.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    /// For the operator's own hooks, wherever they are.
    hooks: Client,
    rules: Arc<Rules>,
    budget: Budget,
    first_byte_timeout: Duration,
    max_body: usize,
}

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(reqwest::Error),
    /// An address that is not asked, whoever names it.
    #[error("{url} is not asked: {reason}")]
    Refused {
        /// The address.
        url: String,
        /// Which rule forbids it, and what to do if it is right.
        reason: String,
    },
    /// The service asked for a pause or refused, on this host or another.
    #[error("{service} is left alone for {} s more, because {reason}", .wait.as_secs() + 1)]
    Resting {
        /// The service, as `[fetch.service]` names it.
        service: String,
        /// How long still.
        wait: Duration,
        /// What it said.
        reason: String,
    },
    /// The pace of requests is kept in the database, which is away.
    #[error("the request budget cannot be read: {0}")]
    Budget(sqlx::Error),
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
            Self::Resting { wait, .. } => Some(*wait),
            _ => None,
        }
    }
}

/// As many as a well-run service needs; more is a loop.
const MAX_REDIRECTS: usize = 5;

/// How much of a refusal is read: its reason stands at the beginning.
const MAX_REFUSAL: usize = 64 * 1024;

impl Http {
    /// A client that names this service and its operator.
    ///
    /// # Errors
    /// When the TLS set-up of the machine is unusable.
    pub fn new(config: &Config, db: PgPool) -> Result<Self, HttpError> {
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let contact = config.fetch.contact.as_deref().map(|contact| format!("; {contact}")).unwrap_or_default();
        let rules = Arc::new(Rules::new(config));
        let client = Client::builder()
            .user_agent(format!("Paperlark/{} (+{}{contact})", env!("CARGO_PKG_VERSION"), config.site.base_url))
            .connect_timeout(config.fetch.connect_timeout)
            .timeout(config.fetch.timeout)
            // Only the proxy that the operator names: another would look names up by itself, past all rules.
            .no_proxy()
            .proxy(Proxy::custom({
                let rules = rules.clone();
                move |url| rules.proxy_for(url)
            }))
            // Redirects are followed below, by the rules.
            .dns_resolver(Arc::new(Resolver(rules.clone())))
            .redirect(redirect::Policy::none())
            .build()
            .map_err(HttpError::Setup)?;
        let budget = Budget::new(db, &config.fetch.service);
        Ok(Self {
            client,
            hooks: post::client(config)?,
            rules,
            budget,
            first_byte_timeout: config.fetch.first_byte_timeout,
            max_body: config.fetch.max_body,
        })
    }

    /// GETs `url`, when it is its turn; `None` when the server says that what was stored still holds.
    pub(super) async fn get(&self, url: &Url, expect: Expect, stored: Option<&StoredValidator>) -> Result<Option<Answer>, HttpError> {
        let mut at = url.clone();
        self.rules.check(&at).map_err(|reason| HttpError::Refused { url: shown(&at), reason })?;
        for _ in 0..=MAX_REDIRECTS {
            let turn = self.budget.turn(&at).await.map_err(denied)?;
            let response = self.send(&at, expect, stored).await?;
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            match location.filter(|_| response.status().is_redirection()) {
                Some(location) => {
                    at = self.rules.follow(&at, location).map_err(|reason| HttpError::Refused { url: shown(url), reason })?;
                }
                None => {
                    let answer = self.take(url, &at, response, expect, stored.is_some()).await;
                    // One request at a time at each service, its body included.
                    drop(turn);
                    return answer;
                }
            }
        }
        Err(HttpError::Refused { url: shown(url), reason: format!("it redirects more than {MAX_REDIRECTS} times") })
    }

    async fn send(&self, url: &Url, expect: Expect, stored: Option<&StoredValidator>) -> Result<Response, HttpError> {
        let mut request = self.client.get(url.clone()).header(ACCEPT, expect.accept());
        if let Some(etag) = stored.and_then(|stored| stored.etag.as_deref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = stored.and_then(|stored| stored.last_modified.as_deref()) {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        match tokio::time::timeout(self.first_byte_timeout, request.send()).await {
            Ok(response) => response.map_err(|error| self.failed(url, &error)),
            Err(_) => {
                let reason = format!("no answer in time: nothing came within {} s", self.first_byte_timeout.as_secs_f32());
                Err(HttpError::Failed { url: shown(url), reason })
            }
        }
    }

    /// What the answer that came from `at` says of `url`.
    async fn take(&self, url: &Url, at: &Url, response: Response, expect: Expect, conditional: bool) -> Result<Option<Answer>, HttpError> {
        let status = response.status();
        let asked = retry_after(response.headers()).max(exhausted_for(response.headers()));
        let refused = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let why = refused.then(|| format!("it answered {status}"));
        let rest = self.budget.rest(at, asked, why).await.map_err(HttpError::Budget)?;
        if status == StatusCode::NOT_MODIFIED && conditional {
            return Ok(None);
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, last_modified, content_type) = (header(ETAG), header(LAST_MODIFIED), header(CONTENT_TYPE));
        if !status.is_success() {
            let body = beginning(response).await;
            return Err(HttpError::Status { url: shown(url), status, retry_after: asked.max(rest), body });
        }
        if let Some(found) = content_type.as_ref().filter(|kind| !expect.takes(kind)) {
            return Err(HttpError::WrongType { url: shown(url), expected: expect.to_string(), found: found.clone() });
        }
        let body = self.body(url, response).await?;
        Ok(Some(Answer { body, content_type, etag, last_modified }))
    }

    /// The whole body, decompressed, as long as it keeps to the limit. Its parts are joined only at the end: a buffer that grows
    /// would be there twice each time it is moved.
    async fn body(&self, url: &Url, response: Response) -> Result<Vec<u8>, HttpError> {
        let (mut parts, mut size) = (Vec::new(), 0);
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.failed(url, &error))?;
            size += chunk.len();
            if size > self.max_body {
                return Err(HttpError::TooLarge { url: shown(url), limit: self.max_body });
            }
            parts.push(chunk);
        }
        Ok(parts.concat())
    }

    /// The whole chain of causes: reqwest's own message is only its head.
    fn failed(&self, url: &Url, error: &reqwest::Error) -> HttpError {
        let mut reason = match error.is_timeout() {
            true => "no answer in time".to_owned(),
            false => "the request failed".to_owned(),
        };
        if self.rules.proxy_for(url).is_some() {
            reason.push_str(" by way of fetch.proxy");
        }
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        HttpError::Failed { url: shown(url), reason }
    }
}

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

fn denied(denied: Denied) -> HttpError {
    match denied {
        Denied::Resting { service, wait, reason } => HttpError::Resting { service, wait, reason },
        Denied::Database(error) => HttpError::Budget(error),
    }
}
