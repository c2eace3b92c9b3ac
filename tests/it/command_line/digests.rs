//! `paperlark digest`.

use std::time::Duration;

use paperlark::catcher::{Catcher, Fault};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::database::TestDatabase;
use crate::support::hub::Hub;
use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::papers_of;

const ADDRESS: &str = "ada@example.org";
const MONDAY: &str = "2026-01-12";

struct Stage {
    program: Program,
    database: TestDatabase,
    catcher: Catcher,
}

impl Stage {
    /// Monday's papers are there, and a reader who likes robots.
    async fn set() -> Self {
        let (program, database) = Program::with_database().await;
        let (hub, monday) = (Hub::start().await, MONDAY.parse().unwrap());
        hub.list(monday, invented(monday, 8));
        let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
        let port = catcher.smtp_address().port().to_string();
        let program = program.set("CLOCK_START", "2026-01-12T12:00:00Z").set("RELAY_PORT", &port);
        let program = program.set("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str());
        program.run(&["fetch", "--date", MONDAY]).await.ends(0);
        program.run(&["subscriber", "add", ADDRESS, "--filter", "robots"]).await.ends(0);
        Self { program, database, catcher }
    }

    /// The papers of each digest that came, oldest first.
    fn digests(&self) -> Vec<Vec<String>> {
        let mails = self.catcher.mailbox().for_recipient(ADDRESS);
        mails.iter().filter_map(|mail| mail.text()).filter(|text| text.contains("/digests/")).map(|text| papers_of(&text)).collect()
    }

    async fn state_of_digest(&self) -> String {
        let exported = self.program.run(&["subscriber", "export", ADDRESS]).await.ends(0).json();
        let mail = exported["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "digest").unwrap();
        mail["state"].as_str().unwrap().to_owned()
    }
}

/// All rows of all tables, as text.
async fn dump(db: &PgPool) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar("select quote_ident(tablename) from pg_tables where schemaname = 'public' order by 1")
        .fetch_all(db)
        .await
        .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("select '{table}: ' || t::text from {table} t order by 1");
        rows.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(db).await.unwrap());
    }
    rows
}

#[tokio::test]
async fn the_next_digest_is_sent_now_and_only_once() {
    let stage = Stage::set().await;
    stage.program.run(&["digest", "--to", ADDRESS]).await.ends(0).says(&["Sent: 4 papers."]);
    assert_eq!(stage.digests().len(), 1);
    assert_eq!(stage.digests()[0].len(), 4);
    assert_eq!(stage.state_of_digest().await, "accepted");
    stage.program.run(&["digest", "--to", ADDRESS]).await.ends(0).says(&["Nothing new matched, so no mail was sent."]);
    assert_eq!(stage.digests().len(), 1);
}

#[tokio::test]
async fn a_named_day_is_sent_again_whatever_came_before() {
    let stage = Stage::set().await;
    for count in 1..=2 {
        stage.program.run(&["digest", "--to", ADDRESS, "--date", MONDAY]).await.ends(0).says(&["Sent: 4 papers."]);
        assert_eq!(stage.digests().len(), count);
    }
    stage.program.run(&["digest", "--to", ADDRESS, "--date", "2026-01-11"]).await.ends(0).says(&["Nothing of 2026-01-11 matched"]);
    stage.program.run(&["digest", "--to", ADDRESS]).await.ends(0).says(&["Sent: 4 papers."]);
    assert_eq!(stage.digests().len(), 3);
}

#[tokio::test]
async fn looking_at_a_digest_changes_nothing() {
    let stage = Stage::set().await;
    let before = dump(stage.database.pool()).await;
    assert!(before.iter().any(|row| row.starts_with("subscriber: ")));
    for date in [&[][..], &["--date", MONDAY]] {
        let ran = stage.program.run(&[&["digest", "--to", ADDRESS, "--dry-run"], date].concat()).await.ends(0);
        assert_eq!(papers_of(&ran.out).len(), 4, "{}", ran.out);
        assert!(ran.out.starts_with("Subject: "));
    }
    let folder = stage.program.folder.path().join("look/here");
    let ran = stage.program.run(&["digest", "--to", ADDRESS, "--dry-run", "--out", folder.to_str().unwrap()]).await.ends(0);
    for (name, part) in [("digest.html", "<html"), ("digest.txt", "https://arxiv.org/abs/9901."), ("digest.eml", "\r\nSubject: ")] {
        let content = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(content.contains(part), "{name}: {content}");
        assert!(ran.out.contains(name));
    }
    assert_eq!(dump(stage.database.pool()).await, before);
    assert!(stage.catcher.mailbox().for_recipient(ADDRESS).is_empty());
    stage.program.run(&["digest", "--to", ADDRESS, "--dry-run", "--out", "/dev/null/x"]).await.ends(1).complains(&["/dev/null/x"]);
}

#[tokio::test]
async fn whoever_gets_no_digests_is_sent_none() {
    let stage = Stage::set().await;
    sqlx::query("update subscriber set paused = true, next_due_at = null").execute(stage.database.pool()).await.unwrap();
    for arguments in [&[][..], &["--date", MONDAY], &["--dry-run"]] {
        let ran = stage.program.run(&[&["digest", "--to", ADDRESS], arguments].concat()).await.ends(2);
        ran.complains(&["gets no digests", "paused"]);
    }
    assert!(stage.digests().is_empty());
}

#[tokio::test]
async fn a_refusal_by_the_relay_is_code_1_with_its_words() {
    let stage = Stage::set().await;
    stage.catcher.faults().add(Fault::recipient(ADDRESS, "550 5.1.1 no such user"));
    let ran = stage.program.run(&["digest", "--to", ADDRESS]).await.ends(1);
    ran.complains(&["was not sent"]);
    assert!(stage.digests().is_empty());
}

#[tokio::test]
async fn a_digest_that_could_not_leave_goes_with_the_next_run() {
    let stage = Stage::set().await;
    let mut away = stage.program.command(&["digest", "--to", ADDRESS]);
    let mut waiting = away.env("PAPERLARK_RELAY_PORT", "1").spawn().unwrap();
    let mut log = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let told = log.next_line().await.unwrap().unwrap();
    assert!(told.contains("the relay cannot be used and rests; mails wait, or go by another") && told.contains("refused"), "{told}");
    let given_back = async { while stage.state_of_digest().await != "pending" {} };
    tokio::time::timeout(Duration::from_secs(20), given_back).await.expect("it waits in the queue");
    waiting.kill().await.unwrap();
    stage.program.run(&["digest", "--to", ADDRESS]).await.ends(0).says(&["Sent: 4 papers."]);
    assert_eq!(stage.digests().len(), 1);
}
