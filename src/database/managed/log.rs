//! What the server says: kept in a file of bounded size, its last lines also for error messages.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ownership::open_private;

/// At this size the file becomes `postgres.log.1`, so that the two together stay below 2 MiB.
const MAX_LOG_BYTES: u64 = 1024 * 1024;
/// Enough for an error and what led to it.
const TAIL_LINES: usize = 12;

/// The log of one server.
#[derive(Debug)]
pub struct ServerLog {
    path: PathBuf,
    data_dir: PathBuf,
    file: File,
    bytes: u64,
    tail: VecDeque<String>,
}

impl ServerLog {
    /// Opens the log of the server in `data_dir` and goes on at its end.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join("postgres.log");
        let file = open_private(&path, data_dir)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path, data_dir: data_dir.to_owned(), file, bytes, tail: VecDeque::new() })
    }

    /// Adds a line. One that cannot be written, as on a full disk, is still in the tail.
    pub fn push(&mut self, line: &str) {
        if self.tail.len() == TAIL_LINES {
            self.tail.pop_front();
        }
        self.tail.push_back(line.to_owned());
        if self.bytes >= MAX_LOG_BYTES {
            let _ = self.rotate();
        }
        if writeln!(self.file, "{line}").is_ok() {
            self.bytes += line.len() as u64 + 1;
        }
    }

    /// The last lines of this server.
    pub fn tail(&self) -> String {
        self.tail.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn rotate(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.1"))?;
        self.file = open_private(&self.path, &self.data_dir)?;
        self.bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_below_two_mebibytes_and_keeps_the_newest_lines() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = ServerLog::open(dir.path()).unwrap();
        let line = "x".repeat(64 * 1024);
        for number in 0..64 {
            log.push(&format!("{number} {line}"));
        }
        let size = |name| fs::metadata(dir.path().join(name)).unwrap().len();
        assert!(size("postgres.log") + size("postgres.log.1") < 2 * MAX_LOG_BYTES + 2 * 65 * 1024);
        assert!(fs::read_to_string(dir.path().join("postgres.log")).unwrap().contains("63 x"));
        assert!(log.tail().starts_with("52 x") && log.tail().lines().count() == TAIL_LINES);
        assert_eq!(ServerLog::open(dir.path()).unwrap().bytes, size("postgres.log"));
    }
}
