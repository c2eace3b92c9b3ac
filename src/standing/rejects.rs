//! Items nobody could read, kept as they came for a while.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

/// An item that was skipped.
#[derive(Debug, Clone, Serialize)]
pub struct Reject {
    /// The source's name.
    pub source: String,
    /// Where it stood.
    pub place: String,
    /// Why it cannot be used.
    pub reason: String,
    /// The item as it came, or its beginning.
    pub payload: String,
    /// When it came first.
    pub first_seen_at: DateTime<Utc>,
    /// When it came last.
    pub last_seen_at: DateTime<Utc>,
}

/// The most rejects of one fetch that are kept: the first ones tell what is wrong.
const MAX_KEPT: usize = 500;

/// Keeps `rejects` (place, reason, payload) of a source, and lets go of what was last seen longer than `keep` ago.
pub async fn record_rejects(
    db: &PgPool,
    now: DateTime<Utc>,
    name: &str,
    rejects: &[(&str, &str, &str)],
    keep: Duration,
) -> sqlx::Result<()> {
    sqlx::query!("delete from source_reject where last_seen_at < $1", now - keep).execute(db).await?;
    let (mut digests, mut places, mut reasons, mut payloads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, reason, payload) in rejects.iter().take(MAX_KEPT) {
        let digest = Sha256::digest(payload).to_vec();
        // One statement may not write a row twice.
        if !digests.contains(&digest) {
            digests.push(digest);
            places.push(plain(place));
            reasons.push(plain(reason));
            payloads.push(plain(payload));
        }
    }
    sqlx::query!(
        "insert into source_reject (source, digest, place, reason, payload, first_seen_at, last_seen_at)
         select $1, digest, place, reason, payload, $6, $6
         from unnest($2::bytea[], $3::text[], $4::text[], $5::text[]) as given (digest, place, reason, payload)
         on conflict (source, digest) do update
         set place = excluded.place, reason = excluded.reason, last_seen_at = excluded.last_seen_at",
        name,
        &digests,
        &places,
        &reasons,
        &payloads,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// PostgreSQL's text cannot hold U+0000.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The rejects of one source or of all, the latest first.
pub async fn rejects(db: &PgPool, name: Option<&str>, limit: i64) -> sqlx::Result<Vec<Reject>> {
    sqlx::query_as!(
        Reject,
        "select source, place, reason, payload, first_seen_at, last_seen_at from source_reject
         where $1::text is null or source = $1 order by last_seen_at desc, source, place limit $2",
        name,
        limit
    )
    .fetch_all(db)
    .await
}
