//! What a killed Paperlark left: a server that is still stopping, or only the file that names it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, kill_process};

use super::error::{ManagedError, at};
use super::server::{NAME_OPTION, PORT, STOPPING};

const POLL: Duration = Duration::from_millis(20);

/// The process that a cluster's `postmaster.pid` names.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// No such process.
    Gone,
    /// The server of a Paperlark that was killed.
    Ours,
    /// A server that somebody else started on this cluster.
    Foreign,
    /// A process that got the same number later.
    Unrelated,
}

/// Stops the predecessor's server if it still runs, and removes a `postmaster.pid` that would keep
/// PostgreSQL from starting. To be called by the owner only.
pub async fn settle(cluster: &Path) -> Result<(), ManagedError> {
    let pid_file = cluster.join("postmaster.pid");
    let text = match fs::read_to_string(&pid_file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at("read", &pid_file)(error)),
    };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    match pid.map(|pid| (pid, standing(pid, cluster))) {
        // PostgreSQL removes the file itself, once it has seen that nobody else uses its shared memory.
        Some((_, Standing::Gone)) => Ok(()),
        Some((pid, Standing::Ours)) => stop(pid, cluster).await,
        Some((pid, Standing::Foreign)) => {
            Err(ManagedError::ForeignServer { cluster: cluster.to_owned(), pid: pid.as_raw_nonzero().get().unsigned_abs() })
        }
        Some((_, Standing::Unrelated)) | None => fs::remove_file(&pid_file).map_err(at("remove", &pid_file)),
    }
}

async fn stop(pid: Pid, cluster: &Path) -> Result<(), ManagedError> {
    tracing::info!(%pid, "stopping the PostgreSQL server of a Paperlark that was killed");
    for (signal, limit) in STOPPING {
        // It fails only if the process has just ended.
        let _ = kill_process(pid, signal);
        let gone = async {
            while standing(pid, cluster) == Standing::Ours {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(limit, gone).await.is_ok() {
            return Ok(());
        }
    }
    Err(ManagedError::DoesNotStop { pid: pid.as_raw_nonzero().get() })
}

fn standing(pid: Pid, cluster: &Path) -> Standing {
    let process = Path::new("/proc").join(pid.to_string());
    // Everybody may read the command line; the working directory is closed even to root in some containers.
    let Ok(command_line) = fs::read(process.join("cmdline")) else {
        return Standing::Gone;
    };
    let has = |argument: &[u8]| command_line.split(|byte| *byte == 0).any(|given| given == argument);
    if has(cluster.as_os_str().as_bytes()) && has(NAME_OPTION.as_bytes()) {
        Standing::Ours
    } else if fs::read_link(process.join("cwd")).is_ok_and(|dir| dir == cluster) {
        Standing::Foreign
    } else {
        Standing::Unrelated
    }
}

/// Removes a socket folder and the files a server leaves in it, but nothing else.
pub fn remove_socket_dir(dir: &Path) {
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let _ = fs::remove_file(dir.join(name));
    }
    let _ = fs::remove_dir(dir);
}
