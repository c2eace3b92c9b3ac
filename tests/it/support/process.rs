//! The real program, as a process that can be killed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `paperlark`; killed when dropped.
pub struct Process(Child);

/// The program under test; TEST_PROGRAM names another build of it, such as a release.
fn program() -> std::ffi::OsString {
    std::env::var_os("TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_paperlark").into())
}

/// The program with `settings` by the names of the environment (`RELAY_PORT`), and nothing else set.
pub fn paperlark(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    command.arg("--config").arg("/dev/null");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PAPERLARK_")) {
        command.env_remove(name);
    }
    command.envs(settings.iter().map(|(key, value)| (format!("PAPERLARK_{key}"), value)));
    command
}

impl Process {
    pub fn serve(settings: &[(&str, &str)]) -> Self {
        Self::serve_as(settings, "all")
    }

    /// With one of its roles only.
    pub fn serve_as(settings: &[(&str, &str)], role: &str) -> Self {
        let mut command = paperlark(settings);
        Self(command.args(["serve", "--role", role]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Started by another program, such as `ip netns exec NAME`.
    pub fn serve_within(outer: &[&str], settings: &[(&str, &str)], role: &str) -> Self {
        let inner = paperlark(settings);
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(inner.get_program()).args(inner.get_args()).args(["serve", "--role", role]);
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM; the rest is its own affair.
    pub fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        // Not waited for here: whoever restarts a worker has others to look after.
        std::thread::spawn(move || drop(self.0.wait()));
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
