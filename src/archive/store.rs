//! Stores what a fetch brought: planned from a snapshot, written under one lock.
//!
//! The lock makes batch numbers become visible in order: whoever has seen batch *n* has seen every
//! batch before it, so a reader's window never has a hole that fills up later. All that takes time — who is
//! who, what becomes of each paper, the JSON — is done before it is taken; the plan holds if nobody stored
//! anything meanwhile, which the archive's version tells, and is made again under the lock if somebody did.

mod known;
mod plan;
mod resolve;
mod write;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use crate::paper::{Authority, Likeness, Paper};
use plan::Plan;

/// What one fetch of a source brought.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The source's name in the configuration.
    pub source: String,
    /// What kind of source it is.
    pub authority: Authority,
    /// Earliest first.
    pub days: Vec<Day>,
    /// Papers mentioned, but not listed: they add to what is known and never arrive.
    pub updates: Vec<Paper>,
    /// What the next conditional requests need; kept when all the rest is stored.
    pub validators: Vec<Validator>,
}

/// What a source listed on one day.
#[derive(Debug, Clone)]
pub struct Day {
    /// The day of the listing.
    pub day: NaiveDate,
    /// In the order of the list.
    pub papers: Vec<Paper>,
    /// Long ago: its papers serve archive, search and preview, and enter no digest.
    pub history: bool,
}

/// ETag and Last-Modified of an answer (RFC 9110 § 8.8), worth keeping once the answer is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    /// The address asked.
    pub url: String,
    /// As sent by the server.
    pub etag: Option<String>,
    /// As sent by the server.
    pub last_modified: Option<String>,
    /// How many items the answer held.
    pub items: i32,
}

/// What storing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stored {
    /// The new batch, where anything was newly listed.
    pub batch: Option<i64>,
    /// Papers never seen before.
    pub new: usize,
    /// Known papers that a curated source lists for the first time.
    pub curated: usize,
    /// Known papers of which something new was learnt.
    pub updated: usize,
    /// Papers newly on this day's list.
    pub listed: usize,
    /// Papers of which nothing changed.
    pub unchanged: usize,
    /// Rows that were found to be a paper known already.
    pub merged: usize,
}

/// What storing one fetch changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By day, in their order.
    pub days: Vec<(NaiveDate, Stored)>,
    /// By the papers that were only mentioned.
    pub updates: Stored,
}

/// Any number, as long as every host uses the same one.
const STORE_LOCK: i64 = 0x7061_7065_726c_6172;

/// Papers a transaction, unless one day has more: enough to spread its cost, few enough that other sources
/// wait a moment only.
const TOGETHER: usize = 2_000;

/// Stores `incoming`; `curated` names the sources whose listing is a choice.
///
/// Storing the same again changes nothing, and several hosts may store at once. Days are stored whole.
pub async fn store(db: &PgPool, now: DateTime<Utc>, incoming: Incoming, curated: &[String]) -> sqlx::Result<Outcome> {
    let mut outcome = Outcome::default();
    for reports in Reports::of(incoming) {
        let done = store_together(db, now, &reports, curated).await?;
        outcome.days.extend(done.days);
        outcome.updates = done.updates;
    }
    Ok(outcome)
}

async fn store_together(db: &PgPool, now: DateTime<Utc>, reports: &Reports, curated: &[String]) -> sqlx::Result<Outcome> {
    let mut snapshot = db.begin_with("begin isolation level repeatable read read only").await?;
    let mut plan = Plan::make(&mut snapshot, reports, curated).await?;
    snapshot.commit().await?;
    let mut tx = db.begin().await?;
    if plan.changes_papers() {
        write::lock(&mut tx, STORE_LOCK).await?;
        if known::version(&mut tx).await? != plan.version {
            plan = Plan::make(&mut tx, reports, curated).await?;
        }
        write::write(&mut tx, now, reports, &mut plan).await?;
    }
    write::validators(&mut tx, now, &reports.source, &reports.validators).await?;
    tx.commit().await?;
    for (from, into) in &plan.unions {
        tracing::info!(from, into, "two papers were found to be one");
    }
    Ok(plan.outcome)
}

/// What one source says of one paper, whatever days it lists it on.
#[derive(Debug, Clone)]
struct Report {
    paper: Paper,
    likeness: Option<Likeness>,
    /// None for a mere mention.
    days: Vec<NaiveDate>,
}

/// What is stored in one transaction.
#[derive(Debug, Clone, Default)]
struct Reports {
    source: String,
    reports: Vec<Report>,
    /// Which reports each day lists, in its order.
    days: Vec<(NaiveDate, bool, Vec<usize>)>,
    /// Which are mere mentions.
    updates: Vec<usize>,
    validators: Vec<Validator>,
}

impl Reports {
    /// `incoming` in pieces of whole days.
    fn of(incoming: Incoming) -> Vec<Self> {
        let Incoming { source, authority, days, updates, validators } = incoming;
        let mut pieces = vec![Self { source: source.clone(), ..Self::default() }];
        let mut places = std::collections::HashMap::new();
        for day in days {
            if pieces.last().is_some_and(|piece| piece.reports.len() + day.papers.len() > TOGETHER && !piece.days.is_empty()) {
                pieces.push(Self { source: source.clone(), ..Self::default() });
                places.clear();
            }
            if let Some(piece) = pieces.last_mut() {
                let papers = day.papers.into_iter().map(|paper| piece.add(paper, authority, Some(day.day), &mut places)).collect();
                piece.days.push((day.day, day.history, papers));
            }
        }
        if let Some(piece) = pieces.last_mut() {
            piece.updates = updates.into_iter().map(|paper| piece.add(paper, authority, None, &mut places)).collect();
            piece.validators = validators;
        }
        pieces
    }

    /// Notes a report, or adds it to the one with the same identity.
    fn add(
        &mut self,
        paper: Paper,
        authority: Authority,
        day: Option<NaiveDate>,
        places: &mut std::collections::HashMap<crate::paper::PaperId, usize>,
    ) -> usize {
        let paper = paper.reported_by(&self.source, authority);
        let at = *places.entry(paper.id.clone()).or_insert(self.reports.len());
        match self.reports.get_mut(at) {
            Some(report) => report.paper.merge(paper),
            None => self.reports.push(Report { likeness: Likeness::of(&paper), paper, days: Vec::new() }),
        }
        self.reports[at].days.extend(day);
        at
    }
}
