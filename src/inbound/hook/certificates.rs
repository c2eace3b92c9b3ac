//! The certificates of SNS, fetched once.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lru::LruCache;
use url::Url;

use super::Refusal;
use crate::App;
use crate::feedback::provider::sns::Certificate;

/// Certificates remembered: each region has one at a time, and renews it once a year.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(16).expect("it is not zero");

/// Certificates asked for in a minute at most: a stranger may name any file of AWS.
const ASKED_A_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");

pub(super) struct Certificates {
    known: Mutex<LruCache<Url, Certificate>>,
    /// Whoever holds it asks for one; the others find it among those known.
    asking: tokio::sync::Mutex<()>,
    pace: DefaultDirectRateLimiter,
}

impl Default for Certificates {
    fn default() -> Self {
        let pace = RateLimiter::direct(Quota::per_minute(ASKED_A_MINUTE));
        Self { known: Mutex::new(LruCache::new(REMEMBERED)), asking: tokio::sync::Mutex::default(), pace }
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Certificates {
    /// The certificate at `url`, which the caller has checked.
    pub(super) async fn get(&self, app: &App, now: DateTime<Utc>, url: Url) -> Result<Certificate, Refusal> {
        if let Some(known) = self.known(&url) {
            return Ok(known);
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.known(&url) {
            return Ok(known);
        }
        if self.pace.check().is_err() {
            return Err(Refusal::Later);
        }
        let pem = app.http.get_small(&url).await.map_err(|error| {
            tracing::warn!(%error, "a certificate of SNS could not be fetched");
            Refusal::Later
        })?;
        let certificate = Certificate::from_pem(&pem).filter(|certificate| certificate.is_valid(now)).ok_or(Refusal::Stranger)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(url, certificate.clone());
        Ok(certificate)
    }

    fn known(&self, url: &Url) -> Option<Certificate> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }
}
