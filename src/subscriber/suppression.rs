//! Addresses that get no mail, whoever asks.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use super::unsubscribe::end;
use crate::address::EmailAddress;

/// An address that gets no mail.
#[derive(Debug, Clone, Serialize)]
pub struct Suppressed {
    /// In the form that its spellings share.
    pub address: String,
    /// bounce, complaint or operator.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Never writes to the address of this reader again: it does not exist, or its owner complained.
pub async fn suppress(tx: &mut PgConnection, now: DateTime<Utc>, subscriber_id: i64, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into suppression (address_key, reason, created_at) select address_key, $2, $3 from subscriber where id = $1
         on conflict (address_key) do nothing",
        subscriber_id,
        reason,
        now
    )
    .execute(&mut *tx)
    .await?;
    end(tx, now, subscriber_id).await?;
    Ok(())
}

/// Never writes to an address again, on the operator's word, whether it reads now or not.
pub async fn shut_out(db: &PgPool, now: DateTime<Utc>, address: &EmailAddress) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query!(
        "insert into suppression (address_key, reason, created_at) values ($1, 'operator', $2) on conflict (address_key) do nothing",
        address.key(),
        now
    )
    .execute(&mut *tx)
    .await?;
    let reader = sqlx::query_scalar!("select id from subscriber where address_key = $1 for update", address.key());
    if let Some(subscriber_id) = reader.fetch_optional(&mut *tx).await? {
        end(&mut tx, now, subscriber_id).await?;
    }
    tx.commit().await
}

/// Lets an address get mail again, and forgets what was held against it; false when it was not suppressed.
pub async fn let_in(db: &PgPool, address: &EmailAddress) -> sqlx::Result<bool> {
    let key = address.key();
    let mut tx = db.begin().await?;
    let removed = sqlx::query!("delete from suppression where address_key = $1", key).execute(&mut *tx).await?;
    sqlx::query!("delete from feedback where subscriber_id = (select id from subscriber where address_key = $1)", key)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(removed.rows_affected() == 1)
}

/// All addresses that get no mail, the latest first.
pub async fn suppressions(db: &PgPool) -> sqlx::Result<Vec<Suppressed>> {
    sqlx::query_as!(
        Suppressed,
        r#"select address_key as address, reason, created_at as since from suppression order by created_at desc, address_key"#
    )
    .fetch_all(db)
    .await
}
