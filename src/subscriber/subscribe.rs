//! A visitor asks to subscribe: nothing happens until the address's owner confirms.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{is_suppressed, row_of};
use crate::App;
use crate::address::EmailAddress;
use crate::mail::queue::{self, Subject};
use crate::schedule::{Hour, ReaderSchedule, Weekdays};

/// What a visitor asked for, checked.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Where the digests shall go.
    pub address: EmailAddress,
    /// Filters that parse; none means the day's trending papers.
    pub queries: Vec<String>,
    /// The reader's zone.
    pub zone: chrono_tz::Tz,
    /// The local hour the digest is due.
    pub hour: Hour,
}

/// How long a confirmation link works, as mail and page say it.
pub const CONFIRMATION_LIFETIME: TimeDelta = TimeDelta::hours(48);

/// Notes the wish and sends a confirmation mail, unless the address had enough of them.
///
/// Takes the same path for a new, a pending, an active and a suppressed address, and tells nothing
/// of which it was.
pub async fn subscribe(app: &App, now: DateTime<Utc>, wish: &SignUp) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    let schedule = ReaderSchedule { zone: wish.zone, hour: wish.hour, weekdays: Weekdays::DAILY };
    let (id, _) = row_of(&mut tx, now, &wish.address, &schedule, app.config.digest.max_papers).await?;
    let suppressed = is_suppressed(&mut tx, &wish.address.key()).await?;
    let unanswered = sqlx::query!(
        r#"select count(*) as "ever!", count(*) filter (where requested_at > $2) as "today!"
           from signup where subscriber_id = $1 and confirmed_at is null"#,
        id,
        now - TimeDelta::days(1)
    )
    .fetch_one(&mut *tx)
    .await?;
    let limits = &app.config.signup;
    let enough = unanswered.today >= i64::from(limits.confirmations_per_day) || unanswered.ever >= i64::from(limits.confirmations_ever);
    if enough || suppressed {
        amend(&mut tx, now, id, wish).await?;
    } else {
        let expires_at = now + CONFIRMATION_LIFETIME;
        let signup = record(&mut tx, now, expires_at, id, wish).await?;
        queue::enqueue(&mut tx, now, id, Subject::Confirmation(signup), Some(expires_at)).await?;
    }
    tx.commit().await
}

async fn record(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    subscriber_id: i64,
    wish: &SignUp,
) -> sqlx::Result<Uuid> {
    let id = Uuid::new_v4();
    sqlx::query!(
        "insert into signup (subscriber_id, id, queries, time_zone, hour, requested_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)",
        subscriber_id,
        id,
        &wish.queries,
        wish.zone.name(),
        i16::from(wish.hour.get()),
        now,
        expires_at
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// The link that is already in the inbox stays the way in, and leads to the latest wish: whoever
/// mistyped a keyword need not wait a day.
async fn amend(tx: &mut PgConnection, now: DateTime<Utc>, subscriber_id: i64, wish: &SignUp) -> sqlx::Result<()> {
    sqlx::query!(
        "update signup set queries = $2, time_zone = $3, hour = $4
         where subscriber_id = $1 and confirmed_at is null and expires_at > $5",
        subscriber_id,
        &wish.queries,
        wish.zone.name(),
        i16::from(wish.hour.get()),
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}
