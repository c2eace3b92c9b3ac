//! Mailgun's tokens and the payloads they came with. Its signature would fit any payload, so each token holds for the first
//! it came with, which may come again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest as _, Sha256};

/// Tokens remembered: some hours of a busy service, in a few megabytes.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(20_000).expect("it is not zero");

#[derive(Debug)]
pub(super) struct Tokens(Mutex<LruCache<[u8; 32], [u8; 32]>>);

impl Default for Tokens {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl Tokens {
    /// Whether `token` may stand for `body`; from now on for no other.
    pub(super) fn admits(&self, token: &str, body: &[u8]) -> bool {
        let (token, body) = (Sha256::digest(token).into(), Sha256::digest(body).into());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known.get_or_insert(token, || body) == body
    }
}
