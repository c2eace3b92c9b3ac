//! `paperlark serve`: its start, its end, and what it keeps to itself.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use paperlark::catcher::Catcher;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::support::program::{Program, Ran};
use crate::support::service::link_of;

/// How long the service may take to answer, and to end.
const SOON: Duration = Duration::from_secs(20);

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running service; `program` must have the settings it needs.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    async fn start(program: Program) -> (Self, Program) {
        // Needed for a client of ours; another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listen = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{listen}");
        let program = program.set("WEB_LISTEN", &listen).set("SITE_BASE_URL", &url).set("SOURCE_HUGGINGFACE_ENABLED", "false");
        let log = std::fs::File::create(program.folder.path().join("log")).unwrap();
        let child = program.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let serving = Self { child, url };
        let answers = async {
            while reqwest::get(serving.at("/healthz")).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(SOON, answers).await.expect("the service answers");
        (serving, program)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn post(&self, path: &str, body: &'static str) -> u16 {
        let request = Client::new().post(self.at(path)).header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.unwrap().status().as_u16()
    }

    /// Ends it as a service manager does.
    async fn stop(mut self, program: &Program) -> Ran {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let status = tokio::time::timeout(SOON, self.child.wait()).await.expect("it ends soon").unwrap();
        let err = std::fs::read_to_string(program.folder.path().join("log")).unwrap();
        Ran { code: status.code(), out: String::new(), err }
    }
}

#[tokio::test]
async fn the_service_answers_until_it_is_told_to_end() {
    let (program, _database) = Program::with_database().await;
    let (serving, program) = Serving::start(program.set("RELAY_PORT", "1")).await;
    assert_eq!(reqwest::get(serving.at("/healthz")).await.unwrap().text().await.unwrap(), "ok\n");
    assert_eq!(reqwest::get(serving.at("/")).await.unwrap().status(), 200);
    serving.stop(&program).await.ends(0).complains(&["serving", "ending"]);
}

#[tokio::test]
async fn the_log_names_no_reader_and_holds_no_token_even_when_it_tells_everything() {
    let (program, _database) = Program::with_database().await;
    let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
    let program = program
        .set("RELAY_PORT", &catcher.smtp_address().port().to_string())
        .set("LOG_FILTER", "trace,handlebars=trace,handlebars::render=trace");
    let (serving, program) = Serving::start(program).await;
    assert_eq!(serving.post("/subscribe", "address=secret.reader%40example.org&keywords=hushedword&zone=UTC&hour=7").await, 200);
    let mail = catcher.mailbox().wait_for(|mail| mail.text().is_some_and(|text| text.contains("/confirm/")), SOON).await.unwrap();
    let confirm = link_of(&mail.text().unwrap(), "/confirm/").unwrap();
    assert_eq!(Client::new().post(&confirm).send().await.unwrap().status(), 200);
    let welcome = catcher.mailbox().wait_for(|mail| mail.text().is_some_and(|text| text.contains("/preferences/")), SOON).await.unwrap();
    let preferences = link_of(&welcome.text().unwrap(), "/preferences/").unwrap();
    assert_eq!(reqwest::get(&preferences).await.unwrap().status(), 200);
    assert!(reqwest::get(format!("{preferences}broken")).await.unwrap().status().is_client_error());
    let ran = serving.stop(&program).await.ends(0);
    assert!(ran.err.contains("TRACE"), "the log tells everything");
    assert!(!ran.err.contains('\u{1b}'), "no colours in a file");
    let tokens = [&confirm, &preferences].map(|link| link.rsplit('/').next().unwrap().to_owned());
    for secret in ["secret.reader", "hushedword", &tokens[0], &tokens[1]] {
        let line = ran.err.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} stands in the log");
    }
}

#[tokio::test]
async fn a_worker_serves_no_pages_but_says_how_it_does_to_whoever_may_ask() {
    let (program, _database) = Program::with_database().await;
    let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
    let monitor = format!("127.0.0.1:{}", free_port());
    let port = catcher.smtp_address().port().to_string();
    let program =
        program.set("RELAY_PORT", &port).set("METRICS_TOKEN", "a token of twenty letters").set("SOURCE_HUGGINGFACE_ENABLED", "false");
    let (pages, program) = Serving::start(program).await;
    let worker = program.clone_settings().set("METRICS_LISTEN", &monitor);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let child = worker.command(&["serve", "--role", "worker"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let ask = async |path: &str| match reqwest::get(format!("http://{monitor}{path}")).await {
        Ok(answer) => Some((answer.status().as_u16(), answer.text().await.unwrap())),
        Err(_) => None,
    };
    let ready = async {
        while ask("/readyz").await != Some((200, "ready\n".to_owned())) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, ready).await.expect("the worker is ready");
    assert_eq!(ask("/").await.unwrap().0, 404, "no pages");
    program.clone_settings().run(&["subscriber", "add", "ada@example.org"]).await.ends(0);
    catcher.mailbox().wait_for(|mail| mail.text().is_some_and(|text| text.contains("/preferences/")), SOON).await.expect("the welcome");

    // The mail went through one of the two processes; both tell of it what is theirs to tell.
    let (status, text) = ask("/metrics").await.unwrap();
    assert_eq!(status, 200);
    for expected in ["paperlark_mails{state=\"pending\"} 0", "paperlark_books{column=\"unexplained\"} 0", "paperlark_queue_age_seconds 0"] {
        assert!(text.contains(expected), "no {expected} in {text}");
    }
    let client = Client::new();
    assert_eq!(client.get(pages.at("/metrics")).send().await.unwrap().status(), 403, "not public by accident");
    assert_eq!(client.get(pages.at("/metrics")).bearer_auth("a token of nineteen").send().await.unwrap().status(), 403);
    let allowed = client.get(pages.at("/metrics")).bearer_auth("a token of twenty letters").send().await.unwrap();
    assert_eq!(allowed.status(), 200);
    let both = text + &allowed.text().await.unwrap();
    for expected in [
        "paperlark_attempts_total{outcome=\"accepted\",code=\"2xx\"} 1",
        "paperlark_smtp_phase_seconds_bucket{phase=\"content\"",
        "paperlark_smtp_phase_seconds_count{phase=\"mail\"} 1",
    ] {
        assert!(both.contains(expected), "no {expected} in {both}");
    }
    drop(child);
    pages.stop(&program).await.ends(0);
}

#[tokio::test]
async fn a_port_in_use_is_told_at_once() {
    let (program, _database) = Program::with_database().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    program.set("WEB_LISTEN", &address).run(&["serve"]).await.ends(1).complains(&["web.listen", &address, "in use"]);
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_told() {
    let (_program, database) = Program::with_database().await;
    let missing = database.url().replace("/test_", "/missing_test_");
    let listen = format!("127.0.0.1:{}", free_port());
    for (url, code, expect) in [
        (missing.as_str(), 1, &["is database.url right?", "does not exist"][..]),
        ("postgres://db.invalid/x", 1, &["is database.url right?", "lookup"]),
        ("mysql://db.example/x", 3, &["database.url", "postgres://"]),
        ("not an address", 3, &["database.url", "postgres://"]),
    ] {
        let program = Program::new().set("DATABASE_URL", url).set("WEB_LISTEN", &listen);
        for command in [&["serve"][..], &["migrate"], &["subscriber", "list"]] {
            program.run(command).await.ends(code).complains(expect);
        }
    }
}

#[tokio::test]
async fn another_signing_key_is_refused_while_links_are_out() {
    let (program, _database) = Program::with_database().await;
    program.run(&["subscriber", "list"]).await.ends(0);
    let listen = format!("127.0.0.1:{}", free_port());
    let program = program.set("WEB_LISTEN", &listen).set("SECRET_KEY", "quite another key, long enough to be taken as one");
    for command in [&["serve"][..], &["subscriber", "list"]] {
        program.run(command).await.ends(1).complains(&["signed with another key", "fingerprint", "secret.previous_key"]);
    }
    let changed = program.set("SECRET_PREVIOUS_KEY", crate::support::service::KEY);
    changed.run(&["subscriber", "list"]).await.ends(0);
}
