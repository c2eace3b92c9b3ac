//! Webhooks of providers, posted as SES, Postmark, SendGrid and Mailgun post them, with keys of our own.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use paperlark::catcher::{Caught, Fault};
use paperlark::pipeline::compose;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::hub::Answer;
use crate::support::papers::invented;
use crate::support::program::Program;
use crate::support::service::Service;
use crate::support::stand_in::StandIn;

const ADA: &str = "ada@example.org";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:bounces";
const SECRET: &str = "a secret for webhooks";

/// A service with a reader, and her digest.
struct Scene {
    service: Service,
    digest: Arc<Caught>,
}

impl Scene {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let service = Service::start_with("2026-01-12T18:00:00Z", settings).await;
        let monday = "2026-01-12".parse().unwrap();
        service.hub.list(monday, invented(monday, 4));
        service.fetch("2026-01-12").await;
        service.join(ADA, "robots").await;
        service.set("2026-01-13T06:00:00Z");
        service.mailbox().clear();
        service.work().await;
        let digest = service.mailbox().for_recipient(ADA).pop().expect("a digest");
        Self { service, digest }
    }

    /// Its Message-ID, in angle brackets.
    fn message_id(&self) -> String {
        format!("<{}>", self.digest.message_id().unwrap().trim_matches(['<', '>']))
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let request = self.service.client.post(self.service.url(path)).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status().as_u16()
    }

    /// Whether she still reads, and how many reports are kept.
    async fn standing(&self) -> (String, i64) {
        let query = "select status, (select count(*) from feedback where subscriber_id = s.id) from subscriber s where address = $1";
        sqlx::query_as(query).bind(ADA).fetch_one(self.service.database.pool()).await.unwrap()
    }

    async fn check(&self, status: &str, reports: i64) {
        assert_eq!(self.standing().await, (status.to_owned(), reports));
    }
}

/// Amazon as the service meets it: it signs, and has the certificate for download.
struct Amazon {
    key: String,
    _folder: tempfile::TempDir,
    site: StandIn,
}

impl Amazon {
    /// None where there is no `openssl`, which alone still signs with SHA-1.
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem").display().to_string();
        let made = Command::new("openssl").args(["genpkey", "-algorithm", "RSA", "-out", &key]).stderr(Stdio::null()).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: Amazon's signatures need openssl");
            return None;
        }
        let pair = rcgen::KeyPair::from_pem(&std::fs::read_to_string(&key).unwrap()).unwrap();
        let certificate = rcgen::CertificateParams::new(["sns.amazonaws.com".to_owned()]).unwrap().self_signed(&pair).unwrap().pem();
        let site = StandIn::start(move |asked| match asked.path.as_str() {
            "/SimpleNotificationService-1.pem" => Answer { status: 200, headers: Vec::new(), body: certificate.clone().into_bytes() },
            "/" if asked.query("Action") == "ConfirmSubscription" => Answer { status: 200, headers: Vec::new(), body: b"<ok/>".to_vec() },
            _ => Answer { status: 404, headers: Vec::new(), body: Vec::new() },
        })
        .await;
        Some(Self { key, _folder: folder, site })
    }

    fn sign(&self, text: &str, version: &str) -> String {
        let hash = if version == "1" { "-sha1" } else { "-sha256" };
        let mut signing =
            Command::new("openssl").args(["dgst", hash, "-sign", &self.key]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut signing.stdin.take().unwrap(), text.as_bytes()).unwrap();
        BASE64.encode(signing.wait_with_output().unwrap().stdout)
    }

    /// A signed message; `fields` are signed in their order.
    fn message(&self, kind: &str, version: &str, fields: &[(&str, &str)]) -> Value {
        let mut signed: Vec<(&str, &str)> = fields.to_vec();
        signed.extend([("MessageId", "m-1"), ("Timestamp", "2026-01-13T06:01:00.000Z"), ("Type", kind)]);
        if !fields.iter().any(|(name, _)| *name == "TopicArn") {
            signed.push(("TopicArn", TOPIC));
        }
        signed.sort_unstable();
        let text: String = signed.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
        let mut message: Value = signed.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        message["SignatureVersion"] = version.into();
        message["Signature"] = self.sign(&text, version).into();
        message["SigningCertURL"] = self.site.url.join("SimpleNotificationService-1.pem").unwrap().as_str().into();
        message["UnsubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe".into();
        message
    }

    fn notification(&self, version: &str, event: &Value) -> Value {
        self.message("Notification", version, &[("Message", &event.to_string()), ("Subject", "Amazon SES Email Event Notification")])
    }
}

/// What SES tells of a mail that was sent from `source`.
fn ses_event(kind: &str, source: &str, detail: (&str, Value)) -> Value {
    json!({
        "eventType": kind,
        detail.0: detail.1,
        "mail": {
            "timestamp": "2026-01-13T06:00:01.000Z", "source": source, "messageId": "0102018f-1", "destination": [ADA],
            "commonHeaders": {"from": ["Paperlark <digest@paperlark.example>"], "subject": "2 papers"}
        }
    })
}

fn ses_bounce(source: &str) -> Value {
    let recipients =
        json!([{"emailAddress": ADA, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]);
    let detail = json!({"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients, "feedbackId": "f-1"});
    ses_event("Bounce", source, ("bounce", detail))
}

#[tokio::test]
async fn ses_is_heard_by_way_of_sns_and_nobody_else_in_its_name() {
    let Some(amazon) = Amazon::start().await else { return };
    let scene = Scene::start(&[("HOOKS_SES_TOPICS", TOPIC), ("HOOKS_SES_ENDPOINT", amazon.site.url.as_str())]).await;
    let post =
        async |message: &Value| scene.post("/hooks/ses", &[("content-type", "text/plain; charset=UTF-8")], &message.to_string()).await;

    let confirm = amazon.site.url.join(&format!("?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t")).unwrap();
    let confirmation =
        |url: &str| amazon.message("SubscriptionConfirmation", "2", &[("Message", "m"), ("SubscribeURL", url), ("Token", "t")]);
    assert_eq!(post(&confirmation(confirm.as_str())).await, 200);
    assert_eq!(post(&confirmation("https://evil.example/?Action=ConfirmSubscription")).await, 403);
    let asked = amazon.site.asked();
    assert_eq!(asked.len(), 2, "the certificate once, and one confirmation: {asked:?}");

    let bounce = amazon.notification("2", &ses_bounce(&scene.digest.from));
    let mut forged = bounce.clone();
    forged["Message"] = ses_bounce("bounce+x@paperlark.example").to_string().into();
    let mut elsewhere = bounce.clone();
    elsewhere["SigningCertURL"] = "https://evil.example/SimpleNotificationService-1.pem".into();
    let mut unsigned = bounce.clone();
    unsigned["Signature"] = "".into();
    let other_topic = [("Message", "{}"), ("TopicArn", "arn:aws:sns:eu-west-1:999999999999:bounces")];
    for stranger in [&forged, &elsewhere, &unsigned, &amazon.message("Notification", "2", &other_topic)] {
        assert_eq!(post(stranger).await, 403, "{stranger}");
    }
    for malformed in ["", "{}", "[]", "{\"Type\": 3}", &ses_bounce(&scene.digest.from).to_string()] {
        assert_eq!(scene.post("/hooks/ses", &[], malformed).await, 400, "{malformed}");
    }
    assert_eq!(scene.post("/hooks/ses", &[], &"x".repeat(3 << 20)).await, 413);
    scene.check("active", 0).await;

    // What SES says to try the topic, and what it says of other things.
    assert_eq!(post(&amazon.message("Notification", "1", &[("Message", "Successfully validated SNS topic.")])).await, 200);
    assert_eq!(post(&amazon.notification("1", &ses_event("Open", &scene.digest.from, ("open", json!({}))))).await, 200);
    scene.check("active", 0).await;
    let full = json!({"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": ADA}]});
    assert_eq!(post(&amazon.notification("1", &ses_event("Bounce", "other@example.com", ("bounce", full)))).await, 200);
    scene.check("active", 1).await;
    for _ in 0..2 {
        assert_eq!(post(&bounce).await, 200);
        scene.check("unsubscribed", 2).await;
    }
    assert_eq!(amazon.site.asked().len(), 0, "the certificate is remembered");
}

#[tokio::test]
async fn postmark_is_heard_with_the_secret_only() {
    let scene = Scene::start(&[("HOOKS_POSTMARK_TOKEN", SECRET)]).await;
    let tag = scene.digest.header("x-pm-metadata-paperlark").expect("mails carry their name for Postmark");
    let record = |more: Value| {
        let mut record = json!({
            "RecordType": "Bounce", "MessageStream": "broadcast", "ID": 42, "Type": "SoftBounce", "TypeCode": 4096, "Tag": "",
            "MessageID": "7f2b5c0e-0000-4000-8000-000000000001", "Metadata": {"paperlark": tag}, "Details": "smtp;452 4.2.2 mailbox full",
            "Email": ADA, "From": "digest@paperlark.example", "Inactive": false, "CanActivate": true, "Subject": "2 papers"
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record.to_string()
    };
    let basic = |secret: &str| format!("Basic {}", BASE64.encode(format!("paperlark:{secret}")));
    let complaint = record(json!({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}));
    for (path, authorization) in [
        ("/hooks/postmark", ""),
        ("/hooks/postmark", &*basic("a guess")),
        ("/hooks/postmark", "Bearer "),
        ("/hooks/postmark?token=x", "Basic %"),
    ] {
        assert_eq!(scene.post(path, &[("authorization", authorization)], &complaint).await, 401, "{path} {authorization}");
    }
    scene.check("active", 0).await;
    let authorized = [("authorization", &*basic(SECRET))];
    for malformed in ["", "[]", "nonsense"] {
        assert_eq!(scene.post("/hooks/postmark", &authorized, malformed).await, 400);
    }
    // Another service of the same account, another reader, and what does not matter here.
    for other in [
        json!({"Metadata": {}, "From": "shop@elsewhere.example"}),
        json!({"Metadata": {}, "Email": "nobody@example.org"}),
        json!({"RecordType": "Open"}),
        json!({"Type": "AutoResponder"}),
    ] {
        assert_eq!(scene.post("/hooks/postmark", &authorized, &record(other)).await, 200);
    }
    scene.check("active", 0).await;
    assert_eq!(scene.post("/hooks/postmark", &authorized, &record(json!({}))).await, 200);
    assert_eq!(scene.post("/hooks/postmark", &authorized, &record(json!({}))).await, 200);
    scene.check("active", 1).await;
    // Known by its address alone, it counts once a mail of Postmark's.
    for (id, reports) in [("a", 2), ("a", 2), ("b", 3)] {
        assert_eq!(scene.post("/hooks/postmark", &authorized, &record(json!({"Metadata": {}, "MessageID": id}))).await, 200);
        scene.check("active", reports).await;
    }
    assert_eq!(scene.post(&format!("/hooks/postmark?token={}", SECRET.replace(' ', "%20")), &[], &complaint).await, 200);
    scene.check("unsubscribed", 4).await;
}

#[tokio::test]
async fn sendgrid_is_heard_when_its_signature_holds_for_time_and_body() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let scene = Scene::start(&[("HOOKS_SENDGRID_PUBLIC_KEY", &BASE64.encode(public.as_ref()))]).await;
    let arguments: Value = serde_json::from_str(&scene.digest.header("x-smtpapi").expect("mails carry their name for SendGrid")).unwrap();
    let post = async |body: &str, signed: &str| {
        let signature = BASE64.encode(pair.sign(&random, format!("1768284060{signed}").as_bytes()).unwrap());
        let headers = [("X-Twilio-Email-Event-Webhook-Signature", &*signature), ("X-Twilio-Email-Event-Webhook-Timestamp", "1768284060")];
        scene.post("/hooks/sendgrid", &headers, body).await
    };
    let event = |kind: &str, more: Value| {
        let mut event =
            json!({"email": ADA, "timestamp": 1_768_284_050, "event": kind, "sg_event_id": "e-1", "sg_message_id": "bWFpbA.recvd-7.0"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let complaint = json!([event("spamreport", json!({}))]).to_string();
    assert_eq!(scene.post("/hooks/sendgrid", &[], &complaint).await, 403);
    assert_eq!(post(&complaint, "[]").await, 403);
    assert_eq!(post(&format!("{complaint} "), &complaint).await, 403);
    scene.check("active", 0).await;
    assert_eq!(post("{}", "{}").await, 400);
    assert_eq!(post("[3, \"x\", {\"event\": \"unheard of\"}]", "[3, \"x\", {\"event\": \"unheard of\"}]").await, 200);
    let blocked = json!({"type": "blocked", "status": "4.7.1", "reason": "451 4.7.1 greylisted", "smtp-id": scene.message_id()});
    let tagged = json!({"paperlark": arguments["unique_args"]["paperlark"], "type": "bounce", "status": "5.2.2", "reason": "mailbox full"});
    let foreign = json!({"smtp-id": "<d.00000000-0000-4000-8000-000000000000@paperlark.example>", "type": "bounce", "status": "5.1.1"});
    let batch = json!([
        event("processed", json!({})),
        event("delivered", json!({"smtp-id": scene.message_id(), "response": "250 ok"})),
        event("bounce", blocked),
        event("bounce", tagged),
        event("bounce", foreign),
        event("open", json!({}))
    ])
    .to_string();
    assert_eq!(post(&batch, &batch).await, 200);
    assert_eq!(post(&batch, &batch).await, 200);
    // Both bounces are on one mail. That it arrived is noted only now that something is held against the address.
    scene.check("active", 2).await;
    assert_eq!(post(&complaint, &complaint).await, 200);
    scene.check("unsubscribed", 3).await;
}

/// A payload as Mailgun signs it at `timestamp`.
fn mailgun(timestamp: i64, token: &str, event: &Value) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(format!("{timestamp}{token}"));
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"signature": {"timestamp": timestamp.to_string(), "token": token, "signature": signature}, "event-data": event}).to_string()
}

#[tokio::test]
async fn mailgun_is_heard_once_a_token_and_not_long_after() {
    let scene = Scene::start(&[("HOOKS_MAILGUN_SIGNING_KEY", SECRET)]).await;
    let now = scene.service.now().timestamp();
    let event = |kind: &str, more: Value| {
        let mut event = json!({
            "event": kind, "id": "ev-1", "timestamp": 1_768_284_050.5, "recipient": ADA, "log-level": "info",
            "message": {"headers": {"message-id": scene.message_id().trim_matches(['<', '>']), "from": "digest@paperlark.example"}}
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let post = async |body: String| scene.post("/hooks/mailgun", &[("content-type", "application/json")], &body).await;
    let complaint = event("complained", json!({}));
    let unsigned = mailgun(now, "one", &complaint).replace(&format!("\"timestamp\":\"{now}\""), &format!("\"timestamp\":\"{}\"", now + 1));
    assert_eq!(post(unsigned).await, 403);
    assert_eq!(post(mailgun(now - 10 * 3600, "two", &complaint)).await, 403, "too old");
    assert_eq!(post(mailgun(now + 10 * 3600, "three", &complaint)).await, 403, "from the future");
    assert_eq!(post("{}".to_owned()).await, 400);
    assert_eq!(post("timestamp=1&token=x&signature=y".to_owned()).await, 400);
    let later =
        event("failed", json!({"severity": "temporary", "reason": "generic", "delivery-status": {"code": 450, "message": "4.2.1 later"}}));
    assert_eq!(post(mailgun(now, "four", &later)).await, 200);
    assert_eq!(post(mailgun(now, "four", &later)).await, 200, "the same again");
    assert_eq!(post(mailgun(now, "four", &complaint)).await, 403, "a signature that was seen with something else");
    assert_eq!(post(mailgun(now, "five", &event("clicked", json!({})))).await, 200);
    scene.check("active", 1).await;
    let gone = json!({"severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"}});
    assert_eq!(post(mailgun(now - 3600, "six", &event("failed", gone))).await, 200);
    scene.check("unsubscribed", 2).await;
}

#[tokio::test]
async fn a_reader_who_leaves_at_the_provider_has_left() {
    let scene = Scene::start(&[("HOOKS_MAILGUN_SIGNING_KEY", SECRET)]).await;
    let left = json!({"event": "unsubscribed", "recipient": "ADA@example.org", "message": {"headers": {}}});
    assert_eq!(scene.post("/hooks/mailgun", &[], &mailgun(scene.service.now().timestamp(), "one", &left)).await, 200);
    scene.check("unsubscribed", 0).await;
}

#[tokio::test]
async fn a_delivery_told_by_a_provider_settles_a_doubt() {
    let service = Service::start_with("2026-01-12T18:00:00Z", &[("HOOKS_MAILGUN_SIGNING_KEY", SECRET)]).await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    service.join(ADA, "robots").await;
    service.mailbox().clear();
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(compose::step(&service.app, service.now()).await.unwrap().mails, 1);
    service.catcher.faults().once(Fault::Drop { stored: true });
    assert_eq!(service.deliver().await.uncertain, 1);
    let digest = service.mailbox().for_recipient(ADA).pop().unwrap();
    let scene = Scene { service, digest };
    let headers = json!({"message-id": scene.message_id().trim_matches(['<', '>'])});
    let delivered = json!({"event": "delivered", "recipient": ADA, "message": {"headers": headers}});
    assert_eq!(scene.post("/hooks/mailgun", &[], &mailgun(scene.service.now().timestamp(), "one", &delivered)).await, 200);
    scene.service.pass(Duration::from_secs(3600));
    assert_eq!(scene.service.deliver().await.total(), 0, "it is not sent again");
    let state: String = sqlx::query_scalar("select state from mail where kind = 'digest'").fetch_one(&scene.service.app.db).await.unwrap();
    assert_eq!(state, "accepted");
    scene.check("active", 0).await;
}

#[tokio::test]
async fn webhooks_are_off_until_they_are_set_and_settings_are_checked() {
    let scene = Scene::start(&[]).await;
    for provider in ["ses", "postmark", "sendgrid", "mailgun"] {
        let path = format!("/hooks/{provider}");
        assert_eq!(scene.post(&path, &[], "{}").await, 404, "{provider}");
        assert_eq!(scene.service.get(&path).await.status(), 405, "{provider}");
    }
    assert!(scene.digest.header("x-smtpapi").is_none() && scene.digest.header("x-pm-metadata-paperlark").is_none());
    for (key, value, advice) in [
        ("HOOKS_SES_TOPICS", "arn:aws:sqs:eu-west-1:123456789012:x", "topic's ARN"),
        ("HOOKS_SES_ENDPOINT", "ftp://127.0.0.1", "hooks.ses.endpoint"),
        ("HOOKS_POSTMARK_TOKEN", "short", "hooks.postmark.token"),
        ("HOOKS_SENDGRID_PUBLIC_KEY", "MFkwEwYHKoZIzj0CAQ", "verification key"),
        ("HOOKS_MAILGUN_SIGNING_KEY", "short", "hooks.mailgun.signing_key"),
    ] {
        Program::new().set(key, value).run(&["config", "check"]).await.ends(3).complains(&[advice]);
    }
    let program = Program::new().set("HOOKS_POSTMARK_TOKEN", SECRET).set("HOOKS_SES_TOPICS", TOPIC);
    program.run(&["config", "check"]).await.ends(0);
    let shown = program.run(&["config", "show"]).await.ends(0).says(&[TOPIC]);
    assert!(!shown.out.contains(SECRET));
}
