//! The owner of an address confirms, by a POST: link scanners only GET.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::subscribe::CONFIRMATION_LIFETIME;
use super::{MAX_FILTERS, SubscriberError, filters_of, replace_filters, schedule};
use crate::App;
use crate::archive;
use crate::filter::NamedFilter;
use crate::mail::queue::{self, Subject};
use crate::schedule::{ReaderSchedule, next_due};
use crate::token::Purpose;

/// What a confirmation link leads to.
#[derive(Debug, Clone)]
pub enum Confirmation {
    /// Waits for the button.
    Waiting {
        /// As the reader wrote it.
        address: String,
        /// What they asked for.
        queries: Vec<String>,
        /// When it shall come.
        schedule: ReaderSchedule,
        /// They get digests already; the filters come on top of theirs.
        subscribed: bool,
    },
    /// Confirmed, now or before.
    Confirmed {
        /// Who.
        subscriber_id: i64,
        /// When the next digest is due; none while paused.
        next_due_at: Option<DateTime<Utc>>,
        /// In which zone that should be shown.
        schedule: ReaderSchedule,
    },
    /// Older than 48 hours, or used by somebody who has left since.
    Expired {
        /// Whether it was used.
        used: bool,
    },
}

struct Signup {
    subscriber_id: i64,
    id: Uuid,
    address: String,
    status: String,
    queries: Vec<String>,
    schedule: ReaderSchedule,
    expires_at: DateTime<Utc>,
    confirmed: bool,
    next_due_at: Option<DateTime<Utc>>,
}

impl Signup {
    fn state(&self, now: DateTime<Utc>) -> Confirmation {
        if self.confirmed && self.status == "active" {
            Confirmation::Confirmed { subscriber_id: self.subscriber_id, next_due_at: self.next_due_at, schedule: self.schedule }
        } else if self.confirmed || self.expires_at <= now {
            Confirmation::Expired { used: self.confirmed }
        } else {
            Confirmation::Waiting {
                address: self.address.clone(),
                queries: self.queries.clone(),
                schedule: self.schedule,
                subscribed: self.status == "active",
            }
        }
    }
}

/// What the link leads to; changes nothing.
///
/// # Errors
/// A false token, or a reader who deleted their data.
pub async fn look(app: &App, now: DateTime<Utc>, token: &str) -> Result<Confirmation, SubscriberError> {
    let mut connection = app.db.acquire().await?;
    Ok(signup(app, &mut connection, token).await?.state(now))
}

/// Follows the wish, once: a second press finds it confirmed.
///
/// # Errors
/// As [`look`].
pub async fn confirm(app: &App, now: DateTime<Utc>, token: &str) -> Result<Confirmation, SubscriberError> {
    let mut tx = app.db.begin().await?;
    let signup = signup(app, &mut tx, token).await?;
    let Confirmation::Waiting { .. } = signup.state(now) else { return Ok(signup.state(now)) };
    let subscriber_id = signup.subscriber_id;
    sqlx::query!("update signup set confirmed_at = $3 where subscriber_id = $1 and id = $2", subscriber_id, signup.id, now)
        .execute(&mut *tx)
        .await?;
    // What was never answered no longer counts against the address: its owner is here.
    sqlx::query!("delete from signup where subscriber_id = $1 and confirmed_at is null", subscriber_id).execute(&mut *tx).await?;
    let wanted = signup.queries.iter().map(|query| NamedFilter::from_query(query));
    if signup.status == "active" {
        let mut filters = filters_of(&mut tx, subscriber_id).await?;
        for filter in wanted {
            if filters.len() < MAX_FILTERS && filters.iter().all(|known| known.query != filter.query) {
                filters.push(filter);
            }
        }
        replace_filters(&mut tx, subscriber_id, &filters).await?;
    } else {
        replace_filters(&mut tx, subscriber_id, &wanted.collect::<Vec<_>>()).await?;
    }
    let next_due_at = activate(&mut tx, now, subscriber_id, &signup.schedule).await?;
    if signup.status != "active" {
        // It says what has just been chosen, so it comes last.
        queue::enqueue(&mut tx, now, subscriber_id, Subject::Welcome, Some(now + CONFIRMATION_LIFETIME)).await?;
    }
    tx.commit().await?;
    Ok(Confirmation::Confirmed { subscriber_id, next_due_at: Some(next_due_at), schedule: signup.schedule })
}

/// Makes a reader active, at the hour and in the zone of `schedule`; ends a pause.
pub(super) async fn activate(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    subscriber_id: i64,
    schedule: &ReaderSchedule,
) -> sqlx::Result<DateTime<Utc>> {
    let next_due_at = next_due(schedule, now);
    // Whoever comes back starts at the latest day again, but gets nothing they had before.
    let latest = archive::first_window(&mut *tx).await?;
    sqlx::query!(
        "update subscriber
         set status = 'active', paused = false, confirmed_at = $2,
             next_due_at = case when next_due_at <= $2 then next_due_at else $3 end, time_zone = $4, hour = $5, weekdays = $6,
             read_through = case when status = 'active' or read_through is null then read_through else greatest(read_through, $7) end
         where id = $1",
        subscriber_id,
        now,
        next_due_at,
        schedule.zone.name(),
        i16::from(schedule.hour.get()),
        i16::from(schedule.weekdays.bits()),
        latest
    )
    .execute(&mut *tx)
    .await?;
    Ok(next_due_at)
}

async fn signup(app: &App, connection: &mut PgConnection, token: &str) -> Result<Signup, SubscriberError> {
    let (subscriber_id, payload) = app.keys.verify(Purpose::Confirm, token)?;
    let id = Uuid::from_slice(&payload).map_err(|_| SubscriberError::Gone)?;
    let row = sqlx::query!(
        "select s.address, s.status, s.weekdays, s.next_due_at, w.queries, w.time_zone, w.hour, w.expires_at, w.confirmed_at
         from signup w join subscriber s on s.id = w.subscriber_id
         where w.subscriber_id = $1 and w.id = $2 for update",
        subscriber_id,
        id
    )
    .fetch_optional(connection)
    .await?
    .ok_or(SubscriberError::Gone)?;
    Ok(Signup {
        subscriber_id,
        id,
        address: row.address,
        status: row.status,
        queries: row.queries,
        schedule: schedule(&row.time_zone, row.hour, row.weekdays),
        expires_at: row.expires_at,
        confirmed: row.confirmed_at.is_some(),
        next_due_at: row.next_due_at,
    })
}
