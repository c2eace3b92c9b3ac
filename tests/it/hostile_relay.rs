//! A relay that says odd things: no mail is lost by it, and nobody's address stays in the records.

use std::time::Duration;

use paperlark::App;
use paperlark::catcher::{Fault, Stage};
use paperlark::config::{Relay, Tls};
use paperlark::pipeline::{compose, deliver};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::papers::invented;
use crate::support::service::Service;

const ADDRESS: &str = "ada.lovelace@example.org";

/// A service with one reader and no papers yet.
async fn joined() -> Service {
    let service = Service::start("2026-01-11T18:00:00Z").await;
    service.join(ADDRESS, "robots").await;
    service
}

/// Has the next morning's digest wait.
async fn compose_next(service: &Service) {
    let day = (service.now() + Duration::from_secs(86_400)).date_naive();
    service.set(&format!("{day}T05:00:00Z"));
    service.hub.list(day, invented(day, 4));
    service.fetch(&day.to_string()).await;
    service.set(&format!("{day}T06:00:00Z"));
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, 1);
}

/// All that was written down of what relays said.
async fn records(service: &Service) -> Vec<String> {
    sqlx::query_scalar("select note from attempt union all select last_error from route").fetch_all(&service.app.db).await.unwrap()
}

async fn check_records(service: &Service) {
    for note in records(service).await {
        assert!(!note.contains("lovelace") && !note.contains('@') && note.chars().count() <= 300, "{note:.400}");
    }
}

#[tokio::test]
async fn odd_replies_leave_no_address_in_the_records_and_the_mail_waits_or_fails() {
    let endless = "x".repeat(100_000);
    let texts = [
        format!("4.2.1 <{ADDRESS}>: busy, ask postmaster@example.org or mailto:{ADDRESS}"),
        format!("4.2.1 {endless} {ADDRESS}"),
        format!("4.2.1 nul\0 and {ADDRESS}\0"),
        "4.2.1 \u{202e}<script>\u{7}".to_owned(),
        String::new(),
    ];
    for stage in [None, Some(Stage::Mail), Some(Stage::Data), Some(Stage::Message)] {
        let service = joined().await;
        for (text, multi_line) in texts.iter().flat_map(|text| [(text, false), (text, true)]) {
            let reply = if multi_line { format!("450-{text}\r\n450-\r\n450 {text}") } else { format!("450 {text}") };
            compose_next(&service).await;
            service.catcher.faults().add(match stage {
                Some(stage) => Fault::reply(stage, &reply),
                None => Fault::recipient(ADDRESS, &reply),
            });
            let delivered = service.deliver().await;
            assert_eq!(delivered.deferred + delivered.released + delivered.uncertain, 1, "{stage:?} {reply:.80}");
            assert!(delivered.uncertain == 0 || reply.len() > 10_000, "only what cannot be read leaves a doubt: {stage:?} {reply:.80}");
            check_records(&service).await;
            service.catcher.faults().clear();
            service.pass(Duration::from_secs(3600));
            assert_eq!(service.deliver().await.accepted, 1, "{stage:?} {reply:.80}");
            check_records(&service).await;
        }
    }
}

/// A relay on a free port that answers like any other, except that `odd` stands for its reply to commands that begin
/// with `to`, or to the final dot. Gives its port.
async fn odd_relay(to: &'static str, odd: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, to, odd));
        }
    });
    port
}

async fn converse(stream: TcpStream, to: &str, odd: &[u8]) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(if to == "greeting" { odd } else { b"220 relay\r\n" }).await?;
    let (mut line, mut in_mail) = (Vec::new(), false);
    while stream.read_until(b'\n', &mut line).await? > 0 {
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        let is_dot = in_mail && command == ".";
        if in_mail && !is_dot {
            continue;
        }
        let reply: &[u8] = match command.as_str() {
            "." if to == "." => odd,
            other if !in_mail && other.starts_with(to) => odd,
            other if other.starts_with("EHLO") => b"250-relay\r\n250 AUTH PLAIN\r\n",
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 goodbye\r\n",
            _ => b"250 fine\r\n",
        };
        in_mail = command == "DATA" && reply.starts_with(b"354");
        stream.write_all(reply).await?;
    }
    Ok(())
}

/// Delivers once by the relay at `port`, waiting so long for each reply.
async fn deliver_by(service: &Service, port: u16, patience: Duration) -> deliver::Delivered {
    deliver_with(service, patience, |relay| relay.port = port).await
}

async fn deliver_with(service: &Service, patience: Duration, change: impl FnOnce(&mut Relay)) -> deliver::Delivered {
    let mut config = (*service.app.config).clone();
    change(&mut config.relay);
    config.relay.command_timeout = patience;
    config.relay.data_timeout = patience;
    config.relay.dot_timeout = patience;
    let app = App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    let stop = CancellationToken::new();
    let delivering = deliver::step(&app, service.now(), &stop);
    tokio::time::timeout(Duration::from_secs(20), delivering).await.expect("no reply holds the worker up").unwrap()
}

#[tokio::test]
async fn a_reply_that_is_no_smtp_costs_no_mail() {
    const NOISE: [&[u8]; 6] =
        [b"\xff\xfe\0\r\n", b"999 what\r\n", b"25\r\n", b"\r\n", b"250-never\r\n250-ends", b"HTTP/1.1 400 Bad Request\r\n\r\n"];
    for to in ["greeting", "EHLO", "MAIL", "RCPT", "DATA"] {
        let service = joined().await;
        for odd in NOISE {
            compose_next(&service).await;
            let delivered = deliver_by(&service, odd_relay(to, odd).await, Duration::from_millis(300)).await;
            assert_eq!((delivered.total(), delivered.released + delivered.deferred), (1, 1), "{to} {odd:?}");
            check_records(&service).await;
            service.pass(Duration::from_secs(3600));
            assert_eq!(service.deliver().await.accepted, 1, "{to} {odd:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_in_another_character_set_counts_like_any_other() {
    let check = async |to, odd, expect: (usize, usize, usize)| {
        let service = joined().await;
        compose_next(&service).await;
        let port = odd_relay(to, odd).await;
        let delivered = deliver_by(&service, port, Duration::from_secs(10)).await;
        assert_eq!((delivered.accepted, delivered.deferred, delivered.failed), expect, "{to} {odd:?}");
        check_records(&service).await;
    };
    check(".", b"250 2.0.0 \xdcbernommen\r\n", (1, 0, 0)).await;
    check("RCPT", b"550 5.1.1 Empf\xe4nger unbekannt: ada.lovelace@example.org\r\n", (0, 0, 1)).await;
    check("RCPT", b"450-4.2.1 Postfach\r\n450 4.2.1 belegt \xfc\r\n", (0, 1, 0)).await;
}

#[tokio::test]
async fn a_relay_that_falls_silent_at_any_point_is_left_after_its_time_out() {
    // The mail waits without an attempt spent, is put off, or is of unknown fate: (released, deferred, uncertain).
    for (to, expect) in
        [("greeting", (1, 0, 0)), ("EHLO", (1, 0, 0)), ("MAIL", (1, 0, 0)), ("RCPT", (1, 0, 0)), ("DATA", (0, 1, 0)), (".", (0, 0, 1))]
    {
        let service = joined().await;
        compose_next(&service).await;
        let delivered = deliver_by(&service, odd_relay(to, b"").await, Duration::from_millis(300)).await;
        assert_eq!((delivered.released, delivered.deferred, delivered.uncertain), expect, "{to}");
        service.pass(Duration::from_secs(3600));
        assert_eq!(service.deliver().await.accepted, 1, "{to}");
    }
}

#[tokio::test]
async fn a_relay_that_never_answers_to_tls_or_a_login_is_left_after_its_time_out() {
    for (phase, to) in [("TLS", "greeting"), ("AUTH", "AUTH")] {
        let service = joined().await;
        compose_next(&service).await;
        let port = odd_relay(to, b"").await;
        let delivered = deliver_with(&service, Duration::from_millis(300), |relay| {
            relay.port = port;
            match phase {
                "TLS" => relay.tls = Tls::Tls,
                _ => (relay.user, relay.password) = (Some("lark".to_owned()), Some("song".to_owned().into())),
            }
        })
        .await;
        assert_eq!((delivered.released, delivered.total()), (1, 1), "{phase}");
        service.pass(Duration::from_secs(3600));
        assert_eq!(service.deliver().await.accepted, 1, "{phase}");
    }
}
