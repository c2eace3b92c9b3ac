//! Whether mornings close in time; whoever should know is told, once when they do not, and once when all is well
//! again. Owns the table alarm.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::PgPool;

use crate::App;
use crate::books;

/// The one alarm there is so far.
const MORNING: &str = "morning";

/// What is POSTed to `alert.url` as JSON.
#[derive(Debug, Serialize)]
struct Alert<'a> {
    /// The service's name.
    service: &'a str,
    /// `morning_late` or `morning_closed`.
    event: &'static str,
    /// For people.
    text: String,
    /// Readers whose digest was due and is not composed.
    uncomposed: i64,
    /// Digests whose mails wait or are in doubt.
    unsent: i64,
    /// Readers of today and yesterday who are in no column of the books.
    unexplained: i64,
    /// When it was noticed.
    at: DateTime<Utc>,
}

/// Looks at `now` whether all that was due `alert.after` ago is settled, and tells of a change.
pub async fn step(app: &App, now: DateTime<Utc>) -> sqlx::Result<()> {
    let after = TimeDelta::from_std(app.config.alert.after).unwrap_or(TimeDelta::zero());
    let late = books::late(&app.db, now, after).await?;
    let today = now.with_timezone(&app.config.site.time_zone).date_naive();
    let mut unexplained = 0;
    for day in [today, today - TimeDelta::days(1)] {
        unexplained += books::balance(&app.db, now, day).await?.unexplained().abs();
    }
    let trouble = late != books::Late::default() || unexplained != 0;
    if !changed(&app.db, now, trouble).await? {
        return Ok(());
    }
    let (event, text) = match trouble {
        true => ("morning_late", "Digests that were due are not settled; `paperlark digest status` tells more.".to_owned()),
        false => ("morning_closed", "All digests that were due are settled.".to_owned()),
    };
    tracing::warn!(event, uncomposed = late.uncomposed, unsent = late.unsent, unexplained, "the books of the morning");
    let Some(url) = &app.config.alert.url else { return Ok(()) };
    let alert =
        Alert { service: &app.config.site.name, event, text, uncomposed: late.uncomposed, unsent: late.unsent, unexplained, at: now };
    if let Err(error) = app.http.post_json(url.expose(), &alert).await {
        tracing::error!(%error, "alert.url could not be told; trying again");
        changed(&app.db, now, !trouble).await?;
    }
    Ok(())
}

/// Notes that there is trouble, or none any more; false when that was known.
async fn changed(db: &PgPool, now: DateTime<Utc>, trouble: bool) -> sqlx::Result<bool> {
    let rows = match trouble {
        true => {
            sqlx::query!("insert into alarm (name, raised_at) values ($1, $2) on conflict (name) do nothing", MORNING, now)
                .execute(db)
                .await?
        }
        false => sqlx::query!("delete from alarm where name = $1", MORNING).execute(db).await?,
    };
    Ok(rows.rows_affected() == 1)
}
