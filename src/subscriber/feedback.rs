//! What follows from a bounce or a complaint. Owns the table feedback.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::suppression::suppress;
use crate::feedback::{Kind, Report};

/// How long a failure is held against an address.
const FAILURES_COUNT_FOR: TimeDelta = TimeDelta::days(30);

/// What a report led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// It is noted; mails go on.
    Noted,
    /// It was known already, or its reader is gone.
    Nothing,
    /// No mail goes to this address any more.
    Suppressed,
}

/// Notes `report` on a reader's mail and acts on it: a bad address and a complaint end the mails at once, other failures
/// when `suppress_after` mails failed within thirty days. Repeating it changes nothing.
pub async fn report(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    (subscriber_id, mail_id): (i64, Uuid),
    report: &Report,
    suppress_after: u32,
) -> sqlx::Result<Consequence> {
    let noted = sqlx::query!(
        "insert into feedback (subscriber_id, mail_id, kind, status, note, received_at)
         select id, $2, $3, $4, $5, $6 from subscriber where id = $1
         on conflict (subscriber_id, mail_id, kind) do nothing",
        subscriber_id,
        mail_id,
        report.kind.word(),
        report.status.map(|status| status.to_string()),
        report.note,
        now
    )
    .execute(&mut *tx)
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(Consequence::Nothing);
    }
    let reason = match report.kind {
        Kind::Complaint => Some("complaint"),
        Kind::Failed if report.says_bad_address() => Some("bounce"),
        Kind::Failed if failures(tx, subscriber_id, now - FAILURES_COUNT_FOR).await? >= i64::from(suppress_after) => Some("bounce"),
        Kind::Failed | Kind::Delayed | Kind::Delivered => None,
    };
    let Some(reason) = reason else { return Ok(Consequence::Noted) };
    suppress(tx, now, subscriber_id, reason).await?;
    Ok(Consequence::Suppressed)
}

/// How many mails failed since, in a row: one that was delivered meanwhile clears the address.
async fn failures(tx: &mut PgConnection, subscriber_id: i64, since: DateTime<Utc>) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from feedback
           where subscriber_id = $1 and kind = 'failed' and received_at > greatest($2, coalesce(
               (select max(received_at) from feedback where subscriber_id = $1 and kind = 'delivered'), '-infinity'))"#,
        subscriber_id,
        since
    );
    count.fetch_one(tx).await
}
