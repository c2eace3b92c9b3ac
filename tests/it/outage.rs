//! Trouble on the way to the relay for an hour: no mail fails or loses an attempt, and all go out afterwards, once.

use std::time::Duration;

use paperlark::App;
use paperlark::catcher::Fault;
use paperlark::config::{Config, Tls};

use crate::relays::{mails, step, waiting, with_settings};
use crate::tls::Front;

const READERS: usize = 5;

/// An hour with the relay as `broken`, then as it was. Gives what the log of the route said.
async fn an_hour(trouble: &str, before: impl AsyncFnOnce(&paperlark::catcher::Catcher), broken: impl FnOnce(&mut Config)) -> String {
    let service = waiting(READERS).await;
    before(&service.catcher).await;
    let app = with_settings(&service, |config| {
        config.relay.connect_timeout = Duration::from_secs(5);
        broken(config);
    })
    .await;
    let mut said = String::new();
    for _ in 0..60 {
        let delivered = step(&app).await;
        assert_eq!(delivered.total(), delivered.released, "{trouble}: {delivered:?}");
        if let Some(error) = route_error(&app).await {
            said = error;
        }
        service.pass(Duration::from_secs(60));
    }
    let attempts: i64 = sqlx::query_scalar("select count(*) from attempt where outcome <> 'accepted'").fetch_one(&app.db).await.unwrap();
    assert_eq!((attempts, mails(&service)), (0, 0), "{trouble}: no attempt is spent");
    service.catcher.faults().clear();
    // The route may rest for five minutes still, and mails for a little more than one.
    service.pass(Duration::from_secs(420));
    assert_eq!(service.deliver().await.accepted, READERS, "{trouble}");
    assert_eq!(mails(&service), READERS, "{trouble}: each once");
    said
}

async fn route_error(app: &App) -> Option<String> {
    sqlx::query_scalar("select last_error from route").fetch_optional(&app.db).await.unwrap()
}

#[tokio::test]
async fn a_relay_whose_name_cannot_be_found_costs_no_mail() {
    // RFC 6761, section 6.4: no name under it ever exists.
    let said = an_hour("DNS", async |_| (), |config| config.relay.host = "relay.invalid".to_owned()).await;
    assert!(said.contains("connecting to relay.invalid"), "{said}");
}

#[tokio::test]
async fn a_relay_that_refuses_connections_costs_no_mail() {
    let said = an_hour("refused", async |_| (), |config| config.relay.port = 1).await;
    assert!(said.contains("connecting to 127.0.0.1:1"), "{said}");
}

#[tokio::test]
async fn a_relay_that_refuses_the_login_costs_no_mail() {
    let login = Fault::RequireLogin { user: "lark".into(), password: "song".into() };
    let wrong = |config: &mut Config| {
        config.relay.user = Some("lark".to_owned());
        config.relay.password = Some("croak".to_owned().into());
    };
    let said = an_hour("535", async |catcher| catcher.faults().add(login), wrong).await;
    assert!(said.contains("logging in to"), "{said}");
}

#[tokio::test]
async fn a_relay_with_a_wrong_certificate_costs_no_mail() {
    let (_sender, receiver) = tokio::sync::watch::channel(0);
    let front = Front::start(false, receiver).await;
    let port = front.port;
    let wrong = |config: &mut Config| {
        config.relay.host = "localhost".to_owned();
        config.relay.port = port;
        config.relay.tls = Tls::Tls;
    };
    let said = an_hour("TLS", async |_| (), wrong).await;
    assert!(said.contains("TLS with localhost"), "{said}");
}
