//! Payloads in the shapes of each provider, with people of our own.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Each event in short: what, status, and by what it can be told which mail it is about.
fn shown(events: &[Event]) -> Vec<String> {
    let said = |event: &Event| match &event.said {
        Said::Left => "left".to_owned(),
        Said::Report(report) => {
            format!("{}{}", report.kind.word(), report.status.map(|status| format!(" {status}")).unwrap_or_default())
        }
    };
    let names = |names: &Names| {
        let mention = names.mentions.first().map(|mention| match mention {
            Mention::Mail(token) | Mention::Reader(token) => token.clone(),
        });
        [&names.message_id, &mention, &names.recipient].map(|name| name.clone().unwrap_or("-".to_owned())).join(" ")
    };
    events.iter().map(|event| format!("{}: {}", said(event), names(&event.names))).collect()
}

fn ses(kind: &str, field: &str, detail: Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-08-07T05:00:00.000Z", "source": "bounce+abc234@bounces.example.org", "sendingAccountId": "123456789012",
            "messageId": "0100017f-0000", "destination": ["ann@example.net"], "headersTruncated": false,
            "headers": [{"name": "From", "value": "Papers <digest@example.org>"}, {"name": "Message-ID", "value": "<d.1@example.org>"}],
            "commonHeaders": {"from": ["Papers <digest@example.org>"], "messageId": "<d.1@example.org>", "subject": "5 papers"},
            "tags": {"ses:configuration-set": ["papers"]}
        }
    });
    event[field] = detail;
    event
}

#[test]
fn ses_tells_of_bounces_complaints_delays_and_deliveries() {
    let check = |event: Value, expect: &[&str]| {
        let names = "<d.1@example.org> abc234 ann@example.net";
        let expect: Vec<String> = expect.iter().map(|said| format!("{said}: {names}")).collect();
        assert_eq!(shown(&ses::events(&event.to_string())), expect, "{event}");
    };
    let bounce = |kind: &str, subtype: &str, recipient: Value| {
        ses("Bounce", "bounce", json!({"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [recipient]}))
    };
    let ann = json!({"emailAddress": "ann@example.net"});
    let diagnosed = |status: &str, words: &str| json!({"emailAddress": "Ann <ann@example.net>", "action": "failed", "status": status, "diagnosticCode": words});
    check(bounce("Permanent", "General", diagnosed("5.1.1", "smtp; 550 5.1.1 user unknown")), &["failed 5.1.1"]);
    check(bounce("Permanent", "General", diagnosed("5.7.1", "smtp; 550 5.7.1 blocked by policy")), &["failed 5.7.1"]);
    check(bounce("Permanent", "General", ann.clone()), &["failed 5.1.1"]);
    check(bounce("Permanent", "OnAccountSuppressionList", diagnosed("5.0.0", "suppressed")), &["failed 5.1.1"]);
    check(bounce("Transient", "MailboxFull", diagnosed("5.2.2", "smtp; 552 mailbox full")), &["failed 5.2.2"]);
    check(bounce("Transient", "MailboxFull", ann.clone()), &["failed"]);
    check(bounce("Transient", "General", diagnosed("5.1.1", "odd")), &["failed"]);
    check(bounce("Transient", "General", ann.clone()), &["delayed"]);
    check(bounce("Undetermined", "Undetermined", ann.clone()), &["failed"]);
    let complaint = |kind: Value| {
        ses("Complaint", "complaint", json!({"complainedRecipients": [{"emailAddress": "ann@example.net"}], "complaintFeedbackType": kind}))
    };
    check(complaint(json!("abuse")), &["complaint"]);
    check(complaint(Value::Null), &["complaint"]);
    check(complaint(json!("not-spam")), &[]);
    check(ses("Delivery", "delivery", json!({"recipients": ["ann@example.net"], "smtpResponse": "250 ok"})), &["delivered"]);
    let delayed = json!({"delayType": "MailboxFull", "delayedRecipients": [diagnosed("4.2.2", "452 mailbox full")]});
    check(ses("DeliveryDelay", "deliveryDelay", delayed), &["delayed 4.2.2"]);
    check(ses("Reject", "reject", json!({"reason": "Bad content"})), &["failed"]);
    for other in ["Send", "Open", "Click", "Rendering Failure", "Subscription", "Sculpture"] {
        check(ses(other, "open", json!({})), &[]);
    }
    let mut notification = bounce("Permanent", "General", ann);
    notification["notificationType"] = notification.as_object_mut().unwrap().remove("eventType").unwrap();
    check(notification, &["failed 5.1.1"]);
    assert_eq!(ses::events("Successfully validated SNS topic for Amazon SES event publishing."), []);
}

#[test]
fn postmark_tells_by_type() {
    let check = |more: Value, expect: &[&str]| {
        let mut record = json!({
            "MessageStream": "broadcast", "MessageID": "00000000-0000-0000-0000-000000000000", "ServerID": 1, "Tag": "",
            "Metadata": {"paperlark": "ABC234"}, "Email": "ann@example.net", "From": "digest@example.org", "Subject": "5 papers"
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let expect: Vec<String> = expect.iter().map(|said| format!("{said}: - abc234 ann@example.net")).collect();
        assert_eq!(shown(&postmark::events(record.to_string().as_bytes()).unwrap()), expect, "{record}");
    };
    let bounce = |kind: &str, details: &str, inactive: bool| json!({"RecordType": "Bounce", "Type": kind, "TypeCode": 1, "Details": details, "Inactive": inactive, "CanActivate": true});
    check(bounce("HardBounce", "smtp;550 5.1.1 unknown to us", true), &["failed 5.1.1"]);
    check(bounce("HardBounce", "smtp;550 5.7.1 policy", false), &["failed 5.7.1"]);
    check(bounce("HardBounce", "", true), &["failed 5.1.1"]);
    check(bounce("BadEmailAddress", "", false), &["failed 5.1.1"]);
    check(bounce("SoftBounce", "smtp;452 4.2.2 mailbox full", false), &["failed 4.2.2"]);
    check(bounce("SoftBounce", "smtp;550 5.1.1 odd", false), &["failed"]);
    check(bounce("Blocked", "", false), &["failed"]);
    check(bounce("Transient", "", false), &["delayed"]);
    check(bounce("Unsubscribe", "", false), &["left"]);
    for other in ["AutoResponder", "AddressChange", "SMTPApiError", "TemplateRenderingFailed", "Subscribe"] {
        check(bounce(other, "", false), &[]);
    }
    check(json!({"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512}), &["complaint"]);
    check(json!({"Type": "SpamComplaint"}), &["complaint"]);
    check(json!({"RecordType": "Delivery", "Email": null, "Recipient": "ann@example.net", "Details": "250 OK"}), &["delivered"]);
    check(json!({"RecordType": "Open", "Type": "HardBounce"}), &[]);
    let change = |reason: &str, origin: &str, stop: bool| json!({"RecordType": "SubscriptionChange", "SuppressSending": stop, "SuppressionReason": reason, "Origin": origin});
    check(change("HardBounce", "Recipient", true), &["failed 5.1.1"]);
    check(change("SpamComplaint", "Recipient", true), &["complaint"]);
    check(change("ManualSuppression", "Recipient", true), &["left"]);
    check(change("ManualSuppression", "Admin", true), &[]);
    check(change("ManualSuppression", "Recipient", false), &[]);
    for malformed in ["", "[]", "3", "{", "\"x\""] {
        assert!(postmark::events(malformed.as_bytes()).is_err(), "{malformed}");
    }
}

#[test]
fn sendgrid_tells_of_many_at_once() {
    let event = |event: &str, more: Value| {
        let mut whole = json!({
            "email": "ann@example.net", "timestamp": 1_786_078_800, "smtp-id": "<d.1@example.org>", "event": event,
            "category": ["digest"], "sg_event_id": "ZXZlbnQ", "sg_message_id": "bWFpbA.recvd-1-2.0", "paperlark": "abc234"
        });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let said = [
        (event("processed", json!({})), None),
        (event("delivered", json!({"response": "250 OK"})), Some("delivered")),
        (event("deferred", json!({"response": "451 4.7.1 later", "attempt": "5"})), Some("delayed 4.7.1")),
        (event("bounce", json!({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 gone"})), Some("failed 5.1.1")),
        (event("bounce", json!({"type": "bounce", "status": "5.0.0", "reason": "500 unknown recipient"})), Some("failed 5.1.1")),
        (event("bounce", json!({"type": "bounce", "reason": "no more"})), Some("failed 5.1.1")),
        (event("bounce", json!({"type": "blocked", "status": "5.1.1", "reason": "550 5.1.1 listed"})), Some("failed")),
        (event("bounce", json!({"type": "blocked", "status": "4.7.1", "reason": "busy"})), Some("failed 4.7.1")),
        (event("dropped", json!({"reason": "Bounced Address", "status": "5.0.0"})), Some("failed 5.1.1")),
        (event("dropped", json!({"reason": "Spam Reporting Address"})), Some("complaint")),
        (event("dropped", json!({"reason": "Unsubscribed Address"})), Some("left")),
        (event("dropped", json!({"reason": "Invalid SMTPAPI header"})), Some("failed")),
        (event("spamreport", json!({"smtp-id": null})), Some("complaint")),
        (event("unsubscribe", json!({})), Some("left")),
        (event("group_unsubscribe", json!({"asm_group_id": 10})), Some("left")),
        (event("open", json!({"useragent": "x"})), None),
        (json!({"event": 3}), None),
        (json!("text"), None),
    ];
    let body = Value::from(said.iter().map(|(event, _)| event.clone()).collect::<Vec<_>>()).to_string();
    let found: Vec<String> =
        shown(&sendgrid::events(body.as_bytes()).unwrap()).iter().map(|it| it.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(found, said.iter().filter_map(|(_, expect)| *expect).collect::<Vec<_>>());
    let one = sendgrid::events(Value::from(vec![said[1].0.clone()]).to_string().as_bytes()).unwrap();
    assert_eq!(shown(&one), ["delivered: <d.1@example.org> abc234 ann@example.net"]);
    assert_eq!(one[0].names.reference.as_deref(), Some("bWFpbA"));
    assert!(sendgrid::events(b"{}").is_err());
}

#[test]
fn mailgun_tells_by_severity_and_reason() {
    let check = |more: Value, expect: &[&str]| {
        let mut event = json!({
            "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": 1_786_078_800.123, "recipient": "ann@example.net", "log-level": "error",
            "envelope": {"sender": "bounce+abc234@bounces.example.org", "targets": "ann@example.net", "transport": "smtp"},
            "message": {"headers": {"message-id": "d.1@example.org", "from": "Papers <digest@example.org>", "to": "ann@example.net"}},
            "user-variables": {}, "tags": []
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({"signature": {"timestamp": "1786078800", "token": "t", "signature": "00ff"}, "event-data": event});
        let expect: Vec<String> = expect.iter().map(|said| format!("{said}: d.1@example.org abc234 ann@example.net")).collect();
        assert_eq!(shown(&mailgun::Payload::parse(body.to_string().as_bytes()).unwrap().events()), expect, "{body}");
    };
    let failed = |severity: &str, reason: &str, status: Value| json!({"event": "failed", "severity": severity, "reason": reason, "delivery-status": status});
    check(
        failed("permanent", "bounce", json!({"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"})),
        &["failed 5.1.1"],
    );
    check(failed("permanent", "bounce", json!({"code": 550, "message": "nobody", "bounce-type": "hard"})), &["failed 5.1.1"]);
    check(failed("permanent", "bounce", json!({"code": 550, "message": "nobody", "bounce-type": "soft"})), &["failed"]);
    check(failed("permanent", "generic", json!({"code": 552, "message": "mailbox full"})), &["failed 5.2.2"]);
    check(failed("permanent", "old", json!({"code": 602, "message": "Too old"})), &["failed"]);
    check(failed("permanent", "suppress-bounce", json!({"code": 605})), &["failed 5.1.1"]);
    check(failed("permanent", "suppress-complaint", json!({"code": 607})), &["complaint"]);
    check(failed("permanent", "suppress-unsubscribe", json!({"code": 606})), &["left"]);
    check(failed("temporary", "generic", json!({"code": 450, "message": "4.2.1 later"})), &["delayed 4.2.1"]);
    check(json!({"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}}), &["delivered"]);
    check(json!({"event": "complained"}), &["complaint"]);
    check(json!({"event": "unsubscribed"}), &["left"]);
    check(json!({"event": "rejected", "reject": {"reason": "a virus"}}), &["failed"]);
    check(json!({"event": "opened"}), &[]);
    let parsed = |body: &str| mailgun::Payload::parse(body.as_bytes()).map(drop);
    assert!(parsed("{\"signature\": {\"timestamp\": 1, \"token\": \"t\", \"signature\": \"zz\"}}").unwrap_err().contains("hexadecimal"));
    assert!(parsed("{\"event-data\": {}}").unwrap_err().contains("signature."));
}

fn notice(certificate: &str, subscribe: &str) -> sns::Notice {
    let body = json!({
        "Type": "SubscriptionConfirmation", "MessageId": "m", "Token": "t", "TopicArn": "arn", "Message": "words", "Timestamp": "now",
        "SubscribeURL": subscribe, "SignatureVersion": "1", "Signature": "AA==", "SigningCertURL": certificate
    });
    sns::Notice::parse(body.to_string().as_bytes()).unwrap()
}

#[test]
fn a_certificate_comes_from_sns_itself_and_from_nowhere_else() {
    let check = |url: &str, stand_in: Option<&str>, expect: bool| {
        let stand_in = stand_in.map(|url| url.parse().unwrap());
        assert_eq!(notice(url, "").certificate_url(stand_in.as_ref()).is_some(), expect, "{url}");
    };
    check("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem", None, true);
    check("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem", None, true);
    for wrong in [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.evil.example/a.pem",
        "https://evil-sns.eu-west-1.amazonaws.com/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.s3.bucket.amazonaws.com/a.pem",
        "https://sns..amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://x@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/?a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "http://127.0.0.1:4566/a.pem",
        "file:///etc/a.pem",
        "",
    ] {
        check(wrong, None, false);
    }
    check("http://127.0.0.1:4566/a.pem", Some("http://127.0.0.1:4566/"), true);
    check("http://127.0.0.1:4567/a.pem", Some("http://127.0.0.1:4566/"), false);
    check("https://sns.eu-west-1.amazonaws.com/a.pem", Some("http://127.0.0.1:4566/"), false);
}

#[test]
fn only_the_subscription_to_a_topic_of_ours_is_confirmed() {
    let topic: sns::Topic = "arn:aws:sns:eu-west-1:123456789012:bounces".parse().unwrap();
    let check = |url: &str, expect: bool| assert_eq!(notice("", url).confirmation_url(&topic, None).is_some(), expect, "{url}");
    let confirm = "?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:bounces&Token=t";
    check(&format!("https://sns.eu-west-1.amazonaws.com/{confirm}"), true);
    check(&format!("https://sns.us-east-1.amazonaws.com/{confirm}"), false);
    check(&format!("http://sns.eu-west-1.amazonaws.com/{confirm}"), false);
    check(&format!("https://evil.example/{confirm}"), false);
    check("https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&TopicArn=arn:aws:sns:eu-west-1:123456789012:bounces", false);
    check("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:other", false);
    for wrong in ["", "arn:aws:sqs:eu-west-1:123456789012:x", "arn:aws:sns:eu-west-1:12:x", "arn:aws:sns:EU:123456789012:x", "bounces"] {
        assert!(wrong.parse::<sns::Topic>().is_err(), "{wrong}");
    }
}

/// Any JSON whose names are those that are looked up.
fn payload() -> impl Strategy<Value = Value> {
    let words = "event|eventType|Bounce|bounce|bounceType|mail|source|headers|Permanent|RecordType|Type|HardBounce|Metadata|paperlark|\
                 signature|token|timestamp|event-data|failed|severity|reason|delivery-status|5\\.1\\.1|<d\\.1@x>|bounce\\+a@b|[ -~é]{0,8}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((words, inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn read_all(body: &[u8]) {
    let _ = ses::events(&String::from_utf8_lossy(body));
    let _ = (postmark::events(body), sendgrid::events(body), sns::Notice::parse(body));
    if let Ok(payload) = mailgun::Payload::parse(body) {
        let _ = payload.events();
    }
    let _ = sns::Certificate::from_pem(body);
}

proptest! {
    #[test]
    fn any_payload_is_read_without_harm(value in payload(), bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        read_all(value.to_string().as_bytes());
        read_all(Value::from(vec![value]).to_string().as_bytes());
        read_all(&bytes);
    }
}
