//! Reads the archive: for the pages, and for the windows that digests are made of.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};

use super::RevisionKey;
use super::row::{ArrivedRow, CurrentRow, OnDayRow};
use crate::paper::{Paper, PaperId};

/// The most papers one page shows; a raw listing can have thousands.
const MAX_LISTED: i64 = 500;

/// A paper with its place in the archive.
#[derive(Debug, Clone)]
pub struct PaperRow {
    /// Row and revision.
    pub key: RevisionKey,
    /// What that revision says.
    pub paper: Paper,
}

/// A paper that arrived in a window of batches.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Row and current revision.
    pub key: RevisionKey,
    /// What is known of it.
    pub paper: Paper,
    /// Never seen before this window; else known, and now chosen by a curated source.
    pub new: bool,
    /// On the list of a curated source.
    pub curated: bool,
}

/// A paper, and the day a list had it first.
#[derive(Debug, Clone)]
pub struct OnDay {
    /// Row and current revision.
    pub key: RevisionKey,
    /// What is known of it.
    pub paper: Paper,
    /// The first day of listing among those asked for.
    pub day: NaiveDate,
}

/// The papers of some days, most voted first.
#[derive(Debug, Clone)]
pub struct Period {
    /// The last day before them that has papers.
    pub previous: Option<NaiveDate>,
    /// The first day after them.
    pub next: Option<NaiveDate>,
    /// At most 500.
    pub papers: Vec<Paper>,
}

/// A source's mention of a paper.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The source's name.
    pub source: String,
    /// The day.
    pub day: NaiveDate,
    /// Its place on the list, from 1.
    pub rank: i32,
}

/// What a conditional request to one address may say.
#[derive(Debug, Clone)]
pub struct StoredValidator {
    /// For If-None-Match.
    pub etag: Option<String>,
    /// For If-Modified-Since.
    pub last_modified: Option<String>,
    /// How many items the stored answer held.
    pub items: i32,
}

/// The newest day any source listed.
pub async fn newest_day(db: &PgPool) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar!("select max(day) from listing").fetch_one(db).await
}

/// The papers listed on the days `[from, to)`, those of `curated` sources first, then by votes and
/// place on the list.
pub async fn listing(db: &PgPool, from: NaiveDate, to: NaiveDate, curated: &[String]) -> sqlx::Result<Period> {
    let around = sqlx::query!(
        "select (select max(day) from listing where day < $1) as previous, (select min(day) from listing where day >= $2) as next",
        from,
        to
    )
    .fetch_one(db)
    .await?;
    // Only what is shown is read whole.
    let rows = sqlx::query_as!(
        CurrentRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars
           from (select p.id, l.chosen, coalesce(p.upvotes, 0) as votes, l.rank
                 from (select paper_id, bool_or(source = any($3)) as chosen, min(rank) as rank
                       from listing where day >= $1 and day < $2 group by paper_id) l
                 join paper p on p.id = l.paper_id
                 order by l.chosen desc, votes desc, l.rank, p.id limit $4) shown
           join current_paper c on c.id = shown.id
           order by shown.chosen desc, shown.votes desc, shown.rank, shown.id"#,
        from,
        to,
        curated,
        MAX_LISTED
    )
    .fetch_all(db)
    .await?;
    Ok(Period { previous: around.previous, next: around.next, papers: rows.into_iter().map(CurrentRow::paper).collect() })
}

/// All papers any source listed on `day`.
pub async fn listed_on(db: &PgPool, day: NaiveDate, curated: &[String]) -> sqlx::Result<Vec<Arrived>> {
    let rows = sqlx::query_as!(
        ArrivedRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars,
                  true as "new!", l.chosen as "curated!"
           from (select paper_id, bool_or(source = any($2)) as chosen from listing where day = $1 group by paper_id) l
           join current_paper c on c.id = l.paper_id order by c.id"#,
        day,
        curated
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Arrived::from).collect())
}

/// The papers any source listed on the days `[from, to)`, each under its first day there: the newest day first, on a
/// day in the order of arrival. At most `limit`, those of the oldest days left out.
pub async fn listed_between(db: &PgPool, from: NaiveDate, to: NaiveDate, limit: usize) -> sqlx::Result<Vec<OnDay>> {
    let rows = sqlx::query_as!(
        OnDayRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars,
                  l.day as "day!"
           from (select paper_id, min(day) as day from listing where day >= $1 and day < $2 group by paper_id) l
           join current_paper c on c.id = l.paper_id
           order by l.day desc, c.id limit $3"#,
        from,
        to,
        i64::try_from(limit).unwrap_or(i64::MAX)
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(OnDay::from).collect())
}

/// The paper with this identity, canonical or not.
pub async fn paper(db: &PgPool, id: &PaperId) -> sqlx::Result<Option<PaperRow>> {
    let row = sqlx::query_as!(
        CurrentRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars
           from current_paper c
           where c.id = coalesce((select coalesce(merged_into, id) from paper where identity = $1),
                                 (select paper_id from paper_alias where identity = $1))"#,
        id.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| PaperRow { key: (row.id, row.revision), paper: row.paper() }))
}

/// Which rows were merged into those `among`, each with the row that now speaks for it.
pub async fn former_rows(tx: &mut PgConnection, among: &[i64]) -> sqlx::Result<HashMap<i64, i64>> {
    let rows = sqlx::query!(r#"select id, merged_into as "into!" from paper where merged_into = any($1)"#, among).fetch_all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into)).collect())
}

/// Who listed a paper when, earliest first.
pub async fn days_listed(db: &PgPool, paper_id: i64) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as!(Listed, "select source, day, rank from listing where paper_id = $1 order by day, source", paper_id).fetch_all(db).await
}

/// The number of the newest batch; 0 before the first.
pub async fn newest_batch(db: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select coalesce(max(number), 0) as "number!" from batch"#).fetch_one(db).await
}

/// What the archive holds at a moment: equal versions, equal papers, counts and listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(i64);

/// The archive's version now.
pub async fn version(db: &PgPool) -> sqlx::Result<Version> {
    sqlx::query_scalar!("select number from archive_version").fetch_one(db).await.map(Version)
}

/// Where the window of a new reader begins, so that it covers each source's latest day with papers.
///
/// Sources that have been silent for a week before the newest listing are left out, or a list that
/// ended long ago would fill a first digest.
pub async fn first_window(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    // A batch is one day of one source, and there are few of them.
    sqlx::query_scalar!(
        r#"with latest as (select source, max(day) as day from batch where not backfill group by source)
           select coalesce(
               (select min(b.number) - 1 from batch b
                join latest on latest.source = b.source and latest.day = b.day
                where latest.day > (select max(day) from latest) - 7),
               (select max(number) from batch), 0) as "after!""#
    )
    .fetch_one(db)
    .await
}

/// What arrived in the half-open window of batches `(after, through]`.
pub async fn window(db: &PgPool, after: i64, through: i64, curated: &[String]) -> sqlx::Result<Vec<Arrived>> {
    // One statement, one snapshot: a row that gives way to another meanwhile must not fall between two.
    let rows = sqlx::query_as!(
        ArrivedRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars,
                  a.new as "new!",
                  exists (select from listing l where l.paper_id = a.paper_id and l.source = any($3)) as "curated!"
           from (select paper_id, bool_or(kind = 'new') as new
                 from arrival where batch > $1 and batch <= $2 group by paper_id) a
           join current_paper c on c.id = a.paper_id order by c.id"#,
        after,
        through,
        curated
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Arrived::from).collect())
}

/// What arrived since `since`, up to and with batch `through`: for filters on changing facts.
pub async fn recent(db: &PgPool, since: DateTime<Utc>, through: i64) -> sqlx::Result<Vec<Arrived>> {
    let rows = sqlx::query_as!(
        ArrivedRow,
        r#"select c.id as "id!", c.revision as "revision!", c.facts as "facts!: Json<Paper>", c.upvotes, c.comments, c.github_stars,
                  false as "new!", false as "curated!"
           from (select distinct paper_id from arrival join batch b on b.number = arrival.batch
                 where b.fetched_at >= $1 and b.number <= $2) a
           join current_paper c on c.id = a.paper_id order by c.id"#,
        since,
        through
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Arrived::from).collect())
}

/// The named revisions, for rendering what a digest holds. Counts are not part of a revision.
pub async fn revisions(db: &PgPool, keys: &[RevisionKey]) -> sqlx::Result<HashMap<RevisionKey, Paper>> {
    let (ids, numbers): (Vec<i64>, Vec<i32>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"select r.paper_id, r.revision, r.facts as "facts: Json<Paper>"
           from unnest($1::bigint[], $2::integer[]) as given (id, revision)
           join paper_revision r on r.paper_id = given.id and r.revision = given.revision"#,
        &ids,
        &numbers
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.paper_id, row.revision), row.facts.0)).collect())
}

/// What the last stored answer of each of a source's addresses came with.
pub async fn validators(db: &PgPool, source: &str) -> sqlx::Result<HashMap<String, StoredValidator>> {
    let rows = sqlx::query!("select url, etag, last_modified, items from http_validator where source = $1", source).fetch_all(db).await?;
    let pairs =
        rows.into_iter().map(|row| (row.url, StoredValidator { etag: row.etag, last_modified: row.last_modified, items: row.items }));
    Ok(pairs.collect())
}
