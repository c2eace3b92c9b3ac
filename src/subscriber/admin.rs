//! What an operator does with readers, from the command line.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use super::subscribe::{CONFIRMATION_LIFETIME, SignUp, subscribe};
use super::{MAX_FILTERS, confirm, filters_of, is_suppressed, preferences, replace_filters, row_of};
use crate::App;
use crate::address::EmailAddress;
use crate::filter::{NamedFilter, Ranking};
use crate::mail::queue::{self, Subject};
use crate::schedule::{ReaderSchedule, Weekdays};

/// One reader in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Row.
    pub id: i64,
    /// As they wrote it.
    pub address: String,
    /// pending, active or unsubscribed.
    pub status: String,
    /// No digests for now.
    pub paused: bool,
    /// How many filters.
    pub filters: i64,
    /// When the next digest is due.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// All that is kept of one reader.
#[derive(Debug, Clone, Serialize)]
pub struct Export {
    /// Row.
    pub id: i64,
    /// As they wrote it.
    pub address: String,
    /// pending, active or unsubscribed.
    pub status: String,
    /// No digests for now.
    pub paused: bool,
    /// IANA name.
    pub time_zone: String,
    /// Local hour, 0 to 23.
    pub hour: u8,
    /// Such as `mon,tue`.
    pub weekdays: String,
    /// At most so many papers a digest.
    pub max_papers: i16,
    /// In which order the papers of a filter come.
    pub ranking: Ranking,
    /// A mail also without a match.
    pub send_when_empty: bool,
    /// In the order of the digest.
    pub filters: Vec<NamedFilter>,
    /// First asked for.
    pub created_at: DateTime<Utc>,
    /// Last confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When the next digest is due.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Every mail, newest first.
    pub mails: Vec<MailRow>,
}

/// One mail of a reader.
#[derive(Debug, Clone, Serialize)]
pub struct MailRow {
    /// confirmation, welcome, digest or goodbye.
    pub kind: String,
    /// See ARCHITECTURE.md, "A mail's states".
    pub state: String,
    /// Its Date header.
    pub dated: DateTime<Utc>,
    /// How many papers a digest holds.
    pub papers: Option<i32>,
    /// How often it was tried.
    pub attempts: i32,
    /// What was last said of it.
    pub last_note: Option<String>,
}

/// Why a reader was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// They are there already.
    #[error("that address is subscribed already; `paperlark subscriber show` tells how")]
    Active,
    /// They must not get mail.
    #[error("that address is suppressed: it bounced, complained or was shut out by you")]
    Suppressed,
    /// The database did not answer.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
}

/// Why filters were not added.
#[derive(Debug, thiserror::Error)]
pub enum AddFiltersError {
    /// More than a reader may have.
    #[error("with these the reader would have {all} filters, and at most {MAX_FILTERS} are allowed: join some of them with OR")]
    TooMany {
        /// Those they have and the new ones.
        all: usize,
    },
    /// They were deleted meanwhile.
    #[error("that reader has just left")]
    Gone,
    /// The database did not answer.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
}

/// Adds `more` behind the filters a reader has, and gives the number of all. A filter they have already, by name and query, is not
/// added again. The queries parse.
pub async fn add_filters(db: &PgPool, subscriber_id: i64, more: Vec<NamedFilter>) -> Result<usize, AddFiltersError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query_scalar!("select status from subscriber where id = $1 for update", subscriber_id).fetch_optional(&mut *tx).await?;
    row.ok_or(AddFiltersError::Gone)?;
    let mut filters = filters_of(&mut tx, subscriber_id).await?;
    for filter in more {
        if !filters.contains(&filter) {
            filters.push(filter);
        }
    }
    if filters.len() > MAX_FILTERS {
        return Err(AddFiltersError::TooMany { all: filters.len() });
    }
    replace_filters(&mut tx, subscriber_id, &filters).await?;
    tx.commit().await?;
    Ok(filters.len())
}

/// Adds a reader on the operator's word, or asks them first when `ask`.
///
/// # Errors
/// When the address is subscribed or suppressed.
pub async fn add(app: &App, now: DateTime<Utc>, wish: &SignUp, weekdays: Weekdays, ask: bool) -> Result<(), AddError> {
    let mut tx = app.db.begin().await?;
    if is_suppressed(&mut tx, &wish.address.key()).await? {
        return Err(AddError::Suppressed);
    }
    let schedule = ReaderSchedule { zone: wish.zone, hour: wish.hour, weekdays };
    if ask {
        tx.rollback().await?;
        return Ok(subscribe(app, now, wish).await?);
    }
    let (id, status) = row_of(&mut tx, now, &wish.address, &schedule, app.config.digest.max_papers).await?;
    if status == "active" {
        return Err(AddError::Active);
    }
    let filters: Vec<NamedFilter> = wish.queries.iter().map(|query| NamedFilter::from_query(query)).collect();
    replace_filters(&mut tx, id, &filters).await?;
    confirm::activate(&mut tx, now, id, &schedule).await?;
    queue::enqueue(&mut tx, now, id, Subject::Welcome, Some(now + CONFIRMATION_LIFETIME)).await?;
    Ok(tx.commit().await?)
}

/// The row of an address, if it has one.
pub async fn find(db: &PgPool, address: &EmailAddress) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select id from subscriber where address_key = $1", address.key()).fetch_optional(db).await
}

/// All readers, by address.
pub async fn list(db: &PgPool) -> sqlx::Result<Vec<Overview>> {
    sqlx::query_as!(
        Overview,
        r#"select id, address, status, paused, next_due_at,
                  (select count(*) from filter where subscriber_id = subscriber.id) as "filters!"
           from subscriber order by address_key"#
    )
    .fetch_all(db)
    .await
}

/// All that is kept of a reader: what the law calls a copy of their data.
pub async fn export(db: &PgPool, subscriber_id: i64) -> sqlx::Result<Option<Export>> {
    let mut connection = db.acquire().await?;
    let Some(chosen) = preferences::load(&mut connection, subscriber_id).await? else { return Ok(None) };
    let row = sqlx::query!("select status, created_at, confirmed_at from subscriber where id = $1", subscriber_id)
        .fetch_one(&mut *connection)
        .await?;
    let mails = sqlx::query_as!(
        MailRow,
        r#"select m.kind, m.state, m.dated, cardinality(d.papers) as "papers?", m.attempts,
                  (select note from attempt a where a.subscriber_id = m.subscriber_id and a.mail_id = m.id
                   order by number desc limit 1) as last_note
           from mail m left join digest d on d.subscriber_id = m.subscriber_id and d.id = m.digest_id
           where m.subscriber_id = $1 order by m.dated desc, m.id desc"#,
        subscriber_id
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Some(Export {
        id: subscriber_id,
        address: chosen.address,
        status: row.status,
        paused: chosen.paused,
        time_zone: chosen.schedule.zone.name().to_owned(),
        hour: chosen.schedule.hour.get(),
        weekdays: chosen.schedule.weekdays.to_string(),
        max_papers: i16::from(chosen.max_papers),
        ranking: chosen.ranking,
        send_when_empty: chosen.send_when_empty,
        filters: filters_of(&mut connection, subscriber_id).await?,
        created_at: row.created_at,
        confirmed_at: row.confirmed_at,
        next_due_at: chosen.next_due_at,
        mails,
    }))
}

/// Deletes a reader with all their data; false when there was none.
pub async fn remove(db: &PgPool, subscriber_id: i64) -> sqlx::Result<bool> {
    let removed = sqlx::query!("delete from subscriber where id = $1", subscriber_id).execute(db).await?;
    Ok(removed.rows_affected() == 1)
}
