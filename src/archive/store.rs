//! Stores what one fetch brought, in one transaction, under one lock.
//!
//! The lock makes batch numbers become visible in order: whoever has seen batch *n* has seen every
//! batch before it, so a reader's window never has a hole that fills up later.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use crate::paper::{Paper, PaperId};

/// What one fetch of one day of one source brought.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The source's name in the configuration.
    pub source: String,
    /// The day of the listing.
    pub day: NaiveDate,
    /// In the order of the list.
    pub papers: Vec<Paper>,
    /// Papers mentioned, but not listed: they add to what is known and never arrive.
    pub updates: Vec<Paper>,
    /// What the next conditional request needs.
    pub validators: Vec<Validator>,
}

/// ETag and Last-Modified of an answer (RFC 9110 § 8.8), worth keeping once the answer is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    /// The address asked.
    pub url: String,
    /// As sent by the server.
    pub etag: Option<String>,
    /// As sent by the server.
    pub last_modified: Option<String>,
    /// How many items the answer held.
    pub items: i32,
}

/// What storing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stored {
    /// The new batch, where anything arrived.
    pub batch: Option<i64>,
    /// Papers never seen before.
    pub new: usize,
    /// Known papers that a curated source lists for the first time.
    pub curated: usize,
    /// Known papers of which something new was learnt.
    pub updated: usize,
    /// Papers newly on this day's list.
    pub listed: usize,
    /// Papers of which nothing changed.
    pub unchanged: usize,
}

/// Any number, as long as every host uses the same one.
const STORE_LOCK: i64 = 0x7061_7065_726c_6172;

struct Known {
    id: i64,
    revision: i32,
    facts: Paper,
}

/// Stores `incoming`; `curated` names the sources whose listing is a choice.
///
/// Storing the same again changes nothing. Papers of a `backfill` enter no digest.
pub async fn store(db: &PgPool, now: DateTime<Utc>, incoming: Incoming, curated: &[String], backfill: bool) -> sqlx::Result<Stored> {
    let mut tx = db.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", STORE_LOCK).execute(&mut *tx).await?;
    let listed_papers = without_repeats(incoming.papers.clone(), &incoming.source).len();
    let papers = without_repeats([incoming.papers, incoming.updates].concat(), &incoming.source);
    let known = known_papers(&mut tx, &papers).await?;
    let (old, new): (Vec<Paper>, Vec<Paper>) = papers.iter().cloned().partition(|paper| known.contains_key(&paper.id));
    let mut stored = Stored { new: new.len(), ..Stored::default() };

    let inserted = insert_new(&mut tx, now, &new).await?;
    stored.updated = update_known(&mut tx, now, &known, old).await?;
    let ids: Vec<i64> = papers.iter().map(|paper| inserted.get(&paper.id).copied().unwrap_or_else(|| known[&paper.id].id)).collect();

    // The listed ones come first, the mere mentions after them.
    let on_the_list = &ids[..listed_papers];
    let listed = newly_listed(&mut tx, &incoming.source, incoming.day, on_the_list).await?;
    stored.listed = listed.len();
    let fresh: HashSet<i64> = inserted.values().copied().collect();
    let chosen = match curated.contains(&incoming.source) {
        true => first_curated(&mut tx, &listed, &fresh, curated).await?,
        false => Vec::new(),
    };
    stored.curated = chosen.len();
    if !listed.is_empty() {
        let batch = open_batch(&mut tx, now, &incoming.source, incoming.day, backfill).await?;
        let fresh: Vec<i64> = on_the_list.iter().copied().filter(|id| fresh.contains(id)).collect();
        record_arrivals(&mut tx, batch, &fresh, "new").await?;
        record_arrivals(&mut tx, batch, &chosen, "curated").await?;
        record_listing(&mut tx, batch, &incoming.source, incoming.day, on_the_list, &listed).await?;
        stored.batch = Some(batch);
    }
    record_validators(&mut tx, now, &incoming.source, &incoming.validators).await?;
    tx.commit().await?;
    stored.unchanged = ids.len() - stored.new - stored.updated;
    Ok(stored)
}

/// One paper an identity, in the order of first mention; the source's name is noted in each.
fn without_repeats(papers: Vec<Paper>, source: &str) -> Vec<Paper> {
    let mut order: BTreeMap<PaperId, usize> = BTreeMap::new();
    let mut unique: Vec<Paper> = Vec::with_capacity(papers.len());
    for mut paper in papers {
        paper.sources = vec![source.to_owned()];
        match order.get(&paper.id) {
            Some(&at) => unique[at].merge(paper),
            None => {
                order.insert(paper.id.clone(), unique.len());
                unique.push(paper);
            }
        }
    }
    unique
}

async fn known_papers(tx: &mut PgConnection, papers: &[Paper]) -> sqlx::Result<HashMap<PaperId, Known>> {
    let identities: Vec<String> = papers.iter().map(|paper| paper.id.to_string()).collect();
    let rows = sqlx::query!(
        r#"select names.identity as "identity!", p.id, p.revision, r.facts as "facts: Json<Paper>"
           from (select identity, id from paper where identity = any($1)
                 union all
                 select identity, paper_id from paper_alias where identity = any($1)) names
           join paper p on p.id = names.id
           join paper_revision r on r.paper_id = p.id and r.revision = p.revision"#,
        &identities
    )
    .fetch_all(tx)
    .await?;
    let asked: HashMap<&str, &PaperId> = papers.iter().map(|paper| (paper.id.as_str(), &paper.id)).collect();
    let known = rows.into_iter().filter_map(|row| {
        let id = asked.get(row.identity.as_str())?;
        Some(((*id).clone(), Known { id: row.id, revision: row.revision, facts: row.facts.0 }))
    });
    Ok(known.collect())
}

async fn insert_new(tx: &mut PgConnection, now: DateTime<Utc>, papers: &[Paper]) -> sqlx::Result<HashMap<PaperId, i64>> {
    if papers.is_empty() {
        return Ok(HashMap::new());
    }
    let identities: Vec<String> = papers.iter().map(|paper| paper.id.to_string()).collect();
    let rows = sqlx::query!(
        "insert into paper (identity, revision, first_seen_at)
         select identity, 1, $2 from unnest($1::text[]) with ordinality as given (identity, place) order by place
         returning id, identity",
        &identities,
        now
    )
    .fetch_all(&mut *tx)
    .await?;
    let ids: HashMap<String, i64> = rows.into_iter().map(|row| (row.identity, row.id)).collect();
    let revisions = papers.iter().map(|paper| (ids[paper.id.as_str()], 1, paper)).collect();
    insert_revisions(tx, now, revisions).await?;
    Ok(papers.iter().map(|paper| (paper.id.clone(), ids[paper.id.as_str()])).collect())
}

async fn update_known(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    known: &HashMap<PaperId, Known>,
    reports: Vec<Paper>,
) -> sqlx::Result<usize> {
    let mut changed: Vec<(i64, i32, Paper)> = Vec::new();
    for report in reports {
        let known = &known[&report.id];
        let mut merged = known.facts.clone();
        merged.merge(report);
        if merged != known.facts {
            changed.push((known.id, known.revision + 1, merged));
        }
    }
    if changed.is_empty() {
        return Ok(0);
    }
    insert_revisions(tx, now, changed.iter().map(|(id, revision, paper)| (*id, *revision, paper)).collect()).await?;
    let (ids, revisions): (Vec<i64>, Vec<i32>) = changed.iter().map(|(id, revision, _)| (*id, *revision)).unzip();
    sqlx::query!(
        "update paper p set revision = given.revision
         from unnest($1::bigint[], $2::integer[]) as given (id, revision) where p.id = given.id",
        &ids,
        &revisions
    )
    .execute(tx)
    .await?;
    Ok(changed.len())
}

async fn insert_revisions(tx: &mut PgConnection, now: DateTime<Utc>, revisions: Vec<(i64, i32, &Paper)>) -> sqlx::Result<()> {
    let ids: Vec<i64> = revisions.iter().map(|revision| revision.0).collect();
    let numbers: Vec<i32> = revisions.iter().map(|revision| revision.1).collect();
    let facts: Vec<Json<&Paper>> = revisions.iter().map(|revision| Json(revision.2)).collect();
    sqlx::query!(
        "insert into paper_revision (paper_id, revision, facts, recorded_at)
         select paper_id, revision, facts, $4
         from unnest($1::bigint[], $2::integer[], $3::jsonb[]) as given (paper_id, revision, facts)",
        &ids,
        &numbers,
        &facts as &[Json<&Paper>],
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Those of `ids` that `source` had not listed on `day` before.
async fn newly_listed(tx: &mut PgConnection, source: &str, day: NaiveDate, ids: &[i64]) -> sqlx::Result<HashSet<i64>> {
    let before =
        sqlx::query_scalar!("select paper_id from listing where source = $1 and day = $2 and paper_id = any($3)", source, day, ids)
            .fetch_all(tx)
            .await?;
    let before: HashSet<i64> = before.into_iter().collect();
    Ok(ids.iter().copied().filter(|id| !before.contains(id)).collect())
}

/// Those of `listed` that were known, but on no curated list yet.
async fn first_curated(tx: &mut PgConnection, listed: &HashSet<i64>, fresh: &HashSet<i64>, curated: &[String]) -> sqlx::Result<Vec<i64>> {
    let candidates: Vec<i64> = listed.difference(fresh).copied().collect();
    let chosen = sqlx::query_scalar!(
        r#"select id as "id!" from unnest($1::bigint[]) as given (id)
           where not exists (select from listing where paper_id = id and source = any($2))
             and not exists (select from arrival where paper_id = id and kind = 'curated')
           order by id"#,
        &candidates,
        curated
    )
    .fetch_all(tx)
    .await?;
    Ok(chosen)
}

async fn open_batch(tx: &mut PgConnection, now: DateTime<Utc>, source: &str, day: NaiveDate, backfill: bool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into batch (number, source, day, backfill, fetched_at)
         select coalesce(max(number), 0) + 1, $1, $2, $3, $4 from batch
         returning number",
        source,
        day,
        backfill,
        now
    )
    .fetch_one(tx)
    .await
}

async fn record_arrivals(tx: &mut PgConnection, batch: i64, ids: &[i64], kind: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into arrival (batch, paper_id, kind) select $1, id, $3 from unnest($2::bigint[]) as given (id)
         on conflict (paper_id, kind) do nothing",
        batch,
        ids,
        kind
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn record_listing(
    tx: &mut PgConnection,
    batch: i64,
    source: &str,
    day: NaiveDate,
    ids: &[i64],
    listed: &HashSet<i64>,
) -> sqlx::Result<()> {
    let ranked = ids.iter().zip(1i32..).filter(|(id, _)| listed.contains(id)).map(|(id, rank)| (*id, rank));
    let (ids, ranks): (Vec<i64>, Vec<i32>) = ranked.unzip();
    sqlx::query!(
        "insert into listing (source, day, paper_id, rank, batch)
         select $1, $2, id, rank, $5 from unnest($3::bigint[], $4::integer[]) as given (id, rank)",
        source,
        day,
        &ids,
        &ranks,
        batch
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn record_validators(tx: &mut PgConnection, now: DateTime<Utc>, source: &str, validators: &[Validator]) -> sqlx::Result<()> {
    for validator in validators {
        sqlx::query!(
            "insert into http_validator (source, url, etag, last_modified, items, stored_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (source, url) do update
             set etag = excluded.etag, last_modified = excluded.last_modified, items = excluded.items, stored_at = excluded.stored_at",
            source,
            validator.url,
            validator.etag,
            validator.last_modified,
            validator.items,
            now
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
