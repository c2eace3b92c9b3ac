//! A reader leaves: at once, and for all mails that are not on the wire yet.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::App;
use crate::mail::queue::{self, Subject};

/// How the reader left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By the button on the page: a goodbye mail says that it worked.
    Page,
    /// By the mail program's own button (RFC 8058), which has said so already.
    OneClick,
}

/// A goodbye that comes later than this would only puzzle.
const GOODBYE_LIFETIME: TimeDelta = TimeDelta::hours(48);

/// Ends the subscription; doing so again changes nothing, and so does a reader who is gone.
pub async fn unsubscribe(app: &App, now: DateTime<Utc>, subscriber_id: i64, by: By) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    if end(&mut tx, now, subscriber_id).await? && by == By::Page {
        queue::enqueue(&mut tx, now, subscriber_id, Subject::Goodbye, Some(now + GOODBYE_LIFETIME)).await?;
    }
    tx.commit().await
}

/// True when this ended it.
pub(super) async fn end(tx: &mut PgConnection, now: DateTime<Utc>, subscriber_id: i64) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "update subscriber set status = 'unsubscribed', next_due_at = null where id = $1 and status <> 'unsubscribed'",
        subscriber_id
    )
    .execute(&mut *tx)
    .await?;
    queue::withdraw(tx, now, subscriber_id).await?;
    Ok(ended.rows_affected() == 1)
}
