//! The pace of requests to each service, held across hosts by a row in PostgreSQL, and its breaker.
//! Owns the table request_budget.
//!
//! The pace is the generic cell rate algorithm (ITU-T I.371, annex A): a row holds when the next request
//! is due at an even pace, and a request may be early by as much as the burst allows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::config::Service;

/// The budgets of all services.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    db: PgPool,
    services: Arc<BTreeMap<String, Service>>,
    /// One connection a service and process.
    lines: Arc<HashMap<String, Arc<Semaphore>>>,
}

/// Why a request may not be made now.
#[derive(Debug)]
pub(super) enum Denied {
    /// The service is left alone.
    Resting { service: String, wait: Duration, reason: String },
    /// The database.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Denied {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Budget {
    pub(super) fn new(db: PgPool, services: &BTreeMap<String, Service>) -> Self {
        let lines = services.keys().map(|name| (name.clone(), Arc::new(Semaphore::new(1)))).collect();
        Self { db, services: Arc::new(services.clone()), lines: Arc::new(lines) }
    }

    /// Waits for a turn at the service `url` belongs to. The line is free again when what is returned is
    /// dropped; addresses of no known service need no turn.
    pub(super) async fn turn(&self, url: &Url) -> Result<Option<OwnedSemaphorePermit>, Denied> {
        let Some((name, service)) = self.service_of(url) else { return Ok(None) };
        let line = self.lines[name].clone().acquire_owned().await.ok();
        let wait = self.reserve(name, service).await?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
            // Another host may have been refused meanwhile.
            self.open(name).await?;
        }
        Ok(line)
    }

    /// Takes the next place in the row; how long it is until then.
    async fn reserve(&self, name: &str, service: &Service) -> Result<Duration, Denied> {
        let every = service.every.as_secs_f64();
        let due = sqlx::query_scalar!(
            r#"insert into request_budget as b (service, next_at) values ($1, clock_timestamp() + make_interval(secs => $2))
               on conflict (service) do update
               set next_at = greatest(b.next_at, clock_timestamp()) + make_interval(secs => $2), closed_until = null, reason = null
               where b.closed_until is null or b.closed_until <= clock_timestamp()
               returning extract(epoch from next_at - make_interval(secs => $2) - clock_timestamp())::float8 as "due!""#,
            name,
            every
        )
        .fetch_optional(&self.db)
        .await?;
        match due {
            Some(due) => {
                let early = every * f64::from(service.burst.saturating_sub(1));
                Ok(Duration::try_from_secs_f64(due - early).unwrap_or_default())
            }
            None => self.open(name).await.map(|()| Duration::ZERO),
        }
    }

    async fn open(&self, name: &str) -> Result<(), Denied> {
        let closed = sqlx::query!(
            r#"select extract(epoch from closed_until - clock_timestamp())::float8 as "wait!", reason as "reason!"
               from request_budget where service = $1 and closed_until > clock_timestamp()"#,
            name
        )
        .fetch_optional(&self.db)
        .await?;
        match closed {
            Some(row) => {
                let wait = Duration::try_from_secs_f64(row.wait).unwrap_or_default();
                Err(Denied::Resting { service: name.to_owned(), wait, reason: row.reason })
            }
            None => Ok(()),
        }
    }

    /// Leaves the service of `url` alone, for as long as it asks or, after a refusal, its own pause if that
    /// is longer. How long that is; `None` where `url` belongs to no known service.
    pub(super) async fn rest(&self, url: &Url, asked: Option<Duration>, refused: Option<String>) -> sqlx::Result<Option<Duration>> {
        let Some((name, service)) = self.service_of(url) else { return Ok(None) };
        let own = if refused.is_some() { service.pause } else { Duration::ZERO };
        let wait = asked.unwrap_or_default().max(own);
        if wait.is_zero() {
            return Ok(None);
        }
        sqlx::query!(
            "insert into request_budget as b (service, next_at, closed_until, reason)
             values ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2), $3)
             on conflict (service) do update
             set closed_until = greatest(b.closed_until, excluded.closed_until), reason = excluded.reason",
            name,
            wait.as_secs_f64(),
            refused.unwrap_or_else(|| "its limit is used up".to_owned())
        )
        .execute(&self.db)
        .await?;
        Ok(Some(wait))
    }

    fn service_of(&self, url: &Url) -> Option<(&str, &Service)> {
        let host = url.host_str()?;
        let of = |service: &Service| service.hosts.iter().any(|known| super::rules::is_within(host, known));
        self.services.iter().find(|(_, service)| of(service)).map(|(name, service)| (name.as_str(), service))
    }
}
