//! How far the asking for past days came, so that it goes on where it was broken off.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

/// What is asked of each past day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What was listed on it.
    Listed,
    /// What the source changed on it.
    Changed,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Changed => "changed",
        }
    }
}

/// A stretch of days of one source.
#[derive(Debug, Clone)]
pub struct Backfill {
    source: String,
    mode: Mode,
    /// What an earlier run of the same stretch did.
    pub done: Vec<NaiveDate>,
}

impl Backfill {
    /// Goes on with the stretch that begins with `since`, or begins it: anew if `afresh`, or if the last one began on another day.
    pub async fn open(db: &PgPool, now: DateTime<Utc>, source: &str, mode: Mode, since: NaiveDate, afresh: bool) -> sqlx::Result<Self> {
        let done = sqlx::query_scalar!(
            "insert into backfill as b (source, mode, since, started_at) values ($1, $2, $3, $4)
             on conflict (source, mode) do update set
                 since = excluded.since,
                 done = case when b.since = excluded.since and not $5 then b.done else '{}' end,
                 cursor_day = case when b.since = excluded.since and not $5 then b.cursor_day end,
                 cursor = case when b.since = excluded.since and not $5 then b.cursor end,
                 started_at = case when b.since = excluded.since and not $5 then b.started_at else excluded.started_at end
             returning done",
            source,
            mode.as_str(),
            since,
            now,
            afresh
        )
        .fetch_one(db)
        .await?;
        Ok(Self { source: source.to_owned(), mode, done })
    }

    /// Where `day` broke off.
    pub async fn cursor(&self, db: &PgPool, day: NaiveDate) -> sqlx::Result<Option<String>> {
        let cursor = sqlx::query_scalar!(
            "select cursor from backfill where source = $1 and mode = $2 and cursor_day = $3",
            self.source,
            self.mode.as_str(),
            day
        );
        Ok(cursor.fetch_optional(db).await?.flatten())
    }

    /// Notes that a page of `day` is stored, and where the next one is; without one, the day is done.
    pub async fn note(&self, db: &PgPool, day: NaiveDate, next: Option<&str>) -> sqlx::Result<()> {
        sqlx::query!(
            "update backfill
             set cursor = $4, cursor_day = case when $4::text is null then null else $3::date end,
                 done = case when $4::text is null then array_append(done, $3::date) else done end
             where source = $1 and mode = $2",
            self.source,
            self.mode.as_str(),
            day,
            next
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// All of it is done.
    pub async fn close(self, db: &PgPool) -> sqlx::Result<()> {
        sqlx::query!("delete from backfill where source = $1 and mode = $2", self.source, self.mode.as_str()).execute(db).await?;
        Ok(())
    }
}
