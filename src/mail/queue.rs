//! The queue of mails: rows that move through the states drawn in ARCHITECTURE.md.
//!
//! Guarantee: a mail is handed to the relay at least once; twice only when its acceptance could not
//! be recorded, and then as the same bytes with the same Message-ID. Every write of a worker names
//! the fence of its claim, so a worker that was taken for dead changes nothing.

mod attempt;
mod doubt;
mod recorder;
mod work;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

pub use attempt::{Ending, Transmission, begin_transmissions, record};
pub use doubt::{Doubt, Fate, Held, Reported, Source, doubts, held, last_webhook, mail_named, release_held, report, report_open, settle};
pub use recorder::Recorder;
pub use work::{Recovered, claim, extend, recover, release, suppress};

use super::model::FilterLine;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Asks the owner of an address to confirm a sign-up.
    Confirmation(Uuid),
    /// Greets a new reader.
    Welcome,
    /// A morning's papers.
    Digest(Uuid),
    /// Says that no more mail comes.
    Goodbye,
}

impl Subject {
    fn kind(self) -> &'static str {
        match self {
            Self::Confirmation(_) => "confirmation",
            Self::Welcome => "welcome",
            Self::Digest(_) => "digest",
            Self::Goodbye => "goodbye",
        }
    }
}

/// One claim of a mail: whatever its holder writes names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Whose mail.
    pub subscriber_id: i64,
    /// The mail.
    pub id: Uuid,
    /// Which claim this is.
    pub fence: i64,
}

/// A mail in a worker's hands.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Whose mail.
    pub subscriber_id: i64,
    /// The mail.
    pub id: Uuid,
    /// What to render.
    pub subject: Subject,
    /// The Date header.
    pub dated: DateTime<Utc>,
    /// Which claim this is.
    pub fence: i64,
    /// How often it was tried before.
    pub attempts: i32,
    /// How often it could not be rendered.
    pub render_failures: i32,
    /// The SHA-256 of the only bytes that may go out for it, once its fate was unknown.
    pub only_bytes: Option<Vec<u8>>,
    /// What a welcome says.
    pub choices: Option<Choices>,
}

/// A new reader's choices as they were when the welcome was queued: what they change later shall not
/// change a mail that may be sent twice.
#[derive(Debug, Clone, Deserialize)]
pub struct Choices {
    /// When the first digest is due; none for a reader who paused at once.
    pub first_digest_at: Option<DateTime<Utc>>,
    /// In which zone that is said.
    pub zone: Tz,
    /// In the reader's order.
    pub filters: Vec<FilterLine>,
}

impl Claimed {
    /// The claim under which it is held.
    pub fn hold(&self) -> Hold {
        Hold { subscriber_id: self.subscriber_id, id: self.id, fence: self.fence }
    }

    /// A mail that is only looked at: no row of the queue.
    pub fn of(subscriber_id: i64, id: Uuid, subject: Subject, dated: DateTime<Utc>) -> Self {
        Self { subscriber_id, id, subject, dated, fence: 0, attempts: 0, render_failures: 0, only_bytes: None, choices: None }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took responsibility (RFC 5321 § 4.2.5).
    Accepted,
    /// Not now; again at the given time.
    Deferred(DateTime<Utc>),
    /// Never to this recipient.
    Failed,
    /// All was sent, but no reply came; looked at again at the given time.
    Uncertain(DateTime<Utc>),
    /// Could not be made into a message; again at the given time, or never.
    Unrenderable(Option<DateTime<Utc>>),
    /// The relay may have it already, and the same bytes cannot be made any more: left for the operator.
    Held,
}

/// Why, for the record: an SMTP reply code, and words without any address.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// RFC 5321 § 4.2.
    pub code: Option<i16>,
    /// At most [`MAX_NOTE_CHARS`] of it are kept.
    pub text: String,
}

/// Enough for any reply that means something.
pub const MAX_NOTE_CHARS: usize = 300;

/// Puts a mail into the queue, in the transaction that causes it.
pub async fn enqueue(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    subscriber_id: i64,
    subject: Subject,
    expires_at: Option<DateTime<Utc>>,
) -> sqlx::Result<Uuid> {
    let id = Uuid::new_v4();
    let (signup_id, digest_id) = match subject {
        Subject::Confirmation(signup) => (Some(signup), None),
        Subject::Digest(digest) => (None, Some(digest)),
        Subject::Welcome | Subject::Goodbye => (None, None),
    };
    sqlx::query!(
        "insert into mail (subscriber_id, id, kind, digest_id, signup_id, state, dated, next_attempt_at, expires_at, choices)
         values ($1, $2, $3, $4, $5, 'pending', $6, $6, $7, case when $3 = 'welcome' then (
             select jsonb_build_object('first_digest_at', s.next_due_at, 'zone', s.time_zone, 'filters', coalesce(
                 (select jsonb_agg(jsonb_build_object('name', name, 'query', query) order by position) from filter where subscriber_id = $1),
                 '[]'))
             from subscriber s where s.id = $1) end)",
        subscriber_id,
        id,
        subject.kind(),
        digest_id,
        signup_id,
        now,
        expires_at
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// A reader's new digest on its way into the queue.
#[derive(Debug, Clone, Copy)]
pub struct NewMail {
    /// Whose.
    pub subscriber_id: i64,
    /// The digest.
    pub digest_id: Uuid,
    /// When it may leave.
    pub not_before: DateTime<Utc>,
}

/// Puts the digests of one chunk into the queue.
pub async fn enqueue_digests(tx: &mut PgConnection, now: DateTime<Utc>, digests: &[NewMail]) -> sqlx::Result<()> {
    let subscribers: Vec<i64> = digests.iter().map(|mail| mail.subscriber_id).collect();
    let ids: Vec<Uuid> = digests.iter().map(|_| Uuid::new_v4()).collect();
    let starts: Vec<DateTime<Utc>> = digests.iter().map(|mail| mail.not_before).collect();
    let digests: Vec<Uuid> = digests.iter().map(|mail| mail.digest_id).collect();
    sqlx::query!(
        "insert into mail (subscriber_id, id, kind, digest_id, state, dated, next_attempt_at)
         select subscriber_id, id, 'digest', digest_id, 'pending', $5, not_before
         from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::timestamptz[]) as given (subscriber_id, id, digest_id, not_before)",
        &subscribers,
        &ids,
        &digests,
        &starts,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends all mails of a reader that no worker holds; those held are stopped by [`begin_transmissions`].
pub async fn withdraw(tx: &mut PgConnection, now: DateTime<Utc>, subscriber_id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "with unheld as (
             select id from mail where subscriber_id = $1 and state in ('pending', 'deferred', 'uncertain') order by id for update)
         update mail set state = 'suppressed', held = false, finished_at = $2 from unheld where subscriber_id = $1 and mail.id = unheld.id",
        subscriber_id,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The readers among `subscribers` whose last morning's digest must settle before the next one is composed:
/// it is in a worker's hands, or was once handed to the relay without an answer, so that only the
/// same bytes may go out for it. What is held for the operator is not waited for.
///
/// Locks those that wait, so that no worker takes them up while the next digest is composed; and no others, so that no
/// worker waits for whoever composes.
pub async fn unsettled(tx: &mut PgConnection, subscribers: &[i64]) -> sqlx::Result<Vec<i64>> {
    let waiting = sqlx::query_scalar!(
        "select id from mail where subscriber_id = any($1) and kind = 'digest' and finished_at is null
             and state in ('pending', 'deferred') and not doubtful
           and exists (select from digest d where d.subscriber_id = mail.subscriber_id and d.id = mail.digest_id and d.kind = 'morning')
         order by subscriber_id, id
         for update",
        subscribers
    )
    .fetch_all(&mut *tx)
    .await?;
    // One that a worker gave back since then waits too, but is not ours.
    sqlx::query_scalar!(
        "select subscriber_id from mail where subscriber_id = any($1) and kind = 'digest' and finished_at is null and not held and id <> all($2)
           and exists (select from digest d where d.subscriber_id = mail.subscriber_id and d.id = mail.digest_id and d.kind = 'morning')",
        subscribers,
        &waiting
    )
    .fetch_all(&mut *tx)
    .await
}

/// Ends the waiting digests of `subscribers`' mornings in favour of the next ones, and says which they were.
pub async fn supersede(tx: &mut PgConnection, now: DateTime<Utc>, subscribers: &[i64]) -> sqlx::Result<Vec<(i64, Uuid)>> {
    let rows = sqlx::query!(
        r#"update mail set state = 'superseded', finished_at = $2
           where subscriber_id = any($1) and kind = 'digest' and finished_at is null
             and state in ('pending', 'deferred') and not doubtful
             and exists (select from digest d where d.subscriber_id = mail.subscriber_id and d.id = mail.digest_id and d.kind = 'morning')
           returning subscriber_id, digest_id as "digest_id!""#,
        subscribers,
        now
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.subscriber_id, row.digest_id)).collect())
}
