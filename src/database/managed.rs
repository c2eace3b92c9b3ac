//! Paperlark's own private PostgreSQL: nothing to set up beside the package `postgresql`.
//!
//! The server starts and stops with the process that owns it. It listens on a Unix socket in a
//! folder that only its account (and root) can enter, so it needs no port and no password. Short
//! commands that run meanwhile join the owner's server.
//!
//! In the data directory stand `postgres` (the cluster), `postgres.log`, `postgres.socket`, and the
//! lock files `postgres.lock` and `postgres.guests`. Linux only.

mod account;
mod binaries;
mod cluster;
mod error;
mod log;
mod ownership;
mod predecessor;
mod server;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use self::account::Account;
use self::binaries::Binaries;
pub use self::error::ManagedError;
use self::error::at;
use self::log::ServerLog;
use self::ownership::{Guest, Locks, Owner};
use self::server::Server;

/// The name of Paperlark's role and of its database.
const NAME: &str = "paperlark";
/// How long a server may take to answer. Recovery after a power cut reads at most `max_wal_size`.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long a second owner waits for a first that may be about to end, as in a restart.
const OWNER_PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);
/// The address of a Unix socket holds 107 bytes (unix(7)), of which the file's name needs 14.
const MAX_SOCKET_DIR_BYTES: usize = 84;

/// What to do when another process owns the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// Refuse, naming the owner: for the service itself.
    #[default]
    Exclusive,
    /// Use the owner's server; without an owner, start the server for as long as we need it.
    Attach,
}

/// Where the private PostgreSQL lives and how it runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder for all of it; [`default_data_dir`] unless given.
    pub data_dir: Option<PathBuf>,
    /// The folder of `initdb` and `postgres`; looked for unless given.
    pub binaries: Option<PathBuf>,
    pub sharing: Sharing,
    /// False trades safety at a power cut for speed, as tests do.
    pub durable: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { data_dir: None, binaries: None, sharing: Sharing::default(), durable: true }
    }
}

/// A running private PostgreSQL, ours or another process's. Dropped without [`Managed::stop`], a
/// server of ours still stops, but nobody waits for it.
#[derive(Debug)]
pub struct Managed {
    socket_dir: PathBuf,
    role: Role,
}

#[derive(Debug)]
enum Role {
    // The server comes first, so that it is told to stop before the lock is free.
    Owner { server: Server, owner: Owner, sharing: Sharing },
    Guest { _place: Guest },
}

impl Managed {
    /// Starts the server, making its cluster and Paperlark's database where they are missing, or
    /// joins the server of the process that owns it. Returns when the database answers.
    pub async fn start(settings: &Settings) -> Result<Self, ManagedError> {
        let data_dir = make_data_dir(settings.data_dir.clone().unwrap_or_else(default_data_dir))?;
        let locks = Locks::open(&data_dir)?;
        match take_turn(locks, &data_dir, settings.sharing).await? {
            Turn::Guest(guest, socket_dir) => Ok(Self { socket_dir, role: Role::Guest { _place: guest } }),
            Turn::Owner(owner) => Self::start_as_owner(owner, &data_dir, settings).await,
        }
    }

    async fn start_as_owner(mut owner: Owner, data_dir: &Path, settings: &Settings) -> Result<Self, ManagedError> {
        let cluster = data_dir.join("postgres");
        let existing = cluster::existing(&cluster)?;
        let account = Account::choose(&cluster, existing.as_ref())?;
        let written = existing.as_ref().map(|_| cluster::major(&cluster)).transpose()?;
        let binaries = Binaries::find(settings.binaries.as_deref(), written.map(|major| (major, cluster.as_path())))?;
        account.check_access(data_dir, &binaries.postgres)?;
        match &existing {
            None => cluster::create(&cluster, &binaries, &account, settings.durable).await?,
            Some(metadata) => cluster::close_to_others(&cluster, metadata)?,
        }
        let cluster = cluster.canonicalize().map_err(at("look at", &cluster))?;
        predecessor::settle(&cluster).await?;
        let socket_dir = socket_dir(data_dir);
        let stale = owner.predecessor.take().and_then(|record| record.socket_dir);
        stale.iter().chain([&socket_dir]).for_each(|dir| predecessor::remove_socket_dir(dir));
        cluster::make_private_dir(&socket_dir, &account)?;

        let log = ServerLog::open(data_dir).map_err(at("open the server's log in", data_dir))?;
        let mut command = account.command(&binaries.postgres);
        command.args(server::arguments(&cluster, &socket_dir, settings.durable));
        let server = Server::start(command, log).await.map_err(at("run", &binaries.postgres))?;
        make_database(answer(&server, &socket_dir).await?).await?;
        owner.announce(Some(&socket_dir)).map_err(at("write the lock file in", data_dir))?;
        Ok(Self { socket_dir, role: Role::Owner { server, owner, sharing: settings.sharing } })
    }

    /// The address of Paperlark's database, for sqlx and libpq alike.
    pub fn url(&self) -> String {
        url(&self.socket_dir, NAME, NAME)
    }

    /// Returns when the server has ended without being asked to; never for the server of another process.
    pub async fn failed(&self) -> ManagedError {
        match &self.role {
            Role::Guest { .. } => std::future::pending().await,
            Role::Owner { server, .. } => {
                server.ended().await;
                ended(server)
            }
        }
    }

    /// Stops the server if it is ours. A short command first lets those that joined it finish.
    pub async fn stop(self) -> Result<(), ManagedError> {
        let Role::Owner { server, owner, sharing } = self.role else {
            return Ok(());
        };
        if sharing == Sharing::Attach {
            owner.wait_for_guests().await;
        }
        server.stop().await?;
        predecessor::remove_socket_dir(&self.socket_dir);
        owner.release().map_err(at("release", &self.socket_dir))
    }
}

/// The data directory of whoever runs this process: for root `/var/lib/paperlark`, else `paperlark`
/// in `$XDG_DATA_HOME` or `~/.local/share`.
pub fn default_data_dir() -> PathBuf {
    let system = PathBuf::from("/var/lib/paperlark");
    if rustix::process::geteuid().is_root() {
        return system;
    }
    // The XDG base directory specification has relative paths ignored.
    let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = std::env::home_dir().filter(|dir| dir.is_absolute()).map(|home| home.join(".local/share"));
    xdg.or(home).map_or(system, |dir| dir.join(NAME))
}

fn make_data_dir(dir: PathBuf) -> Result<PathBuf, ManagedError> {
    // The account that root drops to must be able to pass through.
    DirBuilder::new().recursive(true).mode(0o711).create(&dir).map_err(at("create", &dir))?;
    fs::canonicalize(&dir).map_err(at("look at", &dir))
}

enum Turn {
    Owner(Owner),
    Guest(Guest, PathBuf),
}

/// Becomes the owner of the server or, if we share, a guest of its owner once that one is ready.
async fn take_turn(mut locks: Locks, data_dir: &Path, sharing: Sharing) -> Result<Turn, ManagedError> {
    let patience = match sharing {
        Sharing::Exclusive => OWNER_PATIENCE,
        Sharing::Attach => START_LIMIT,
    };
    let attempts = patience.as_millis() / POLL.as_millis();
    for _ in 0..=attempts {
        locks = match locks.try_own().map_err(at("lock", data_dir))? {
            Ok(owner) => return Ok(Turn::Owner(owner)),
            Err(locks) => locks,
        };
        if sharing == Sharing::Attach {
            locks = match try_attach(locks).await.map_err(at("lock", data_dir))? {
                Ok((guest, socket_dir)) => return Ok(Turn::Guest(guest, socket_dir)),
                Err(locks) => locks,
            };
        }
        tokio::time::sleep(POLL).await;
    }
    let holder = locks.record().map_or("another process".to_owned(), |record| format!("process {}", record.pid));
    Err(ManagedError::InUse { data_dir: data_dir.to_owned(), holder })
}

async fn try_attach(mut locks: Locks) -> std::io::Result<Result<(Guest, PathBuf), Locks>> {
    let Some(socket_dir) = locks.record().and_then(|record| record.socket_dir) else {
        return Ok(Err(locks));
    };
    // First a guest, then the proof that the server is up: it can then no longer be stopped in between.
    let guest = match locks.try_join()? {
        Ok(guest) => guest,
        Err(locks) => return Ok(Err(locks)),
    };
    match PgConnection::connect(&url(&socket_dir, NAME, NAME)).await {
        Ok(_) => Ok(Ok((guest, socket_dir))),
        Err(_) => guest.leave().map(Err),
    }
}

/// In the data directory if the path is short and plain enough for a socket's address.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let usual = data_dir.join("postgres.socket");
    let fits = usual.to_str().is_some_and(|path| path.len() <= MAX_SOCKET_DIR_BYTES && !path.contains(char::is_control));
    if fits { usual } else { Path::new("/tmp").join(format!("{NAME}-{}", Uuid::new_v4().simple())) }
}

/// Port and TLS are named because `PGPORT` and `PGSSLMODE` would otherwise apply.
fn url(socket_dir: &Path, role: &str, database: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_');
    let socket_dir = socket_dir.to_string_lossy();
    let host = utf8_percent_encode(&socket_dir, ESCAPED);
    format!("postgres://{role}@localhost:{}/{database}?host={host}&sslmode=disable", server::PORT)
}

/// Waits for the server's first answer.
async fn answer(server: &Server, socket_dir: &Path) -> Result<PgConnection, ManagedError> {
    let url = url(socket_dir, cluster::ADMIN, "postgres");
    let connected = async {
        loop {
            match PgConnection::connect(&url).await {
                Ok(connection) => return Ok(connection),
                Err(sqlx::Error::Database(error)) if error.code().as_deref() != Some(STARTING_UP) => {
                    return Err(ManagedError::Setup(sqlx::Error::Database(error)));
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    };
    tokio::select! {
        outcome = tokio::time::timeout(START_LIMIT, connected) => outcome.unwrap_or_else(|_| {
            let (log, tail) = server.last_words();
            Err(ManagedError::NotReady { seconds: START_LIMIT.as_secs(), log, tail })
        }),
        () = server.ended() => Err(ended(server)),
    }
}

/// The SQLSTATE of a server that is not yet, or no longer, taking connections.
const STARTING_UP: &str = "57P03";

fn ended(server: &Server) -> ManagedError {
    let (log, tail) = server.last_words();
    ManagedError::Ended { log, tail }
}

async fn make_database(mut admin: PgConnection) -> Result<(), ManagedError> {
    let missing = "select not exists (select from pg_roles where rolname = 'paperlark')";
    if sqlx::query_scalar(missing).fetch_one(&mut admin).await? {
        sqlx::query("create role paperlark login").execute(&mut admin).await?;
    }
    let missing = "select not exists (select from pg_database where datname = 'paperlark')";
    if sqlx::query_scalar(missing).fetch_one(&mut admin).await? {
        sqlx::query("create database paperlark owner paperlark").execute(&mut admin).await?;
    }
    Ok(admin.close().await?)
}
