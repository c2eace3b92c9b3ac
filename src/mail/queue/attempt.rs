//! An attempt in the queue: that it begins, and how it ended.
//!
//! Many at once, in one statement that commits them all: one flush to disk serves many mails, and no lock outlives its
//! sender, who may be cut off at any time. Rows are locked in the order of their keys, so that no two writers wait for one another.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Hold, MAX_NOTE_CHARS, Note, Outcome};

/// A mail that is about to go to the relay.
#[derive(Debug, Clone)]
pub struct Transmission {
    /// Under which claim.
    pub hold: Hold,
    /// The relay's name.
    pub relay: String,
    /// The SHA-256 of all bytes.
    pub bytes_hash: Vec<u8>,
    /// From when on the relay may have it.
    pub at: DateTime<Utc>,
    /// Until when nobody else takes the mail up.
    pub lease_until: DateTime<Utc>,
}

/// How an attempt ended, and why.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Under which claim.
    pub hold: Hold,
    /// How.
    pub outcome: Outcome,
    /// Why.
    pub note: Note,
    /// When.
    pub at: DateTime<Utc>,
}

/// Commits that from here on the relay may accept these mails, each provided its reader still wants it.
///
/// In their order: false where the claim was lost or consent withdrawn; of such a mail nothing may be sent.
pub async fn begin_transmissions(db: &PgPool, mails: &[Transmission]) -> sqlx::Result<Vec<bool>> {
    let (subscribers, ids, fences) = columns(mails.iter().map(|mail| mail.hold));
    let begun = sqlx::query!(
        "with mine as (
             select mail.subscriber_id, mail.id, given.relay, given.bytes_hash, given.lease_until, given.at
             from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::bytea[], $6::timestamptz[], $7::timestamptz[])
                  as given (subscriber_id, id, fence, relay, bytes_hash, lease_until, at)
                  join mail using (subscriber_id, id, fence) join subscriber s on s.id = mail.subscriber_id
             where mail.state = 'claimed'
               and case mail.kind
                   when 'digest' then s.status = 'active' and not s.paused
                   when 'welcome' then s.status = 'active'
                   when 'goodbye' then s.status = 'unsubscribed'
                   else exists (select from signup where signup.subscriber_id = s.id and signup.id = mail.signup_id
                                and signup.confirmed_at is null and signup.expires_at > given.at)
                   end
               and not exists (select from suppression where suppression.address_key = s.address_key)
             order by mail.subscriber_id, mail.id for update of mail)
         update mail
         set state = 'transmitting', lease_until = mine.lease_until, transmitted_at = mine.at, relay = mine.relay, bytes_hash = mine.bytes_hash
         from mine where mail.subscriber_id = mine.subscriber_id and mail.id = mine.id
         returning mail.id, mail.fence",
        &subscribers,
        &ids,
        &fences,
        &mails.iter().map(|mail| mail.relay.clone()).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.bytes_hash.clone()).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.lease_until).collect::<Vec<_>>(),
        &mails.iter().map(|mail| mail.at).collect::<Vec<_>>()
    )
    .fetch_all(db)
    .await?;
    let begun: HashSet<(Uuid, i64)> = begun.into_iter().map(|row| (row.id, row.fence)).collect();
    Ok(mails.iter().map(|mail| begun.contains(&(mail.hold.id, mail.hold.fence))).collect())
}

/// Records how attempts ended. In their order: false where the claim was lost meanwhile, and nothing was written.
pub async fn record(db: &PgPool, endings: &[Ending]) -> sqlx::Result<Vec<bool>> {
    let (subscribers, ids, fences) = columns(endings.iter().map(|ending| ending.hold));
    let written: Vec<_> = endings.iter().map(|ending| written(&ending.outcome)).collect();
    let text = |ending: &Ending| ending.note.text.chars().filter(|c| *c != '\0').take(MAX_NOTE_CHARS).collect();
    let recorded = sqlx::query!(
        "with mine as (
             select mail.subscriber_id, mail.id, given.state, given.outcome, given.next, given.code, given.note, given.at
             from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::smallint[], $8::text[],
                         $9::timestamptz[]) as given (subscriber_id, id, fence, state, outcome, next, code, note, at)
                  join mail using (subscriber_id, id, fence)
             where mail.state in ('claimed', 'transmitting')
             order by mail.subscriber_id, mail.id for update of mail),
         done as (
             update mail
             set state = mine.state, held = mine.state = 'uncertain' and mine.next is null, lease_until = null,
                 finished_at = case when mine.state not in ('deferred', 'uncertain') then mine.at end,
                 next_attempt_at = coalesce(mine.next, next_attempt_at), doubtful = doubtful or mine.state = 'uncertain',
                 attempts = attempts + 1, render_failures = render_failures + (mine.outcome = 'unrenderable')::integer
             from mine where mail.subscriber_id = mine.subscriber_id and mail.id = mine.id
             returning mail.subscriber_id, mail.id, mail.fence, mail.attempts, mine.at, mine.outcome, mine.code, mine.note),
         noted as (
             insert into attempt (subscriber_id, mail_id, number, ended_at, outcome, code, note)
             select subscriber_id, id, attempts, at, outcome, code, note from done)
         select id, fence from done",
        &subscribers,
        &ids,
        &fences,
        &written.iter().map(|written| written.state.to_owned()).collect::<Vec<_>>(),
        &written.iter().map(|written| written.outcome.to_owned()).collect::<Vec<_>>(),
        &written.iter().map(|written| written.next).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &endings.iter().map(|ending| ending.note.code).collect::<Vec<_>>() as &[Option<i16>],
        &endings.iter().map(text).collect::<Vec<String>>(),
        &endings.iter().map(|ending| ending.at).collect::<Vec<_>>()
    )
    .fetch_all(db)
    .await?;
    let recorded: HashSet<(Uuid, i64)> = recorded.into_iter().map(|row| (row.id, row.fence)).collect();
    Ok(endings.iter().map(|ending| recorded.contains(&(ending.hold.id, ending.hold.fence))).collect())
}

/// An outcome as the tables have it.
struct Written {
    state: &'static str,
    outcome: &'static str,
    next: Option<DateTime<Utc>>,
}

fn written(outcome: &Outcome) -> Written {
    let (state, outcome, next) = match outcome {
        Outcome::Accepted => ("accepted", "accepted", None),
        Outcome::Deferred(at) => ("deferred", "deferred", Some(*at)),
        Outcome::Failed => ("failed", "failed", None),
        Outcome::Uncertain(at) => ("uncertain", "uncertain", Some(*at)),
        Outcome::Unrenderable(Some(at)) => ("deferred", "unrenderable", Some(*at)),
        Outcome::Unrenderable(None) => ("dead", "unrenderable", None),
        Outcome::Held => ("uncertain", "uncertain", None),
    };
    Written { state, outcome, next }
}

/// Claims as the arrays of a statement.
pub(super) fn columns(holds: impl Iterator<Item = Hold>) -> (Vec<i64>, Vec<Uuid>, Vec<i64>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for hold in holds {
        columns.0.push(hold.subscriber_id);
        columns.1.push(hold.id);
        columns.2.push(hold.fence);
    }
    columns
}
