//! The real program, as a process that can be killed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `paperlark`; killed when dropped.
pub struct Process(Child);

/// The program with `settings` by the names of the environment (`RELAY_PORT`), and nothing else set.
pub fn paperlark(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paperlark"));
    command.arg("--config").arg("/dev/null");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PAPERLARK_")) {
        command.env_remove(name);
    }
    command.envs(settings.iter().map(|(key, value)| (format!("PAPERLARK_{key}"), value)));
    command
}

impl Process {
    pub fn serve(settings: &[(&str, &str)]) -> Self {
        let mut command = paperlark(settings);
        Self(command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        for _ in 0..300 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the service does not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
