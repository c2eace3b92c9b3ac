//! When each source is asked, by whom, and what its days are.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgPool;

use super::{State, expectation, settled};
use crate::config::Source;

/// A host that took up a source has this long before another may, from its last sign of life.
const CHECK_LEASE: TimeDelta = TimeDelta::minutes(10);

/// The wait after the first failure, doubled with every further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(60);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(4 * 60 * 60);

/// Takes up a source that is due, so that no other host asks it at the same time.
pub async fn take_up(db: &PgPool, now: DateTime<Utc>, name: &str) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "insert into source_state (source, next_check_at) values ($1, $3)
         on conflict (source) do update set next_check_at = excluded.next_check_at
         where source_state.next_check_at is null or source_state.next_check_at <= $2",
        name,
        now,
        now + CHECK_LEASE
    )
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Keeps a source that takes long.
pub async fn renew(db: &PgPool, now: DateTime<Utc>, name: &str) -> sqlx::Result<()> {
    sqlx::query!("update source_state set next_check_at = greatest(next_check_at, $2) where source = $1", name, now + CHECK_LEASE)
        .execute(db)
        .await?;
    Ok(())
}

/// Up to which day a source was asked for every day.
pub async fn cursor(db: &PgPool, name: &str) -> sqlx::Result<Option<NaiveDate>> {
    Ok(sqlx::query_scalar!("select cursor from source_state where source = $1", name).fetch_optional(db).await?.flatten())
}

/// Gives a source back after an answer, until `next`.
pub async fn succeeded(
    db: &PgPool,
    now: DateTime<Utc>,
    name: &str,
    next: Option<DateTime<Utc>>,
    cursor: Option<NaiveDate>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update source_state
         set next_check_at = $3, last_success_at = $2, failures = 0, last_error = null, cursor = greatest(cursor, $4)
         where source = $1",
        name,
        now,
        next,
        cursor
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a source back after a failure; how long it rests.
pub async fn failed(db: &PgPool, now: DateTime<Utc>, name: &str, error: &str, asked: Option<Duration>) -> sqlx::Result<Duration> {
    let before = sqlx::query_scalar!("select failures from source_state where source = $1", name).fetch_one(db).await?;
    let wait = back_off(before).max(asked.unwrap_or_default());
    sqlx::query!(
        "update source_state set next_check_at = $2, failures = failures + 1, last_error = $3 where source = $1",
        name,
        now + wait,
        error
    )
    .execute(db)
    .await?;
    Ok(wait)
}

/// 1, 2, 4, … minutes, up to four hours.
fn back_off(failures: i32) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(0).min(16);
    (FIRST_BACK_OFF * 2u32.pow(doublings)).min(LONGEST_BACK_OFF)
}

/// Notes what `day` is after the source answered, and says it. A list whose papers the source had all listed before is
/// the day before's, whatever date it carries.
pub async fn note_day(
    db: &PgPool,
    now: DateTime<Utc>,
    name: &str,
    source: &Source,
    no_mail: &[NaiveDate],
    day: NaiveDate,
) -> sqlx::Result<Option<State>> {
    let listed = sqlx::query_scalar!(
        r#"select exists (
               select from listing l where l.source = $1 and l.day = $2
               and not exists (select from listing e where e.paper_id = l.paper_id and e.source = l.source and e.day < l.day)
           ) as "listed!""#,
        name,
        day
    )
    .fetch_one(db)
    .await?;
    let state = settled(expectation(source, no_mail, day), listed, now);
    if let Some(state) = state {
        write(db, now, name, day, state).await?;
    }
    Ok(state)
}

/// Notes that the source failed on `day`, unless the day is settled already.
pub async fn note_failing(db: &PgPool, now: DateTime<Utc>, name: &str, day: NaiveDate) -> sqlx::Result<()> {
    write(db, now, name, day, State::Failing).await
}

async fn write(db: &PgPool, now: DateTime<Utc>, name: &str, day: NaiveDate, state: State) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into source_day as d (source, day, state, since) values ($1, $2, $3, $4)
         on conflict (source, day) do update set state = excluded.state, since = excluded.since
         where d.state <> excluded.state and (excluded.state <> 'failing' or d.state = 'late')
           and (d.state <> 'listed')",
        name,
        day,
        state.as_str(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_source_is_asked_less_and_less_often() {
        let minutes: Vec<u64> = (0..10).map(|failures| back_off(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
    }
}
