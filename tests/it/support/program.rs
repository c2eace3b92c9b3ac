//! The `paperlark` program itself, run as its users run it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::database::{TestDatabase, database};
use super::service::KEY;

/// More than any command needs, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// How one run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The exit code must be `code`.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// Standard error must contain every one of `parts`.
    #[track_caller]
    pub fn complains(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Standard output must contain every one of `parts`.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.out.contains(part), "no {part:?} in: {}", self.out);
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The program in a folder of its own, with an environment of its own.
pub struct Program {
    pub folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Program {
    /// Without a database, for commands that need none.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), settings: Vec::new() }
    }

    /// On a migrated database.
    pub async fn with_database() -> (Self, TestDatabase) {
        let database = database().await;
        let program = Self::new().set("DATABASE_URL", database.url()).set("SECRET_KEY", KEY);
        (program, database)
    }

    /// Sets `PAPERLARK_{key}`.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.push((format!("PAPERLARK_{key}"), value.to_owned()));
        self
    }

    /// Another with the same settings, in a folder of its own.
    pub fn clone_settings(&self) -> Self {
        Self { settings: self.settings.clone(), ..Self::new() }
    }

    /// A file in the program's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The command, ready to start; a configuration file only if `arguments` name one.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paperlark"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.folder.path());
        command.env("PAPERLARK_CONFIG", "/dev/null").envs(self.settings.iter().cloned());
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments)).await
    }
}

/// Runs `command` to its end, which must come.
pub async fn finish(mut command: Command) -> Ran {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("the program ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
