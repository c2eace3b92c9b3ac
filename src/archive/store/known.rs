//! What the archive knows already of the papers that a source reports.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::Reports;
use crate::archive::row::CurrentRow;
use crate::paper::{LIKENESS_DAYS, Paper, PaperId};

/// A paper as it stands.
#[derive(Debug, Clone)]
pub(super) struct KnownPaper {
    pub id: i64,
    pub revision: i32,
    pub facts: Paper,
}

/// All that bears on a set of reports, at one version of the archive.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub version: i64,
    pub papers: HashMap<i64, KnownPaper>,
    /// Which row each known identity leads to.
    pub names: HashMap<PaperId, i64>,
    /// Reports, and rows with the same folded title listed within days of them.
    pub alike: Vec<(usize, i64)>,
    /// When this source listed each row.
    pub listed: HashMap<i64, Vec<NaiveDate>>,
    /// When each row arrived, and as what.
    pub arrivals: HashMap<i64, Vec<(i64, String)>>,
    /// Rows that a curated source listed among its day's news.
    pub chosen: HashSet<i64>,
}

/// The archive's version.
pub(super) async fn version(tx: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!("select number from archive_version").fetch_one(tx).await
}

impl Known {
    /// Looks up everything `reports` may touch, in a handful of queries.
    pub async fn load(tx: &mut PgConnection, reports: &Reports, curated: &[String]) -> sqlx::Result<Self> {
        let mut known = Self { version: version(tx).await?, ..Self::default() };
        known.names = names(tx, reports).await?;
        known.alike = alike(tx, reports).await?;
        let rows: HashSet<i64> = known.names.values().copied().chain(known.alike.iter().map(|(_, row)| *row)).collect();
        if rows.is_empty() {
            return Ok(known);
        }
        let rows: Vec<i64> = rows.into_iter().collect();
        let papers = CurrentRow::load(tx, &rows).await?.into_iter();
        known.papers = papers.map(|row| (row.id, KnownPaper { id: row.id, revision: row.revision, facts: row.paper() })).collect();
        let days: Vec<NaiveDate> = reports.days.iter().map(|(day, ..)| *day).collect();
        let listed = sqlx::query!(
            "select day, paper_id from listing where source = $1 and day = any($2) and paper_id = any($3)",
            reports.source,
            &days,
            &rows
        );
        for row in listed.fetch_all(&mut *tx).await? {
            known.listed.entry(row.paper_id).or_default().push(row.day);
        }
        for row in sqlx::query!("select paper_id, batch, kind from arrival where paper_id = any($1)", &rows).fetch_all(&mut *tx).await? {
            known.arrivals.entry(row.paper_id).or_default().push((row.batch, row.kind));
        }
        if curated.contains(&reports.source) {
            let chosen = sqlx::query_scalar!(
                "select distinct l.paper_id from listing l join batch b on b.number = l.batch
                 where l.paper_id = any($1) and l.source = any($2) and not b.backfill",
                &rows,
                curated
            );
            known.chosen = chosen.fetch_all(&mut *tx).await?.into_iter().collect();
        }
        Ok(known)
    }
}

async fn names(tx: &mut PgConnection, reports: &Reports) -> sqlx::Result<HashMap<PaperId, i64>> {
    let ids: HashSet<PaperId> = reports.reports.iter().flat_map(|report| report.paper.identities()).collect();
    let texts: Vec<String> = ids.iter().map(PaperId::to_string).collect();
    let rows = sqlx::query!(
        r#"select identity as "identity!", coalesce(merged_into, id) as "row!" from paper where identity = any($1)
           union all
           select identity, paper_id from paper_alias where identity = any($1)"#,
        &texts
    )
    .fetch_all(tx)
    .await?;
    let rows: HashMap<String, i64> = rows.into_iter().map(|row| (row.identity, row.row)).collect();
    Ok(ids.into_iter().filter_map(|id| Some((rows.get(id.as_str()).copied()?, id))).map(|(row, id)| (id, row)).collect())
}

async fn alike(tx: &mut PgConnection, reports: &Reports) -> sqlx::Result<Vec<(usize, i64)>> {
    let (mut places, mut keys, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for (report, place) in reports.reports.iter().zip(0i64..) {
        let Some(key) = report.likeness.as_ref().map(crate::paper::Likeness::key) else { continue };
        for day in &report.days {
            places.push(place);
            keys.push(key);
            days.push(*day);
        }
    }
    // A title that stands above everything a feed has is looked up a few times only. Each paper's own listings are looked
    // at: `exists` would let the planner walk all that were listed around the day, for every report.
    let rows = sqlx::query!(
        r#"select distinct given.place as "place!", found.id as "row!"
           from unnest($1::bigint[], $2::bigint[], $3::date[]) as given (place, key, day)
           cross join lateral (
               select p.id from paper p
               where p.title_key = given.key and p.merged_into is null
                 and (select min(abs(l.day - given.day)) from listing l where l.paper_id = p.id) <= $4::integer
               order by p.id limit 8) found
           order by 1, 2"#,
        &places,
        &keys,
        &days,
        LIKENESS_DAYS
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((usize::try_from(row.place).ok()?, row.row))).collect())
}
