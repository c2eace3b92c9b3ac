//! The files of the database cluster: made at first start, checked at every other.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use uuid::Uuid;

use super::account::Account;
use super::binaries::Binaries;
use super::error::{ManagedError, at};

/// The role that `initdb` makes; Paperlark's own role has no special rights.
pub const ADMIN: &str = "postgres";
const OWNER_ONLY: u32 = 0o700;
const DRAFT_PREFIX: &str = "postgres.new-";
/// As much of what `initdb` says as an error message carries.
const MAX_OUTPUT_CHARS: usize = 2000;

/// The folder of the cluster, unless it is missing or empty and so to be made.
pub fn existing(cluster: &Path) -> Result<Option<Metadata>, ManagedError> {
    let metadata = match fs::metadata(cluster) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at("look at", cluster)(error)),
    };
    if !metadata.is_dir() {
        return Err(not_a_cluster(cluster, "it is not a folder"));
    }
    // A folder that we may not read is not ours; whose it is decides what to say.
    let is_empty = fs::read_dir(cluster).is_ok_and(|mut entries| entries.next().is_none());
    Ok((!is_empty).then_some(metadata))
}

/// The major version that wrote the cluster.
pub fn major(cluster: &Path) -> Result<u32, ManagedError> {
    let path = cluster.join("PG_VERSION");
    let version = match fs::read_to_string(&path) {
        Ok(version) => version,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(not_a_cluster(cluster, "it has files but no PG_VERSION")),
        Err(error) => return Err(at("read", &path)(error)),
    };
    if !cluster.join("global/pg_control").exists() {
        return Err(not_a_cluster(cluster, "its file global/pg_control is missing"));
    }
    version.trim_end().parse().map_err(|_| not_a_cluster(cluster, "its PG_VERSION holds no version"))
}

fn not_a_cluster(cluster: &Path, fault: &'static str) -> ManagedError {
    ManagedError::NotACluster { path: cluster.to_owned(), fault }
}

/// Closes the cluster to everybody but its owner, as PostgreSQL demands; a restored backup may be open.
pub fn close_to_others(cluster: &Path, metadata: &Metadata) -> Result<(), ManagedError> {
    if metadata.permissions().mode() & 0o777 == OWNER_ONLY {
        return Ok(());
    }
    tracing::warn!(path = %cluster.display(), "closing the database folder to other users");
    fs::set_permissions(cluster, Permissions::from_mode(OWNER_ONLY)).map_err(at("close to other users", cluster))
}

/// Makes a folder that only `account` (and root) can enter.
pub fn make_private_dir(dir: &Path, account: &Account) -> Result<(), ManagedError> {
    DirBuilder::new().mode(OWNER_ONLY).create(dir).map_err(at("create", dir))?;
    account.give(dir)
}

/// Makes the cluster under a temporary name and renames it, so that it is whole or not there.
///
/// `durable: false` leaves the files to the system's cache, which a power cut may lose.
pub async fn create(cluster: &Path, binaries: &Binaries, account: &Account, durable: bool) -> Result<(), ManagedError> {
    let parent = cluster.parent().unwrap_or(Path::new("/"));
    remove_drafts(parent);
    account.check_name()?;
    let draft = parent.join(format!("{DRAFT_PREFIX}{}", Uuid::new_v4().simple()));
    make_private_dir(&draft, account)?;
    let mut command = account.command(&binaries.initdb);
    command.arg("--pgdata").arg(&draft).args(["--username", ADMIN, "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]);
    command.args(["--auth-local=trust", "--auth-host=reject", "--no-instructions"]).args((!durable).then_some("--no-sync"));
    command.process_group(0).stdin(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output().await.map_err(at("run", &binaries.initdb))?;
    if !output.status.success() {
        remove_drafts(parent);
        let said = String::from_utf8_lossy(&output.stderr);
        let start = said.char_indices().nth_back(MAX_OUTPUT_CHARS).map_or(0, |(at, _)| at);
        return Err(ManagedError::Create { cluster: cluster.to_owned(), output: said[start..].trim_end().to_owned() });
    }
    fs::rename(&draft, cluster).map_err(at("create", cluster))?;
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(at("save", parent))
}

/// Removes what starts that died half-way left. A folder that resists is only wasted space.
fn remove_drafts(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(DRAFT_PREFIX) && fs::remove_dir_all(entry.path()).is_err() {
            tracing::warn!(path = %entry.path().display(), "could not remove an unfinished database");
        }
    }
}
