//! A log that tells everything tells nothing that is a reader's or a secret: every address, token, key and password that a
//! full run used is looked for in it, at TRACE.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use paperlark::catcher::{Catcher, Fault};
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::hub::Hub;
use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::KEY;

const READERS: [&str; 4] = ["taken.reader@example.org", "bounced.reader@example.org", "busy.reader@example.org", "lost.reader@example.org"];
const VISITOR: &str = "visiting.reader@example.org";
const SECRETS: [&str; 4] = ["relay password of ours", "report token of ours", "metrics token of ours", "alert-key-of-ours"];
const SOON: Duration = Duration::from_secs(60);

/// The secret parts of all links and envelope senders in the mails.
fn tokens(catcher: &Catcher) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for mail in catcher.mailbox().all() {
        let text = mail.text().unwrap_or_default() + &mail.header("list-unsubscribe").unwrap_or_default();
        for part in ["/confirm/", "/preferences/", "/unsubscribe/", "/digests/"] {
            let ends = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
            tokens.extend(
                text.split(part).skip(1).filter_map(|rest| rest.split(ends).next()).filter(|token| token.len() > 8).map(str::to_owned),
            );
        }
        tokens.extend(mail.from.split_once('+').and_then(|(_, rest)| rest.split_once('@')).map(|(token, _)| token.to_owned()));
    }
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_reader_and_no_secret_is_logged_at_any_level() {
    let (program, database) = Program::with_database().await;
    let hub = Hub::start().await;
    hub.list("2026-01-12".parse().unwrap(), invented("2026-01-12".parse().unwrap(), 4));
    let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{address}");
    let settings = [
        ("RELAY_PORT", catcher.smtp_address().port().to_string()),
        ("RELAY_USER", "us".to_owned()),
        ("RELAY_PASSWORD", SECRETS[0].to_owned()),
        ("REPORT_TOKEN", SECRETS[1].to_owned()),
        ("METRICS_TOKEN", SECRETS[2].to_owned()),
        ("ALERT_URL", format!("http://127.0.0.1:1/hook?key={}", SECRETS[3])),
        ("SOURCE_HUGGINGFACE_BASE_URL", hub.url.to_string()),
        ("SITE_BASE_URL", base.clone()),
        ("WEB_LISTEN", address.to_string()),
        ("DELIVERY_INTERVAL", "100ms".to_owned()),
        ("LOG_FILTER", "trace".to_owned()),
    ];
    let program = settings.iter().fold(program, |program, (key, value)| program.set(key, value));
    let evening = program.clone_settings().set("CLOCK_START", "2026-01-12T18:00:00Z");
    evening.run(&["fetch", "huggingface", "--date", "2026-01-12"]).await.ends(0);
    for reader in READERS {
        evening.run(&["subscriber", "add", reader, "--filter", "robots", "--zone", "Etc/UTC", "--hour", "6"]).await.ends(0);
    }
    let faults = catcher.faults();
    faults.add(Fault::recipient(READERS[1], format!("550 5.1.1 <{}>: no such user", READERS[1])));
    faults.add(Fault::recipient(READERS[2], format!("450 4.2.1 <{}> is busy", READERS[2])));
    let morning = program.clone_settings().set("CLOCK_START", "2026-01-13T05:59:58Z");
    let log = std::fs::File::create(program.folder.path().join("log")).unwrap();
    let mut child = morning.command(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let digest = catcher.mailbox().wait_for(|mail| mail.text().is_some_and(|text| text.contains("/digests/")), SOON).await.unwrap();
    faults.once(Fault::Drop { stored: true });

    let client = Client::new();
    let form =
        |body: String| client.post(format!("{base}/subscribe")).header("content-type", "application/x-www-form-urlencoded").body(body);
    assert_eq!(
        form(format!("address={}&keywords=hushedword&zone=UTC&hour=7", VISITOR.replace('@', "%40"))).send().await.unwrap().status(),
        200
    );
    catcher.mailbox().wait_for(|mail| mail.text().is_some_and(|text| text.contains("/confirm/")), SOON).await.unwrap();
    for token in tokens(&catcher) {
        // Every link is opened wherever it may belong; most lead nowhere.
        for page in ["confirm", "preferences", "digests", "unsubscribe"] {
            let _ = client.get(format!("{base}/{page}/{token}")).send().await;
        }
        let _ = client.post(format!("{base}/confirm/{token}")).send().await;
    }
    let report = format!("{{\"message_id\": \"{}\", \"fate\": \"accepted\"}}", digest.message_id().unwrap());
    let reported =
        client.post(format!("{base}/api/reports")).bearer_auth(SECRETS[1]).header("content-type", "application/json").body(report);
    assert_eq!(reported.send().await.unwrap().status(), 200);
    assert_eq!(client.get(format!("{base}/metrics")).bearer_auth(SECRETS[2]).send().await.unwrap().status(), 200);
    let settled = async {
        // Of the digests one was taken, one refused, one put off, and one of all mails was left in doubt.
        let sql = "select count(distinct outcome) from attempt";
        while sqlx::query_scalar::<_, i64>(sql).fetch_one(database.pool()).await.unwrap() < 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, settled).await.expect("each fate happens");
    kill_process(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));

    let log = std::fs::read_to_string(program.folder.path().join("log")).unwrap();
    for proof in ["TRACE", "delivery{mail=", "composed", "fetched"] {
        assert!(log.contains(proof), "the log tells everything, {proof} too");
    }
    let found = tokens(&catcher);
    assert!(found.len() > 10, "links were found: {found:?}");
    let people = READERS.into_iter().chain([VISITOR]).map(|address| address.split('@').next().unwrap().to_owned());
    let secrets = people.chain(found).chain(SECRETS.map(str::to_owned)).chain([KEY.to_owned(), "hushedword".to_owned()]);
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} stands in the log");
    }
}
