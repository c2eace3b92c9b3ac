//! What follows from a bounce or a complaint. Owns the table feedback.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};
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

/// Notes that mails arrived, where that clears an address of failures. Repeating it changes nothing.
pub async fn arrived(db: &PgPool, now: DateTime<Utc>, mails: &[(i64, Uuid)]) -> sqlx::Result<()> {
    let (subscribers, ids): (Vec<i64>, Vec<Uuid>) = mails.iter().copied().unzip();
    sqlx::query!(
        "insert into feedback (subscriber_id, mail_id, kind, note, received_at)
         select distinct given.subscriber_id, given.mail_id, 'delivered', '', $3::timestamptz
         from unnest($1::bigint[], $2::uuid[]) as given (subscriber_id, mail_id)
         where exists (select from feedback where feedback.subscriber_id = given.subscriber_id and kind = 'failed')
         on conflict (subscriber_id, mail_id, kind) do nothing",
        &subscribers,
        &ids,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The reader at each of `address_keys`, with the mail of the same place in `mails` where it was theirs.
pub async fn recipients(db: &PgPool, address_keys: &[String], mails: &[Option<Uuid>]) -> sqlx::Result<Vec<Option<(i64, Option<Uuid>)>>> {
    let rows = sqlx::query!(
        r#"select given.place as "place!", s.id as subscriber_id, m.id as "mail_id?"
           from unnest($1::text[], $2::uuid[]) with ordinality as given (address_key, mail_id, place)
           join subscriber s on s.address_key = given.address_key
           left join mail m on m.subscriber_id = s.id and m.id = given.mail_id"#,
        address_keys,
        mails as &[Option<Uuid>]
    )
    .fetch_all(db)
    .await?;
    let mut recipients = vec![None; address_keys.len()];
    for row in rows {
        let place = usize::try_from(row.place).ok().and_then(|place| recipients.get_mut(place.checked_sub(1)?));
        if let Some(place) = place {
            *place = Some((row.subscriber_id, row.mail_id));
        }
    }
    Ok(recipients)
}

/// How many mails failed since, in a row: one that arrived meanwhile, and was not returned later, clears the address.
async fn failures(tx: &mut PgConnection, subscriber_id: i64, since: DateTime<Utc>) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from feedback
           where subscriber_id = $1 and kind = 'failed' and received_at > greatest($2, coalesce(
               (select max(received_at) from feedback arrived where subscriber_id = $1 and kind = 'delivered' and not exists (
                    select from feedback f where f.subscriber_id = $1 and f.mail_id = arrived.mail_id and f.kind = 'failed')),
               '-infinity'))"#,
        subscriber_id,
        since
    );
    count.fetch_one(tx).await
}
