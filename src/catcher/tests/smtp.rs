//! What a well-behaved or a clumsy client sees.

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, SmtpTransport, Tokio1Executor, Transport};

use super::*;
use crate::catcher::CatcherError;

fn letter(to: &str, subject: &str, body: &str) -> Message {
    Message::builder()
        .from("Paperlark <digest@example.org>".parse().unwrap())
        .to(to.parse().unwrap())
        .subject(subject)
        .message_id(Some("<one@example.org>".to_owned()))
        .multipart(lettre::message::MultiPart::alternative_plain_html(body.to_owned(), format!("<p>{body}</p>")))
        .unwrap()
}

fn lettre_transport(catcher: &Catcher) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(catcher.smtp_address().port()).build()
}

#[tokio::test]
async fn a_mail_sent_with_lettre_is_kept_as_it_was_sent() {
    let catcher = start().await;
    let mail = letter("ada@example.org", "Über Gräser & Wörter", "Ten papers.\r\n.\r\n.hidden dot");
    lettre_transport(&catcher).send(mail.clone()).await.unwrap();
    let caught = &catcher.mailbox().all()[0];
    assert_eq!((caught.id, caught.from.as_str(), caught.received_at), (1, "digest@example.org", morning()));
    assert_eq!(caught.to, ["ada@example.org"]);
    // lettre ends every mail with one more CRLF before its dot.
    assert_eq!(String::from_utf8_lossy(&caught.bytes), String::from_utf8(mail.formatted()).unwrap() + "\r\n");
    assert_eq!(caught.subject(), "Über Gräser & Wörter");
    assert_eq!(caught.message_id().as_deref(), Some("one@example.org"));
    assert_eq!(caught.header("message-id").as_deref(), Some("<one@example.org>"));
    assert_eq!(caught.header("X-None"), None);
    assert_eq!(caught.text().as_deref(), Some("Ten papers.\r\n.\r\n.hidden dot"));
    assert!(caught.html().unwrap().starts_with("<p>Ten papers."));
    assert_eq!(catcher.mailbox().for_recipient("ada@example.org").len(), 1);
    assert!(catcher.mailbox().for_recipient("bob@example.org").is_empty());
}

#[tokio::test]
async fn a_blocking_client_is_served_too() {
    let catcher = start().await;
    let port = catcher.smtp_address().port();
    let send = move || SmtpTransport::builder_dangerous("127.0.0.1").port(port).build().send(&letter("ada@example.org", "Hello", "Hi"));
    tokio::task::spawn_blocking(send).await.unwrap().unwrap();
    assert_eq!(catcher.mailbox().len(), 1);
}

#[tokio::test]
async fn a_login_is_optional_and_any_pair_is_welcome() {
    let catcher = start().await;
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(catcher.smtp_address().port())
            .credentials(Credentials::new("lark".to_owned(), "any".to_owned()))
            .authentication(vec![mechanism])
            .build();
        transport.send(letter("ada@example.org", "Hello", "Hi")).await.unwrap();
    }
    assert_eq!(catcher.mailbox().len(), 2);
}

#[tokio::test]
async fn several_pipelined_mails_are_answered_in_order() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.begin_mail().await;
    let next = "MAIL FROM:<> SIZE=9 BODY=8BITMIME\r\nRCPT TO:<bob@example.org>\r\nRCPT TO:<Postmaster>\r\nDATA\r\n";
    raw.send(format!("First\r\n.\r\n{next}")).await;
    for expect in ["250 2.0.0 Kept as mail 1", "250 2.1.0", "250 2.1.5", "250 2.1.5", "354"] {
        let reply = raw.reply().await;
        assert!(reply.starts_with(expect), "{reply}, not {expect}");
    }
    raw.send("Second\r\n.\r\nQUIT\r\n").await;
    assert_eq!(raw.rest().await, "250 2.0.0 Kept as mail 2\r\n221 2.0.0 Goodbye\r\n");
    let mails = catcher.mailbox().all();
    assert_eq!((mails[1].from.as_str(), mails[1].bytes.as_slice()), ("", b"Second\r\n".as_slice()));
    assert_eq!(mails[1].to, ["bob@example.org", "postmaster"]);
}

#[tokio::test]
async fn dots_are_unstuffed_wherever_the_packets_break() {
    let catcher = start().await;
    let sent = b"..\r\n..two\r\nmid.dle\r\n...\r\n\r\n.x\r\n.\r\n";
    let expect = b".\r\n.two\r\nmid.dle\r\n..\r\n\r\nx\r\n";
    for cut in 0..=sent.len() {
        let mut raw = Raw::connect(&catcher).await;
        raw.begin_mail().await;
        raw.send(&sent[..cut]).await;
        raw.0.flush().await.unwrap();
        tokio::task::yield_now().await;
        raw.send(&sent[cut..]).await;
        assert!(raw.reply().await.starts_with("250 2.0.0"));
        assert_eq!(catcher.mailbox().all().last().unwrap().bytes, expect, "cut at {cut}");
    }
    assert_eq!(catcher.mailbox().len(), sent.len() + 1);
}

#[tokio::test]
async fn an_empty_mail_is_a_mail() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.begin_mail().await;
    assert!(raw.ask(".").await.starts_with("250 2.0.0"));
    let caught = &catcher.mailbox().all()[0];
    assert_eq!((caught.bytes.len(), caught.subject().as_str(), caught.text(), caught.html()), (0, "", None, None));
}

#[tokio::test]
async fn commands_out_of_order_are_refused_and_change_nothing() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    for (line, expect) in [
        ("MAIL FROM:<a@example.org>", "503 5.5.1"),
        ("EHLO test", "250"),
        ("DATA", "503 5.5.1"),
        ("RCPT TO:<b@example.org>", "503 5.5.1"),
        ("MAIL FROM:<a@example.org>", "250 2.1.0"),
        ("MAIL FROM:<a@example.org>", "503 5.5.1"),
        ("AUTH PLAIN", "503 5.5.1"),
        ("DATA", "554 5.5.1"),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<no one>", "501 5.1.3"),
        ("RCPT TO:<b@example.org> NOTIFY=NEVER", "555 5.5.4"),
        ("RCPT TO:<bö@example.org>", "553 5.6.7"),
        ("RSET", "250 2.0.0"),
        ("DATA", "503 5.5.1"),
        ("MAIL FROM:<a@example.org> SIZE=99999999", "552 5.3.4"),
        ("MAIL FROM:<a@example.org> BODY=BINARYMIME", "555 5.5.4"),
        ("MAIL FROM:<a@example.org> WHAT=EVER", "555 5.5.4"),
        ("MAIL FROM:<bö@example.org> SMTPUTF8", "250 2.1.0"),
        ("RCPT TO:<bö@example.org>", "250 2.1.5"),
        ("VRFY ada", "252 2.1.5"),
        ("NOOP", "250 2.0.0"),
        ("HELP", "214"),
        ("STARTTLS", "502 5.5.1"),
        ("AUTH CRAM-MD5", "503 5.5.1"),
        ("FLY", "500 5.5.2"),
        ("HELO", "501 5.5.4"),
        ("HELO test", "250 localhost"),
        ("RCPT TO:<b@example.org>", "503 5.5.1"),
    ] {
        let reply = raw.ask(line).await;
        assert!(reply.starts_with(expect), "{line}: {reply}");
    }
    assert!(catcher.mailbox().is_empty());
}

#[tokio::test]
async fn ehlo_offers_what_the_server_does() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.send("ehlo test\r\nQUIT\r\n").await;
    let offered = raw.rest().await;
    for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN", "SIZE 26214400"] {
        assert!(offered.contains(&format!("{extension}\r\n")), "{extension} in {offered}");
    }
}

#[tokio::test]
async fn a_big_mail_arrives_whole_and_a_bigger_one_is_refused() {
    let catcher = start().await;
    let line = [b"x".repeat(998), b"\r\n".to_vec()].concat();
    let mut raw = Raw::connect(&catcher).await;
    for (lines, expect) in [(20_000, "250 2.0.0"), (27_000, "552 5.3.4")] {
        raw.begin_mail().await;
        raw.send(line.repeat(lines)).await;
        let reply = raw.ask(".").await;
        assert!(reply.starts_with(expect), "{reply}");
    }
    assert_eq!(catcher.mailbox().all().iter().map(|mail| mail.bytes.len()).collect::<Vec<_>>(), [20_000_000]);
}

#[tokio::test]
async fn fifty_clients_at_once_lose_nothing() {
    let catcher = start().await;
    let clients = (0..50).map(|client| {
        let transport = lettre_transport(&catcher);
        tokio::spawn(async move {
            for mail in 0..10 {
                transport.send(letter(&format!("reader{client}@example.org"), &format!("{client}/{mail}"), "Hi")).await.unwrap();
            }
        })
    });
    for outcome in futures::future::join_all(clients).await {
        outcome.unwrap();
    }
    let mails = catcher.mailbox().all();
    let ids: Vec<u64> = mails.iter().map(|mail| mail.id).collect();
    assert_eq!(ids, (1..=500).collect::<Vec<_>>());
    let subjects: std::collections::BTreeSet<String> = mails.iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects.len(), 500);
    assert_eq!(catcher.mailbox().for_recipient("reader7@example.org").len(), 10);
}

#[tokio::test]
async fn waiting_finds_what_is_there_and_what_is_to_come() {
    let catcher = start().await;
    let wait = |subject: &'static str, time| {
        let mailbox = catcher.mailbox().clone();
        tokio::spawn(async move { mailbox.wait_for(|mail| mail.subject() == subject, time).await })
    };
    let early = wait("Second", PATIENCE);
    for subject in ["First", "Second"] {
        lettre_transport(&catcher).send(letter("ada@example.org", subject, "Hi")).await.unwrap();
    }
    assert_eq!(early.await.unwrap().unwrap().id, 2);
    assert_eq!(wait("First", PATIENCE).await.unwrap().unwrap().id, 1);
    assert_eq!(wait("Third", Duration::from_millis(20)).await.unwrap(), None);
    catcher.mailbox().clear();
    assert_eq!(wait("First", Duration::from_millis(20)).await.unwrap(), None);
    lettre_transport(&catcher).send(letter("ada@example.org", "Third", "Hi")).await.unwrap();
    assert_eq!(catcher.mailbox().all()[0].id, 3, "numbers are not used again");
}

#[tokio::test]
async fn stopping_says_goodbye_and_frees_the_port() {
    let catcher = start().await;
    let (address, mailbox) = (catcher.smtp_address(), catcher.mailbox().clone());
    let mut raw = Raw::connect(&catcher).await;
    raw.begin_mail().await;
    catcher.stop().await;
    assert_eq!(raw.rest().await, "421 4.3.2 Closing down\r\n");
    assert!(TcpStream::connect(address).await.is_err());
    assert!(mailbox.is_empty());
}

#[tokio::test]
async fn an_address_open_to_others_or_taken_is_refused_with_advice() {
    let open = "0.0.0.0:2525".parse().unwrap();
    let error = Catcher::start(open, None, morning).await.unwrap_err();
    assert!(matches!(error, CatcherError::NotLoopback(_)) && error.to_string().contains("127.0.0.1:2525"), "{error}");
    let first = Catcher::start(FREE_PORT, None, morning).await.unwrap();
    assert_eq!(first.inbox_url(), None);
    let error = Catcher::start(first.smtp_address(), None, morning).await.unwrap_err();
    assert!(matches!(error, CatcherError::Bind { .. }) && error.to_string().contains("choose another"), "{error}");
}
