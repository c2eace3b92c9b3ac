//! What the mails of a morning have in common, kept for the next one: papers as they were at a revision, and their cards as
//! they look under a filter. Neither ever changes, so nothing here can be out of date.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use sqlx::PgPool;

use crate::archive::{self, RevisionKey};
use crate::mail::PrintedCard;
use crate::mail::render::RenderError;
use crate::paper::Paper;

/// Papers of some days, at a few kilobytes each.
const PAPERS_KEPT: NonZeroUsize = NonZeroUsize::new(4_000).expect("it is not zero");

/// Cards kept, at some ten kilobytes each: all that one morning's common filters show.
const CARDS_KEPT: NonZeroUsize = NonZeroUsize::new(6_000).expect("it is not zero");

/// Papers by revision.
pub type Papers = HashMap<RevisionKey, Arc<Paper>>;

/// What decides how a card looks, beside the templates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CardKey {
    pub paper: RevisionKey,
    /// Votes are no part of a revision.
    pub upvotes: Option<u32>,
    /// The filter whose words are marked.
    pub query: Option<Arc<str>>,
    /// The other filters it names.
    pub also: Vec<String>,
}

/// Papers and cards in use, within bounds.
#[derive(Debug)]
pub struct Cards {
    papers: Mutex<LruCache<RevisionKey, Arc<Paper>>>,
    printed: Mutex<LruCache<CardKey, Arc<PrintedCard>>>,
}

impl Default for Cards {
    fn default() -> Self {
        Self { papers: Mutex::new(LruCache::new(PAPERS_KEPT)), printed: Mutex::new(LruCache::new(CARDS_KEPT)) }
    }
}

impl Cards {
    /// The papers of `keys`; those that are not kept come from the archive.
    pub async fn papers(&self, db: &PgPool, keys: impl IntoIterator<Item = RevisionKey>) -> sqlx::Result<Papers> {
        let mut papers: Papers = HashMap::new();
        let mut missing = Vec::new();
        {
            let mut kept = lock(&self.papers);
            for key in keys {
                match kept.get(&key) {
                    Some(paper) => drop(papers.insert(key, Arc::clone(paper))),
                    None => missing.push(key),
                }
            }
        }
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(papers);
        }
        let loaded = archive::revisions(db, &missing).await?;
        let mut kept = lock(&self.papers);
        for (key, paper) in loaded {
            let paper = Arc::new(paper);
            kept.put(key, Arc::clone(&paper));
            papers.insert(key, paper);
        }
        Ok(papers)
    }

    /// The card of `key`, printed now where it is not kept.
    pub(super) fn printed(
        &self,
        key: CardKey,
        print: impl FnOnce() -> Result<PrintedCard, RenderError>,
    ) -> Result<Arc<PrintedCard>, RenderError> {
        let kept = lock(&self.printed).get(&key).cloned();
        if let Some(card) = kept {
            return Ok(card);
        }
        let card = Arc::new(print()?);
        lock(&self.printed).put(key, Arc::clone(&card));
        Ok(card)
    }
}

/// A panic elsewhere leaves a cache whole: what is in it never changes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
