//! The private PostgreSQL, with a real server: its starts, crashes, owners and guests.

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
async fn the_role_is_no_superuser_and_no_network_port_is_open() {
    let dir = folder();
    let server = start(dir.path()).await;
    assert_eq!(query(&server, "select rolsuper::text from pg_roles where rolname = current_user").await, "false");
    assert_eq!(query(&server, "select current_setting('listen_addresses')").await, "");
    assert_eq!(query(&server, "select current_setting('server_encoding')").await, "UTF8");
    let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("postgres"), mode("postgres.socket"), mode("postgres.log"), mode("postgres.lock")), (0o700, 0o700, 0o600, 0o600));
    if is_root() {
        let owner = fs::metadata(dir.path().join("postgres")).unwrap().uid();
        let stranger = if owner == 65_534 { 65_533 } else { 65_534 };
        let psql = Command::new("psql").arg(server.url()).args(["-c", "select 1"]).current_dir("/").uid(stranger).output().unwrap();
        assert!(String::from_utf8_lossy(&psql.stderr).contains("Permission denied"), "{psql:?}");
    }
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
async fn an_orphan_that_missed_its_owners_death_is_stopped() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let mut orphan = postgres(dir.path(), "cluster_name=paperlark").await;
    let server = start(dir.path()).await;
    assert!(orphan.wait().unwrap().success());
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
async fn a_second_owner_is_refused_by_name_of_the_first() {
    let dir = folder();
    let mut first = own_process(dir.path());
    let message = refusal(dir.path()).await;
    assert!(message.contains(&format!("in use by process {}", first.id())), "{message}");
    assert!(message.contains("database.url"), "{message}");
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
}

#[tokio::test]
async fn a_short_command_joins_the_server_of_another_process() {
    let dir = folder();
    let mut owner = own_process(dir.path());
    let guest = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    keep_a_note(&guest).await;
    guest.stop().await.unwrap();
    assert!(owner.try_wait().unwrap().is_none() && is_running(postmaster_pid(dir.path())));
    drop(owner.stdin.take());
    assert!(owner.wait().unwrap().success());
    let alone = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    assert_eq!(read_the_note(&alone).await, "kept");
    alone.stop().await.unwrap();
}

#[tokio::test]
async fn a_short_command_that_owns_the_server_lets_its_guests_finish() {
    let dir = folder();
    let owner = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    let guest = Managed::start(&settings(dir.path(), Sharing::Attach)).await.unwrap();
    let stopping = tokio::spawn(owner.stop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(query(&guest, "select 'still here'").await, "still here");
    assert!(!stopping.is_finished());
    guest.stop().await.unwrap();
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_many_that_start_at_once_one_owns_and_the_others_join() {
    let dir = folder();
    let starts = (0..8).map(|_| {
        let settings = settings(dir.path(), Sharing::Attach);
        tokio::spawn(async move {
            let server = Managed::start(&settings).await.unwrap();
            let answer = query(&server, "select current_user::text").await;
            server.stop().await.unwrap();
            answer
        })
    });
    for start in starts.collect::<Vec<_>>() {
        assert_eq!(start.await.unwrap(), "paperlark");
    }
}

#[tokio::test]
async fn a_stale_pid_file_is_no_obstacle() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let pid_file = dir.path().join("postgres/postmaster.pid");
    for stale in [format!("{}\n/elsewhere\n", std::process::id()), "4194303\n".to_owned(), "garbage".to_owned(), String::new()] {
        fs::write(&pid_file, &stale).unwrap();
        let owner = fs::metadata(dir.path().join("postgres")).unwrap();
        std::os::unix::fs::chown(&pid_file, Some(owner.uid()), Some(owner.gid())).unwrap();
        start(dir.path()).await.stop().await.unwrap();
        assert!(!pid_file.exists(), "{stale:?}");
    }
}

#[tokio::test]
async fn a_server_that_somebody_else_started_is_left_alone() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let mut foreign = postgres(dir.path(), "cluster_name=other").await;
    let message = refusal(dir.path()).await;
    assert!(message.contains(&format!("process {}", foreign.id())) && message.contains("pg_ctl stop -D"), "{message}");
    assert!(foreign.try_wait().unwrap().is_none());
    send(Signal::INT, foreign.id().try_into().unwrap());
    foreign.wait().unwrap();
}

#[tokio::test]
async fn a_folder_that_is_no_cluster_is_refused_untouched() {
    let check = |files: &'static [(&'static str, &'static str)], fault: &'static str| async move {
        let dir = folder();
        start(dir.path()).await.stop().await.unwrap();
        let cluster = dir.path().join("postgres");
        for (name, content) in files {
            match *content {
                "" => fs::remove_file(cluster.join(name)).unwrap(),
                _ => fs::write(cluster.join(name), content).unwrap(),
            }
        }
        let message = refusal(dir.path()).await;
        assert!(message.contains(fault), "{message}");
        assert!(cluster.join("base").exists());
    };
    check(&[("PG_VERSION", "")], "no PG_VERSION").await;
    check(&[("global/pg_control", "")], "pg_control is missing").await;
    check(&[("PG_VERSION", "fifteen\n")], "no version").await;
    check(&[("PG_VERSION", "99\n")], "written by PostgreSQL 99").await;
}

#[tokio::test]
async fn a_cluster_left_open_to_others_is_closed() {
    let dir = folder();
    start(dir.path()).await.stop().await.unwrap();
    let cluster = dir.path().join("postgres");
    fs::set_permissions(&cluster, Permissions::from_mode(0o755)).unwrap();
    start(dir.path()).await.stop().await.unwrap();
    assert_eq!(fs::metadata(&cluster).unwrap().mode() & 0o777, 0o700);
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
async fn odd_and_long_paths_work() {
    let root = folder();
    for name in ["a comma, a \"quote\" and 100% ünïcode + more", &"long/".repeat(30)] {
        let dir = root.path().join(name);
        let server = start(&dir).await;
        assert_eq!(query(&server, "select 'up'").await, "up", "{name}");
        let record = fs::read_to_string(dir.join("postgres.lock")).unwrap();
        let socket_dir = PathBuf::from(record.lines().nth(1).unwrap());
        assert_eq!(socket_dir.starts_with(&dir), name.contains(','), "{socket_dir:?}");
        assert!(socket_dir.exists());
        server.stop().await.unwrap();
        assert!(!socket_dir.exists());
    }
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

#[tokio::test]
async fn a_folder_without_the_programs_is_named() {
    let dir = folder();
    let settings = Settings { binaries: Some(dir.path().join("bin")), ..settings(dir.path(), Sharing::Exclusive) };
    let message = Managed::start(&settings).await.unwrap_err().to_string();
    assert!(message.contains(&dir.path().join("bin").display().to_string()) && message.contains("initdb"), "{message}");
}

#[tokio::test]
async fn a_folder_closed_to_the_account_of_roots_server_is_named() {
    if !is_root() {
        return;
    }
    let dir = folder();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    let message = refusal(&dir.path().join("data")).await;
    assert!(message.contains("cannot enter") && message.contains("/var/lib/paperlark"), "{message}");
}

#[tokio::test]
async fn an_ordinary_user_without_a_home_can_own_a_server() {
    let dir = folder();
    // Elsewhere, since that user may not get into the build folder, nor anybody execute from memory.
    let programs = tempfile::tempdir().unwrap();
    fs::set_permissions(programs.path(), Permissions::from_mode(0o755)).unwrap();
    let exe = programs.path().join("tests");
    fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let mut command = owner_command(&exe, &dir.path().join("data"));
    command.env_remove("HOME").current_dir("/");
    if is_root() {
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        command.uid(65_534).gid(65_534);
    }
    let mut owner = spawn_owner(command);
    let uid = |path: &str| fs::metadata(dir.path().join(path)).unwrap().uid();
    assert_eq!(uid("data/postgres"), uid("data"));
    // Root may join the server of an ordinary user, and leaves nothing behind that only root can use.
    let guest = Managed::start(&settings(&dir.path().join("data"), Sharing::Attach)).await.unwrap();
    guest.stop().await.unwrap();
    assert_eq!(uid("data/postgres.lock"), uid("data"));
    drop(owner.stdin.take());
    assert!(owner.wait().unwrap().success());
}
