//! DKIM: keys are made by the command line, mails are signed with them, and two verifiers that know nothing of each other
//! (dkimpy and mailauth) believe them.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::Service;

/// A key file, its selector and its DNS record, as `NAME=RECORD`.
pub struct Made {
    pub file: String,
    pub record: String,
}

/// Makes a key as an operator does.
pub async fn generate(program: &Program, selector: &str, kind: &str) -> Made {
    let file = program.folder.path().join(format!("{selector}.pem")).display().to_string();
    let ran = program.run(&["dkim", "generate", "--selector", selector, "--kind", kind, "--out", &file]).await.ends(0);
    let line = ran.out.lines().find(|line| line.contains(" IN TXT ")).expect("the DNS record is printed");
    let (name, strings) = line.split_once(". IN TXT ( ").unwrap();
    let record: String = strings.trim_end_matches(" )").split('"').filter(|part| !part.trim().is_empty()).collect();
    Made { file, record: format!("{name}={record}") }
}

/// What both verifiers say of each signature, such as `rsa-sha256 pass`: they must agree.
pub async fn verdicts(message: &[u8], dns: &[String]) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/");
    let mut said = Vec::new();
    // Debian's own Python has Debian's dkimpy.
    for (program, script) in [("/usr/bin/python3", "verify.py"), ("node", "verify.mjs")] {
        let mut command = Command::new(program);
        command.arg(format!("{folder}{script}")).args(dns).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; `make mail-packages` installs it"));
        running.stdin.take().unwrap().write_all(message).await.unwrap();
        let output = running.wait_with_output().await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script} failed; `make mail-packages` installs what it needs: {errors}");
        let verdicts: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
        said.push(verdicts);
    }
    assert_eq!(said[0], said[1], "dkimpy and mailauth agree");
    said.swap_remove(0)
}

/// A service that signs, with a digest delivered: the mails in the catcher.
async fn delivered(settings: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let service = Service::start_with("2026-01-12T18:00:00Z", settings).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org").len(), 1);
    service.mailbox().all().into_iter().map(|mail| mail.bytes.clone()).collect()
}

fn replaced(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    assert!(text.contains(from), "{from:?} is in the mail");
    text.replacen(from, to, 1).into_bytes()
}

#[tokio::test]
async fn both_verifiers_believe_every_mail_and_no_changed_one() {
    let program = Program::new();
    let (rsa, ed25519) = (generate(&program, "lark1", "rsa").await, generate(&program, "lark2", "ed25519").await);
    let settings = [
        ("DKIM_SELECTOR", "lark1"),
        ("DKIM_KEY_FILE", rsa.file.as_str()),
        ("DKIM_ED25519_SELECTOR", "lark2"),
        ("DKIM_ED25519_KEY_FILE", &ed25519.file),
    ];
    let mails = delivered(&settings).await;
    assert!(mails.len() >= 3, "a confirmation, a welcome and a digest");
    let dns = [rsa.record.clone(), ed25519.record.clone()];
    for mail in &mails {
        assert_eq!(verdicts(mail, &dns).await, ["rsa-sha256 pass", "ed25519-sha256 pass"]);
    }
    let digest = mails.iter().find(|mail| String::from_utf8_lossy(mail).contains("Feedback-ID")).unwrap();
    let harmless = replaced(digest, "Precedence: bulk", "Precedence:  junk");
    assert_eq!(verdicts(&harmless, &dns).await, ["rsa-sha256 pass", "ed25519-sha256 pass"], "not covered");
    for (what, changed) in [
        ("the subject", replaced(digest, "Subject: ", "Subject: Re: ")),
        ("the way to leave", replaced(digest, "List-Unsubscribe: <http", "List-Unsubscribe: <https")),
        ("a second sender", replaced(digest, "From: ", "From: someone@example.net\r\nFrom: ")),
        (
            "the body",
            replaced(digest, "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "Content-Transfer-Encoding: quoted-printable\r\n\r\nX"),
        ),
    ] {
        assert_eq!(verdicts(&changed, &dns).await, ["rsa-sha256 fail", "ed25519-sha256 fail"], "{what}");
    }
}

#[tokio::test]
async fn a_key_is_made_once_for_its_owner_and_checked_against_dns() {
    let program = Program::new();
    let made = generate(&program, "lark1", "rsa").await;
    assert_eq!(std::fs::metadata(&made.file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&made.file).unwrap();
    program.run(&["dkim", "generate", "--selector", "lark1", "--out", &made.file]).await.ends(2).complains(&["never overwritten"]);
    assert_eq!(std::fs::read(&made.file).unwrap(), before);
    program.run(&["dkim", "generate", "--selector", "a b", "--out", "x"]).await.ends(2).complains(&["letters, digits"]);
    program.run(&["dkim", "check"]).await.ends(1).complains(&["not signed", "dkim generate"]);
    let other = generate(&program, "other", "rsa").await;
    let program = program.set("DKIM_SELECTOR", "lark1").set("DKIM_KEY_FILE", &made.file);
    let record = |made: &Made| made.record.split_once('=').unwrap().1.to_owned();
    program.run(&["dkim", "check"]).await.ends(0).says(&["lark1._domainkey.paperlark.example. IN TXT", "v=DKIM1; k=rsa; p="]);
    program.run(&["dkim", "check", "--record", &record(&made)]).await.ends(0).says(&["lark1"]);
    program.run(&["dkim", "check", "--record", &record(&other)]).await.ends(1).complains(&["none of the keys"]);
    let broken = program.file("broken.pem", "not a key");
    let program = program.set("DKIM_KEY_FILE", &broken);
    program.run(&["dkim", "check"]).await.ends(1).complains(&["dkim.key_file", "broken.pem", "no private key"]);
}
