//! The private PostgreSQL, with a real server: its starts, crashes, owners and guests.

mod folders;
mod owners;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use paperlark::database::managed::{Managed, ManagedError, Settings, Sharing};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// Tells the test binary, run again as another process, where to own a server.
const OWNER_DATA_DIR: &str = "PAPERLARK_TEST_OWNER_DATA_DIR";

/// A folder that the unprivileged account of root's server can pass through; in memory, where clusters are made faster.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).unwrap();
    dir
}

fn settings(dir: &Path, sharing: Sharing) -> Settings {
    Settings { data_dir: Some(dir.to_owned()), sharing, durable: false, ..Settings::default() }
}

async fn start(dir: &Path) -> Managed {
    Managed::start(&settings(dir, Sharing::Exclusive)).await.unwrap()
}

async fn refusal(dir: &Path) -> String {
    Managed::start(&settings(dir, Sharing::Exclusive)).await.unwrap_err().to_string()
}

async fn query(server: &Managed, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let answer = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

async fn keep_a_note(server: &Managed) {
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::query("create table note as select 'kept' as text").execute(&mut connection).await.unwrap();
}

async fn read_the_note(server: &Managed) -> String {
    query(server, "select text from note").await
}

/// A server on the cluster in `dir`, started by hand.
async fn postgres(dir: &Path, setting: &str) -> Child {
    let cluster = dir.join("postgres").canonicalize().unwrap();
    let owner = fs::metadata(&cluster).unwrap();
    let mut command = Command::new("postgres");
    command.arg("-D").arg(&cluster).arg("-k").arg(&cluster).args(["-c", "listen_addresses=", "-c", setting]);
    if is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let mut server = command.stderr(Stdio::null()).spawn().unwrap();
    while !fs::read_to_string(cluster.join("postmaster.pid")).is_ok_and(|text| text.contains("ready")) {
        assert!(server.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server
}

fn postmaster_pid(dir: &Path) -> i32 {
    fs::read_to_string(dir.join("postgres/postmaster.pid")).unwrap().lines().next().unwrap().parse().unwrap()
}

fn is_running(pid: i32) -> bool {
    Path::new("/proc").join(pid.to_string()).join("exe").read_link().is_ok()
}

fn send(signal: Signal, pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn is_root() -> bool {
    geteuid().is_root()
}

/// The test binary as a second process that runs [`an_owner_in_a_process_of_its_own`].
fn owner_command(exe: &Path, dir: &Path) -> Command {
    let module = module_path!().split_once("::").map(|(_, module)| format!("{module}::")).unwrap_or_default();
    let mut command = Command::new(exe);
    command.args(["--exact", "--ignored", "--nocapture", &format!("{module}an_owner_in_a_process_of_its_own")]);
    command.env(OWNER_DATA_DIR, dir).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::piped());
    command
}

fn spawn_owner(mut command: Command) -> Child {
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map_while(Result::ok);
    let said: Vec<String> = lines.take_while(|line| !line.contains("owner is ready")).collect();
    assert!(child.try_wait().unwrap().is_none(), "the owner ended: {said:?}");
    child
}

fn own_process(dir: &Path) -> Child {
    spawn_owner(owner_command(&std::env::current_exe().unwrap(), dir))
}

#[tokio::test]
#[ignore = "run by the other tests as a process of its own"]
async fn an_owner_in_a_process_of_its_own() {
    let Some(dir) = std::env::var_os(OWNER_DATA_DIR) else { return };
    let server = Managed::start(&settings(Path::new(&dir), Sharing::Exclusive)).await.unwrap();
    assert_eq!(query(&server, "select current_database()::text").await, "paperlark");
    println!("owner is ready");
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn data_survive_a_stop_and_a_second_start() {
    let dir = folder();
    let server = start(dir.path()).await;
    keep_a_note(&server).await;
    let pid = postmaster_pid(dir.path());
    server.stop().await.unwrap();
    assert!(!is_running(pid));
    assert!(!dir.path().join("postgres.socket").exists());
    let server = start(dir.path()).await;
    assert_eq!(read_the_note(&server).await, "kept");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_after_kill_9_of_the_owner_finds_the_data() {
    let dir = folder();
    let server = start(dir.path()).await;
    keep_a_note(&server).await;
    server.stop().await.unwrap();
    let mut owner = own_process(dir.path());
    let orphan = postmaster_pid(dir.path());
    owner.kill().unwrap();
    owner.wait().unwrap();
    let server = start(dir.path()).await;
    assert!(!is_running(orphan));
    assert_eq!(read_the_note(&server).await, "kept");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_after_kill_9_of_owner_and_server_recovers() {
    let dir = folder();
    let server = start(dir.path()).await;
    keep_a_note(&server).await;
    server.stop().await.unwrap();
    let mut owner = own_process(dir.path());
    let orphan = postmaster_pid(dir.path());
    send(Signal::KILL, orphan);
    owner.kill().unwrap();
    owner.wait().unwrap();
    let server = start(dir.path()).await;
    assert_eq!(read_the_note(&server).await, "kept");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_killed_while_the_cluster_is_being_made_leaves_nothing_behind() {
    let dir = folder();
    let mut starter = owner_command(&std::env::current_exe().unwrap(), dir.path()).spawn().unwrap();
    let drafts = || {
        let entries = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_string_lossy().contains("postgres.new-")).collect::<Vec<_>>()
    };
    while drafts().iter().all(|draft| !draft.join("PG_VERSION").exists()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    starter.kill().unwrap();
    starter.wait().unwrap();
    assert!(!dir.path().join("postgres").exists());
    let server = start(dir.path()).await;
    assert_eq!(query(&server, "select 'up'").await, "up");
    server.stop().await.unwrap();
    start(dir.path()).await.stop().await.unwrap();
    assert!(drafts().is_empty());
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_last_words() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    fs::write(dir.path().join("postgres/postgresql.auto.conf"), "shared_preload_libraries = 'no_such_library'\n").unwrap();
    let message = refusal(dir.path()).await;
    assert!(message.contains("no_such_library") && message.contains("postgres.log"), "{message}");
}

#[tokio::test]
async fn the_death_of_the_server_is_noticed() {
    let dir = folder();
    let server = start(dir.path()).await;
    assert!(tokio::time::timeout(Duration::from_millis(50), server.failed()).await.is_err());
    send(Signal::QUIT, postmaster_pid(dir.path()));
    let error = tokio::time::timeout(Duration::from_secs(5), server.failed()).await.unwrap();
    assert!(matches!(error, ManagedError::Ended { .. }), "{error}");
    server.stop().await.unwrap();
}
