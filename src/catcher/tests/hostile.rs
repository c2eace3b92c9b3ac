//! Bytes no honest client sends.

use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn no_second_mail_can_be_smuggled_into_a_first() {
    let smuggled = "MAIL FROM:<boss@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nPay!\r\n.\r\n";
    for end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n"] {
        let catcher = start().await;
        let mut raw = Raw::connect(&catcher).await;
        raw.begin_mail().await;
        raw.send(format!("Hello{end}{smuggled}")).await;
        let reply = raw.reply().await;
        assert_eq!(raw.ask("NOOP").await, "250 2.0.0 Still here", "in step after {end:?}");
        let mails = catcher.mailbox().all();
        assert!(mails.iter().all(|mail| mail.from == "digest@example.org"), "{end:?}");
        assert_eq!(mails.len(), usize::from(reply.starts_with("250")), "{end:?}: {reply}");
    }
}

#[tokio::test]
async fn a_mail_with_lines_no_relay_takes_is_refused_and_the_next_is_fine() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    for (mail, expect) in [
        (format!("Hi\r\n{}\r\nthere\r\n", "x".repeat(999)), "554 5.6.0 A line is longer"),
        (format!("Hi\r\n{}\r\nthere\r\n", "x".repeat(200_000)), "554 5.6.0 A line is longer"),
        ("Hi\nthere\r\n".to_owned(), "554 5.6.0 A line feed stands"),
        (format!("Hi\r\n.{}\r\n", "x".repeat(998)), "250 2.0.0"),
    ] {
        raw.begin_mail().await;
        raw.send(mail).await;
        let reply = raw.ask(".").await;
        assert!(reply.starts_with(expect), "{reply}");
    }
    assert_eq!(catcher.mailbox().len(), 1);
}

#[tokio::test]
async fn an_endless_line_is_answered_once_and_the_conversation_stays_in_step() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.send("x".repeat(300_000)).await;
    assert_eq!(raw.ask("").await, "500 5.5.6 Line too long");
    assert_eq!(raw.ask("NOOP").await, "250 2.0.0 Still here");
}

#[tokio::test]
async fn a_browser_talking_http_is_soon_cut_off() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.send("POST / HTTP/1.1\r\n".repeat(40)).await;
    let rest = raw.rest().await;
    assert!(rest.matches("500 5.5.2").count() <= 21 && rest.ends_with("421 4.7.0 Too many wrong commands\r\n"), "{rest}");
}

#[tokio::test]
async fn the_hundred_and_first_recipient_must_wait() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.ask("EHLO test").await;
    raw.ask("MAIL FROM:<>").await;
    for reader in 0..100 {
        assert_eq!(raw.ask(&format!("RCPT TO:<reader{reader}@example.org>")).await, "250 2.1.5 Recipient taken");
    }
    assert_eq!(raw.ask("RCPT TO:<one-more@example.org>").await, "452 4.5.3 Too many recipients");
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_mail_leaves_nothing_behind() {
    let catcher = start().await;
    let mut raw = Raw::connect(&catcher).await;
    raw.begin_mail().await;
    raw.send("Subject: half a m").await;
    drop(raw);
    let mut next = Raw::connect(&catcher).await;
    next.begin_mail().await;
    assert_eq!(next.ask(".").await, "250 2.0.0 Kept as mail 1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_leave_the_server_serving(bytes in prop::collection::vec(any::<u8>(), 0..2000), head in "(EHLO|MAIL FROM:|RCPT TO:|AUTH PLAIN|BDAT|NOOP|)[ <\"\\\\]?") {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let catcher = start().await;
            let mut raw = Raw::connect(&catcher).await;
            // The server may close while we still write; that is its right.
            let _ = raw.0.write_all(&[head.as_bytes(), &bytes, b"\r\nQUIT\r\n"].concat()).await;
            for line in raw.rest().await.lines() {
                assert!(line.len() >= 4 && line[..3].bytes().all(|digit| digit.is_ascii_digit()), "{line:?}");
            }
            let mut next = Raw::connect(&catcher).await;
            next.begin_mail().await;
            assert!(next.ask(".").await.starts_with("250 2.0.0"));
        });
    }

    #[test]
    fn any_mail_comes_out_as_it_went_in(lines in prop::collection::vec("[.\\x00-\\x09\\x0b\\x0c\\x0e-\\x{ff}]{0,60}", 0..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let catcher = start().await;
            let mut raw = Raw::connect(&catcher).await;
            raw.begin_mail().await;
            for line in &lines {
                let stuffing = if line.starts_with('.') { "." } else { "" };
                raw.send(format!("{stuffing}{line}\r\n")).await;
            }
            assert!(raw.ask(".").await.starts_with("250 2.0.0"));
            let caught = &catcher.mailbox().all()[0];
            let sent: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            assert_eq!(caught.bytes, sent.as_bytes());
            // None of the readings may panic, whatever they make of it.
            let _ = (caught.subject(), caught.text(), caught.html(), caught.headers(), caught.message_id(), caught.sender());
        });
    }
}
