//! Writes a plan. Every statement takes all rows at once, whatever their number.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::plan::{Plan, Planned, PlannedBatch};
use super::{Reports, Validator};

/// Waits until no other host stores.
pub(super) async fn lock(tx: &mut PgConnection, key: i64) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", key).execute(tx).await?;
    Ok(())
}

/// Writes all but the validators; notes the numbers of the batches in the plan's outcome.
pub(super) async fn write(tx: &mut PgConnection, now: DateTime<Utc>, reports: &Reports, plan: &mut Plan) -> sqlx::Result<()> {
    for (from, into) in &plan.unions {
        unite(tx, *from, *into).await?;
    }
    for (row, arrivals) in &plan.arrivals {
        replace_arrivals(tx, *row, arrivals).await?;
    }
    let inserted = insert_new(tx, now, &plan.papers).await?;
    update_known(tx, &plan.papers).await?;
    let rows: Vec<i64> = plan.papers.iter().map(|paper| paper.row.unwrap_or_else(|| inserted[paper.identity.as_str()])).collect();
    insert_revisions(tx, now, &plan.papers, &rows).await?;
    insert_aliases(tx, &plan.papers, &rows).await?;
    let first = insert_batches(tx, now, &reports.source, &plan.batches).await?;
    insert_arrivals(tx, first, &plan.batches, &rows).await?;
    insert_listings(tx, first, &reports.source, &plan.batches, &rows).await?;
    for (batch, number) in plan.batches.iter().zip(first..) {
        plan.outcome.days[batch.place].1.batch = Some(number);
    }
    sqlx::query!("update archive_version set number = number + 1").execute(tx).await?;
    Ok(())
}

/// Makes `from` a pointer to `into`. Revisions stay where they are, because digests name them; who listed the
/// paper is told of the paper from now on.
async fn unite(tx: &mut PgConnection, from: i64, into: i64) -> sqlx::Result<()> {
    sqlx::query!("update paper set merged_into = $2 where id = $1 or merged_into = $1", from, into).execute(&mut *tx).await?;
    sqlx::query!("update paper_alias set paper_id = $2 where paper_id = $1", from, into).execute(&mut *tx).await?;
    sqlx::query!(
        "update paper set first_seen_at = least(first_seen_at, (select first_seen_at from paper where id = $1)) where id = $2",
        from,
        into
    )
    .execute(&mut *tx)
    .await?;
    // Both on one list: the better place counts, and the older batch.
    sqlx::query!(
        "update listing kept set rank = least(kept.rank, gone.rank), batch = least(kept.batch, gone.batch)
         from listing gone
         where gone.paper_id = $1 and kept.paper_id = $2 and kept.source = gone.source and kept.day = gone.day",
        from,
        into
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from listing gone using listing kept
         where gone.paper_id = $1 and kept.paper_id = $2 and kept.source = gone.source and kept.day = gone.day",
        from,
        into
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update listing set paper_id = $2 where paper_id = $1", from, into).execute(&mut *tx).await?;
    sqlx::query!("delete from arrival where paper_id = $1", from).execute(tx).await?;
    Ok(())
}

async fn replace_arrivals(tx: &mut PgConnection, row: i64, arrivals: &[(i64, String)]) -> sqlx::Result<()> {
    let batches: Vec<i64> = arrivals.iter().map(|(batch, _)| *batch).collect();
    let kinds: Vec<String> = arrivals.iter().map(|(_, kind)| kind.clone()).collect();
    sqlx::query!("delete from arrival where paper_id = $1", row).execute(&mut *tx).await?;
    sqlx::query!(
        "insert into arrival (batch, paper_id, kind) select batch, $1, kind from unnest($2::bigint[], $3::text[]) as given (batch, kind)",
        row,
        &batches,
        &kinds
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The columns of a paper's row, each as PostgreSQL wants it.
#[derive(Default)]
struct Columns {
    rows: Vec<i64>,
    identities: Vec<String>,
    revisions: Vec<Option<i32>>,
    title_keys: Vec<Option<i64>>,
    upvotes: Vec<Option<i64>>,
    comments: Vec<Option<i64>>,
    github_stars: Vec<Option<i64>>,
}

impl Columns {
    fn of<'a>(papers: impl Iterator<Item = &'a Planned>) -> Self {
        let mut columns = Self::default();
        for paper in papers {
            columns.rows.push(paper.row.unwrap_or_default());
            columns.identities.push(paper.identity.to_string());
            columns.revisions.push(paper.revision.as_ref().map(|(number, _)| *number));
            columns.title_keys.push(paper.title_key);
            columns.upvotes.push(paper.counts.upvotes.map(i64::from));
            columns.comments.push(paper.counts.comments.map(i64::from));
            columns.github_stars.push(paper.counts.github_stars.map(i64::from));
        }
        columns
    }
}

/// Gives the new rows by identity; they are numbered in the order of the reports.
async fn insert_new(tx: &mut PgConnection, now: DateTime<Utc>, papers: &[Planned]) -> sqlx::Result<HashMap<String, i64>> {
    let new = Columns::of(papers.iter().filter(|paper| paper.row.is_none()));
    if new.rows.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        "insert into paper (identity, revision, first_seen_at, title_key, upvotes, comments, github_stars)
         select identity, 1, $1, title_key, upvotes, comments, github_stars
         from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
              with ordinality as given (identity, title_key, upvotes, comments, github_stars, place)
         order by place
         returning id, identity",
        now,
        &new.identities,
        &new.title_keys as &[Option<i64>],
        &new.upvotes as &[Option<i64>],
        &new.comments as &[Option<i64>],
        &new.github_stars as &[Option<i64>]
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.identity, row.id)).collect())
}

async fn update_known(tx: &mut PgConnection, papers: &[Planned]) -> sqlx::Result<()> {
    let known = Columns::of(papers.iter().filter(|paper| paper.row.is_some() && paper.changed));
    if known.rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update paper p
         set identity = given.identity, revision = coalesce(given.revision, p.revision), title_key = given.title_key,
             upvotes = given.upvotes, comments = given.comments, github_stars = given.github_stars
         from unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
              as given (id, identity, revision, title_key, upvotes, comments, github_stars)
         where p.id = given.id",
        &known.rows,
        &known.identities,
        &known.revisions as &[Option<i32>],
        &known.title_keys as &[Option<i64>],
        &known.upvotes as &[Option<i64>],
        &known.comments as &[Option<i64>],
        &known.github_stars as &[Option<i64>]
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_revisions(tx: &mut PgConnection, now: DateTime<Utc>, papers: &[Planned], rows: &[i64]) -> sqlx::Result<()> {
    let (mut ids, mut numbers, mut facts): (Vec<i64>, Vec<i32>, Vec<Json<&RawValue>>) = Default::default();
    for (paper, row) in papers.iter().zip(rows) {
        if let Some((number, text)) = &paper.revision {
            ids.push(*row);
            numbers.push(*number);
            facts.push(Json(&**text));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into paper_revision (paper_id, revision, facts, recorded_at)
         select paper_id, revision, facts, $4
         from unnest($1::bigint[], $2::integer[], $3::jsonb[]) as given (paper_id, revision, facts)",
        &ids,
        &numbers,
        &facts as &[Json<&RawValue>],
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_aliases(tx: &mut PgConnection, papers: &[Planned], rows: &[i64]) -> sqlx::Result<()> {
    let pairs = papers.iter().zip(rows).flat_map(|(paper, row)| paper.aliases.iter().map(|alias| (alias.to_string(), *row)));
    let (aliases, rows): (Vec<String>, Vec<i64>) = pairs.unzip();
    if aliases.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into paper_alias (identity, paper_id) select identity, paper_id from unnest($1::text[], $2::bigint[]) as given (identity, paper_id)",
        &aliases,
        &rows
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Numbers the batches in their order; gives the first number.
async fn insert_batches(tx: &mut PgConnection, now: DateTime<Utc>, source: &str, batches: &[PlannedBatch]) -> sqlx::Result<i64> {
    let first = sqlx::query_scalar!(r#"select coalesce(max(number), 0) + 1 as "first!" from batch"#).fetch_one(&mut *tx).await?;
    let numbers: Vec<i64> = (first..).take(batches.len()).collect();
    let days: Vec<NaiveDate> = batches.iter().map(|batch| batch.day).collect();
    let history: Vec<bool> = batches.iter().map(|batch| batch.history).collect();
    sqlx::query!(
        "insert into batch (number, source, day, backfill, fetched_at)
         select number, $1, day, backfill, $2 from unnest($3::bigint[], $4::date[], $5::boolean[]) as given (number, day, backfill)",
        source,
        now,
        &numbers,
        &days,
        &history
    )
    .execute(tx)
    .await?;
    Ok(first)
}

async fn insert_arrivals(tx: &mut PgConnection, first: i64, batches: &[PlannedBatch], rows: &[i64]) -> sqlx::Result<()> {
    let (mut numbers, mut papers, mut kinds): (Vec<i64>, Vec<i64>, Vec<String>) = Default::default();
    for (batch, number) in batches.iter().zip(first..) {
        for (places, kind) in [(&batch.new, "new"), (&batch.curated, "curated")] {
            for place in places {
                numbers.push(number);
                papers.push(rows[*place]);
                kinds.push(kind.to_owned());
            }
        }
    }
    sqlx::query!(
        "insert into arrival (batch, paper_id, kind)
         select batch, paper_id, kind from unnest($1::bigint[], $2::bigint[], $3::text[]) as given (batch, paper_id, kind)",
        &numbers,
        &papers,
        &kinds
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_listings(tx: &mut PgConnection, first: i64, source: &str, batches: &[PlannedBatch], rows: &[i64]) -> sqlx::Result<()> {
    let (mut numbers, mut days, mut papers, mut ranks): (Vec<i64>, Vec<NaiveDate>, Vec<i64>, Vec<i32>) = Default::default();
    for (batch, number) in batches.iter().zip(first..) {
        for (place, rank) in &batch.listed {
            numbers.push(number);
            days.push(batch.day);
            papers.push(rows[*place]);
            ranks.push(*rank);
        }
    }
    sqlx::query!(
        "insert into listing (source, day, paper_id, rank, batch)
         select $1, day, paper_id, rank, batch
         from unnest($2::date[], $3::bigint[], $4::integer[], $5::bigint[]) as given (day, paper_id, rank, batch)",
        source,
        &days,
        &papers,
        &ranks,
        &numbers
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps what the next conditional requests need.
pub(super) async fn validators(tx: &mut PgConnection, now: DateTime<Utc>, source: &str, validators: &[Validator]) -> sqlx::Result<()> {
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
