//! The test databases themselves.

use crate::support::database::database;

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (one, other) = (database().await, database().await);
    assert_ne!(one.url(), other.url());
    sqlx::query("insert into signing_key (fingerprint, first_used_at) values ('here', now())").execute(one.pool()).await.unwrap();
    let count = async |pool| sqlx::query_scalar::<_, i64>("select count(*) from signing_key").fetch_one(pool).await.unwrap();
    assert_eq!((count(one.pool()).await, count(other.pool()).await), (1, 0));
}

#[tokio::test]
async fn a_test_database_is_gone_after_its_test() {
    let (gone, other) = (database().await, database().await);
    let name = gone.url().split(['/', '?']).find(|part| part.starts_with("test_")).unwrap().to_owned();
    sqlx::query("select 1").execute(gone.pool()).await.unwrap();
    let exists = async || -> bool {
        let sql = "select exists (select from pg_database where datname = $1)";
        sqlx::query_scalar(sql).bind(&name).fetch_one(other.pool()).await.unwrap()
    };
    assert!(exists().await);
    drop(gone);
    assert!(!exists().await);
}
