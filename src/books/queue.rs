//! The queue, routes and sources as they stand: what is measured rather than counted.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// Mails that are not finished, by state.
    pub states: Vec<(String, i64)>,
    /// Mails left for the operator.
    pub held: i64,
    /// Since when the oldest mail that may leave waits to do so.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Readers whose digest is due and not composed.
    pub due: i64,
    /// Relays in trouble: name, failures in a row, until when they are left alone.
    pub routes: Vec<(String, i32, DateTime<Utc>)>,
    /// Sources: name, last success, failures in a row.
    pub sources: Vec<(String, Option<DateTime<Utc>>, i32)>,
}

/// How things stand at `now`.
pub async fn queue(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<Queue> {
    let states = sqlx::query!(
        r#"select state, count(*) as "count!", count(*) filter (where held) as "held!",
                  min(next_attempt_at) filter (where state in ('pending', 'deferred') and next_attempt_at <= $1) as waiting_since
           from mail where finished_at is null group by state"#,
        now
    )
    .fetch_all(db)
    .await?;
    let due = sqlx::query_scalar!(r#"select count(*) as "count!" from subscriber where next_due_at <= $1"#, now).fetch_one(db).await?;
    let routes = sqlx::query!("select relay, failures, paused_until from route").fetch_all(db).await?;
    let sources = sqlx::query!("select source, last_success_at, failures from source_state").fetch_all(db).await?;
    Ok(Queue {
        held: states.iter().map(|row| row.held).sum(),
        waiting_since: states.iter().filter_map(|row| row.waiting_since).min(),
        states: states.into_iter().map(|row| (row.state, row.count)).collect(),
        due,
        routes: routes.into_iter().map(|row| (row.relay, row.failures, row.paused_until)).collect(),
        sources: sources.into_iter().map(|row| (row.source, row.last_success_at, row.failures)).collect(),
    })
}

/// What is not settled, though it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Late {
    /// Readers whose digest was due that long ago and is not composed.
    pub uncomposed: i64,
    /// Digests due that long ago whose mails wait or are in doubt.
    pub unsent: i64,
}

/// What was due longer than `after` before `now` and is not settled.
pub async fn late(db: &PgPool, now: DateTime<Utc>, after: TimeDelta) -> sqlx::Result<Late> {
    sqlx::query_as!(
        Late,
        r#"select (select count(*) from subscriber where next_due_at < $1) as "uncomposed!",
                  (select count(*) from mail m join digest d on d.subscriber_id = m.subscriber_id and d.id = m.digest_id
                   where m.finished_at is null and d.kind = 'morning' and d.due_at < $1
                     and not exists (select from subscriber s where s.id = m.subscriber_id and s.paused)) as "unsent!""#,
        now - after
    )
    .fetch_one(db)
    .await
}
