//! The database: the operator's, or a private one of our own; its schema; the key that signs links.

pub mod managed;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

pub use managed::Sharing;
use managed::{Managed, Settings};

use crate::config::Config;
use crate::token::Keys;

/// The schema, as `migrations/` has it.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How soon the server gives up a host that was cut off in the middle of a transaction, so that its locks hold up nobody.
const CUT_OFF: [(&str, &str); 4] = [
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "20"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// The file in the data directory that keeps a generated signing key.
const KEY_FILE: &str = "signing.key";

/// A database that answers.
#[derive(Debug)]
pub struct Database {
    /// Connections to it.
    pub pool: PgPool,
    managed: Option<Managed>,
}

impl Database {
    /// Connects to `database.url`, or starts the private PostgreSQL (or joins the one that a
    /// running Paperlark has started), and brings the schema up to date.
    ///
    /// # Errors
    /// In words that say what to do: no server, no programs, another owner, a newer schema.
    pub async fn open(config: &Config, sharing: Sharing) -> anyhow::Result<Self> {
        let settings = &config.database;
        let (url, managed) = match &settings.url {
            Some(url) => (url.expose().to_owned(), None),
            None => {
                let managed = Managed::start(&Settings {
                    data_dir: settings.data_dir.clone(),
                    binaries: settings.binaries.clone(),
                    sharing,
                    ..Settings::default()
                })
                .await?;
                (managed.url(), Some(managed))
            }
        };
        let options: PgConnectOptions = url.parse().context("database.url is not a PostgreSQL address")?;
        let options = options.options(CUT_OFF);
        // The pool would try again until its time-out, and then not say why.
        let first = PgConnection::connect_with(&options).await;
        first.context("cannot connect to the database; is it up, and is database.url right?")?.close().await?;
        let pool = PgPoolOptions::new().max_connections(settings.max_connections).connect_lazy_with(options);
        MIGRATIONS.run(&pool).await.context("cannot bring the database's schema up to date")?;
        Ok(Self { pool, managed })
    }

    /// Resolves when the private PostgreSQL ends unasked; never for another server.
    pub async fn failed(&self) -> managed::ManagedError {
        match &self.managed {
            Some(managed) => managed.failed().await,
            None => std::future::pending().await,
        }
    }

    /// Closes the connections, and stops the private PostgreSQL if it is ours.
    ///
    /// # Errors
    /// When it will not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        match self.managed {
            Some(managed) => Ok(managed.stop().await?),
            None => Ok(()),
        }
    }
}

/// Whether the database answers and its schema has all that this program needs; it may have more.
///
/// # Errors
/// When it does not answer.
pub async fn is_current(db: &PgPool) -> sqlx::Result<bool> {
    // sqlx's own table, which the checked queries know nothing of.
    let newest: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(db).await?;
    Ok(newest >= MIGRATIONS.iter().map(|migration| migration.version).max())
}

/// The keys that sign links: the configured ones, or one made at first start.
///
/// # Errors
/// When the database knows links signed by another key: they would all be dead.
pub async fn signing_keys(config: &Config, db: &PgPool, now: DateTime<Utc>) -> anyhow::Result<Keys> {
    let settings = &config.secret;
    let current = match &settings.key {
        Some(key) => key.expose().to_owned(),
        None => generated_key(&data_dir(config))?,
    };
    let previous: Vec<&[u8]> = settings.previous_key.iter().map(|key| key.expose().as_bytes()).collect();
    let keys = Keys::new(current.as_bytes(), &previous).context("secret.key")?;
    let used = sqlx::query_scalar!("select fingerprint from signing_key").fetch_all(db).await?;
    let ours = keys.fingerprints();
    if !used.is_empty() && !used.iter().any(|fingerprint| ours.contains(fingerprint)) {
        anyhow::bail!(
            "the links sent so far were signed with another key (fingerprint {}), so they would stop working; \
             set secret.key or secret.previous_key to that key, or copy {KEY_FILE} from the data directory of the host that made it",
            used.join(", ")
        );
    }
    sqlx::query!(
        "insert into signing_key (fingerprint, first_used_at) values ($1, $2) on conflict (fingerprint) do nothing",
        keys.fingerprint(),
        now
    )
    .execute(db)
    .await?;
    Ok(keys)
}

fn data_dir(config: &Config) -> PathBuf {
    config.database.data_dir.clone().unwrap_or_else(managed::default_data_dir)
}

/// Reads the key of this data directory, making it if there is none: a complete file appears at
/// once, and of two processes that make one, the first wins.
fn generated_key(data_dir: &Path) -> anyhow::Result<String> {
    let path = data_dir.join(KEY_FILE);
    let problem = || format!("cannot keep the signing key in {}; set secret.key instead", path.display());
    if !path.exists() {
        std::fs::create_dir_all(data_dir).with_context(problem)?;
        let fresh = data_dir.join(format!("{KEY_FILE}.{}", uuid::Uuid::new_v4()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).with_context(problem)?;
        let key: [u8; 32] = rand::random();
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        file.write_all(hex.as_bytes()).and_then(|()| file.sync_all()).with_context(problem)?;
        let linked = std::fs::hard_link(&fresh, &path);
        std::fs::remove_file(&fresh).with_context(problem)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error).with_context(problem),
            _ => {}
        }
    }
    Ok(std::fs::read_to_string(&path).with_context(problem)?.trim().to_owned())
}
