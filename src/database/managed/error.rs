//! What can go wrong between Paperlark and its private PostgreSQL, each with its way out.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private PostgreSQL is not there.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    #[error(
        "no PostgreSQL server program was found on PATH or in the usual folders. Install the package `postgresql` \
         (Debian, Ubuntu: `sudo apt-get install postgresql`), or set `database.url` to a PostgreSQL that runs elsewhere"
    )]
    NoBinaries,
    #[error("{} holds no working `initdb` and `postgres`; give the folder that does, such as /usr/lib/postgresql/17/bin", .0.display())]
    NotBinaries(PathBuf),
    #[error(
        "PostgreSQL {found} is too old, {} or newer is needed. Install the package `postgresql` of a current release, \
         or set `database.url` to a PostgreSQL that runs elsewhere",
        super::binaries::OLDEST_MAJOR
    )]
    TooOld { found: u32 },
    #[error(
        "the data in {} were written by PostgreSQL {written}, but only version {found} is installed. Install the package \
         `postgresql-{written}` again, or bring the data over with pg_upgrade or with pg_dump and psql", cluster.display()
    )]
    OtherMajor { cluster: PathBuf, written: u32, found: u32 },
    #[error("{} is no Paperlark database: {fault}. Move it away, restore it from a backup, or choose another data directory", path.display())]
    NotACluster { path: PathBuf, fault: &'static str },
    #[error(
        "{} belongs to user id {owner}, and Paperlark runs as {us}. Run it as that user or as root, \
         or choose another data directory", path.display()
    )]
    OtherOwner { path: PathBuf, owner: u32, us: u32 },
    #[error(
        "PostgreSQL refuses to run as root, and neither SUDO_UID nor the accounts `postgres` and `nobody` exist to run it. \
         Create one (`useradd --system postgres`) or run Paperlark as an ordinary user"
    )]
    NoAccount,
    #[error(
        "{} belongs to root, and PostgreSQL refuses to run as root. Give it to an ordinary account: \
         `chown -R {account}: {}`", path.display(), path.display()
    )]
    OwnedByRoot { path: PathBuf, account: String },
    #[error(
        "PostgreSQL runs as `{account}` because it refuses root, and that account cannot enter {}. Choose a data directory \
         that it can reach, such as /var/lib/paperlark, or open the folders above it (`chmod o+x`)", path.display()
    )]
    Unreachable { path: PathBuf, account: String, source: io::Error },
    #[error(
        "PostgreSQL refuses to run as root, and this root may not become `{account}`, as in a container without \
         CAP_SETUID. Run Paperlark as an ordinary user, or set `database.url` to a PostgreSQL that runs elsewhere"
    )]
    CannotSwitch { account: String, source: io::Error },
    #[error(
        "PostgreSQL needs a name for user id {us}, as which Paperlark runs. Run it as a user who has one, give this one a \
         line in /etc/passwd (`paperlark:x:{us}:{us}::/:/bin/false`), or set `database.url` to a PostgreSQL that runs elsewhere"
    )]
    Nameless { us: u32 },
    #[error(
        "the database in {} is in use by {holder}. Stop that one first, choose another data directory, \
         or set `database.url` to share one PostgreSQL", data_dir.display()
    )]
    InUse { data_dir: PathBuf, holder: String },
    #[error(
        "a PostgreSQL server that Paperlark did not start (process {pid}) is running on {}. Stop it with \
         `pg_ctl stop -D {}`", cluster.display(), cluster.display()
    )]
    ForeignServer { cluster: PathBuf, pid: u32 },
    #[error("process {pid}, the PostgreSQL server, does not stop; end it by hand (`kill -QUIT {pid}`) and start again")]
    DoesNotStop { pid: i32 },
    #[error("`initdb` could not create the database in {}:\n{output}", cluster.display())]
    Create { cluster: PathBuf, output: String },
    #[error("the PostgreSQL server ended; its last words (more in {}):\n{tail}", log.display())]
    Ended { log: PathBuf, tail: String },
    #[error("the PostgreSQL server was not ready in {seconds} s; its last words (more in {}):\n{tail}", log.display())]
    NotReady { seconds: u64, log: PathBuf, tail: String },
    #[error("the private PostgreSQL refused to set up Paperlark's database")]
    Setup(#[from] sqlx::Error),
    #[error("could not {action} {}{}", path.display(), advice(source))]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "; run Paperlark as the owner of that path or as root, or choose another data directory",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some disk space, or choose another data directory",
        io::ErrorKind::ReadOnlyFilesystem => "; choose a data directory that can be written to",
        _ => "",
    }
}

/// Adds to an I/O error what was being done, and to which file.
pub fn at<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> ManagedError + 'a {
    move |source| ManagedError::Io { action, path: path.to_owned(), source }
}
