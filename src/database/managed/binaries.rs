//! Where PostgreSQL's programs are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ManagedError;

/// The oldest major version we run: 14 and later let an ordinary role own all we need.
pub const OLDEST_MAJOR: u32 = 14;

/// A folder with `initdb` and `postgres` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
    pub major: u32,
}

impl Binaries {
    /// Finds the programs: those in `explicit` if given, else the first fitting ones of PATH,
    /// `pg_config --bindir`, and the folders of the Debian and PGDG packages, newest first.
    ///
    /// `written` is the major version that wrote the existing data, which alone can read them.
    pub fn find(explicit: Option<&Path>, written: Option<(u32, &Path)>) -> Result<Self, ManagedError> {
        let found: Vec<Self> = match explicit {
            Some(dir) => vec![Self::in_dir(dir).ok_or_else(|| ManagedError::NotBinaries(dir.to_owned()))?],
            None => candidates().iter().filter_map(|dir| Self::in_dir(dir)).collect(),
        };
        Self::pick(found, written)
    }

    fn pick(found: Vec<Self>, written: Option<(u32, &Path)>) -> Result<Self, ManagedError> {
        let newest = found.iter().map(|binaries| binaries.major).max().ok_or(ManagedError::NoBinaries)?;
        if newest < OLDEST_MAJOR {
            return Err(ManagedError::TooOld { found: newest });
        }
        let fits = |binaries: &Self| match written {
            Some((major, _)) => binaries.major == major,
            None => binaries.major >= OLDEST_MAJOR,
        };
        found.into_iter().find(fits).ok_or_else(|| match written {
            Some((written, cluster)) => ManagedError::OtherMajor { cluster: cluster.to_owned(), written, found: newest },
            None => ManagedError::TooOld { found: newest },
        })
    }

    fn in_dir(dir: &Path) -> Option<Self> {
        // A link such as /usr/bin/initdb is followed: the two programs stand side by side only at its end.
        let initdb = dir.join("initdb").canonicalize().ok()?;
        let postgres = initdb.with_file_name("postgres");
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { initdb, postgres, major })
    }
}

fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder on PATH would let whoever owns the current directory choose what runs.
    let on_path = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
    on_path.chain(pg_config()).chain(versioned("/usr/lib/postgresql", "")).chain(versioned("/usr", "pgsql-")).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    dir.is_absolute().then_some(dir)
}

/// The folders `parent/prefix<major>/bin`, newest first.
fn versioned(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut majors: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()).collect();
    majors.sort_unstable();
    majors.iter().rev().map(|major| Path::new(parent).join(format!("{prefix}{major}/bin"))).collect()
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn parse_major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once(") ")?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_the_program_says() {
        let check = |text, expect| assert_eq!(parse_major(text), expect, "{text:?}");
        check("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15));
        check("postgres (PostgreSQL) 18beta2\n", Some(18));
        check("postgres (PostgreSQL) 9.6.24\n", Some(9));
        check("postgres (EnterpriseDB Advanced Server) 16.4.1", Some(16));
        check("postgres: command not understood", None);
        check("", None);
    }

    #[test]
    fn existing_data_decide_which_version_runs_else_the_first_found_does() {
        let found = |majors: &[u32]| -> Vec<Binaries> {
            majors.iter().map(|major| Binaries { initdb: "i".into(), postgres: "p".into(), major: *major }).collect()
        };
        let data = Path::new("/data");
        assert_eq!(Binaries::pick(found(&[17, 15]), None).unwrap().major, 17);
        assert_eq!(Binaries::pick(found(&[13, 16]), None).unwrap().major, 16);
        assert_eq!(Binaries::pick(found(&[17, 15]), Some((15, data))).unwrap().major, 15);
        let refused = |majors, written| Binaries::pick(found(majors), written).unwrap_err().to_string();
        assert!(refused(&[], None).contains("apt-get install postgresql"));
        assert!(refused(&[13], None).contains("PostgreSQL 13 is too old"));
        assert!(refused(&[17], Some((15, data))).contains("`postgresql-15`"));
    }
}
