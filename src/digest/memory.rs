//! What the mails of a morning have in common, kept for the next one: papers as they were at a revision, and their cards as
//! they look under a filter. Neither ever changes, so nothing here can be out of date.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lru::LruCache;
use sqlx::PgPool;

use crate::archive::{self, RevisionKey};
use crate::filter::Field;
use crate::mail::render::RenderError;
use crate::mail::{Common, PrintedCard};
use crate::matching::ReadText;
use crate::paper::Paper;

/// Papers of some days, at some twenty kilobytes each.
const PAPERS_KEPT: NonZeroUsize = NonZeroUsize::new(4_000).expect("it is not zero");

/// Cards kept, at some ten kilobytes each: all that one morning's common filters show.
const CARDS_KEPT: NonZeroUsize = NonZeroUsize::new(6_000).expect("it is not zero");

/// Papers by revision.
pub type Papers = HashMap<RevisionKey, Arc<KnownPaper>>;

/// A paper, and its texts as they are read once for all filters that find it.
#[derive(Debug)]
pub struct KnownPaper {
    /// As it was at a revision.
    pub paper: Paper,
    /// Of this paper.
    pub texts: Texts,
}

/// Texts of one paper made ready to be marked, each when it is first asked for.
#[derive(Debug, Default)]
pub struct Texts {
    title: OnceLock<ReadText>,
    abstract_text: OnceLock<ReadText>,
}

impl Texts {
    pub(super) fn title(&self, paper: &Paper) -> &ReadText {
        self.title.get_or_init(|| ReadText::new(Field::Title, &paper.title))
    }

    pub(super) fn abstract_text(&self, paper: &Paper) -> &ReadText {
        self.abstract_text.get_or_init(|| ReadText::new(Field::Abstract, &paper.abstract_text))
    }
}

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

/// What decides how the common parts of a paper's cards look.
pub(super) type CommonKey = (RevisionKey, Option<u32>);

/// Papers and cards in use, within bounds.
#[derive(Debug)]
pub struct Cards {
    papers: Mutex<LruCache<RevisionKey, Arc<KnownPaper>>>,
    common: Mutex<LruCache<CommonKey, Arc<Common>>>,
    printed: Mutex<LruCache<CardKey, Arc<PrintedCard>>>,
}

impl Default for Cards {
    fn default() -> Self {
        Self {
            papers: Mutex::new(LruCache::new(PAPERS_KEPT)),
            common: Mutex::new(LruCache::new(PAPERS_KEPT)),
            printed: Mutex::new(LruCache::new(CARDS_KEPT)),
        }
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
            let paper = Arc::new(KnownPaper { paper, texts: Texts::default() });
            kept.put(key, Arc::clone(&paper));
            papers.insert(key, paper);
        }
        Ok(papers)
    }

    /// What the cards of a paper have in common, printed now where it is not kept.
    pub(super) fn common(&self, key: CommonKey, print: impl FnOnce() -> Result<Common, RenderError>) -> Result<Arc<Common>, RenderError> {
        kept(&self.common, key, print)
    }

    /// The card of `key`, printed now where it is not kept.
    pub(super) fn printed(
        &self,
        key: CardKey,
        print: impl FnOnce() -> Result<PrintedCard, RenderError>,
    ) -> Result<Arc<PrintedCard>, RenderError> {
        kept(&self.printed, key, print)
    }
}

fn kept<K: Hash + Eq, V, E>(cache: &Mutex<LruCache<K, Arc<V>>>, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
    let kept = lock(cache).get(&key).cloned();
    if let Some(value) = kept {
        return Ok(value);
    }
    let value = Arc::new(make()?);
    lock(cache).put(key, Arc::clone(&value));
    Ok(value)
}

/// A panic elsewhere leaves a cache whole: what is in it never changes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
