//! Reports in the shapes that mail systems send, in words of our own.

use proptest::prelude::*;

use super::*;

const TOKEN: &str = "abcdefgh234567";

/// A `multipart/report` whose second part has these fields.
fn report(kind: &str, fields: &str) -> String {
    let message = format!(
        "From: MAILER-DAEMON@mx.example.net\nTo: bounce+{TOKEN}@bounces.example.org\nSubject: About your mail\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain; charset=utf-8\n\nSomething for people to read.\n\n\
         --b\nContent-Type: message/{kind}\n\n{fields}\n\
         --b\nContent-Type: text/rfc822-headers\n\nReturn-Path: <bounce+{TOKEN}@bounces.example.org>\n\
         List-Unsubscribe: <https://papers.example.org/unsubscribe/AbC_-123>\nSubject: 5 papers\n\n--b--\n"
    );
    message.replace('\n', "\r\n")
}

fn letter(from: &str, subject: &str, more: &str, body: &str) -> String {
    format!("From: {from}\r\nTo: x@example.org\r\nSubject: {subject}\r\n{more}\r\n{}\r\n", body.replace('\n', "\r\n"))
}

#[track_caller]
fn check(message: &str, kind: Kind, status: Option<&str>) -> Report {
    let report = read(message.as_bytes()).expect("it is a report");
    assert_eq!((report.kind, report.status.map(|status| status.to_string()).as_deref()), (kind, status), "{report:?}");
    report
}

#[test]
fn a_notification_says_what_became_of_the_mail() {
    let recipient = |fields: &str| report("delivery-status", &format!("Reporting-MTA: dns; mx.example.net\n\n{fields}"));
    let gone = "Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n\
                Diagnostic-Code: smtp; 550 5.1.1 <ann@example.net>: no mailbox\n here by that name\n";
    let told = check(&recipient(gone), Kind::Failed, Some("5.1.1"));
    let mentions = Mention::find_all(recipient(gone).as_bytes());
    assert!(told.says_bad_address());
    assert_eq!(told.note, "smtp; 550 5.1.1 no mailbox here by that name");
    assert_eq!(mentions, [Mention::Mail(TOKEN.into()), Mention::Reader("AbC_-123".into())]);
    let full = "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: x-exchange; 554 mailbox full\n";
    assert!(!check(&recipient(full), Kind::Failed, Some("5.2.2")).says_bad_address());
    check(&recipient("Action: Failed (expired)\nStatus: 4.4.7\n"), Kind::Failed, Some("4.4.7"));
    check(&recipient("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 User unknown\n"), Kind::Failed, Some("5.1.1"));
    check(&recipient("Action: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 7 Aug 2026 07:00:00 +0000\n"), Kind::Delayed, Some("4.4.1"));
    check(&recipient("Action: delivered\nStatus: 2.0.0\n"), Kind::Delivered, Some("2.0.0"));
    check(&recipient("Action: relayed\nStatus: 2.1.9\n"), Kind::Delivered, Some("2.1.9"));
    check(&recipient("Action: delivered\nStatus: 2.0.0\n\nAction: failed\nStatus: 5.2.1\n"), Kind::Failed, Some("5.2.1"));
}

#[test]
fn a_readers_complaint_is_one_and_other_feedback_is_none() {
    let feedback = |kind: &str| report("feedback-report", &format!("Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\n"));
    check(&feedback("abuse"), Kind::Complaint, None);
    check(&feedback("Opt-Out"), Kind::Complaint, None);
    for other in ["not-spam", "virus", "auth-failure", "other"] {
        assert_eq!(read(feedback(other).as_bytes()), None, "{other}");
    }
}

#[test]
fn letters_of_old_and_odd_systems_are_understood() {
    let qmail = "Hi. This is the qmail-send program at mx.example.net.\nI could not do it.\n\n<ann@example.net>:\n\
                 Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n9.9.9 4.4.1\n";
    assert!(check(&letter("MAILER-DAEMON@mx.example.net", "failure notice", "", qmail), Kind::Failed, Some("5.1.1")).says_bad_address());
    let exchange = "Delivery has failed to these recipients or groups:\n\nann@example.net\nThe address you typed couldn’t be found.\n\n\
                    Remote server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n";
    check(&letter("postmaster@example.net", "Undeliverable: papers", "", exchange), Kind::Failed, Some("5.1.10"));
    let gmail = "Address not found\n\nYour message wasn't delivered to ann@example.net.\nThe response was: 550-5.1.1 it does not exist\n";
    check(
        &letter("mailer-daemon@mail.example", "Status", "X-Failed-Recipients: ann@example.net\r\nAuto-Submitted: auto-replied\r\n", gmail),
        Kind::Failed,
        Some("5.1.1"),
    );
    let full = "This message was created automatically by mail delivery software.\n\n  ann@example.net\n    mailbox is full\n";
    check(&letter("Mail Delivery <Mailer-Daemon@mx.example.net>", "Failed", "", full), Kind::Failed, Some("5.2.2"));
    let waiting = "Delivery to the following recipient has been delayed. The server will keep trying for 2 days.\n";
    check(&letter("mailer-daemon@mx.example.net", "Delay", "", waiting), Kind::Delayed, None);
}

#[test]
fn what_people_and_their_programs_answer_is_no_report() {
    let check = |from: &str, more: &str, body: &str| assert_eq!(read(letter(from, "Re: 5 papers", more, body).as_bytes()), None, "{body}");
    check("ann@example.net", "Auto-Submitted: auto-replied\r\n", "I am away until 5.1.2027; user unknown to me may call.");
    check("ann@example.net", "", "Thank you! By the way, 5.1.1 papers a day are too many.");
    check("postmaster@example.net", "", "We will have maintenance tonight.");
    check("ann@example.net", "Precedence: auto_reply\r\n", "Undeliverable: not really");
    assert_eq!(read(b""), None);
}

#[test]
fn our_addresses_are_told_from_others() {
    let check = |address: &str, expect: Option<Mention>| assert_eq!(Mention::of_address(address, Some("leave")), expect, "{address}");
    check("bounce+abc234@bounces.example.org", Some(Mention::Mail("abc234".into())));
    check("BOUNCE+ABC234@bounces.example.org", Some(Mention::Mail("abc234".into())));
    check("leave+Ab_-c@example.org", Some(Mention::Reader("Ab_-c".into())));
    for other in ["bounce@example.org", "bounce+@example.org", "unsubscribe+x@example.org", "postmaster@example.org", "bounce+x", ""] {
        check(other, None);
    }
}

#[test]
fn a_report_repeats_the_id_of_the_envelope() {
    let named = |fields: &str| Mention::find_all(report("delivery-status", fields).as_bytes())[0].clone();
    let id = "Reporting-MTA: dns; mx.example.net\nOriginal-Envelope-Id: QRS234\n\nAction: failed\nStatus: 5.1.1\n";
    assert_eq!(named(id), Mention::Mail("qrs234".into()));
    assert_eq!(named("Original-Envelope-Id: <no token@x>\n"), Mention::Mail(TOKEN.into()));
}

#[test]
fn a_note_holds_no_address() {
    assert_eq!(note("550 <ann@example.net>: \r\n no\tsuch user\0"), "550 no such user");
    assert_eq!(note(&"long ".repeat(900)).chars().count(), MAX_NOTE_CHARS);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..2_000), fields in "[ -~\\n]{0,200}") {
        let _ = read(&bytes);
        if let Some(found) = read(report("delivery-status", &fields).as_bytes()) {
            prop_assert!(!found.note.contains('@') && found.note.chars().count() <= MAX_NOTE_CHARS);
        }
    }
}
