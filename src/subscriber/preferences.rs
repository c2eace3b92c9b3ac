//! A reader changes their mind, or has their data deleted.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{SubscriberError, filters_of, ranking, replace_filters, schedule};
use crate::App;
use crate::filter::{NamedFilter, Ranking};
use crate::schedule::{ReaderSchedule, next_due};
use crate::token::Purpose;

/// What a reader can choose.
#[derive(Debug, Clone)]
pub struct Preferences {
    /// As the reader wrote it; cannot be changed here.
    pub address: String,
    /// False for somebody who left: their choices are shown, but no mail comes.
    pub subscribed: bool,
    /// In the order of the digest; each parses.
    pub filters: Vec<NamedFilter>,
    /// Zone, hour and days.
    pub schedule: ReaderSchedule,
    /// No digests until further notice.
    pub paused: bool,
    /// At most so many papers a digest, 1 to 100.
    pub max_papers: u8,
    /// In which order the papers of a filter come.
    pub ranking: Ranking,
    /// A mail also on days without a match.
    pub send_when_empty: bool,
    /// When the next digest is due.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// What the reader behind a preferences link has chosen; changes nothing.
///
/// # Errors
/// A false token, or a reader who deleted their data.
pub async fn preferences(app: &App, token: &str) -> Result<Preferences, SubscriberError> {
    let (subscriber_id, _) = app.keys.verify(Purpose::Preferences, token)?;
    let mut connection = app.db.acquire().await?;
    load(&mut connection, subscriber_id).await?.ok_or(SubscriberError::Gone)
}

pub(super) async fn load(connection: &mut PgConnection, subscriber_id: i64) -> sqlx::Result<Option<Preferences>> {
    let row = sqlx::query!(
        "select address, status, paused, time_zone, hour, weekdays, max_papers, ranking, send_when_empty, next_due_at from subscriber where id = $1",
        subscriber_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Preferences {
        address: row.address,
        subscribed: row.status == "active",
        filters: filters_of(connection, subscriber_id).await?,
        schedule: schedule(&row.time_zone, row.hour, row.weekdays),
        paused: row.paused,
        max_papers: u8::try_from(row.max_papers).unwrap_or(u8::MAX),
        ranking: ranking(&row.ranking),
        send_when_empty: row.send_when_empty,
        next_due_at: row.next_due_at,
    }))
}

/// Saves what the reader chose (address and due time are not theirs to set) and gives it back with the
/// new due time; a digest that is overdue stays due.
///
/// # Errors
/// A false token, or a reader who deleted their data.
pub async fn save(app: &App, now: DateTime<Utc>, token: &str, wanted: Preferences) -> Result<Preferences, SubscriberError> {
    let (subscriber_id, _) = app.keys.verify(Purpose::Preferences, token)?;
    let mut tx = app.db.begin().await?;
    let status =
        sqlx::query_scalar!("select status from subscriber where id = $1 for update", subscriber_id).fetch_optional(&mut *tx).await?;
    let active = status.ok_or(SubscriberError::Gone)? == "active";
    let next_due_at = (active && !wanted.paused).then(|| next_due(&wanted.schedule, now));
    sqlx::query!(
        "update subscriber
         set paused = $2, time_zone = $3, hour = $4, weekdays = $5, max_papers = $6, send_when_empty = $7, ranking = $10,
             next_due_at = case when $8::timestamptz is not null and next_due_at <= $9 then next_due_at else $8 end
         where id = $1",
        subscriber_id,
        wanted.paused,
        wanted.schedule.zone.name(),
        i16::from(wanted.schedule.hour.get()),
        i16::from(wanted.schedule.weekdays.bits()),
        i16::from(wanted.max_papers),
        wanted.send_when_empty,
        next_due_at,
        now,
        wanted.ranking.name()
    )
    .execute(&mut *tx)
    .await?;
    replace_filters(&mut tx, subscriber_id, &wanted.filters).await?;
    tx.commit().await?;
    Ok(Preferences { subscribed: active, next_due_at, ..wanted })
}

/// Deletes the reader with all that was kept of them; mails not yet on the wire are gone too.
///
/// # Errors
/// A false token, or a reader who did so before.
pub async fn delete(app: &App, token: &str) -> Result<(), SubscriberError> {
    let (subscriber_id, _) = app.keys.verify(Purpose::Preferences, token)?;
    let deleted = sqlx::query!("delete from subscriber where id = $1", subscriber_id).execute(&app.db).await?;
    match deleted.rows_affected() {
        0 => Err(SubscriberError::Gone),
        _ => Ok(()),
    }
}
