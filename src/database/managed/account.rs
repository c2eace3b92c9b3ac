//! The account the server runs as: our own, unless we are root, which PostgreSQL refuses to run as.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::io::Errno;

use super::error::{ManagedError, at};

/// The variables a server program may need to find its libraries and locales. Nothing else is handed
/// on: `PG*` and `LC_*` would change what the server does, ours hold passwords, and the server would
/// answer a `NOTIFY_SOCKET` in our name.
const KEPT_VARIABLES: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "LOCALE_ARCHIVE"];

/// Who owns the cluster and runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// The user who runs this process.
    Ourselves,
    /// An unprivileged account to which this process, being root, drops.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// For root: the owner of the cluster if there is one, else who called `sudo`, else `postgres`,
    /// else `nobody`. For anybody else: themselves, who must own the cluster.
    pub fn choose(cluster: &Path, existing: Option<&Metadata>) -> Result<Self, ManagedError> {
        let us = rustix::process::geteuid().as_raw();
        match existing.map(|metadata| (metadata.uid(), metadata.gid())) {
            Some((owner, _)) if us != 0 && owner != us => Err(ManagedError::OtherOwner { path: cluster.to_owned(), owner, us }),
            _ if us != 0 => Ok(Self::Ourselves),
            Some((0, _)) => Err(ManagedError::OwnedByRoot { path: cluster.to_owned(), account: unprivileged()?.name().to_owned() }),
            Some((uid, gid)) => Ok(Self::Other { name: format!("user id {uid}"), uid, gid }),
            None => unprivileged(),
        }
    }

    /// A command that runs as this account, from `/`, with next to no environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().envs(KEPT_VARIABLES.iter().filter_map(|key| Some((key, std::env::var_os(key)?))));
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// Gives a file or folder that we made to this account.
    pub fn give(&self, path: &Path) -> Result<(), ManagedError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid)).map_err(at("hand over", path)),
        }
    }

    /// Checks that this account gets into `dir`, by running `program` there.
    pub fn check_access(&self, dir: &Path, program: &Path) -> Result<(), ManagedError> {
        let outcome = self.command(program).arg("--version").current_dir(dir).output();
        match outcome {
            Ok(_) => Ok(()),
            Err(source) if source.raw_os_error() == Some(Errno::PERM.raw_os_error()) => {
                Err(ManagedError::CannotSwitch { account: self.name().to_owned(), source })
            }
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(ManagedError::Unreachable { path: dir.to_owned(), account: self.name().to_owned(), source })
            }
            Err(source) => Err(at("run", program)(source)),
        }
    }

    /// Checks that the account has a name, which `initdb` asks for; a container may run under a bare number.
    pub fn check_name(&self) -> Result<(), ManagedError> {
        let us = rustix::process::geteuid().as_raw();
        match self {
            Self::Ourselves if look_up(&us.to_string()).is_none() => Err(ManagedError::Nameless { us }),
            _ => Ok(()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Ourselves => "this user",
            Self::Other { name, .. } => name,
        }
    }
}

fn unprivileged() -> Result<Account, ManagedError> {
    let sudo = std::env::var("SUDO_UID").ok().filter(|uid| uid.parse::<u32>().is_ok());
    sudo.as_deref().into_iter().chain(["postgres", "nobody"]).find_map(look_up).ok_or(ManagedError::NoAccount)
}

/// Looks an account up by name or number, in /etc/passwd or wherever else the system keeps them; root is no answer.
fn look_up(key: &str) -> Option<Account> {
    let local = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_meant = |line: &&str| [0, 2].iter().any(|field| line.split(':').nth(*field) == Some(key));
    local.lines().find(is_meant).and_then(parse_passwd).or_else(|| {
        let output = Command::new("getent").args(["passwd", key]).output().ok()?;
        parse_passwd(&String::from_utf8_lossy(&output.stdout))
    })
}

/// Reads a line of passwd(5): `name:password:uid:gid:…`.
fn parse_passwd(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account::Other { name, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_passwd_line_and_root_is_not_one() {
        let check = |line, expect: Option<(&str, u32, u32)>| {
            let expect = expect.map(|(name, uid, gid)| Account::Other { name: name.to_owned(), uid, gid });
            assert_eq!(parse_passwd(line), expect, "{line:?}");
        };
        check("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n", Some(("postgres", 101, 104)));
        check("mel:*:1000:100::/home/mel:/bin/sh", Some(("mel", 1000, 100)));
        check("root:x:0:0:root:/root:/bin/bash", None);
        check("half:x:12", None);
        check("odd:x:twelve:12::/:", None);
        check("", None);
    }

    #[test]
    fn an_account_is_found_by_name_and_by_number() {
        let nobody = look_up("nobody");
        assert!(matches!(&nobody, Some(Account::Other { name, .. }) if name == "nobody"));
        assert_eq!(look_up("65534"), nobody);
        assert_eq!(look_up("0"), None);
        assert_eq!(look_up("no-such-account"), None);
    }

    #[test]
    fn a_server_program_sees_none_of_our_variables() {
        let command = Account::Ourselves.command(Path::new("/bin/true"));
        assert!(command.get_envs().all(|(key, _)| KEPT_VARIABLES.iter().any(|kept| key == *kept)));
        assert_eq!(command.get_current_dir(), Some(Path::new("/")));
    }
}
