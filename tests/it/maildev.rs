//! Digests go through maildev, another program's SMTP server and parser, and are read back by its HTTP API.

use std::process::Stdio;
use std::time::Duration;

use paperlark::App;
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::relays::step;
use crate::signatures::{generate, verdicts};
use crate::support::program::Program;

const SOON: Duration = Duration::from_secs(60);

struct Maildev {
    smtp: u16,
    api: String,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Maildev {
    async fn start() -> Self {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (smtp, web) = (free(), free());
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("node");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/node_modules/maildev/bin/maildev"));
        command.args(["--ip", "127.0.0.1", "--web-ip", "127.0.0.1", "--silent"]);
        command.args(["--smtp", &smtp.to_string(), "--web", &web.to_string(), "--mail-directory"]).arg(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("node: {error}; `make mail-packages` installs what it needs"));
        let api = format!("http://127.0.0.1:{web}");
        let up = async {
            loop {
                if let Some(ended) = child.try_wait().unwrap() {
                    panic!("maildev ended with {ended}; `make mail-packages` installs it");
                }
                if reqwest::get(format!("{api}/healthz")).await.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(SOON, up).await.expect("maildev starts");
        Self { smtp, api, _child: child, _folder: folder }
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        reqwest::get(format!("{}{path}", self.api)).await.unwrap().error_for_status().unwrap().bytes().await.unwrap().to_vec()
    }

    /// All mails, once there are so many.
    async fn mails(&self, count: usize) -> Vec<Value> {
        let wait = async {
            loop {
                let mails: Vec<Value> = serde_json::from_slice(&self.get("/email").await).unwrap();
                if mails.len() >= count {
                    return mails;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(SOON, wait).await.expect("the mails arrive")
    }
}

#[tokio::test]
async fn maildev_parses_each_digest_and_its_signature_holds() {
    let program = Program::new();
    let rsa = generate(&program, "lark1", "rsa").await;
    let service = crate::relays::waiting(3).await;
    let maildev = Maildev::start().await;
    let mut config = (*service.app.config).clone();
    config.relay.port = maildev.smtp;
    (config.dkim.selector, config.dkim.key_file) = (Some("lark1".to_owned()), Some(rsa.file.clone().into()));
    let app = App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    let delivered = step(&app).await;
    assert_eq!((delivered.accepted, delivered.total()), (3, 3), "{delivered:?}");
    let mails = maildev.mails(3).await;
    let mut recipients: Vec<&str> = mails.iter().map(|mail| mail["to"][0]["address"].as_str().unwrap()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["reader0@example.org", "reader1@example.org", "reader2@example.org"]);
    for mail in &mails {
        let text = |place: &str| mail.pointer(place).and_then(Value::as_str).unwrap_or_else(|| panic!("no {place} in {mail}"));
        assert_eq!((text("/from/0/address"), text("/from/0/name")), ("digest@paperlark.example", "Paperlark"));
        assert!(text("/subject").contains("paper"), "{}", text("/subject"));
        assert!(text("/text").contains("that fold laundry") && text("/text").contains("/digests/"));
        assert!(text("/html").contains("that fold laundry") && !text("/html").contains("=3D"));
        assert_eq!(text("/headers/list-unsubscribe-post"), "List-Unsubscribe=One-Click");
        assert!(text("/headers/list-unsubscribe").starts_with('<') && text("/headers/message-id").starts_with("<d."));
        assert!(text("/envelope/from/address").starts_with("bounce+"));
        let source = maildev.get(&format!("/email/{}/source", text("/id"))).await;
        assert_eq!(verdicts(&source, std::slice::from_ref(&rsa.record)).await, ["rsa-sha256 pass"]);
    }
}
