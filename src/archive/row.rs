//! A paper's row as every query gives it.

use chrono::NaiveDate;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::read::{Arrived, OnDay};
use crate::paper::{Counts, Paper};

/// A row of the view current_paper.
pub(super) struct CurrentRow {
    pub id: i64,
    pub revision: i32,
    pub facts: Json<Paper>,
    pub upvotes: Option<i64>,
    pub comments: Option<i64>,
    pub github_stars: Option<i64>,
}

impl CurrentRow {
    /// The papers with these rows; those that were merged into others are left out.
    pub async fn load(tx: &mut PgConnection, rows: &[i64]) -> sqlx::Result<Vec<Self>> {
        sqlx::query_as!(
            Self,
            r#"select id as "id!", revision as "revision!", facts as "facts!: Json<Paper>", upvotes, comments, github_stars
               from current_paper where id = any($1)"#,
            rows
        )
        .fetch_all(tx)
        .await
    }

    /// Facts and counts together.
    pub fn paper(self) -> Paper {
        let mut paper = self.facts.0;
        paper.set_counts(counts(self.upvotes, self.comments, self.github_stars));
        paper
    }
}

/// A row of the view current_paper, and how it came into a window.
pub(super) struct ArrivedRow {
    pub id: i64,
    pub revision: i32,
    pub facts: Json<Paper>,
    pub upvotes: Option<i64>,
    pub comments: Option<i64>,
    pub github_stars: Option<i64>,
    pub new: bool,
    pub curated: bool,
}

impl From<ArrivedRow> for Arrived {
    fn from(row: ArrivedRow) -> Self {
        let mut paper = row.facts.0;
        paper.set_counts(counts(row.upvotes, row.comments, row.github_stars));
        Self { key: (row.id, row.revision), paper, new: row.new, curated: row.curated }
    }
}

/// A row of the view current_paper, and the day it was listed.
pub(super) struct OnDayRow {
    pub id: i64,
    pub revision: i32,
    pub facts: Json<Paper>,
    pub upvotes: Option<i64>,
    pub comments: Option<i64>,
    pub github_stars: Option<i64>,
    pub day: NaiveDate,
}

impl From<OnDayRow> for OnDay {
    fn from(row: OnDayRow) -> Self {
        let mut paper = row.facts.0;
        paper.set_counts(counts(row.upvotes, row.comments, row.github_stars));
        Self { key: (row.id, row.revision), paper, day: row.day }
    }
}

fn counts(upvotes: Option<i64>, comments: Option<i64>, github_stars: Option<i64>) -> Counts {
    let count = |count: Option<i64>| count.and_then(|count| u32::try_from(count).ok());
    Counts { upvotes: count(upvotes), comments: count(comments), github_stars: count(github_stars) }
}
