//! What workers do with the queue: take, hold, transmit, record; and take over from the dead.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::types::Json;

use super::attempt::columns;
use super::{Choices, Claimed, Hold, Subject};

/// What [`recover`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Claims of dead workers that are free again.
    pub released: u64,
    /// Transmissions of dead workers whose fate is unknown.
    pub uncertain: u64,
    /// Mails that were not worth sending any more.
    pub expired: u64,
}

/// Frees what dead workers held, puts in doubt what they may have sent, and ends what is too old.
///
/// A claim that was not transmitting is always safe to take again; the others rest for `uncertain_wait`,
/// since the relay may accept after the worker's death. Waits for nobody: what is being written to is left for the next time.
pub async fn recover(db: &PgPool, now: DateTime<Utc>, uncertain_wait: Duration) -> sqlx::Result<Recovered> {
    let released = sqlx::query!(
        "with lost as (select subscriber_id, id from mail where state = 'claimed' and lease_until < $1 for update skip locked)
         update mail set state = 'pending', lease_until = null, fence = fence + 1
         from lost where mail.subscriber_id = lost.subscriber_id and mail.id = lost.id",
        now
    );
    let uncertain = sqlx::query!(
        "with silent as (select subscriber_id, id from mail where state = 'transmitting' and lease_until < $1 for update skip locked),
         lost as (
             update mail set state = 'uncertain', doubtful = true, lease_until = null, fence = fence + 1, attempts = attempts + 1, next_attempt_at = $2
             from silent where mail.subscriber_id = silent.subscriber_id and mail.id = silent.id
             returning mail.subscriber_id, mail.id, attempts)
         insert into attempt (subscriber_id, mail_id, number, ended_at, outcome, note)
         select subscriber_id, id, attempts, $1, 'uncertain', 'the worker died while transmitting' from lost",
        now,
        now + uncertain_wait
    );
    let expired = sqlx::query!(
        "with old as (select subscriber_id, id from mail where state in ('pending', 'deferred') and expires_at < $1 for update skip locked)
         update mail set state = 'expired', finished_at = $1 from old where mail.subscriber_id = old.subscriber_id and mail.id = old.id",
        now
    );
    Ok(Recovered {
        released: released.execute(db).await?.rows_affected(),
        uncertain: uncertain.execute(db).await?.rows_affected(),
        expired: expired.execute(db).await?.rows_affected(),
    })
}

/// Takes up to `limit` waiting mails, for `lease` from now; oldest first. The digest of a reader who paused waits
/// until they go on; that of a reader whose next one is due gives way to it.
pub async fn claim(db: &PgPool, now: DateTime<Utc>, lease: Duration, limit: i64) -> sqlx::Result<Vec<Claimed>> {
    let rows = sqlx::query!(
        r#"update mail set state = 'claimed', fence = fence + 1, lease_until = $2
         from (select subscriber_id, id from mail
               where state in ('pending', 'deferred') and finished_at is null and lease_until is null and next_attempt_at <= $1
                 and not (kind = 'digest' and exists (
                     select from subscriber s where s.id = mail.subscriber_id
                     and (s.paused or (s.next_due_at <= $1 and s.next_due_at > mail.dated and not mail.doubtful))))
               order by next_attempt_at limit $3 for update skip locked) waiting
         where mail.subscriber_id = waiting.subscriber_id and mail.id = waiting.id
         returning mail.subscriber_id, mail.id, kind, digest_id, signup_id, dated, fence, attempts, render_failures,
                   case when doubtful then bytes_hash end as only_bytes, choices as "choices: Json<Choices>""#,
        now,
        now + lease,
        limit
    )
    .fetch_all(db)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        subscriber_id: row.subscriber_id,
        id: row.id,
        subject: match (row.digest_id, row.signup_id) {
            (Some(digest), _) => Subject::Digest(digest),
            (None, Some(signup)) => Subject::Confirmation(signup),
            (None, None) if row.kind == "goodbye" => Subject::Goodbye,
            (None, None) => Subject::Welcome,
        },
        dated: row.dated,
        fence: row.fence,
        attempts: row.attempts,
        render_failures: row.render_failures,
        only_bytes: row.only_bytes,
        choices: row.choices.map(|choices| choices.0),
    });
    Ok(claimed.collect())
}

/// Keeps hold of mails that take longer than the lease. One that is just being written to is left out: that is a sign of life too.
pub async fn extend(db: &PgPool, now: DateTime<Utc>, lease: Duration, holds: &[Hold]) -> sqlx::Result<()> {
    let (subscribers, ids, fences) = columns(holds.iter().copied());
    sqlx::query!(
        "with mine as (
             select mail.subscriber_id, mail.id
             from unnest($1::bigint[], $2::uuid[], $3::bigint[]) as held (subscriber_id, id, fence) join mail using (subscriber_id, id, fence)
             where mail.state in ('claimed', 'transmitting')
             for update of mail skip locked)
         update mail set lease_until = $4 from mine where mail.subscriber_id = mine.subscriber_id and mail.id = mine.id",
        &subscribers,
        &ids,
        &fences,
        now + lease
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a claim back without counting an attempt; where `again` says so, not before then.
pub async fn release(db: &PgPool, mail: &Claimed, again: Option<DateTime<Utc>>) -> sqlx::Result<()> {
    sqlx::query!(
        "update mail set state = 'pending', lease_until = null, next_attempt_at = coalesce($4, next_attempt_at)
         where subscriber_id = $1 and id = $2 and fence = $3 and state in ('claimed', 'transmitting')",
        mail.subscriber_id,
        mail.id,
        mail.fence,
        again
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a claimed mail whose reader no longer wants it; the digest of one who only paused waits on.
pub async fn suppress(db: &PgPool, now: DateTime<Utc>, mail: &Claimed) -> sqlx::Result<()> {
    sqlx::query!(
        "update mail
         set lease_until = null,
             state = case when reader.waits and kind = 'digest' then 'pending' else 'suppressed' end,
             finished_at = case when reader.waits and kind = 'digest' then null else $4::timestamptz end
         from (select paused and status = 'active' as waits from subscriber where id = $1) reader
         where subscriber_id = $1 and mail.id = $2 and fence = $3 and state = 'claimed'",
        mail.subscriber_id,
        mail.id,
        mail.fence,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
