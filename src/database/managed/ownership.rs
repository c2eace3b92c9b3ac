//! Who may start and stop the server: one process at a time, by a file lock, which the system drops
//! when that process dies. Others can be its guests.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

use super::error::{ManagedError, at};

/// How long a short command that owned the server waits for its guests before it stops the server.
const GUESTS_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// A record is a process id and a socket folder; a longer file is not ours.
const MAX_RECORD_BYTES: u64 = 1024;

/// What the owner tells the others, in the locked file: its process id and, once the server answers,
/// the folder of the server's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub pid: u32,
    pub socket_dir: Option<PathBuf>,
}

impl Record {
    fn parse(text: &str) -> Option<Self> {
        let (pid, rest) = text.split_once('\n')?;
        let socket_dir = rest.strip_suffix('\n').filter(|dir| dir.starts_with('/')).map(PathBuf::from);
        Some(Self { pid: pid.parse().ok()?, socket_dir })
    }
}

/// The lock files of one data directory.
#[derive(Debug)]
pub struct Locks {
    owner: File,
    guests: File,
}

/// The right to start and stop the server, until dropped.
#[derive(Debug)]
pub struct Owner {
    locks: Locks,
    /// What the owner before us left behind, if it did not stop properly.
    pub predecessor: Option<Record>,
}

/// Keeps a short-lived owner from stopping the server, until dropped.
#[derive(Debug)]
pub struct Guest {
    locks: Locks,
}

impl Locks {
    /// Opens the lock files beside the cluster.
    pub fn open(data_dir: &Path) -> Result<Self, ManagedError> {
        let open = |name| {
            let path = data_dir.join(name);
            open_private(&path, data_dir).map_err(at("open", &path))
        };
        Ok(Self { owner: open("postgres.lock")?, guests: open("postgres.guests")? })
    }

    /// Becomes the owner, unless another process is.
    pub fn try_own(mut self) -> io::Result<Result<Owner, Self>> {
        match self.owner.try_lock() {
            Ok(()) => {
                let predecessor = self.record();
                let mut owner = Owner { locks: self, predecessor };
                owner.announce(None)?;
                Ok(Ok(owner))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(self)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Becomes a guest, unless the owner is about to stop the server.
    pub fn try_join(self) -> io::Result<Result<Guest, Self>> {
        match self.guests.try_lock_shared() {
            Ok(()) => Ok(Ok(Guest { locks: self })),
            Err(TryLockError::WouldBlock) => Ok(Err(self)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What the present owner says of itself; none while it is writing.
    pub fn record(&mut self) -> Option<Record> {
        let mut text = String::new();
        self.owner.rewind().ok()?;
        Read::by_ref(&mut self.owner).take(MAX_RECORD_BYTES).read_to_string(&mut text).ok()?;
        Record::parse(&text)
    }
}

impl Guest {
    /// Stops being a guest.
    pub fn leave(self) -> io::Result<Locks> {
        self.locks.guests.unlock()?;
        Ok(self.locks)
    }
}

impl Owner {
    /// Tells the other processes who owns the server and where it answers.
    pub fn announce(&mut self, socket_dir: Option<&Path>) -> io::Result<()> {
        let socket_dir = socket_dir.map(|dir| format!("{}\n", dir.display())).unwrap_or_default();
        self.write(&format!("{}\n{socket_dir}", std::process::id()))
    }

    /// Waits until no guest is left and lets no more in; gives up waiting after half a minute.
    pub async fn wait_for_guests(&self) {
        let alone = async {
            while let Err(TryLockError::WouldBlock) = self.locks.guests.try_lock() {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(GUESTS_LIMIT, alone).await.is_err() {
            tracing::warn!("another command still uses the private PostgreSQL, which stops now");
        }
    }

    /// Hands the right back after an orderly stop.
    pub fn release(mut self) -> io::Result<()> {
        self.write("")
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.locks.owner.set_len(0)?;
        self.locks.owner.rewind()?;
        self.locks.owner.write_all(text.as_bytes())
    }
}

/// Opens or makes a file that only the owner of `data_dir` (and root) can use. As root we may be in
/// a folder of an ordinary user, so a link put in the file's place is not followed.
pub fn open_private(path: &Path, data_dir: &Path) -> io::Result<File> {
    let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).custom_flags(nofollow).open(path)?;
    if rustix::process::geteuid().is_root() {
        let folder = data_dir.metadata()?;
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_only_when_complete() {
        let check = |text, expect: Option<(u32, Option<&str>)>| {
            assert_eq!(Record::parse(text), expect.map(|(pid, dir)| Record { pid, socket_dir: dir.map(PathBuf::from) }), "{text:?}");
        };
        check("812\n/run/paper lark\n", Some((812, Some("/run/paper lark"))));
        check("812\n", Some((812, None)));
        check("812\n/run/paper", Some((812, None)));
        check("812", None);
        check("x\n/run\n", None);
        check("", None);
    }

    #[test]
    fn the_owner_is_one_and_the_lock_is_free_again_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let locks = || Locks::open(dir.path()).unwrap();
        let mut owner = locks().try_own().unwrap().unwrap();
        owner.announce(Some(Path::new("/run/x"))).unwrap();
        let mut waiting = locks().try_own().unwrap().unwrap_err();
        assert_eq!(waiting.record(), Some(Record { pid: std::process::id(), socket_dir: Some("/run/x".into()) }));
        drop(owner);
        let heir = waiting.try_own().unwrap().unwrap();
        assert_eq!(heir.predecessor.as_ref().unwrap().socket_dir.as_deref(), Some(Path::new("/run/x")));
        heir.release().unwrap();
        assert_eq!(locks().try_own().unwrap().unwrap().predecessor, None);
    }
}
