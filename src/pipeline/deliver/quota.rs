//! How many mails a relay may have in a day, counted for all hosts. Owns the table relay_day.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgPool;

/// Days of counts that are kept, for whoever looks.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A part of a relay's quota, taken before mails are claimed for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    day: NaiveDate,
    /// How many mails it allows.
    pub(super) mails: i32,
}

/// Takes up to `wanted` mails off the quota of `relay` for the day of `now`.
pub(super) async fn take(db: &PgPool, now: DateTime<Utc>, relay: &str, quota: i32, wanted: i32) -> sqlx::Result<Share> {
    let day = now.date_naive();
    let first = sqlx::query!("insert into relay_day (relay, day, mails) values ($1, $2, 0) on conflict do nothing", relay, day);
    if first.execute(db).await?.rows_affected() == 1 {
        sqlx::query!("delete from relay_day where day < $1", day - KEPT).execute(db).await?;
    }
    let mails = sqlx::query_scalar!(
        r#"update relay_day
           set mails = relay_day.mails + share.mails
           from (select greatest(0, least($3, $4 - mails)) as mails from relay_day where relay = $1 and day = $2 for update) share
           where relay = $1 and day = $2
           returning share.mails as "mails!""#,
        relay,
        day,
        wanted,
        quota
    )
    .fetch_one(db)
    .await?;
    if (1..wanted).contains(&mails) {
        tracing::warn!(relay, quota, "the relay's quota of the day is used up with these mails");
    }
    Ok(Share { day, mails })
}

/// Gives back what was not used of a share.
pub(super) async fn give_back(db: &PgPool, relay: &str, share: Share, unused: i32) -> sqlx::Result<()> {
    sqlx::query!("update relay_day set mails = greatest(0, mails - $3) where relay = $1 and day = $2", relay, share.day, unused)
        .execute(db)
        .await?;
    Ok(())
}
