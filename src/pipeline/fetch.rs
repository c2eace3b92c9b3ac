//! Sources are asked when their schedule says so, and what they bring is stored.

mod past;

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, Utc};
use futures::future;
use serde::Serialize;

use crate::App;
use crate::archive::{self, Incoming, Stored};
use crate::config::{Source, SourceKind};
use crate::paper::Authority;
use crate::schedule::{CronSchedule, arxiv_listing};
use crate::source::{self, Ask, Fetched, Problem, SourceError, Validators, Wanted};
use crate::standing::{self, Backfill, State};

pub use past::{Past, past};

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

impl Report {
    fn add(&mut self, one: Self) {
        self.papers += one.papers;
        self.stored.extend(one.stored);
        self.problems.extend(one.problems);
        self.not_modified &= one.not_modified;
    }
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
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Source(error) => error.retry_after(),
            _ => None,
        }
    }
}

const SECONDS_A_DAY: u64 = 86_400;

/// After so many failed days in a row only the newest is asked for: a server that is down is not asked
/// fifteen times.
const MAX_FAILED_DAYS: usize = 3;

/// How far back what is said of a day matters.
const DAYS_IN_SIGHT: u64 = 14;

/// Sources that register papers late are asked for so many past days again.
const LATE_DAYS: u64 = 2;

/// Pages of one answer; more is a server that never ends.
const MAX_PAGES: usize = 10_000;

/// Asks every source that is due at `now`, side by side; one that fails or hangs waits and harms no other.
pub async fn step(app: &App, now: DateTime<Utc>) -> sqlx::Result<usize> {
    let checks = future::join_all(app.config.source.keys().map(|name| check(app, now, name))).await;
    checks.into_iter().try_fold(0, |asked, check| Ok(asked + usize::from(check?)))
}

/// Asks one source if it is due at `now`; whether it was.
pub async fn check(app: &App, now: DateTime<Utc>, name: &str) -> sqlx::Result<bool> {
    let Some(source) = app.config.source.get(name).filter(|source| source.enabled) else { return Ok(false) };
    if !standing::take_up(&app.db, now, name).await? {
        return Ok(false);
    }
    let today = standing::today(source, now);
    match scheduled(app, now, name, source).await {
        Ok((report, cursor)) => {
            let next = CronSchedule::parse(&source.schedule, source.zone).ok().and_then(|schedule| schedule.next_after(now));
            standing::succeeded(&app.db, now, name, next, cursor).await?;
            let new: usize = report.stored.iter().map(|(_, stored)| stored.new).sum();
            tracing::info!(source = name, papers = report.papers, new, skipped = report.problems.len(), "fetched");
        }
        Err(error) => {
            standing::note_failing(&app.db, now, name, today).await?;
            let wait = standing::failed(&app.db, now, name, &error.to_string(), error.retry_after()).await?;
            tracing::warn!(source = name, error = %error, wait_seconds = wait.as_secs(), "a source failed");
        }
    }
    Ok(true)
}

/// Asks for what the schedule wants, and gives the day up to which nothing is left to ask. Oldest first, so that
/// the newest day is the newest batch; an old day that fails never keeps back today, and is asked for again.
async fn scheduled(app: &App, now: DateTime<Utc>, name: &str, source: &Source) -> Result<(Report, Option<NaiveDate>), FetchError> {
    let today = standing::today(source, now);
    let mut cursor = standing::cursor(&app.db, name).await?;
    let questions = questions(app, source, today, cursor);
    let newest = questions.len().saturating_sub(1);
    let no_mail = &app.config.fetch.arxiv_no_mail_days;
    let mut report = Report { not_modified: true, ..Report::default() };
    let (mut failed_in_a_row, mut unbroken) = (0, true);
    for (place, wanted) in questions.into_iter().enumerate() {
        if failed_in_a_row >= MAX_FAILED_DAYS && place < newest {
            continue;
        }
        let day = day_of(wanted).unwrap_or(today);
        match pages(app, now, name, wanted, None).await {
            Ok(one) => {
                failed_in_a_row = 0;
                let told: Vec<NaiveDate> = one.stored.iter().map(|(day, _)| *day).filter(|told| *told != day).collect();
                report.add(one);
                for earlier in told.into_iter().filter(|told| in_sight(*told, today)) {
                    standing::note_day(&app.db, now, name, source, no_mail, earlier).await?;
                }
                let state = standing::note_day(&app.db, now, name, source, no_mail, day).await?;
                // Today is done when it has its listing; a past day that was asked for by name is done either way.
                unbroken &= day < today || matches!(state, Some(State::Listed | State::Quiet));
                cursor = if unbroken { cursor.max(Some(day)) } else { cursor };
            }
            Err(error) if place == newest || error.retry_after().is_some() => return Err(error),
            Err(error) => {
                (failed_in_a_row, unbroken) = (failed_in_a_row + 1, false);
                tracing::warn!(source = name, ?day, error = %error, "one day of a source failed; it is asked for again next time");
            }
        }
        standing::renew(&app.db, app.clock.now(), name).await?;
    }
    Ok((report, cursor))
}

/// Whether a day that an answer tells of is one whose state is still shown.
fn in_sight(day: NaiveDate, today: NaiveDate) -> bool {
    day < today && today.checked_sub_days(Days::new(DAYS_IN_SIGHT)).is_some_and(|earliest| day >= earliest)
}

/// What a source is asked on schedule.
fn questions(app: &App, source: &Source, today: NaiveDate, cursor: Option<NaiveDate>) -> Vec<Wanted> {
    let lookback = app.config.digest.lookback.as_secs() / SECONDS_A_DAY;
    let earliest = today.checked_sub_days(Days::new(lookback)).unwrap_or(today);
    let from = |day: NaiveDate| day.max(earliest).iter_days().take_while(move |day| *day <= today).map(Wanted::Day);
    match source.kind {
        SourceKind::Feed | SourceKind::File => vec![Wanted::Latest],
        // Votes are still given and papers still added: all days that filters on changing facts look back on. What
        // has not changed costs the server an empty answer.
        SourceKind::Huggingface | SourceKind::Paperlark => from(earliest).collect(),
        // The feed of the day, and by the query API what earlier feeds had while nobody asked.
        SourceKind::Arxiv => {
            let no_mail = &app.config.fetch.arxiv_no_mail_days;
            let missed = cursor.into_iter().flat_map(|cursor| from(cursor)).filter_map(day_of);
            let missed = missed.filter(|day| Some(*day) > cursor && *day < today && arxiv_listing(*day, no_mail).is_some());
            missed.map(Wanted::Day).chain([Wanted::Latest]).collect()
        }
        SourceKind::Biorxiv | SourceKind::Pubmed | SourceKind::Openalex | SourceKind::Crossref => {
            let again = today.checked_sub_days(Days::new(LATE_DAYS)).unwrap_or(today);
            from(cursor.map_or(again, |cursor| cursor.min(again))).collect()
        }
    }
}

fn day_of(wanted: Wanted) -> Option<NaiveDate> {
    match wanted {
        Wanted::Latest => None,
        Wanted::Day(day) | Wanted::Changed(day) => Some(day),
    }
}

/// Asks one source for one day, or for what is new, and stores what it gave; doing so again changes nothing.
///
/// # Errors
/// When nothing usable came. What was stored before stays.
pub async fn fetch(app: &App, now: DateTime<Utc>, name: &str, day: Option<NaiveDate>) -> Result<Report, FetchError> {
    pages(app, now, name, day.map_or(Wanted::Latest, Wanted::Day), None).await
}

/// All pages of one answer, each stored, and noted in the backfill it belongs to, before the next is asked for. A
/// continuation that the server has forgotten has the answer begun again, once.
async fn pages(
    app: &App,
    now: DateTime<Utc>,
    name: &str,
    wanted: Wanted,
    backfill: Option<(&Backfill, NaiveDate)>,
) -> Result<Report, FetchError> {
    let mut report = Report { not_modified: true, ..Report::default() };
    let mut begun_again = false;
    let mut cursor = match backfill {
        Some((backfill, day)) => backfill.cursor(&app.db, day).await?,
        None => None,
    };
    for _ in 0..MAX_PAGES {
        match page(app, now, name, wanted, cursor.as_deref()).await {
            Ok((one, next)) => {
                report.add(one);
                cursor = next;
                if let Some((backfill, day)) = backfill {
                    backfill.note(&app.db, day, cursor.as_deref()).await?;
                }
                if cursor.is_none() {
                    break;
                }
            }
            Err(FetchError::Source(SourceError::CursorExpired { .. })) if !begun_again => (cursor, begun_again) = (None, true),
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

/// One page, stored, and where the next one is.
async fn page(
    app: &App,
    now: DateTime<Utc>,
    name: &str,
    wanted: Wanted,
    cursor: Option<&str>,
) -> Result<(Report, Option<String>), FetchError> {
    let source = configured(app, name)?;
    let today = standing::today(source, now);
    let validators = archive::validators(&app.db, name).await?;
    let no_mail = &app.config.fetch.arxiv_no_mail_days;
    let ask = Ask { http: &app.http, name, source, wanted, today, no_mail, cursor, validators: &validators };
    let mut fetched = source::fetch(ask).await?;
    let next = fetched.next.take();
    let rejects: Vec<(&str, &str, &str)> = fetched.problems.iter().filter_map(raw).collect();
    standing::record_rejects(&app.db, now, name, &rejects, app.config.fetch.keep_rejects).await?;
    let report = store(app, now, name, source.kind, fetched).await?;
    Ok((report, next))
}

/// Place, reason and payload of an item that is worth keeping.
fn raw(problem: &Problem) -> Option<(&str, &str, &str)> {
    let Problem { place, reason, payload } = problem;
    payload.as_deref().map(|payload| (place.as_str(), reason.as_str(), payload))
}

/// What a source answers now, without storing anything.
///
/// # Errors
/// When nothing usable came.
pub async fn look(app: &App, now: DateTime<Utc>, name: &str, day: Option<NaiveDate>) -> Result<Fetched, FetchError> {
    let source = configured(app, name)?;
    let (wanted, today) = (day.map_or(Wanted::Latest, Wanted::Day), standing::today(source, now));
    let no_mail = &app.config.fetch.arxiv_no_mail_days;
    let ask = Ask { http: &app.http, name, source, wanted, today, no_mail, cursor: None, validators: &Validators::new() };
    Ok(source::fetch(ask).await?)
}

fn configured<'a>(app: &'a App, name: &str) -> Result<&'a Source, FetchError> {
    app.config.source.get(name).ok_or_else(|| {
        let known = app.config.source.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        FetchError::UnknownSource { name: name.to_owned(), known }
    })
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
