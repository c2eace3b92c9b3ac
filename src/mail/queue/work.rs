//! What workers do with the queue: take, hold, transmit, record; and take over from the dead.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Choices, Claimed, MAX_NOTE_CHARS, Note, Outcome, Subject};

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

/// What is about to go to the relay.
#[derive(Debug, Clone)]
pub struct Transmission<'a> {
    /// The relay's name.
    pub relay: &'a str,
    /// The SHA-256 of all bytes.
    pub bytes_hash: &'a [u8],
}

/// Frees what dead workers held, puts in doubt what they may have sent, and ends what is too old.
///
/// A claim that was not transmitting is always safe to take again; the others rest for `uncertain_wait`,
/// since the relay may accept after the worker's death.
pub async fn recover(db: &PgPool, now: DateTime<Utc>, uncertain_wait: Duration) -> sqlx::Result<Recovered> {
    let released = sqlx::query!(
        "update mail set state = 'pending', lease_until = null, fence = fence + 1 where state = 'claimed' and lease_until < $1",
        now
    );
    let uncertain = sqlx::query!(
        "with lost as (
             update mail set state = 'uncertain', doubtful = true, lease_until = null, fence = fence + 1, attempts = attempts + 1, next_attempt_at = $2
             where state = 'transmitting' and lease_until < $1
             returning subscriber_id, id, attempts)
         insert into attempt (subscriber_id, mail_id, number, ended_at, outcome, note)
         select subscriber_id, id, attempts, $1, 'uncertain', 'the worker died while transmitting' from lost",
        now,
        now + uncertain_wait
    );
    let expired =
        sqlx::query!("update mail set state = 'expired', finished_at = $1 where state in ('pending', 'deferred') and expires_at < $1", now);
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
               where state in ('pending', 'deferred') and next_attempt_at <= $1
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

/// Keeps hold of mails that take longer than the lease.
pub async fn extend(db: &PgPool, now: DateTime<Utc>, lease: Duration, mails: &[Claimed]) -> sqlx::Result<()> {
    let subscribers: Vec<i64> = mails.iter().map(|mail| mail.subscriber_id).collect();
    let ids: Vec<Uuid> = mails.iter().map(|mail| mail.id).collect();
    let fences: Vec<i64> = mails.iter().map(|mail| mail.fence).collect();
    sqlx::query!(
        "update mail set lease_until = $4
         from unnest($1::bigint[], $2::uuid[], $3::bigint[]) as held (subscriber_id, id, fence)
         where mail.subscriber_id = held.subscriber_id and mail.id = held.id and mail.fence = held.fence
           and state in ('claimed', 'transmitting')",
        &subscribers,
        &ids,
        &fences,
        now + lease
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Commits that from here on the relay may accept the mail, provided its reader still wants it.
///
/// False when the claim was lost or consent withdrawn: then nothing may be sent.
pub async fn begin_transmission(
    db: &PgPool,
    now: DateTime<Utc>,
    lease: Duration,
    mail: &Claimed,
    transmission: &Transmission<'_>,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "update mail set state = 'transmitting', lease_until = $4, transmitted_at = $5, relay = $6, bytes_hash = $7
         from subscriber s
         where mail.subscriber_id = $1 and mail.id = $2 and mail.fence = $3 and state = 'claimed' and s.id = mail.subscriber_id
           and case mail.kind
               when 'digest' then s.status = 'active' and not s.paused
               when 'welcome' then s.status = 'active'
               when 'goodbye' then s.status = 'unsubscribed'
               else exists (select from signup where signup.subscriber_id = s.id and signup.id = mail.signup_id
                            and signup.confirmed_at is null and signup.expires_at > $5)
               end
           and not exists (select from suppression where suppression.address_key = s.address_key)",
        mail.subscriber_id,
        mail.id,
        mail.fence,
        now + lease,
        now,
        transmission.relay,
        transmission.bytes_hash
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected() == 1)
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

/// Records how an attempt ended; false when the claim was lost meanwhile.
pub async fn record(tx: &mut PgConnection, now: DateTime<Utc>, mail: &Claimed, outcome: &Outcome, note: &Note) -> sqlx::Result<bool> {
    let (state, word, next) = match outcome {
        Outcome::Accepted => ("accepted", "accepted", None),
        Outcome::Deferred(at) => ("deferred", "deferred", Some(*at)),
        Outcome::Failed => ("failed", "failed", None),
        Outcome::Uncertain(at) => ("uncertain", "uncertain", Some(*at)),
        Outcome::Unrenderable(Some(at)) => ("deferred", "unrenderable", Some(*at)),
        Outcome::Unrenderable(None) => ("dead", "unrenderable", None),
        Outcome::Held => ("uncertain", "uncertain", None),
    };
    let held = *outcome == Outcome::Held;
    let finished = (next.is_none() && !held).then_some(now);
    let text: String = note.text.chars().filter(|c| *c != '\0').take(MAX_NOTE_CHARS).collect();
    let recorded = sqlx::query!(
        "with done as (
             update mail
             set state = $4, held = $11, lease_until = null, finished_at = $5, next_attempt_at = coalesce($6, next_attempt_at),
                 doubtful = doubtful or $4 = 'uncertain', attempts = attempts + 1, render_failures = render_failures + ($7 = 'unrenderable')::integer
             where subscriber_id = $1 and id = $2 and fence = $3 and state in ('claimed', 'transmitting')
             returning attempts)
         insert into attempt (subscriber_id, mail_id, number, ended_at, outcome, code, note)
         select $1, $2, attempts, $8, $7, $9, $10 from done",
        mail.subscriber_id,
        mail.id,
        mail.fence,
        state,
        finished,
        next,
        word,
        now,
        note.code,
        text,
        held
    )
    .execute(tx)
    .await?;
    Ok(recorded.rows_affected() == 1)
}
