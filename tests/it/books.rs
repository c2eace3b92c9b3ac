//! The books of a morning, what a reader can be told, and who is told when a morning does not close.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use paperlark::App;
use paperlark::catcher::{Fault, Stage};
use paperlark::config::{Config, Secret, Tls};
use paperlark::pipeline::{compose, deliver, watch};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::{KEY, Service};

const ADA: &str = "ada@example.org";

/// A service whose readers are due.
async fn due(readers: &[(&str, &str)], settings: &[(&str, &str)]) -> Service {
    let service = Service::start_with("2026-01-12T18:00:00Z", settings).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    for (address, keywords) in readers {
        service.join(address, keywords).await;
    }
    service.set("2026-01-13T06:00:00Z");
    service
}

fn operator(service: &Service) -> Program {
    Program::new().set("DATABASE_URL", service.database.url()).set("SECRET_KEY", KEY).set("CLOCK_START", &service.now().to_rfc3339())
}

#[tokio::test]
async fn every_reader_who_was_due_is_in_one_column_or_the_command_fails_loudly() {
    let service = due(&[(ADA, "robots"), ("bob@example.org", "zebras"), ("eve@example.org", "proteins")], &[]).await;
    let status =
        async |service: &Service| operator(service).run(&["digest", "status", "--date", "2026-01-13", "--json"]).await.ends(0).json();
    let count = |status: &Value, column: &str| status[column].as_i64().unwrap();
    let before = status(&service).await;
    assert_eq!((count(&before, "due"), count(&before, "waiting")), (3, 3), "due, and not composed");
    compose::step(&service.app, service.now()).await.unwrap();
    let composed = status(&service).await;
    assert_eq!((count(&composed, "due"), count(&composed, "waiting"), count(&composed, "nothing_to_say")), (3, 2, 1));
    assert_eq!((composed["balanced"].as_bool(), composed["closed"].as_bool()), (Some(true), Some(false)));
    service.catcher.faults().add(Fault::recipient("eve@example.org", "550 5.7.1 not from you"));
    service.deliver().await;
    let closed = status(&service).await;
    assert_eq!((count(&closed, "accepted"), count(&closed, "failed"), count(&closed, "nothing_to_say")), (1, 1, 1));
    assert_eq!((closed["balanced"].as_bool(), closed["closed"].as_bool()), (Some(true), Some(true)));
    operator(&service).run(&["digest", "status", "--date", "2026-01-13"]).await.ends(0).says(&["accepted", "the day is closed"]);
    operator(&service).run(&["digest", "status", "--date", "1999-01-01"]).await.ends(0).says(&["Nobody was due"]);

    // As no code of ours does: a mail is lost.
    sqlx::query("delete from mail where state = 'accepted' and kind = 'digest'").execute(&service.app.db).await.unwrap();
    let lost = operator(&service).run(&["digest", "status", "--date", "2026-01-13"]).await.ends(1);
    lost.complains(&["DO NOT BALANCE", "1 of 3", "without a mail"]);
}

#[tokio::test]
async fn a_reader_can_be_told_why_a_mail_came_or_not_and_why_each_paper_is_in_it() {
    let service = due(&[(ADA, "robots, upvotes:>=0"), ("bob@example.org", "zebras")], &[]).await;
    service.work().await;
    let explain = async |address: &str, day: &str| operator(&service).run(&["explain", address, "--date", day]).await.ends(0);
    explain(ADA, "2026-01-13").await.says(&[
        "was composed",
        "the 4 papers that arrived",
        "has the mail",
        "Attempt 1",
        "accepted 250",
        "Message-ID",
        "matches “robots, upvotes:>=0”: robots in the title; robots in the abstract",
        "Robots that fold laundry",
    ]);
    explain("bob@example.org", "2026-01-13").await.says(&["0 matched", "nothing to say and no mail"]);
    explain(ADA, "2026-01-14").await.says(&["No digest on 2026-01-14 so far", "next one is due 2026-01-14 06:00"]);
    explain(ADA, "2025-12-24").await.says(&["had not confirmed then"]);
    operator(&service).run(&["explain", "nobody@example.org"]).await.ends(2).complains(&["there is no reader"]);
    let json = operator(&service).run(&["explain", ADA, "--date", "2026-01-13", "--json"]).await.ends(0).json();
    assert!(json["papers"].as_array().unwrap().iter().any(|paper| paper["why"].as_str().unwrap().contains("votes")), "{json}");
}

#[tokio::test]
async fn suppressed_addresses_are_the_operators_to_see_and_to_free() {
    let service = due(&[(ADA, "robots")], &[]).await;
    service.catcher.faults().once(Fault::recipient(ADA, "550 5.1.1 no such user"));
    service.work().await;
    let operator = operator(&service);
    operator.run(&["suppression", "list"]).await.ends(0).says(&[ADA, "bounce"]);
    operator.run(&["explain", ADA, "--date", "2026-01-13"]).await.ends(0).says(&["suppressed (bounce)", "refused the mail for good"]);
    operator.run(&["suppression", "remove", ADA]).await.ends(0);
    operator.run(&["suppression", "remove", ADA]).await.ends(2).complains(&["not suppressed"]);
    operator.run(&["suppression", "add", "Eve@Example.org"]).await.ends(0);
    operator.run(&["suppression", "list", "--json"]).await.ends(0).says(&["eve@example.org", "operator"]);
    operator.run(&["subscriber", "add", "eve@example.org"]).await.ends(2).complains(&["suppressed"]);
    service.pass(Duration::from_secs(90_000));
    service.join(ADA, "robots").await;
}

#[tokio::test]
async fn whoever_should_know_is_told_once_when_a_morning_does_not_close_and_once_when_it_does() {
    let told: Arc<Mutex<Vec<Value>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?key=hidden", listener.local_addr().unwrap());
    let sink = told.clone();
    let hook = post(async move |axum::Json(alert): axum::Json<Value>| sink.lock().unwrap().push(alert));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", hook)).await });
    let service = due(&[(ADA, "robots")], &[("ALERT_URL", &url), ("ALERT_AFTER", "1h")]).await;
    let look = async |service: &Service| {
        watch::step(&service.app, service.now()).await.unwrap();
        std::mem::take(&mut *told.lock().unwrap())
    };
    service.catcher.faults().add(Fault::reply(Stage::Mail, "421 4.3.2 closing down"));
    service.work().await;
    assert_eq!(look(&service).await, Vec::<Value>::new(), "an hour has not passed");
    service.pass(Duration::from_secs(3700));
    let late = look(&service).await;
    assert_eq!((late.len(), late[0]["event"].as_str(), late[0]["unsent"].as_i64()), (1, Some("morning_late"), Some(1)));
    assert!(!late[0].to_string().contains('@'), "no address");
    assert_eq!(look(&service).await.len(), 0, "once is enough");
    service.catcher.faults().clear();
    service.deliver().await;
    let closed = look(&service).await;
    assert_eq!((closed.len(), closed[0]["event"].as_str()), (1, Some("morning_closed")));
    assert_eq!(look(&service).await.len(), 0);
}

/// What is wrong with the way to the relay.
type Change = fn(&mut Config);

/// The same service with another way to the relay.
async fn with_relay(service: &Service, change: impl FnOnce(&mut Config)) -> App {
    let mut config = (*service.app.config).clone();
    change(&mut config);
    App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap()
}

#[tokio::test]
async fn an_hour_without_a_usable_relay_fails_no_mail_and_all_go_out_afterwards() {
    let troubles: [(&str, Change); 4] = [
        ("535", |config| {
            config.relay.user = Some("someone".into());
            config.relay.password = Some(Secret::from("wrong".to_owned()));
        }),
        ("TLS", |config| config.relay.tls = Tls::Starttls),
        ("refused connection", |config| config.relay.port = 1),
        ("DNS", |config| config.relay.host = "relay.invalid".into()),
    ];
    for (name, change) in troubles {
        let service = due(&[(ADA, "robots"), ("bob@example.org", "robots"), ("eve@example.org", "proteins")], &[]).await;
        compose::step(&service.app, service.now()).await.unwrap();
        service.catcher.faults().add(Fault::RequireLogin { user: "someone".into(), password: "right".into() });
        let troubled = with_relay(&service, change).await;
        for _ in 0..30 {
            let delivered = deliver::step(&troubled, service.now(), &CancellationToken::new()).await.unwrap();
            assert_eq!(delivered.total(), delivered.released, "{name}");
            service.pass(Duration::from_secs(120));
        }
        let attempts: i64 = sqlx::query_scalar("select count(*) from attempt a join mail m on m.id = a.mail_id where m.kind = 'digest'")
            .fetch_one(&service.app.db)
            .await
            .unwrap();
        assert_eq!(attempts, 0, "{name}: no mail was blamed");
        service.catcher.faults().clear();
        service.pass(Duration::from_secs(301));
        assert_eq!(service.deliver().await.accepted, 3, "{name}");
    }
}

#[tokio::test]
async fn mails_of_one_moment_leave_spread_and_never_after_the_next_digest_is_due() {
    let readers: Vec<String> = (0..24).map(|n| format!("reader{n}@example.org")).collect();
    let readers: Vec<(&str, &str)> = readers.iter().map(|address| (address.as_str(), "robots")).collect();
    let service = due(&readers, &[("DELIVERY_SPREAD", "30m")]).await;
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, 24);
    let mut sent = service.deliver().await.accepted;
    assert!(sent < 6, "{sent} left at once");
    service.pass(Duration::from_secs(900));
    sent += service.deliver().await.accepted;
    assert!((4..=20).contains(&sent), "{sent} left in half the time");
    service.pass(Duration::from_secs(900));
    sent += service.deliver().await.accepted;
    assert_eq!(sent, 24);

    // A mail that still waits when its reader's next digest is due gives way to it, whoever comes first.
    let late = due(&[(ADA, "robots")], &[]).await;
    late.catcher.faults().add(Fault::reply(Stage::Mail, "421 4.3.2 closing down"));
    late.work().await;
    late.catcher.faults().clear();
    late.set("2026-01-14T06:00:00Z");
    assert_eq!(late.deliver().await.total(), 0);
    assert_eq!(late.work().await.superseded, 1);
    late.pass(Duration::from_secs(400));
    late.deliver().await;
    assert_eq!(late.digests(ADA).len(), 1);
}
