//! The papers that readers with the same window share, indexed once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lru::LruCache;
use sqlx::PgPool;

use crate::archive::{self, Arrived, Version};
use crate::matching::{Catalogue, DayIndex};

/// Papers and the index over them; an ordinal of the index is a place in `papers`.
pub struct Window {
    /// In the order of the archive.
    pub papers: Vec<Arrived>,
    /// Over all of `papers`.
    pub index: DayIndex,
}

impl Window {
    /// Indexes `papers`.
    pub fn new(papers: Vec<Arrived>) -> Self {
        let index = DayIndex::build(papers.iter().map(|arrived| &arrived.paper));
        Self { papers, index }
    }
}

/// What decides a window's content: equal keys, equal papers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Batches `(after, through]`, as the archive knows them.
    Batches { after: i64, through: i64, version: Version },
    /// What arrived in the days before a digest, for filters on changing facts.
    Recent { since: DateTime<Utc>, through: i64, version: Version },
}

/// The windows in use. Readers due together have few different ones, so a handful serves all; the
/// bound keeps memory flat after an outage, when there may be many.
pub struct Windows {
    kept: Mutex<LruCache<Key, Arc<Window>>>,
    catalogue: Mutex<Arc<Catalogue>>,
}

/// Enough for the hour's readers, those who had a day off, and one that looks back.
const KEPT: std::num::NonZeroUsize = std::num::NonZeroUsize::new(8).expect("eight is not zero");

impl Default for Windows {
    fn default() -> Self {
        Self { kept: Mutex::new(LruCache::new(KEPT)), catalogue: Mutex::default() }
    }
}

impl Windows {
    /// The catalogue of the readers' filters. A full one makes room for an empty one, so that it does not grow with the readers.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        let mut catalogue = self.catalogue.lock().unwrap_or_else(PoisonError::into_inner);
        if catalogue.is_full() {
            *catalogue = Arc::default();
        }
        Arc::clone(&catalogue)
    }

    /// The papers of batches `(after, through]`.
    pub async fn batches(&self, db: &PgPool, after: i64, through: i64, curated: &[String]) -> sqlx::Result<Arc<Window>> {
        let key = Key::Batches { after, through, version: archive::version(db).await? };
        self.get(key, archive::window(db, after, through, curated)).await
    }

    /// The papers of the last `lookback`, up to batch `through`. The start is rounded down to the
    /// hour, so that readers due together share it.
    pub async fn recent(&self, db: &PgPool, now: DateTime<Utc>, lookback: Duration, through: i64) -> sqlx::Result<Arc<Window>> {
        const HOUR: i64 = 3_600;
        let since = now - lookback;
        let since = DateTime::from_timestamp(since.timestamp().div_euclid(HOUR) * HOUR, 0).unwrap_or(since);
        let key = Key::Recent { since, through, version: archive::version(db).await? };
        self.get(key, archive::recent(db, since, through)).await
    }

    /// The kept window, or one of the papers that `load` then brings.
    async fn get(&self, key: Key, load: impl Future<Output = sqlx::Result<Vec<Arrived>>>) -> sqlx::Result<Arc<Window>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(window) = kept {
            return Ok(window);
        }
        let window = Arc::new(Window::new(load.await?));
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).put(key, window.clone());
        Ok(window)
    }
}
