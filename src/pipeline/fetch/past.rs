//! Past days of a source, one by one, for the archive. What is done is noted, so that the same command goes on
//! where it was stopped.

use chrono::{DateTime, NaiveDate, Utc};

use super::{FetchError, Report, configured, pages};
use crate::App;
use crate::source::Wanted;
use crate::standing::{self, Backfill, Mode};

/// A stretch of days of one source.
#[derive(Debug)]
pub struct Past {
    name: String,
    mode: Mode,
    backfill: Backfill,
    /// Days to ask for, oldest first.
    pub left: Vec<NaiveDate>,
    /// How many an earlier run did.
    pub done: usize,
}

/// The days from `since` to `until` of a source that are still to be asked for.
///
/// # Errors
/// When there is no such source, or the database is away.
pub async fn past(
    app: &App,
    now: DateTime<Utc>,
    name: &str,
    mode: Mode,
    (since, until): (NaiveDate, NaiveDate),
    afresh: bool,
) -> Result<Past, FetchError> {
    configured(app, name)?;
    let backfill = Backfill::open(&app.db, now, name, mode, since, afresh).await?;
    let all = since.iter_days().take_while(|day| *day <= until);
    let (done, left): (Vec<NaiveDate>, Vec<NaiveDate>) = all.partition(|day| backfill.done.contains(day));
    Ok(Past { name: name.to_owned(), mode, backfill, left, done: done.len() })
}

impl Past {
    /// Asks for one day and stores what comes.
    ///
    /// # Errors
    /// When nothing usable came; what was stored of the day stays.
    pub async fn ask(&self, app: &App, now: DateTime<Utc>, day: NaiveDate) -> Result<Report, FetchError> {
        let wanted = match self.mode {
            Mode::Listed => Wanted::Day(day),
            Mode::Changed => Wanted::Changed(day),
        };
        let report = pages(app, now, &self.name, wanted, Some((&self.backfill, day))).await?;
        if self.mode == Mode::Listed {
            let source = configured(app, &self.name)?;
            standing::note_day(&app.db, now, &self.name, source, &app.config.fetch.arxiv_no_mail_days, day).await?;
        }
        Ok(report)
    }

    /// Forgets the stretch: all of it is done.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn close(self, app: &App) -> sqlx::Result<()> {
        self.backfill.close(&app.db).await
    }
}
