//! Several relays, their limits, and one that cannot do as much as we would like.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paperlark::App;
use paperlark::catcher::{Fault, Stage};
use paperlark::config::Relay;
use paperlark::pipeline::{compose, deliver};
use paperlark::subscriber::{self, SignUp};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::papers::invented;
use crate::support::service::Service;

/// A service with so many readers whose digests are composed and wait.
pub async fn waiting(readers: usize) -> Service {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    for reader in 0..readers {
        let wish = SignUp {
            address: format!("reader{reader}@example.org").parse().unwrap(),
            queries: vec!["robots".to_owned()],
            zone: chrono_tz::UTC,
            hour: paperlark::schedule::Hour::new(6).unwrap(),
        };
        subscriber::add(&service.app, service.now(), &wish, paperlark::schedule::Weekdays::DAILY, false).await.unwrap();
    }
    // The welcomes are out of the way.
    service.deliver().await;
    service.mailbox().clear();
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, readers);
    service
}

/// The service again, as it would be with other settings.
pub async fn with_settings(service: &Service, change: impl FnOnce(&mut paperlark::config::Config)) -> App {
    let mut config = (*service.app.config).clone();
    change(&mut config);
    App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap()
}

pub async fn step(app: &App) -> deliver::Delivered {
    deliver::step(app, app.clock.now(), &CancellationToken::new()).await.unwrap()
}

pub fn mails(service: &Service) -> usize {
    service.mailbox().all().len()
}

#[tokio::test]
async fn while_one_relay_rests_the_mails_go_by_the_other() {
    let service = waiting(12).await;
    let app = with_settings(&service, |config| {
        let good = Relay { weight: 1, ..config.relay.clone() };
        let away = Relay { port: 1, weight: 9, ..config.relay.clone() };
        config.relays = [("away".to_owned(), away), ("good".to_owned(), good)].into();
    })
    .await;
    let first = step(&app).await;
    assert_eq!((first.failed, first.deferred, first.uncertain), (0, 0, 0));
    assert_eq!(first.accepted + first.released, 12);
    // What met the trouble rests for a minute or so; by then only one relay is left.
    service.pass(Duration::from_secs(75));
    sqlx::query("update route set paused_until = paused_until + interval '1 hour'").execute(&app.db).await.unwrap();
    assert_eq!(step(&app).await.accepted, first.released);
    assert_eq!(mails(&service), 12);
}

#[tokio::test]
async fn a_daily_quota_holds_across_hosts_and_ends_with_the_day() {
    let service = waiting(7).await;
    let quota = |config: &mut paperlark::config::Config| config.relay.daily_quota = 3;
    let (one, other) = (with_settings(&service, quota).await, with_settings(&service, quota).await);
    service.catcher.faults().once(Fault::recipients(|_| true, "450 4.2.1 busy"));
    let first = step(&one).await;
    assert_eq!((first.accepted, first.deferred, first.total()), (2, 1, 3), "{first:?}");
    assert_eq!(step(&other).await.accepted, first.deferred, "what was not used of the quota is there for the other host");
    assert_eq!((step(&one).await.total(), step(&other).await.total()), (0, 0));
    service.set("2026-01-14T00:00:00Z");
    assert_eq!(step(&other).await.accepted, 3);
    assert_eq!(mails(&service), 6);
}

#[tokio::test]
async fn mails_to_one_domain_keep_its_pace_and_lose_no_attempt() {
    let service = waiting(4).await;
    let app = with_settings(&service, |config| config.relay.domain_rate = Some("1/min".parse().unwrap())).await;
    for round in 1..=4 {
        let delivered = step(&app).await;
        assert_eq!((delivered.accepted, delivered.failed + delivered.deferred + delivered.released), (1, 0), "{delivered:?}");
        assert_eq!(mails(&service), round);
        assert_eq!(step(&app).await.total(), 0, "each comes back at its own time");
        service.pass(Duration::from_secs(60));
    }
}

/// Stands before the catcher; takes `most` connections at once, and tells any other that it is busy. Gives its port
/// and how many it sent away.
async fn small_relay(catcher: u16, most: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (live, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = refused.clone();
    tokio::spawn(async move {
        while let Ok((mut outside, _)) = listener.accept().await {
            if live.load(Ordering::SeqCst) == most {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = outside.write_all(b"421 4.7.0 Too many connections\r\n").await;
                continue;
            }
            live.fetch_add(1, Ordering::SeqCst);
            let live = live.clone();
            tokio::spawn(async move {
                let mut inside = TcpStream::connect(("127.0.0.1", catcher)).await.unwrap();
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
                live.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (port, refused)
}

#[tokio::test]
async fn a_relay_that_takes_few_connections_gets_few_and_does_not_rest() {
    let service = waiting(20).await;
    let (port, refused) = small_relay(service.catcher.smtp_address().port(), 2).await;
    service.catcher.faults().add(Fault::Delay(Duration::from_millis(20)));
    let app = with_settings(&service, |config| {
        config.relay.port = port;
        config.relay.connections = 8;
    })
    .await;
    let delivered = step(&app).await;
    assert_eq!((delivered.accepted, delivered.total()), (20, 20), "{delivered:?}");
    let refused = refused.load(Ordering::SeqCst);
    assert!((1..20).contains(&refused), "it is asked for more only now and then: {refused}");
}

/// Stands before the catcher and notes what the client sends, packet by packet.
async fn witness(catcher: u16) -> (u16, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let packets = Arc::new(Mutex::new(Vec::new()));
    let notes = packets.clone();
    tokio::spawn(async move {
        while let Ok((outside, _)) = listener.accept().await {
            let inside = TcpStream::connect(("127.0.0.1", catcher)).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_relay, mut to_relay)) = (outside.into_split(), inside.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_relay, &mut to_client).await });
            let notes = notes.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 1 << 18];
                while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                    notes.lock().unwrap().push(buffer[..length].to_vec());
                    to_relay.write_all(&buffer[..length]).await.unwrap();
                }
            });
        }
    });
    (port, packets)
}

#[tokio::test]
async fn commands_travel_together_but_data_waits_for_its_recipient() {
    let service = waiting(6).await;
    let (port, packets) = witness(service.catcher.smtp_address().port()).await;
    let app = with_settings(&service, |config| {
        config.relay.port = port;
        config.relay.connections = 1;
    })
    .await;
    assert_eq!(step(&app).await.accepted, 6);
    let packets: Vec<String> = packets.lock().unwrap().iter().map(|packet| String::from_utf8_lossy(packet).into_owned()).collect();
    let count = |part: &str| packets.iter().filter(|packet| packet.contains(part)).count();
    assert_eq!(packets.iter().filter(|packet| *packet == "DATA\r\n").count(), 6, "nothing comes with DATA: {packets:?}");
    assert_eq!(count("ENVID=") + count("NOTIFY="), 0, "it offers no notifications");
    assert!(packets.iter().any(|packet| packet.contains("MAIL FROM:<") && packet.contains("RCPT TO:<")));
    assert!(count("\r\n.\r\nMAIL FROM:<") >= 3, "the next envelope comes with the final dot");
    assert_eq!(count("EHLO"), 1, "one connection serves all");
}

#[tokio::test]
async fn one_bad_recipient_among_pipelined_mails_harms_no_other() {
    let service = waiting(9).await;
    service.catcher.faults().add(Fault::recipient("reader4@example.org", "550 5.1.1 no such user"));
    service.catcher.faults().once(Fault::reply(Stage::Message, "554 5.6.0 not this one"));
    let app = with_settings(&service, |config| config.relay.connections = 1).await;
    let delivered = step(&app).await;
    assert_eq!((delivered.accepted, delivered.failed, delivered.total()), (7, 2, 9), "{delivered:?}");
    assert_eq!(mails(&service), 7);
}

#[tokio::test]
async fn a_connection_serves_so_many_mails_and_no_more() {
    let service = waiting(7).await;
    let (port, packets) = witness(service.catcher.smtp_address().port()).await;
    let app = with_settings(&service, |config| {
        config.relay.port = port;
        config.relay.connections = 1;
        config.relay.mails_per_connection = 3;
    })
    .await;
    assert_eq!(step(&app).await.accepted, 7);
    let packets = packets.lock().unwrap();
    let greetings = packets.iter().filter(|packet| packet.starts_with(b"EHLO")).count();
    assert_eq!(greetings, 3);
}
