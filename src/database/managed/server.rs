//! The server process: started with our settings, watched, stopped; never outliving us.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, kill_process, set_parent_process_death_signal};
use tokio::sync::{oneshot, watch};

use super::error::ManagedError;
use super::log::ServerLog;

/// How to stop a server and how long each way may take: a fast shutdown, which writes everything
/// down; an immediate one, after which the next start recovers; the end of all patience.
pub const STOPPING: [(Signal, Duration); 3] =
    [(Signal::INT, Duration::from_secs(30)), (Signal::QUIT, Duration::from_secs(5)), (Signal::KILL, Duration::from_secs(5))];

/// How the servers that Paperlark started are told from others.
pub const NAME_OPTION: &str = "cluster_name=paperlark";

/// The port names the socket file only; there is no network socket.
pub const PORT: u16 = 5432;

/// A server that we started. Dropped without [`Server::stop`], it is told to stop and not waited for.
#[derive(Debug)]
pub struct Server {
    pid: Pid,
    ended: watch::Receiver<bool>,
    log: Arc<Mutex<ServerLog>>,
}

impl Server {
    /// Starts `command`, a `postgres` with its [`arguments`].
    pub async fn start(command: Command, log: ServerLog) -> io::Result<Self> {
        let (started, starting) = oneshot::channel();
        let (ending, ended) = watch::channel(false);
        let log = Arc::new(Mutex::new(log));
        let keeper = Keeper { log: Arc::clone(&log), started, ending };
        // The death signal is tied to the thread that starts the child, hence one that lives as long as it.
        thread::Builder::new().name("postgres".to_owned()).spawn(move || keeper.run(command))?;
        let pid = starting.await.map_err(io::Error::other)??;
        Ok(Self { pid, ended, log })
    }

    /// Returns when the process has ended, whatever the cause.
    pub async fn ended(&self) {
        // An error means that the keeper is gone, which outlives the process.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Stops the process, at first gently.
    pub async fn stop(self) -> Result<(), ManagedError> {
        for (signal, limit) in STOPPING {
            self.signal(signal);
            if tokio::time::timeout(limit, self.ended()).await.is_ok() {
                return Ok(());
            }
        }
        Err(ManagedError::DoesNotStop { pid: self.pid.as_raw_nonzero().get() })
    }

    /// The server's log file and last lines.
    pub fn last_words(&self) -> (PathBuf, String) {
        let log = lock(&self.log);
        (log.path().to_owned(), log.tail())
    }

    fn signal(&self, signal: Signal) {
        if !*self.ended.borrow() {
            // It fails only if the process has just ended, which is what we want.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

struct Keeper {
    log: Arc<Mutex<ServerLog>>,
    started: oneshot::Sender<io::Result<Pid>>,
    ending: watch::Sender<bool>,
}

impl Keeper {
    fn run(self, mut command: Command) {
        die_with_us(&mut command);
        let (mut child, pid) = match spawn(&mut command) {
            Ok(spawned) => spawned,
            Err(error) => {
                let _ = self.started.send(Err(error));
                return;
            }
        };
        let _ = self.started.send(Ok(pid));
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                lock(&self.log).push(&String::from_utf8_lossy(&line));
            }
        }
        let _ = child.wait();
        self.ending.send_replace(true);
    }
}

fn spawn(command: &mut Command) -> io::Result<(Child, Pid)> {
    // Its own process group: Ctrl-C is for us, who then stop it in order.
    let child = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))?;
    Ok((child, pid))
}

/// Has the kernel stop the server should this process be killed. The request would be forgotten at
/// the change of user, after which `pre_exec` runs.
fn die_with_us(command: &mut Command) {
    let us = std::process::id();
    let request = move || {
        set_parent_process_death_signal(Some(Signal::INT))?;
        match getppid() {
            Some(parent) if parent.as_raw_nonzero().get().unsigned_abs() == us => Ok(()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    };
    // SAFETY: between fork and exec only two system calls are made; nothing is allocated or locked.
    unsafe { command.pre_exec(request) };
}

fn lock(log: &Mutex<ServerLog>) -> MutexGuard<'_, ServerLog> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The command line of the server. All settings stand here and none in the cluster's files, so that a
/// new Paperlark brings its own.
pub fn arguments(cluster: &Path, socket_dir: &Path, durable: bool) -> Vec<OsString> {
    // A list, in which quotes protect a comma or space.
    let socket_dirs = format!("unix_socket_directories=\"{}\"", socket_dir.display().to_string().replace('"', "\"\""));
    let port = format!("port={PORT}");
    let reachable = ["listen_addresses=", &socket_dirs, "unix_socket_permissions=0700", &port, NAME_OPTION, "max_connections=100"];
    // Sized for a small machine that does other things too; parallel queries need more /dev/shm than a container has.
    let sizes = ["shared_buffers=128MB", "work_mem=8MB", "max_wal_size=512MB", "max_parallel_workers_per_gather=0", "jit=off"];
    // Terse, because the details of an error can hold a reader's address.
    let logging = [
        "logging_collector=off",
        "log_destination=stderr",
        "log_checkpoints=off",
        "log_error_verbosity=terse",
        "log_min_error_statement=panic",
        "log_line_prefix=%m [%p] ",
        "log_timezone=UTC",
        "timezone=UTC",
        "lc_messages=C",
    ];
    let hasty: &[&str] = if durable { &[] } else { &["fsync=off", "synchronous_commit=off", "full_page_writes=off"] };
    let settings = reachable.iter().chain(&sizes).chain(&logging).chain(hasty);
    let cluster = ["-D".into(), cluster.as_os_str().to_owned()];
    cluster.into_iter().chain(settings.flat_map(|setting| ["-c".into(), setting.into()])).collect()
}
