//! A real Postfix between the service and the catcher: what it passes on arrives, is read, and is still signed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use paperlark::catcher::{Caught, Fault};
use paperlark::inbound::{self, Inbound, Taken};
use paperlark::subscriber::Consequence;
use tempfile::TempDir;

use crate::signatures::{generate, verdicts};
use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::Service;

/// Postfix's programs, where Debian has them.
const POSTFIX: &str = "/usr/sbin/postfix";

const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// A Postfix of its own folder, which hands everything to another port of this machine.
struct Postfix {
    folder: TempDir,
    port: u16,
}

impl Postfix {
    /// None where it cannot be: no root, or no Postfix.
    fn start(next: u16) -> Option<Self> {
        let is_root = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t0"));
        if !is_root || !Path::new(POSTFIX).exists() {
            eprintln!("skipped: a private Postfix needs root and `scripts/install-packages postfix`");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("paperlark-postfix").tempdir_in("/tmp").unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = |name: &str| folder.path().join(name);
        for name in ["config", "queue", "data"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        let (queue, data, log) = (path("queue"), path("data"), path("log"));
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmaillog_file = {}\nmaillog_file_prefixes = /tmp\n\
             mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = relay.paperlark.example\ninet_interfaces = loopback-only\n\
             inet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nmydestination =\nrelayhost = [127.0.0.1]:{next}\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nsmtp_dns_support_level = disabled\nalias_maps =\n",
            queue.display(),
            data.display(),
            log.display()
        );
        std::fs::write(path("config/main.cf"), main).unwrap();
        std::fs::write(path("config/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}")).unwrap();
        // Postfix's own user must be able to walk in.
        let open = Command::new("chmod").arg("755").arg(folder.path()).status().unwrap();
        assert!(open.success());
        let owned = Command::new("chown").args(["postfix"]).arg(&data).status().unwrap();
        assert!(owned.success());
        let postfix = Self { folder, port };
        let started = postfix.control("start");
        assert!(started.status.success(), "{started:?}\n{}", postfix.log());
        Some(postfix)
    }

    fn control(&self, verb: &str) -> Output {
        Command::new(POSTFIX).arg("-c").arg(self.folder.path().join("config")).arg(verb).output().unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.control("stop");
    }
}

#[tokio::test]
async fn a_real_postfix_takes_signed_mails_and_passes_them_on_unharmed() {
    let program = Program::new();
    let (rsa, ed25519) = (generate(&program, "lark1", "rsa").await, generate(&program, "lark2", "ed25519").await);
    let settings = [
        ("DKIM_SELECTOR", "lark1"),
        ("DKIM_KEY_FILE", rsa.file.as_str()),
        ("DKIM_ED25519_SELECTOR", "lark2"),
        ("DKIM_ED25519_KEY_FILE", &ed25519.file),
    ];
    let service = Service::start_with("2026-01-12T18:00:00Z", &settings).await;
    let Some(postfix) = Postfix::start(service.catcher.smtp_address().port()) else { return };
    let mut config = (*service.app.config).clone();
    config.relay.port = postfix.port;
    let app = paperlark::App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    for reader in 0..5 {
        let wish = paperlark::subscriber::SignUp {
            address: format!("reader{reader}@example.org").parse().unwrap(),
            queries: vec!["robots".to_owned()],
            zone: chrono_tz::UTC,
            hour: paperlark::schedule::Hour::new(6).unwrap(),
        };
        paperlark::subscriber::add(&app, app.clock.now(), &wish, paperlark::schedule::Weekdays::DAILY, false).await.unwrap();
    }
    // The welcomes are out of the way.
    service.deliver().await;
    service.mailbox().clear();
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(paperlark::pipeline::compose::step(&app, app.clock.now()).await.unwrap().mails, 5);
    let delivered = paperlark::pipeline::deliver::step(&app, app.clock.now(), &tokio_util::sync::CancellationToken::new()).await.unwrap();
    assert_eq!((delivered.accepted, delivered.total()), (5, 5), "{delivered:?}\n{}", postfix.log());
    for _ in 0..300 {
        if service.mailbox().all().len() == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mails = service.mailbox().all();
    assert_eq!(mails.len(), 5, "{}", postfix.log());
    let dns = [rsa.record, ed25519.record];
    for mail in &mails {
        assert!(mail.text().is_some_and(|text| text.contains("/digests/")) && mail.header("received").is_some());
        let id = mail.message_id().unwrap();
        assert!(postfix.log().contains(&format!("message-id=<{}>", id.trim_matches(['<', '>']))), "the log tells of {id}");
    }
    assert_eq!(verdicts(&mails[0].bytes, &dns).await, ["rsa-sha256 pass", "ed25519-sha256 pass"]);
}

async fn report(service: &Service, postfix: &Postfix) -> Arc<Caught> {
    let is_report = |mail: &Caught| mail.header("content-type").is_some_and(|kind| kind.contains("multipart/report"));
    let report = service.mailbox().wait_for(is_report, Duration::from_secs(60)).await;
    report.unwrap_or_else(|| panic!("Postfix writes a report: {}", postfix.log()))
}

#[tokio::test]
async fn a_real_postfix_reports_what_it_passed_on_if_asked() {
    let service = crate::relays::waiting(1).await;
    let Some(postfix) = Postfix::start(service.catcher.smtp_address().port()) else { return };
    let app = crate::relays::with_settings(&service, |config| {
        config.relay.port = postfix.port;
        config.relay.report_success = true;
    })
    .await;
    assert_eq!(crate::relays::step(&app).await.accepted, 1, "{}", postfix.log());
    let report = report(&service, &postfix).await;
    let text = String::from_utf8_lossy(&report.bytes);
    assert!(text.contains("Action: relayed") && !text.contains("/digests/"), "headers only: {text}");
    let bounces = Inbound::of_address(&app, &report.to[0]).unwrap();
    let taken = inbound::take(&app, app.clock.now(), &bounces, &report.bytes).await.unwrap();
    assert_eq!(taken, Taken::Report(Consequence::Noted));
    let kinds: Vec<String> = sqlx::query_scalar("select kind from feedback").fetch_all(&app.db).await.unwrap();
    assert_eq!(kinds, ["delivered"]);
}

#[tokio::test]
async fn what_a_real_postfix_returns_names_the_mail_by_its_envelope() {
    let service = crate::relays::waiting(1).await;
    let Some(postfix) = Postfix::start(service.catcher.smtp_address().port()) else { return };
    let app = crate::relays::with_settings(&service, |config| config.relay.port = postfix.port).await;
    service.catcher.faults().add(Fault::recipient("reader0@example.org", "550 5.1.1 no such user"));
    assert_eq!(crate::relays::step(&app).await.accepted, 1, "{}", postfix.log());
    let report = report(&service, &postfix).await;
    let address = report.to[0].clone();
    let token = address.strip_prefix("bounce+").and_then(|rest| rest.split('@').next()).expect("it goes to the envelope sender");
    let text = String::from_utf8(report.bytes.clone()).unwrap();
    assert!(text.contains(&format!("Original-Envelope-Id: {token}")), "{text}");
    assert!(text.contains("Original-Recipient: rfc822;reader0@example.org") && !text.contains("/digests/"), "headers only: {text}");
    // Should the name be lost on the way back, the envelope's id still tells.
    let nameless = text.replace("bounce+", "bounce-").replace("/unsubscribe/", "/");
    let bounces = Inbound::of_address(&app, "bounce@paperlark.example").unwrap();
    let forged = nameless.replace(&format!("Id: {token}"), &format!("Id: {}", token.chars().rev().collect::<String>()));
    assert_eq!(inbound::take(&app, app.clock.now(), &bounces, forged.as_bytes()).await.unwrap(), Taken::Ignored);
    let taken = inbound::take(&app, app.clock.now(), &bounces, nameless.as_bytes()).await.unwrap();
    assert_eq!(taken, Taken::Report(Consequence::Suppressed));
}
