//! The queue of mails: rows that move through the states drawn in ARCHITECTURE.md.
//!
//! Guarantee: a mail is handed to the relay at least once; twice only when its acceptance could not
//! be recorded, and then as the same bytes with the same Message-ID. Every write of a worker names
//! the fence of its claim, so a worker that was taken for dead changes nothing.

mod work;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use work::{Recovered, begin_transmission, claim, extend, record, recover, release, suppress};

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
        "insert into mail (subscriber_id, id, kind, digest_id, signup_id, state, dated, next_attempt_at, expires_at)
         values ($1, $2, $3, $4, $5, 'pending', $6, $6, $7)",
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

/// Puts the digests of one chunk into the queue.
pub async fn enqueue_digests(tx: &mut PgConnection, now: DateTime<Utc>, digests: &[(i64, Uuid)]) -> sqlx::Result<()> {
    let (subscribers, digests): (Vec<i64>, Vec<Uuid>) = digests.iter().copied().unzip();
    let ids: Vec<Uuid> = digests.iter().map(|_| Uuid::new_v4()).collect();
    sqlx::query!(
        "insert into mail (subscriber_id, id, kind, digest_id, state, dated, next_attempt_at)
         select subscriber_id, id, 'digest', digest_id, 'pending', $4, $4
         from unnest($1::bigint[], $2::uuid[], $3::uuid[]) as given (subscriber_id, id, digest_id)",
        &subscribers,
        &ids,
        &digests,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends all mails of a reader that no worker holds; those held are stopped by [`begin_transmission`].
pub async fn withdraw(tx: &mut PgConnection, now: DateTime<Utc>, subscriber_id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update mail set state = 'suppressed', finished_at = $2
         where subscriber_id = $1 and state in ('pending', 'deferred', 'uncertain')",
        subscriber_id,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The readers among `subscribers` whose last morning's digest must settle before the next one is composed:
/// it is in a worker's hands, or was once handed to the relay without an answer, so that only the
/// same bytes may go out for it.
///
/// Locks what is unfinished, so that no worker takes it up while the next digest is composed.
pub async fn unsettled(tx: &mut PgConnection, subscribers: &[i64], hold: bool) -> sqlx::Result<Vec<i64>> {
    let rows = sqlx::query!(
        r#"select subscriber_id, (state in ('claimed', 'transmitting') or (doubtful and not (state = 'uncertain' and $2))) as "unsettled!"
           from mail where subscriber_id = any($1) and kind = 'digest' and finished_at is null
             and exists (select from digest d where d.subscriber_id = mail.subscriber_id and d.id = mail.digest_id and d.kind = 'morning')
           order by subscriber_id, id
           for update"#,
        subscribers,
        hold
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter(|row| row.unsettled).map(|row| row.subscriber_id).collect())
}

/// Ends the waiting digests of `subscribers`' mornings in favour of the next ones, and says which they were.
pub async fn supersede(tx: &mut PgConnection, now: DateTime<Utc>, subscribers: &[i64]) -> sqlx::Result<Vec<(i64, Uuid)>> {
    let rows = sqlx::query!(
        r#"update mail set state = 'superseded', finished_at = $2
           where subscriber_id = any($1) and kind = 'digest' and state in ('pending', 'deferred') and not doubtful
             and exists (select from digest d where d.subscriber_id = mail.subscriber_id and d.id = mail.digest_id and d.kind = 'morning')
           returning subscriber_id, digest_id as "digest_id!""#,
        subscribers,
        now
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.subscriber_id, row.digest_id)).collect())
}
