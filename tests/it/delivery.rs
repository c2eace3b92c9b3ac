//! Delivery: what happens when the relay, the reader or the worker does not do as hoped.

use std::time::Duration;

use paperlark::catcher::{Fault, Stage};
use paperlark::mail::queue::{self, Transmission};
use paperlark::pipeline::compose;
use tokio_util::sync::CancellationToken;

use crate::support::papers::invented;
use crate::support::service::Service;

const ADDRESS: &str = "ada@example.org";

/// A service with one reader whose digest is composed and waits.
async fn waiting_digest(settings: &[(&str, &str)]) -> Service {
    let service = Service::start_with("2026-01-12T18:00:00Z", settings).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    service.join(ADDRESS, "robots").await;
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, 1);
    service
}

#[tokio::test]
async fn trouble_with_the_relay_costs_no_mail_an_attempt() {
    for fault in [
        Fault::reply(Stage::Greeting, "554 5.3.2 no service"),
        Fault::reply(Stage::Mail, "421 4.3.2 closing down"),
        Fault::reply(Stage::Mail, "550 5.7.1 sender refused"),
        Fault::RequireLogin { user: "someone".into(), password: "else".into() },
    ] {
        let service = waiting_digest(&[]).await;
        service.app.relays.close().await;
        service.catcher.faults().add(fault);
        let delivered = service.deliver().await;
        assert_eq!((delivered.released, delivered.failed, delivered.deferred), (1, 0, 0));
        service.catcher.faults().clear();
        assert_eq!(service.deliver().await.accepted, 0, "the route rests");
        service.pass(Duration::from_secs(301));
        assert_eq!(service.deliver().await.accepted, 1);
        assert_eq!(service.digests(ADDRESS).len(), 1);
    }
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_waited_for() {
    let service = waiting_digest(&[]).await;
    let mut config = (*service.app.config).clone();
    config.relay.port = 1;
    let away = paperlark::App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    let delivered = paperlark::pipeline::deliver::step(&away, service.now(), &CancellationToken::new()).await.unwrap();
    assert_eq!((delivered.released, delivered.total()), (1, 1));
    assert_eq!(service.deliver().await.accepted, 0, "the mail that met the trouble lets others go first");
    service.pass(Duration::from_secs(75));
    assert_eq!(service.deliver().await.accepted, 1, "another relay is another route");
}

#[tokio::test]
async fn one_refused_recipient_harms_no_other() {
    let service = waiting_digest(&[]).await;
    service.join("bob@example.org", "robots").await;
    let tuesday = "2026-01-13".parse().unwrap();
    service.hub.list(tuesday, invented(tuesday, 4));
    service.fetch("2026-01-13").await;
    service.set("2026-01-14T06:00:00Z");
    compose::step(&service.app, service.now()).await.unwrap();
    service.catcher.faults().add(Fault::recipient(ADDRESS, "550 5.1.1 no such user"));
    let delivered = service.deliver().await;
    assert_eq!((delivered.failed, delivered.accepted), (1, 1));
    assert_eq!(service.digests("bob@example.org").len(), 1);
    // The address does not exist: nothing more is ever sent to it, and signing up looks as always.
    service.catcher.faults().clear();
    let before = service.mailbox().for_recipient(ADDRESS).len();
    service.post("/subscribe", &[("address", ADDRESS)]).await;
    service.pass(Duration::from_secs(86_400));
    service.work().await;
    assert_eq!(service.mailbox().for_recipient(ADDRESS).len(), before);
}

#[tokio::test]
async fn a_mail_put_off_is_tried_again_later() {
    let service = waiting_digest(&[]).await;
    service.catcher.faults().once(Fault::recipient(ADDRESS, "450 4.2.1 mailbox busy"));
    assert_eq!(service.deliver().await.deferred, 1);
    assert_eq!(service.deliver().await.total(), 0);
    service.pass(Duration::from_secs(75));
    assert_eq!(service.deliver().await.accepted, 1);
}

#[tokio::test]
async fn a_lost_final_reply_leads_to_the_same_bytes_again() {
    for stored in [true, false] {
        let service = waiting_digest(&[]).await;
        service.catcher.faults().once(Fault::Drop { stored });
        assert_eq!(service.deliver().await.uncertain, 1);
        service.pass(Duration::from_secs(599));
        assert_eq!(service.deliver().await.total(), 0, "the relay may still be accepting it");
        service.pass(Duration::from_secs(2));
        assert_eq!(service.deliver().await.accepted, 1);
        let mails: Vec<_> =
            service.mailbox().for_recipient(ADDRESS).into_iter().filter(|mail| mail.header("feedback-id").is_some()).collect();
        assert_eq!(mails.len(), 1 + usize::from(stored));
        assert!(mails.iter().all(|mail| mail.bytes == mails[0].bytes));
    }
}

#[tokio::test]
async fn an_uncertain_mail_can_be_held_for_the_operator() {
    let service = waiting_digest(&[("DELIVERY_UNCERTAIN", "hold")]).await;
    service.catcher.faults().once(Fault::Drop { stored: true });
    service.deliver().await;
    service.pass(Duration::from_secs(86_400));
    service.work().await;
    assert_eq!(service.digests(ADDRESS).len(), 1);
}

#[tokio::test]
async fn a_relay_that_hangs_is_left_after_the_time_out() {
    let service = waiting_digest(&[("RELAY_DOT_TIMEOUT", "200ms")]).await;
    service.catcher.faults().once(Fault::Delay(Duration::from_secs(30)));
    let waited = tokio::time::timeout(Duration::from_secs(10), service.deliver()).await.expect("the time-out ends it");
    assert_eq!(waited.uncertain, 1);
}

#[tokio::test]
async fn whoever_leaves_gets_nothing_that_was_queued_before() {
    let service = waiting_digest(&[]).await;
    let leave = service.link_in_mail(ADDRESS, "/unsubscribe/");
    let body = "List-Unsubscribe=One-Click";
    let request = service.client.post(&leave).header("content-type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(service.deliver().await.total(), 0);
    service.set("2026-01-20T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests(ADDRESS).len(), 0);
    assert!(service.mailbox().for_recipient(ADDRESS).iter().all(|mail| !mail.subject().to_lowercase().contains("goodbye")));
}

fn transmission(service: &Service, mail: &queue::Claimed) -> Transmission {
    let at = service.now();
    Transmission { hold: mail.hold(), relay: "relay".into(), bytes_hash: vec![0; 32], at, lease_until: at + Duration::from_secs(60) }
}

#[tokio::test]
async fn a_mail_already_claimed_is_stopped_when_its_reader_leaves() {
    let service = waiting_digest(&[]).await;
    let leave = service.link_in_mail(ADDRESS, "/unsubscribe/");
    let claimed = queue::claim(&service.app.db, service.now(), Duration::from_secs(60), 10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    service.client.post(&leave).send().await.unwrap();
    let transmission = transmission(&service, &claimed[0]);
    let begun = queue::begin_transmissions(&service.app.db, &[transmission]).await.unwrap();
    assert_eq!(begun, [false], "no byte may go out for it");
}

#[tokio::test]
async fn a_worker_taken_for_dead_changes_nothing() {
    let service = waiting_digest(&[]).await;
    let claimed = queue::claim(&service.app.db, service.now(), Duration::from_secs(60), 10).await.unwrap();
    service.pass(Duration::from_secs(61));
    assert_eq!(service.deliver().await.accepted, 1, "another worker takes over");
    let transmission = transmission(&service, &claimed[0]);
    assert_eq!(queue::begin_transmissions(&service.app.db, &[transmission]).await.unwrap(), [false]);
}

#[tokio::test]
async fn a_mail_that_makes_the_relay_give_up_does_not_hold_up_the_others() {
    let service = waiting_digest(&[("RELAY_CONNECTIONS", "1")]).await;
    service.catcher.faults().add(Fault::recipient(ADDRESS, "421 4.7.0 not today"));
    assert_eq!(service.deliver().await.released, 1);
    service.pass(Duration::from_secs(6));
    service.join("bob@example.org", "robots").await;
    assert!(service.mailbox().for_recipient("bob@example.org").len() >= 2, "confirmation and welcome went out meanwhile");
}

#[tokio::test]
async fn a_relay_that_refuses_our_sender_at_rcpt_costs_no_reader_anything() {
    let service = waiting_digest(&[]).await;
    let refusal = "550 5.1.0 <bounce@paperlark.example>: Sender address rejected: User unknown";
    service.catcher.faults().add(Fault::recipients(|_| true, refusal));
    let delivered = service.deliver().await;
    assert_eq!((delivered.released, delivered.failed), (1, 0));
    service.catcher.faults().clear();
    service.pass(Duration::from_secs(301));
    assert_eq!(service.deliver().await.accepted, 1);
}
