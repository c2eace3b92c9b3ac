//! A PostgreSQL of the storm's own, to be killed and stopped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
}

impl Cluster {
    pub fn start() -> Self {
        let programs = programs();
        // In memory where there is some: what is killed is the server, not the machine.
        let place = if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" };
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir_in(place).unwrap();
        if is_root() {
            let owner = Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap();
            assert!(owner.success());
        }
        let cluster = Self { folder, programs };
        let data = cluster.data();
        let made = cluster.program("initdb").args(["--auth=trust", "--username=paperlark", "--no-sync", "-D"]).arg(data).status().unwrap();
        assert!(made.success(), "initdb");
        cluster.up();
        let created = cluster.program("createdb").args(["-h", cluster.socket(), "-U", "paperlark", "paperlark"]).status().unwrap();
        assert!(created.success(), "createdb");
        cluster
    }

    pub fn url(&self) -> String {
        format!("postgres://paperlark@localhost/paperlark?host={}&sslmode=disable", self.socket())
    }

    /// `kill -9` of the postmaster, and a new start.
    pub fn kill(&self) {
        if let Ok(text) = std::fs::read_to_string(self.data().join("postmaster.pid")) {
            let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(rustix::process::Pid::from_raw);
            let _ = rustix::process::kill_process(pid.expect("a pid"), rustix::process::Signal::KILL);
        }
        self.up();
    }

    /// Stops it, in order or at once, and starts it again.
    pub fn restart(&self, orderly: bool) {
        let mode = if orderly { "fast" } else { "immediate" };
        let _ = self.program("pg_ctl").args(["-m", mode, "-w", "-D"]).arg(self.data()).arg("stop").status();
        self.up();
    }

    fn up(&self) {
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c max_connections=80", self.socket());
        // After a kill its children need a moment to notice.
        for _ in 0..100 {
            let mut start = self.program("pg_ctl");
            start.args(["-w", "-D"]).arg(self.data()).arg("-l").arg(self.folder.path().join("log")).args(["-o", &options, "start"]);
            if start.status().unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL does not start: {}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.program("pg_ctl").args(["-m", "immediate", "-w", "-D"]).arg(self.data()).arg("stop").status();
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.retain(|folder| folder.join("initdb").exists());
    found.pop().unwrap_or_else(|| {
        let asked = Command::new("pg_config").arg("--bindir").output().expect("PostgreSQL is installed");
        PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim())
    })
}
