//! Digests in the database.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Content;
use crate::archive;

/// A digest to be stored.
#[derive(Debug, Clone)]
pub struct NewDigest {
    /// Whose.
    pub subscriber_id: i64,
    /// Names it in links.
    pub id: Uuid,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// The reader's local day.
    pub day: NaiveDate,
    /// The window `(after_batch, through_batch]`.
    pub after_batch: i64,
    /// The window's end.
    pub through_batch: i64,
    /// The papers.
    pub content: Content,
}

/// A digest as it stands.
#[derive(Debug, Clone)]
pub struct StoredDigest {
    /// The reader's local day.
    pub day: NaiveDate,
    /// The first day of listing in it, where it covers several.
    pub since: Option<NaiveDate>,
    /// When it was made.
    pub composed_at: DateTime<Utc>,
    /// The papers.
    pub content: Content,
}

/// Stores the digests of one chunk. `kind` is `morning` or `requested`.
pub async fn insert(tx: &mut PgConnection, now: DateTime<Utc>, kind: &str, digests: &[NewDigest]) -> sqlx::Result<()> {
    let papers: Vec<String> = digests
        .iter()
        .map(|digest| {
            let ids: Vec<String> = digest.content.papers().map(|(paper, _)| paper.to_string()).collect();
            format!("{{{}}}", ids.join(","))
        })
        .collect();
    sqlx::query!(
        "insert into digest (subscriber_id, id, kind, due_at, composed_at, day, after_batch, through_batch, papers, content)
         select subscriber_id, id, $1, due_at, $2, day, after_batch, through_batch, papers::bigint[], content
         from unnest($3::bigint[], $4::uuid[], $5::timestamptz[], $6::date[], $7::bigint[], $8::bigint[], $9::text[], $10::jsonb[])
              as given (subscriber_id, id, due_at, day, after_batch, through_batch, papers, content)",
        kind,
        now,
        &digests.iter().map(|digest| digest.subscriber_id).collect::<Vec<_>>(),
        &digests.iter().map(|digest| digest.id).collect::<Vec<_>>(),
        &digests.iter().map(|digest| digest.due_at).collect::<Vec<_>>(),
        &digests.iter().map(|digest| digest.day).collect::<Vec<_>>(),
        &digests.iter().map(|digest| digest.after_batch).collect::<Vec<_>>(),
        &digests.iter().map(|digest| digest.through_batch).collect::<Vec<_>>(),
        &papers,
        &digests.iter().map(|digest| Json(&digest.content)).collect::<Vec<_>>() as &[Json<&Content>]
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that each of `superseded` gives way to its reader's new digest, and says where the windows
/// of these readers began: there the new ones begin.
pub async fn replace(tx: &mut PgConnection, superseded: &[(i64, Uuid, Uuid)]) -> sqlx::Result<HashMap<i64, i64>> {
    let subscribers: Vec<i64> = superseded.iter().map(|row| row.0).collect();
    let old: Vec<Uuid> = superseded.iter().map(|row| row.1).collect();
    let new: Vec<Uuid> = superseded.iter().map(|row| row.2).collect();
    let rows = sqlx::query!(
        "update digest set superseded_by = given.new
         from unnest($1::bigint[], $2::uuid[], $3::uuid[]) as given (subscriber_id, old, new)
         where digest.subscriber_id = given.subscriber_id and digest.id = given.old
         returning digest.subscriber_id, after_batch",
        &subscribers,
        &old,
        &new
    )
    .fetch_all(tx)
    .await?;
    let mut begins: HashMap<i64, i64> = HashMap::new();
    for row in rows {
        begins.entry(row.subscriber_id).and_modify(|begin| *begin = row.after_batch.min(*begin)).or_insert(row.after_batch);
    }
    Ok(begins)
}

/// Which of the papers `among` each of `subscribers` was sent in their mornings, under whatever identity.
pub async fn sent_papers(tx: &mut PgConnection, subscribers: &[i64], among: &[i64]) -> sqlx::Result<HashMap<i64, HashSet<i64>>> {
    if subscribers.is_empty() || among.is_empty() {
        return Ok(HashMap::new());
    }
    let former = archive::former_rows(tx, among).await?;
    let names: Vec<i64> = among.iter().chain(former.keys()).copied().collect();
    let rows = sqlx::query!(
        r#"select subscriber_id, array(select unnest(papers) intersect select unnest($2::bigint[])) as "papers!"
           from digest where subscriber_id = any($1) and kind = 'morning' and superseded_by is null and papers && $2"#,
        subscribers,
        &names
    )
    .fetch_all(tx)
    .await?;
    let mut sent: HashMap<i64, HashSet<i64>> = HashMap::new();
    for row in rows {
        let papers = row.papers.into_iter().map(|paper| former.get(&paper).copied().unwrap_or(paper));
        sent.entry(row.subscriber_id).or_default().extend(papers);
    }
    Ok(sent)
}

/// One digest.
pub async fn load(db: &PgPool, subscriber_id: i64, id: Uuid) -> sqlx::Result<Option<StoredDigest>> {
    Ok(load_all(db, &[(subscriber_id, id)]).await?.remove(&id))
}

/// Several digests, by id.
pub async fn load_all(db: &PgPool, keys: &[(i64, Uuid)]) -> sqlx::Result<HashMap<Uuid, StoredDigest>> {
    let (subscribers, ids): (Vec<i64>, Vec<Uuid>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"select d.id, d.day, d.composed_at, d.content as "content: Json<Content>",
                  (select min(b.day) from batch b where b.number > d.after_batch and b.number <= d.through_batch and not b.backfill) as since
           from unnest($1::bigint[], $2::uuid[]) as given (subscriber_id, id)
           join digest d on d.subscriber_id = given.subscriber_id and d.id = given.id"#,
        &subscribers,
        &ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, StoredDigest { day: row.day, since: row.since, composed_at: row.composed_at, content: row.content.0 }))
        .collect())
}
