//! Each fault, as the client sees it, and that the server is well afterwards.

use super::*;
use crate::catcher::{Fault, Stage};

/// Sends a whole mail; returns the replies to MAIL, RCPT, DATA and the final dot, as far as they came.
async fn send_mail(catcher: &Catcher) -> Vec<String> {
    let mut raw = Raw(BufReader::new(TcpStream::connect(catcher.smtp_address()).await.unwrap()));
    let mut replies = Vec::new();
    for line in ["", "EHLO test\r\n", "MAIL FROM:<digest@example.org>\r\n", "RCPT TO:<ada@example.org>\r\n", "DATA\r\n", "Hi\r\n.\r\n"] {
        raw.send(line).await;
        let reply = raw.reply().await;
        let goes_on = reply.starts_with(['2', '3']);
        replies.push(reply);
        if !goes_on {
            break;
        }
    }
    replies
}

#[tokio::test]
async fn each_stage_can_refuse_once() {
    for (stage, reply, replies_before) in [
        (Stage::Greeting, "554 5.3.2 Not today", 0),
        (Stage::Mail, "421 4.3.0 Out of order", 2),
        (Stage::Data, "421 4.3.0 Out of order", 4),
        (Stage::Message, "451 4.3.0 Try again later", 5),
    ] {
        let catcher = start().await;
        catcher.faults().once(Fault::reply(stage, reply));
        let replies = send_mail(&catcher).await;
        assert_eq!((replies.len(), replies.last().unwrap().as_str()), (replies_before + 1, reply), "{stage:?}");
        assert!(catcher.mailbox().is_empty(), "{stage:?}");
        let replies = send_mail(&catcher).await;
        assert_eq!(replies.last().unwrap(), "250 2.0.0 Kept as mail 1", "{stage:?}: well again");
    }
}

#[tokio::test]
async fn a_421_closes_the_connection() {
    let catcher = start().await;
    catcher.faults().add(Fault::reply(Stage::Mail, "421 4.3.0 Out of order"));
    let mut raw = Raw::connect(&catcher).await;
    raw.send(ENVELOPE).await;
    assert!(raw.rest().await.ends_with("421 4.3.0 Out of order\r\n"));
}

#[tokio::test]
async fn only_the_recipients_meant_are_refused() {
    let catcher = start().await;
    catcher.faults().add(Fault::recipient("bob@example.org", "550 5.1.1 No such person"));
    catcher.faults().add(Fault::recipients(|address| address.ends_with("@busy.example.org"), "450 4.2.1 Busy"));
    let mut raw = Raw::connect(&catcher).await;
    raw.ask("EHLO test").await;
    raw.ask("MAIL FROM:<digest@example.org>").await;
    for (address, expect) in [
        ("bob@example.org", "550 5.1.1 No such person"),
        ("eve@busy.example.org", "450 4.2.1 Busy"),
        ("ada@example.org", "250 2.1.5 Recipient taken"),
    ] {
        assert_eq!(raw.ask(&format!("RCPT TO:<{address}>")).await, expect);
    }
    raw.ask("DATA").await;
    raw.ask("Hi\r\n.").await;
    assert_eq!(catcher.mailbox().all()[0].to, ["ada@example.org"]);
    catcher.faults().clear();
    raw.ask("MAIL FROM:<digest@example.org>").await;
    assert_eq!(raw.ask("RCPT TO:<bob@example.org>").await, "250 2.1.5 Recipient taken");
}

#[tokio::test]
async fn a_dropped_connection_may_or_may_not_have_kept_the_mail() {
    for (stored, mails) in [(true, 1), (false, 0)] {
        let catcher = start().await;
        catcher.faults().once(Fault::Drop { stored });
        assert_eq!(send_mail(&catcher).await.last().unwrap(), "", "closed without a reply");
        assert_eq!(catcher.mailbox().len(), mails);
    }
}

#[tokio::test]
async fn a_delayed_mail_is_kept_before_its_reply() {
    let catcher = start().await;
    catcher.faults().once(Fault::Delay(Duration::from_millis(300)));
    let mut raw = Raw::connect(&catcher).await;
    raw.begin_mail().await;
    raw.send("Hi\r\n.\r\n").await;
    let mailbox = catcher.mailbox().clone();
    let waited = tokio::select! {
        biased;
        kept = mailbox.wait_for(|_| true, PATIENCE) => kept,
        reply = raw.reply() => panic!("{reply} came before the mail was kept"),
    };
    assert_eq!(waited.unwrap().id, 1);
    let too_early = tokio::time::timeout(Duration::from_millis(20), raw.reply()).await;
    assert!(too_early.is_err(), "{too_early:?}");
    assert_eq!(raw.reply().await, "250 2.0.0 Kept as mail 1");
}

#[tokio::test]
async fn a_required_login_takes_only_the_right_pair() {
    let catcher = start().await;
    catcher.faults().add(Fault::RequireLogin { user: "lark".to_owned(), password: "söng".to_owned() });
    let mut raw = Raw::connect(&catcher).await;
    raw.ask("EHLO test").await;
    assert_eq!(raw.ask("MAIL FROM:<a@example.org>").await, "530 5.7.0 Log in first");
    for (line, expect) in [
        ("AUTH PLAIN AGxhcmsAd3Jvbmc=", "535 5.7.8 Wrong name or password"),
        ("AUTH PLAIN not-base64", "501 5.5.2 The login was not understood"),
        ("AUTH PLAIN", "334"),
        ("*", "501 5.5.2 The login was not understood"),
        ("AUTH LOGIN bGFyaw==", "334 UGFzc3dvcmQ6"),
        ("d3Jvbmc=", "535 5.7.8 Wrong name or password"),
        ("AUTH CRAM-MD5", "504 5.5.4 Only PLAIN and LOGIN are offered"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("bGFyaw==", "334 UGFzc3dvcmQ6"),
        ("c8O2bmc=", "235 2.7.0 Welcome"),
        ("AUTH LOGIN", "503 5.5.1 Log in once, after EHLO and before MAIL"),
        ("MAIL FROM:<a@example.org>", "250 2.1.0 Sender taken"),
    ] {
        assert_eq!(raw.ask(line).await, expect, "{line}");
    }
}

#[tokio::test]
async fn a_login_can_fail_for_the_servers_own_reasons() {
    let catcher = start().await;
    catcher.faults().once(Fault::reply(Stage::Login, "454 4.7.0 The password store is away"));
    let mut raw = Raw::connect(&catcher).await;
    raw.ask("EHLO test").await;
    assert_eq!(raw.ask("AUTH PLAIN AGxhcmsAc29uZw==").await, "454 4.7.0 The password store is away");
    assert_eq!(raw.ask("AUTH PLAIN AGxhcmsAc29uZw==").await, "235 2.7.0 Welcome");
}

#[tokio::test]
async fn the_first_fault_that_fits_is_taken_and_one_use_faults_run_out() {
    let catcher = start().await;
    catcher.faults().once(Fault::reply(Stage::Message, "451 4.0.0 First"));
    catcher.faults().once(Fault::reply(Stage::Message, "452 4.0.0 Second"));
    let mut last = Vec::new();
    for _ in 0..3 {
        last.push(send_mail(&catcher).await.pop().unwrap());
    }
    assert_eq!(last, ["451 4.0.0 First", "452 4.0.0 Second", "250 2.0.0 Kept as mail 1"]);
}
