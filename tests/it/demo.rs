//! `paperlark demo`: the whole story on one machine, and an honest exit code when a part is broken.

use std::net::TcpListener;
use std::path::Path;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::program::{Program, Ran, finish};

/// The account with the fewest rights, on every Linux.
const NOBODY: u32 = 65534;

/// A folder that other accounts can pass through; in memory, where PostgreSQL's first start is faster.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    open_to_all(dir.path());
    dir
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A port that was free a moment ago; the demo takes another if it is gone.
fn pages() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Both readers got their mails, and the addresses of pages and inbox are there to open.
#[track_caller]
fn worked(ran: Ran) {
    let ran = ran.ends(0).complains(&[]);
    ran.says(&[
        "ada@example.org subscribed",
        "ada@example.org got",
        "grace@example.org got",
        "The day's papers   http://127.0.0.1:",
        "The inbox          http://127.0.0.1:",
    ]);
}

#[tokio::test]
async fn the_demo_works_and_says_where_to_look() {
    let data = folder();
    let program = Program::new().set("DATABASE_DATA_DIR", data.path().to_str().unwrap()).set("WEB_LISTEN", &pages());
    worked(program.run(&["demo", "--once"]).await);
    worked(program.run(&["demo", "--once"]).await);
}

#[tokio::test]
async fn two_demos_at_once_keep_out_of_each_others_way() {
    let (one, other) = (folder(), folder());
    let listen = pages();
    let program = |data: &TempDir| Program::new().set("DATABASE_DATA_DIR", data.path().to_str().unwrap()).set("WEB_LISTEN", &listen);
    let (one, other) = (program(&one), program(&other));
    let (first, second) = tokio::join!(one.run(&["demo", "--once"]), other.run(&["demo", "--once"]));
    worked(first);
    worked(second);
}

#[tokio::test]
async fn an_ordinary_user_can_run_the_demo() {
    if !geteuid().is_root() {
        eprintln!("skipped: the other tests run as an ordinary user already");
        return;
    }
    let home = folder();
    std::os::unix::fs::chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let program = Program::new().set("WEB_LISTEN", &pages());
    // A copy, since the build's own folder may be closed to others.
    let copy = home.path().join("paperlark");
    std::fs::copy(env!("CARGO_BIN_EXE_paperlark"), &copy).unwrap();
    let mut command = tokio::process::Command::new(copy);
    let original = program.command(&["demo", "--once"]);
    let environment = original.as_std().get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    command.env_clear().envs(environment.collect::<Vec<_>>()).args(original.as_std().get_args());
    command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path().join("data")).current_dir(home.path());
    command.uid(NOBODY).gid(NOBODY).kill_on_drop(true);
    worked(finish(command).await);
    assert!(home.path().join("data/paperlark/demo").is_dir());
}

#[tokio::test]
async fn a_broken_part_is_told_and_the_exit_code_is_not_0() {
    let (data, nothing) = (folder(), folder());
    let data_dir = data.path().to_str().unwrap();
    let program = || Program::new().set("WEB_LISTEN", &pages());
    let without_programs = program().set("DATABASE_DATA_DIR", data_dir).set("DATABASE_BINARIES", nothing.path().to_str().unwrap());
    without_programs.run(&["demo", "--once"]).await.ends(1).complains(&["initdb", nothing.path().to_str().unwrap()]);
    let no_folder = program().set("DATABASE_DATA_DIR", "/dev/null/data");
    no_folder.run(&["demo", "--once"]).await.ends(1).complains(&["/dev/null/data"]);
    std::fs::create_dir_all(nothing.path().join("mail")).unwrap();
    std::fs::write(nothing.path().join("mail/digest.html.hbs"), "{{no.such.value}}").unwrap();
    let broken_mail = program().set("DATABASE_DATA_DIR", data_dir).set("WEB_TEMPLATES", nothing.path().to_str().unwrap());
    let ran = broken_mail.run(&["demo", "--once"]).await;
    assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
}

#[tokio::test]
async fn the_demo_leaves_no_server_behind() {
    let data = folder();
    let program = Program::new().set("DATABASE_DATA_DIR", data.path().to_str().unwrap()).set("WEB_LISTEN", &pages());
    worked(program.run(&["demo", "--once"]).await);
    assert!(!data.path().join("demo/postgres/postmaster.pid").exists());
}
