//! The papers of some days with their index, made once for everyone who asks meanwhile.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Days, NaiveDate};
use lru::LruCache;
use sqlx::PgPool;
use tokio::sync::{OnceCell, Semaphore};

use super::lexicon::Lexicon;
use crate::archive::{self, OnDay, Version};
use crate::matching::DayIndex;

/// The most papers one corpus holds, the newest ones: a month of all of arXiv's computer science. It bounds memory.
pub const MAX_PAPERS: usize = 20_000;

/// Corpora kept: the last thirty days that nearly everyone asks for, and a few that somebody leafs through.
const KEPT: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

/// The days `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last one.
    pub to: NaiveDate,
}

impl Span {
    /// The `days` days that end with `newest`.
    pub fn up_to(newest: NaiveDate, days: u64) -> Self {
        let to = newest.checked_add_days(Days::new(1)).unwrap_or(newest);
        Self { from: to.checked_sub_days(Days::new(days)).unwrap_or(newest), to }
    }

    fn days(self) -> impl DoubleEndedIterator<Item = NaiveDate> {
        let count = (self.to - self.from).num_days().max(0);
        (0..count).filter_map(move |n| self.from.checked_add_days(Days::new(n.unsigned_abs())))
    }
}

/// The papers of a span, ready for any number of filters.
pub struct Corpus {
    span: Span,
    papers: Vec<OnDay>,
    index: DayIndex,
    days: Vec<(NaiveDate, Range<u32>)>,
    lexicon: Lexicon,
    sources: BTreeSet<String>,
    has_categories: bool,
}

impl Corpus {
    /// Indexes `papers`, which are in the order of [`archive::listed_between`] and belong to `span`.
    pub fn new(span: Span, papers: Vec<OnDay>) -> Self {
        let index = DayIndex::build(papers.iter().map(|listed| &listed.paper));
        let ordinal = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let days = span.days().rev().map(|day| {
            let from = papers.partition_point(|listed| listed.day > day);
            let to = papers.partition_point(|listed| listed.day >= day);
            (day, ordinal(from)..ordinal(to))
        });
        Self {
            days: days.collect(),
            lexicon: Lexicon::new(index.vocabulary()),
            sources: papers.iter().flat_map(|listed| listed.paper.sources.iter().cloned()).collect(),
            has_categories: papers.iter().any(|listed| !listed.paper.categories.is_empty()),
            span,
            papers,
            index,
        }
    }

    /// The days it covers.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The newest day first.
    pub fn papers(&self) -> &[OnDay] {
        &self.papers
    }

    /// Whether papers of the oldest days were left out, because there are too many.
    pub fn is_cut(&self) -> bool {
        self.papers.len() >= MAX_PAPERS
    }

    /// The paper of an ordinal of the index.
    pub(super) fn paper(&self, ordinal: u32) -> &OnDay {
        &self.papers[ordinal as usize]
    }

    pub(super) fn index(&self) -> &DayIndex {
        &self.index
    }

    /// Every day, the newest first, with the ordinals of its papers.
    pub(super) fn days(&self) -> &[(NaiveDate, Range<u32>)] {
        &self.days
    }

    pub(super) fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    pub(super) fn sources(&self) -> &BTreeSet<String> {
        &self.sources
    }

    pub(super) fn has_categories(&self) -> bool {
        self.has_categories
    }
}

/// A corpus that is there, or that somebody is making.
type Slot = Arc<OnceCell<Arc<Corpus>>>;

/// The corpora in use. One is made again when the archive has changed, by the first who asks; the others wait for it.
pub struct Corpora {
    kept: Mutex<LruCache<Span, (Version, Slot)>>,
    /// One is made at a time: whoever leafs through the archive must not keep all processors busy.
    making: Semaphore,
}

impl Default for Corpora {
    fn default() -> Self {
        Self { kept: Mutex::new(LruCache::new(KEPT)), making: Semaphore::new(1) }
    }
}

impl Corpora {
    /// The papers of `span` as the archive has them now.
    pub async fn get(&self, db: &PgPool, span: Span) -> sqlx::Result<Arc<Corpus>> {
        let version = archive::version(db).await?;
        let slot = self.slot(span, version);
        let made = slot.get_or_try_init(async || {
            let _turn = self.making.acquire().await;
            let papers = archive::listed_between(db, span.from, span.to, MAX_PAPERS).await?;
            // Indexing thousands of papers would hold up every other visitor of this thread.
            let corpus = tokio::task::spawn_blocking(move || Corpus::new(span, papers)).await;
            Ok(Arc::new(corpus.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))))
        });
        made.await.cloned()
    }

    fn slot(&self, span: Span, version: Version) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(&span) {
            Some((known, slot)) if *known == version => slot.clone(),
            _ => {
                let slot = Slot::default();
                kept.put(span, (version, slot.clone()));
                slot
            }
        }
    }
}
