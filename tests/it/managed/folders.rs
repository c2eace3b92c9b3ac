//! The server's files: their owners, rights, names and faults.

use super::*;

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
