//! Sources are asked when their schedule says so, and what they bring is stored. Owns the table
//! source_state.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgPool;

use crate::App;
use crate::archive::{self, Incoming, Stored};
use crate::config::{Source, SourceKind};
use crate::paper::Authority;
use crate::schedule::CronSchedule;
use crate::source::{self, Ask, Fetched, Problem, SourceError, Wanted};

/// What one fetch brought.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Papers that could be read.
    pub papers: usize,
    /// What storing them changed.
    pub stored: Vec<(NaiveDate, Stored)>,
    /// Items that were skipped.
    pub problems: Vec<Problem>,
    /// The server said that nothing changed.
    pub not_modified: bool,
}

/// Why a fetch brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no such source.
    #[error("there is no source {name:?} in the configuration; there is {known}")]
    UnknownSource {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The database.
    #[error("the papers could not be stored")]
    Database(#[from] sqlx::Error),
}

impl FetchError {
    /// How long the source asked to be left alone.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Source(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// A host that took up a source has this long before another may.
const CHECK_LEASE: TimeDelta = TimeDelta::minutes(10);

const SECONDS_A_DAY: u64 = 86_400;

/// After so many failed days in a row only the newest is asked for; with `fetch.timeout` at its default
/// that takes less than [`CHECK_LEASE`].
const MAX_FAILED_DAYS: usize = 3;

/// The wait after the first failure, doubled with every further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(60);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(4 * 60 * 60);

/// Asks every source that is due at `now`; one that fails waits and harms no other.
pub async fn step(app: &App, now: DateTime<Utc>) -> sqlx::Result<usize> {
    let mut asked = 0;
    for (name, source) in app.config.source.iter().filter(|(_, source)| source.enabled) {
        if !take_up(&app.db, now, name).await? {
            continue;
        }
        asked += 1;
        match scheduled(app, now, name, source).await {
            Ok(report) => {
                let next = CronSchedule::parse(&source.schedule, source.zone).ok().and_then(|schedule| schedule.next_after(now));
                succeeded(&app.db, now, name, next).await?;
                let new: usize = report.stored.iter().map(|(_, stored)| stored.new).sum();
                tracing::info!(source = name, papers = report.papers, new, skipped = report.problems.len(), "fetched");
            }
            Err(error) => {
                let wait = failed(&app.db, now, name, &error).await?;
                tracing::warn!(source = name, error = %error, wait_seconds = wait.as_secs(), "a source failed");
            }
        }
    }
    Ok(asked)
}

/// The listings of the days that filters on changing facts look back on: votes are still given, papers
/// still added, and days missed while the service was down are made up. Oldest first, so that the
/// newest day is the newest batch. What has not changed costs the server an empty answer.
async fn scheduled(app: &App, now: DateTime<Utc>, name: &str, source: &Source) -> Result<Report, FetchError> {
    let today = now.with_timezone(&source.zone).date_naive();
    let mut report = Report { not_modified: true, ..Report::default() };
    let days: Vec<Option<NaiveDate>> = match source.kind {
        SourceKind::Arxiv | SourceKind::Feed | SourceKind::File => vec![None],
        _ => {
            let days = app.config.digest.lookback.as_secs() / SECONDS_A_DAY;
            (0..=days).rev().filter_map(|back| today.checked_sub_days(Days::new(back))).map(Some).collect()
        }
    };
    let newest = days.len().saturating_sub(1);
    let mut failed_in_a_row = 0;
    for (place, day) in days.into_iter().enumerate() {
        // A hub that is down is not asked fifteen times, but an old day that fails never keeps back today.
        if failed_in_a_row >= MAX_FAILED_DAYS && place < newest {
            continue;
        }
        match fetch(app, now, name, day).await {
            Ok(one) => {
                failed_in_a_row = 0;
                report.papers += one.papers;
                report.stored.extend(one.stored);
                report.problems.extend(one.problems);
                report.not_modified &= one.not_modified;
            }
            Err(error) if place == newest || error.retry_after().is_some() => return Err(error),
            Err(error) => {
                failed_in_a_row += 1;
                tracing::warn!(source = name, ?day, error = %error, "one day of a source failed; it is asked for again next time");
            }
        }
    }
    Ok(report)
}

/// Asks one source for one day and stores what it gave; doing so again changes nothing.
///
/// # Errors
/// When nothing usable came. What was stored before stays.
pub async fn fetch(app: &App, now: DateTime<Utc>, name: &str, day: Option<NaiveDate>) -> Result<Report, FetchError> {
    let Some(source) = app.config.source.get(name) else {
        let known = app.config.source.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(FetchError::UnknownSource { name: name.to_owned(), known });
    };
    let today = now.with_timezone(&source.zone).date_naive();
    let validators = archive::validators(&app.db, name).await?;
    let wanted = day.map_or(Wanted::Latest, Wanted::Day);
    let ask = Ask { http: &app.http, name, source, wanted, today, cursor: None, validators: &validators };
    let fetched = source::fetch(ask).await?;
    store(app, now, name, source.kind, fetched).await
}

async fn store(app: &App, now: DateTime<Utc>, name: &str, kind: SourceKind, fetched: Fetched) -> Result<Report, FetchError> {
    let Fetched { days, updates, problems, validators, not_modified, .. } = fetched;
    let papers = days.iter().map(|day| day.papers.len()).sum();
    let day = |day: source::DayPapers| archive::Day { day: day.day, papers: day.papers, history: is_history(app, now, day.day) };
    let days = days.into_iter().map(day).collect();
    let incoming = Incoming { source: name.to_owned(), authority: authority(kind), days, updates, validators };
    let stored = archive::store(&app.db, now, incoming, &app.config.digest.curated).await?.days;
    Ok(Report { papers, stored, problems, not_modified })
}

/// Who is believed in what depends on the kind of source.
fn authority(kind: SourceKind) -> Authority {
    match kind {
        SourceKind::Arxiv => Authority::Arxiv,
        SourceKind::Biorxiv => Authority::Biorxiv,
        SourceKind::Pubmed => Authority::Pubmed,
        SourceKind::Crossref => Authority::Crossref,
        SourceKind::Openalex => Authority::Openalex,
        SourceKind::File => Authority::File,
        SourceKind::Feed => Authority::Feed,
        SourceKind::Paperlark => Authority::Paperlark,
        SourceKind::Huggingface => Authority::Huggingface,
    }
}

/// Papers listed long ago serve the archive; nobody's morning waits for them.
fn is_history(app: &App, now: DateTime<Utc>, day: NaiveDate) -> bool {
    day < (now - app.config.fetch.history_after).date_naive()
}

/// Takes up a source that is due, so that no other host asks it at the same time.
async fn take_up(db: &PgPool, now: DateTime<Utc>, name: &str) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "insert into source_state (source, next_check_at) values ($1, $3)
         on conflict (source) do update set next_check_at = excluded.next_check_at
         where source_state.next_check_at is null or source_state.next_check_at <= $2",
        name,
        now,
        now + CHECK_LEASE
    )
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

async fn succeeded(db: &PgPool, now: DateTime<Utc>, name: &str, next: Option<DateTime<Utc>>) -> sqlx::Result<()> {
    sqlx::query!(
        "update source_state set next_check_at = $3, last_success_at = $2, failures = 0, last_error = null where source = $1",
        name,
        now,
        next
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn failed(db: &PgPool, now: DateTime<Utc>, name: &str, error: &FetchError) -> sqlx::Result<Duration> {
    let before = sqlx::query_scalar!("select failures from source_state where source = $1", name).fetch_one(db).await?;
    let wait = back_off(before).max(error.retry_after().unwrap_or_default());
    sqlx::query!(
        "update source_state set next_check_at = $2, failures = failures + 1, last_error = $3 where source = $1",
        name,
        now + wait,
        error.to_string()
    )
    .execute(db)
    .await?;
    Ok(wait)
}

/// 1, 2, 4, … minutes, up to four hours.
fn back_off(failures: i32) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(0).min(16);
    (FIRST_BACK_OFF * 2u32.pow(doublings)).min(LONGEST_BACK_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_source_is_asked_less_and_less_often() {
        let minutes: Vec<u64> = (0..10).map(|failures| back_off(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
    }
}
