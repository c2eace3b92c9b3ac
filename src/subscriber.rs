//! Readers: how one signs up, confirms, changes their mind and leaves.
//!
//! Owns the tables subscriber, filter, signup, suppression and feedback.

mod admin;
mod confirm;
mod due;
mod feedback;
mod preferences;
mod subscribe;
mod suppression;
mod unsubscribe;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub use admin::{AddError, AddFiltersError, Export, Overview, add, add_filters, export, find, list, remove};
pub use confirm::{Confirmation, confirm, look};
pub use due::{Due, Reader, advance, due, reader, readers};
pub use feedback::{Consequence, arrived, recipients, report};
pub use preferences::{Preferences, delete, preferences, save};
pub use subscribe::{CONFIRMATION_LIFETIME, SignUp, subscribe};
pub use suppression::{Suppressed, let_in, shut_out, suppress, suppressions};
pub use unsubscribe::{By, unsubscribe};

use crate::address::EmailAddress;
use crate::filter::{NamedFilter, Ranking};
use crate::schedule::{Hour, ReaderSchedule, Weekdays, parse_zone};
use crate::token::TokenError;

/// More filters than anyone needs, few enough that one reader costs little.
pub const MAX_FILTERS: usize = 50;

/// Why a reader's link or wish was not followed.
#[derive(Debug, thiserror::Error)]
pub enum SubscriberError {
    /// A link that was changed, cut or is meant for something else.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A link whose reader has deleted their data.
    #[error("nobody is subscribed by this link any more")]
    Gone,
    /// Anything the person cannot mend.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
}

/// The stored schedule. Zone names come from our own forms, so an unknown one means that the zone
/// database lost it; UTC then keeps the reader's mail coming.
fn schedule(time_zone: &str, hour: i16, weekdays: i16) -> ReaderSchedule {
    ReaderSchedule {
        zone: parse_zone(time_zone).unwrap_or(chrono_tz::UTC),
        hour: u8::try_from(hour).ok().and_then(|hour| Hour::new(hour).ok()).expect("the column is checked to be from 0 to 23"),
        weekdays: u8::try_from(weekdays).ok().and_then(Weekdays::from_bits).expect("the column is checked to be from 1 to 127"),
    }
}

/// The stored ranking.
fn ranking(name: &str) -> Ranking {
    name.parse().expect("the column is checked to be the name of a ranking")
}

/// The row of an address, made if there is none. Locks it.
async fn row_of(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    address: &EmailAddress,
    schedule: &ReaderSchedule,
    max_papers: u8,
) -> sqlx::Result<(i64, String)> {
    sqlx::query!(
        "insert into subscriber (address, address_key, status, time_zone, hour, weekdays, max_papers, created_at)
         values ($1, $2, 'pending', $3, $4, $5, $6, $7) on conflict (address_key) do nothing",
        address.as_str(),
        address.key(),
        schedule.zone.name(),
        i16::from(schedule.hour.get()),
        i16::from(schedule.weekdays.bits()),
        i16::from(max_papers),
        now
    )
    .execute(&mut *tx)
    .await?;
    let row = sqlx::query!("select id, status from subscriber where address_key = $1 for update", address.key()).fetch_one(tx).await?;
    Ok((row.id, row.status))
}

/// Puts `filters` in the place of all that the reader had.
async fn replace_filters(tx: &mut PgConnection, subscriber_id: i64, filters: &[NamedFilter]) -> sqlx::Result<()> {
    sqlx::query!("delete from filter where subscriber_id = $1", subscriber_id).execute(&mut *tx).await?;
    let (names, queries): (Vec<String>, Vec<String>) = filters.iter().map(|filter| (filter.name.clone(), filter.query.clone())).unzip();
    sqlx::query!(
        "insert into filter (subscriber_id, position, name, query)
         select $1, place::smallint, name, query
         from unnest($2::text[], $3::text[]) with ordinality as given (name, query, place)",
        subscriber_id,
        &names,
        &queries
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn filters_of(tx: &mut PgConnection, subscriber_id: i64) -> sqlx::Result<Vec<NamedFilter>> {
    sqlx::query_as!(NamedFilter, "select name, query from filter where subscriber_id = $1 order by position", subscriber_id)
        .fetch_all(tx)
        .await
}

async fn is_suppressed(tx: &mut PgConnection, address_key: &str) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(r#"select exists (select from suppression where address_key = $1) as "found!""#, address_key);
    found.fetch_one(tx).await
}
