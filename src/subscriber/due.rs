//! Who is due, what they want, and how their window moves on.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::{ranking, schedule};
use crate::filter::{NamedFilter, Ranking};
use crate::schedule::{ReaderSchedule, next_due};

/// A reader whose digest is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// Who.
    pub subscriber_id: i64,
    /// Since when.
    pub due_at: DateTime<Utc>,
    /// Zone, hour and days.
    pub schedule: ReaderSchedule,
    /// At most so many papers.
    pub max_papers: usize,
    /// In which order the papers of a filter come.
    pub ranking: Ranking,
    /// A mail also without a match.
    pub send_when_empty: bool,
    /// The last batch the reader's digests cover; none before the first digest.
    pub read_through: Option<i64>,
    /// In the order of the digest; none means trending papers.
    pub filters: Vec<NamedFilter>,
}

/// What a mail to a reader needs to know of them.
#[derive(Debug, Clone)]
pub struct Reader {
    /// As they wrote it.
    pub address: String,
    /// Confirmed, and not left since.
    pub subscribed: bool,
    /// Zone, hour and days.
    pub schedule: ReaderSchedule,
    /// In the order of the digest.
    pub filters: Vec<NamedFilter>,
    /// When the next digest is due.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// Which readers [`due`] takes.
#[derive(Debug, Clone, Copy)]
enum Which {
    DueAt(DateTime<Utc>, i64),
    One(i64),
}

/// Locks up to `limit` readers that are due, the longest waiting first, leaving out `except` and
/// those another host is busy with.
pub async fn due(tx: &mut PgConnection, now: DateTime<Utc>, limit: i64, except: &[i64]) -> sqlx::Result<Vec<Due>> {
    select(tx, Which::DueAt(now, limit), except).await
}

/// Locks one active reader, due or not.
pub async fn reader(tx: &mut PgConnection, subscriber_id: i64) -> sqlx::Result<Option<Due>> {
    Ok(select(tx, Which::One(subscriber_id), &[]).await?.pop())
}

async fn select(tx: &mut PgConnection, which: Which, except: &[i64]) -> sqlx::Result<Vec<Due>> {
    let (now, limit, one) = match which {
        Which::DueAt(now, limit) => (Some(now), limit, None),
        Which::One(id) => (None, 1, Some(id)),
    };
    let rows = sqlx::query!(
        "select id, next_due_at, time_zone, hour, weekdays, max_papers, ranking, send_when_empty, read_through from subscriber
         where next_due_at <= coalesce($1, 'infinity'::timestamptz) and ($2::bigint is null or id = $2) and id <> all($4)
         order by next_due_at limit $3 for update skip locked",
        now,
        one,
        limit,
        except
    )
    .fetch_all(&mut *tx)
    .await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut filters = filters_of_all(tx, &ids).await?;
    let due = rows.into_iter().filter_map(|row| {
        Some(Due {
            subscriber_id: row.id,
            due_at: row.next_due_at?,
            schedule: schedule(&row.time_zone, row.hour, row.weekdays),
            max_papers: usize::try_from(row.max_papers).unwrap_or(1),
            ranking: ranking(&row.ranking),
            send_when_empty: row.send_when_empty,
            read_through: row.read_through,
            filters: filters.remove(&row.id).unwrap_or_default(),
        })
    });
    Ok(due.collect())
}

async fn filters_of_all(connection: &mut PgConnection, ids: &[i64]) -> sqlx::Result<HashMap<i64, Vec<NamedFilter>>> {
    let rows =
        sqlx::query!("select subscriber_id, name, query from filter where subscriber_id = any($1) order by subscriber_id, position", ids)
            .fetch_all(connection)
            .await?;
    let mut filters: HashMap<i64, Vec<NamedFilter>> = HashMap::new();
    for row in rows {
        filters.entry(row.subscriber_id).or_default().push(NamedFilter { name: row.name, query: row.query });
    }
    Ok(filters)
}

/// Moves the windows of a chunk of readers on to `read_through`, and their due times past `now`.
pub async fn advance(tx: &mut PgConnection, now: DateTime<Utc>, readers: &[Due], read_through: i64) -> sqlx::Result<()> {
    let ids: Vec<i64> = readers.iter().map(|reader| reader.subscriber_id).collect();
    // A digest made ahead of its hour stands for that hour's.
    let next: Vec<DateTime<Utc>> = readers.iter().map(|reader| next_due(&reader.schedule, now.max(reader.due_at))).collect();
    sqlx::query!(
        "update subscriber set read_through = $3, next_due_at = given.next
         from unnest($1::bigint[], $2::timestamptz[]) as given (id, next) where subscriber.id = given.id",
        &ids,
        &next,
        read_through
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What the mails to these readers need.
pub async fn readers(db: &PgPool, ids: &[i64]) -> sqlx::Result<HashMap<i64, Reader>> {
    let mut connection = db.acquire().await?;
    let rows = sqlx::query!("select id, address, status, time_zone, hour, weekdays, next_due_at from subscriber where id = any($1)", ids)
        .fetch_all(&mut *connection)
        .await?;
    let mut filters = filters_of_all(&mut connection, ids).await?;
    let readers = rows.into_iter().map(|row| {
        let reader = Reader {
            address: row.address,
            subscribed: row.status == "active",
            schedule: schedule(&row.time_zone, row.hour, row.weekdays),
            filters: filters.remove(&row.id).unwrap_or_default(),
            next_due_at: row.next_due_at,
        };
        (row.id, reader)
    });
    Ok(readers.collect())
}
