//! Mails of unknown fate: the same bytes or none, and what witnesses say of them.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use paperlark::App;
use paperlark::catcher::Fault;
use paperlark::mail::queue::{self, Reported, Source};
use paperlark::pipeline::{compose, deliver};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::{KEY, Service};

const ADDRESS: &str = "ada@example.org";
const QUARANTINE: Duration = Duration::from_secs(601);

/// A service whose relay took a digest, or did not, and kept its answer to itself.
async fn doubtful_digest(stored: bool, settings: &[(&str, &str)]) -> Service {
    let service = Service::start_with("2026-01-12T18:00:00Z", settings).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    service.join(ADDRESS, "robots").await;
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, 1);
    service.catcher.faults().once(Fault::Drop { stored });
    assert_eq!(service.deliver().await.uncertain, 1);
    service
}

async fn digest_mail(service: &Service) -> (Uuid, String, bool) {
    sqlx::query_as("select id, state, held from mail where kind = 'digest'").fetch_one(&service.app.db).await.unwrap()
}

/// A Postfix log that was being written from an hour before `now` until a moment after it.
fn log(now: DateTime<Utc>, mails: &[(Uuid, bool)]) -> String {
    let stamp = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
    let mut text = format!("{} mx postfix/smtpd[9]: connect from localhost[127.0.0.1]\n", stamp(now - TimeDelta::hours(1)));
    for (number, (mail, committed)) in mails.iter().enumerate() {
        let now = stamp(now);
        writeln!(text, "{now} mx postfix/cleanup[8]: 4F{number}: message-id=<d.{mail}@paperlark.example>").unwrap();
        if *committed {
            writeln!(text, "{now} mx postfix/qmgr[7]: 4F{number}: from=<b@paperlark.example>, size=9000, nrcpt=1 (queue active)").unwrap();
        }
    }
    writeln!(text, "{} mx postfix/smtpd[9]: disconnect from localhost[127.0.0.1]", stamp(now + TimeDelta::seconds(3))).unwrap();
    text
}

#[tokio::test]
async fn the_relays_log_settles_a_doubt_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let settings = [("RELAY_LOG", path.to_str().unwrap()), ("DELIVERY_UNCERTAIN", "hold")];
    for (stored, rotated) in [(true, false), (true, true), (false, false)] {
        let service = doubtful_digest(stored, &settings).await;
        let (mail, ..) = digest_mail(&service).await;
        let seen = log(service.now(), &[(Uuid::new_v4(), true), (mail, stored)][..1 + usize::from(stored)]);
        std::fs::write(&path, if rotated { log(service.now() + TimeDelta::seconds(1), &[]) } else { seen.clone() }).unwrap();
        std::fs::write(folder.path().join("mail.log.1"), if rotated { seen } else { String::new() }).unwrap();
        service.pass(QUARANTINE);
        assert_eq!(service.deliver().await.accepted, usize::from(!stored), "what the log does not show goes out again");
        assert_eq!(digest_mail(&service).await.1, "accepted");
        assert_eq!(service.digests(ADDRESS).len(), 1);
    }
}

#[tokio::test]
async fn a_log_that_cannot_tell_is_asked_again_and_then_the_rule_decides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let settings = [("RELAY_LOG", path.to_str().unwrap()), ("DELIVERY_UNCERTAIN", "hold")];
    let service = doubtful_digest(true, &settings).await;
    let (mail, ..) = digest_mail(&service).await;
    let sent = service.now();
    let early = log(sent - TimeDelta::hours(2), &[]);
    for text in [None, Some(early), Some(log(sent, &[(mail, false)]))] {
        // No file; one that was last written before the mail was sent; one that only shows that it was coming in.
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => assert!(!path.exists()),
        }
        service.pass(QUARANTINE);
        assert_eq!(service.deliver().await.total(), 0);
        let (_, state, held) = digest_mail(&service).await;
        assert_eq!((state.as_str(), held), ("uncertain", false));
    }
    service.pass(Duration::from_secs(3600));
    service.deliver().await;
    assert!(digest_mail(&service).await.2, "an hour is enough: held for the operator");
    // What comes to light later still settles it.
    queue::report(&service.app.db, service.now(), mail, Reported::Accepted, Source::Dsn).await.unwrap();
    service.deliver().await;
    assert_eq!(digest_mail(&service).await.1, "accepted");
}

#[tokio::test]
async fn a_relay_that_does_not_run_is_waited_for_a_day_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.log");
    let settings = [("RELAY_LOG", path.to_str().unwrap()), ("DELIVERY_UNCERTAIN", "hold")];
    for runs_again in [true, false] {
        let service = doubtful_digest(true, &settings).await;
        let (mail, ..) = digest_mail(&service).await;
        let line = |time: DateTime<Utc>, text: &str| format!("{} mx postfix/{text}\n", time.to_rfc3339());
        let down = log(service.now(), &[]) + &line(service.now(), "postfix-script[3]: aborting the Postfix mail system");
        std::fs::write(&path, &down).unwrap();
        for _ in 0..2 {
            service.pass(Duration::from_secs(3 * 3600));
            assert_eq!(service.deliver().await.total(), 0);
            let (_, state, held) = digest_mail(&service).await;
            assert_eq!((state.as_str(), held), ("uncertain", false));
        }
        if runs_again {
            let again = line(service.now(), "master[4]: daemon started -- version 3.7.11, configuration /etc/postfix");
            std::fs::write(&path, down + &again + &log(service.now(), &[(mail, true)])).unwrap();
        }
        service.pass(Duration::from_secs(18 * 3600 + 1));
        service.deliver().await;
        let (_, state, held) = digest_mail(&service).await;
        assert_eq!((state.as_str(), held), if runs_again { ("accepted", false) } else { ("uncertain", true) });
        assert_eq!(service.digests(ADDRESS).len(), 1);
    }
}

#[tokio::test]
async fn the_webhook_settles_a_doubt_and_its_silence_too() {
    const TOKEN: &str = "a token of sixteen letters";
    let settings = [("REPORT_TOKEN", TOKEN), ("DELIVERY_UNCERTAIN", "hold")];
    let report = async |service: &Service, token: &str, body: String| {
        let request = service.client.post(service.url("/api/reports")).header("content-type", "application/json");
        request.header("authorization", format!("Bearer {token}")).body(body).send().await.unwrap().status().as_u16()
    };
    for (fate, expect) in [("accepted", "accepted"), ("failed", "failed")] {
        let service = doubtful_digest(true, &settings).await;
        let body = format!("{{\"message_id\": \"<d.{}@paperlark.example>\", \"fate\": \"{fate}\"}}", digest_mail(&service).await.0);
        assert_eq!(report(&service, "not the token at all", body.clone()).await, 401);
        assert_eq!(report(&service, TOKEN, "{}".into()).await, 400);
        assert_eq!(service.deliver().await.total(), 0);
        assert_eq!(digest_mail(&service).await.1, "uncertain");
        assert_eq!(report(&service, TOKEN, format!("[{body}]")).await, 200);
        service.deliver().await;
        assert_eq!(digest_mail(&service).await.1, expect, "at once");
    }
    let service = doubtful_digest(false, &settings).await;
    let other = format!("{{\"message_id\": \"d.{}@paperlark.example\", \"fate\": \"accepted\"}}", Uuid::new_v4());
    service.pass(QUARANTINE);
    assert_eq!(service.deliver().await.total(), 0, "a webhook that never spoke may be out of order");
    assert_eq!(report(&service, TOKEN, other).await, 200);
    service.pass(QUARANTINE);
    assert_eq!(service.deliver().await.accepted, 1, "it speaks, but not of this mail");
}

#[tokio::test]
async fn a_worker_that_learns_too_late_of_an_acceptance_still_says_so() {
    let service = doubtful_digest(true, &[]).await;
    let (mail, ..) = digest_mail(&service).await;
    queue::report(&service.app.db, service.now(), mail, Reported::Accepted, Source::Worker).await.unwrap();
    service.pass(QUARANTINE);
    assert_eq!(service.deliver().await.total(), 0);
    assert_eq!(service.digests(ADDRESS).len(), 1);
}

/// The same service after `change`, on the same database.
async fn changed(service: &Service, change: impl FnOnce(&mut paperlark::config::Config)) -> App {
    let mut config = (*service.app.config).clone();
    change(&mut config);
    App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap()
}

#[tokio::test]
async fn whatever_the_reader_changes_a_mail_sent_again_is_the_same_bytes() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let fields = [("address", ADDRESS), ("keywords", "robots"), ("zone", "Europe/Berlin"), ("hour", "7")];
    service.post("/subscribe", &fields).await;
    service.deliver().await;
    let confirm = service.link_in_mail(ADDRESS, "/confirm/");
    let page = service.client.post(&confirm).send().await.unwrap().text().await.unwrap();
    let preferences = crate::support::service::link_of(&page, "/preferences/").unwrap();
    service.catcher.faults().once(Fault::Drop { stored: true });
    assert_eq!(service.deliver().await.uncertain, 1, "the welcome");
    let fields = [("filter_query", "proteins"), ("zone", "Asia/Tokyo"), ("hour", "9"), ("weekday", "fri"), ("max_papers", "3")];
    assert_eq!(service.post(&preferences, &fields).await.status(), 200);
    service.pass(QUARANTINE);
    assert_eq!(service.deliver().await.accepted, 1);
    let mails = service.mailbox().for_recipient(ADDRESS);
    let welcomes: Vec<_> = mails.iter().filter(|mail| mail.message_id().unwrap().starts_with("w.")).collect();
    assert_eq!(welcomes.len(), 2);
    assert_eq!(welcomes[0].bytes, welcomes[1].bytes);
    assert!(welcomes[0].text().unwrap().contains("robots"));
}

#[tokio::test]
async fn a_mail_that_cannot_be_made_the_same_again_is_held_for_the_operator() {
    let (program, database) = Program::with_database().await;
    for word in ["accepted", "resend"] {
        let service = doubtful_digest(true, &[]).await;
        let renamed = changed(&service, |config| config.site.name = "Another name".into()).await;
        service.pass(QUARANTINE);
        let delivered = deliver::step(&renamed, service.now(), &CancellationToken::new()).await.unwrap();
        assert_eq!((delivered.uncertain, delivered.total()), (1, 1));
        assert!(digest_mail(&service).await.2);
        assert_eq!(service.digests(ADDRESS).len(), 1, "no other bytes went out");

        let operator = Program::new().set("DATABASE_URL", service.database.url()).set("SECRET_KEY", KEY);
        let mail = digest_mail(&service).await.0.to_string();
        operator.run(&["mail", "held"]).await.ends(0).says(&[&mail, ADDRESS, "cannot be made the same again"]);
        operator.run(&["mail", "settle", "no-such-mail", "resend"]).await.ends(2).complains(&["Message-ID"]);
        operator.run(&["mail", "settle", &format!("<d.{mail}@paperlark.example>"), word]).await.ends(0).says(&["1 mail"]);
        operator.run(&["mail", "held"]).await.ends(0).says(&["No mail"]);
        let sent = if word == "resend" { 1 } else { 0 };
        // The command worked by the real clock.
        service.set("2036-01-01T00:00:00Z");
        let delivered = deliver::step(&renamed, service.now(), &CancellationToken::new()).await.unwrap();
        assert_eq!(delivered.accepted, sent, "{word}");
        assert_eq!(digest_mail(&service).await.1, "accepted");
    }
    drop((program, database));
}
