//! The whole database as text, to tell whether anything has changed in it.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgPool};

/// Every row of every table, as JSON, in an order that does not depend on where rows lie.
pub async fn dump(db: &PgPool) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    for table in names(db, "select table_name::text from information_schema.tables where table_schema = 'public'").await {
        let sql = format!("select to_jsonb(t)::text from {table} t order by 1");
        tables.insert(table, names(db, AssertSqlSafe(sql)).await);
    }
    assert!(tables.len() > 10, "the tables are found");
    tables
}

/// The tables that keep something of this reader, each with how many rows.
pub async fn rows_of(db: &PgPool, subscriber_id: i64) -> BTreeMap<String, i64> {
    let columns = "select table_name::text from information_schema.columns where table_schema = 'public' and column_name = 'subscriber_id'";
    let mut tables = names(db, columns).await.into_iter().map(|table| (table, "subscriber_id")).collect::<Vec<_>>();
    assert!(tables.len() >= 5, "the tables are found");
    tables.push(("subscriber".to_owned(), "id"));
    let mut kept = BTreeMap::new();
    for (table, column) in tables {
        let sql = AssertSqlSafe(format!("select count(*) from {table} where {column} = $1"));
        let count: i64 = sqlx::query_scalar(sql).bind(subscriber_id).fetch_one(db).await.unwrap();
        if count > 0 {
            kept.insert(table, count);
        }
    }
    kept
}

/// The row of an address.
pub async fn subscriber_id(db: &PgPool, address: &str) -> i64 {
    sqlx::query_scalar("select id from subscriber where address = $1").bind(address).fetch_one(db).await.unwrap()
}

async fn names(db: &PgPool, sql: impl sqlx::SqlSafeStr) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(db).await.unwrap()
}
