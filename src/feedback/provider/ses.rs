//! Amazon SES: notifications of an identity and events of a configuration set, which differ in the name of one field.
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use serde_json::Value;

use super::{Event, Kind, Names, Said, Status, hard, list, report, soft, text, unbracketed};

/// What SES will not even try: the address bounced before, for us or for others.
const KNOWN_BAD: [&str; 3] = ["NoEmail", "Suppressed", "OnAccountSuppressionList"];

/// Feedback that is no complaint of a reader (RFC 5965, section 7.3).
const NO_COMPLAINTS: [&str; 3] = ["not-spam", "auth-failure", "virus"];

/// The events in the message of a notification; none where it is anything else, such as the greeting with which SES tries
/// a new topic.
pub fn events(message: &str) -> Vec<Event> {
    let Ok(event) = serde_json::from_str::<Value>(message) else { return Vec::new() };
    let kind = text(&event, "/eventType").or_else(|| text(&event, "/notificationType")).unwrap_or_default();
    match kind {
        "Bounce" => each(&event, "/bounce/bouncedRecipients", |recipient| bounce(&event, recipient)),
        "Complaint" => each(&event, "/complaint/complainedRecipients", |_| complaint(&event)),
        "Delivery" => each(&event, "/delivery/recipients", |_| {
            Some(report(Kind::Delivered, None, text(&event, "/delivery/smtpResponse").unwrap_or_default()))
        }),
        "DeliveryDelay" => each(&event, "/deliveryDelay/delayedRecipients", |recipient| {
            let words = text(recipient, "/diagnosticCode").unwrap_or_default();
            Some(report(Kind::Delayed, soft(text(recipient, "/status"), words), words))
        }),
        // SES found a virus in it, and sends it to nobody.
        "Reject" => {
            each(&event, "/mail/destination", |_| Some(report(Kind::Failed, None, text(&event, "/reject/reason").unwrap_or_default())))
        }
        _ => Vec::new(),
    }
}

/// One event for each recipient at `place`: an address, or an object that holds it.
fn each(event: &Value, place: &str, said: impl Fn(&Value) -> Option<Said>) -> Vec<Event> {
    let recipients = list(event, place).iter();
    let events = recipients.filter_map(|recipient| Some(Event { said: said(recipient)?, names: names(event, recipient) }));
    events.collect()
}

fn names(event: &Value, recipient: &Value) -> Names {
    let header = |name: &str| {
        let mut headers = list(event, "/mail/headers").iter();
        headers.find(|header| text(header, "/name").is_some_and(|found| found.eq_ignore_ascii_case(name))).and_then(|it| text(it, "/value"))
    };
    let from = text(event, "/mail/commonHeaders/from/0").or_else(|| header("From"));
    let mut names = Names {
        // `mail.messageId` is the name that SES gave.
        message_id: text(event, "/mail/commonHeaders/messageId").or_else(|| header("Message-ID")).map(str::to_owned),
        recipient: recipient.as_str().or_else(|| text(recipient, "/emailAddress")).map(|address| unbracketed(address).to_owned()),
        from: from.map(|from| unbracketed(from).to_owned()),
        reference: text(event, "/mail/messageId").map(str::to_owned),
        ..Names::default()
    };
    names.mention(text(event, "/mail/source"), None);
    names
}

fn bounce(event: &Value, recipient: &Value) -> Option<Said> {
    let (status, words) = (text(recipient, "/status"), text(recipient, "/diagnosticCode").unwrap_or_default());
    let subtype = text(event, "/bounce/bounceSubType").unwrap_or_default();
    Some(match text(event, "/bounce/bounceType")? {
        "Permanent" if KNOWN_BAD.contains(&subtype) => report(Kind::Failed, Some(Status::NO_SUCH_ADDRESS), words),
        "Permanent" => report(Kind::Failed, Some(hard(status, words)), words),
        // Without a diagnosis that is also what SES makes of an absent reader's automatic reply.
        "Transient" if subtype == "General" && status.is_none() && words.is_empty() => report(Kind::Delayed, None, subtype),
        _ => report(Kind::Failed, soft(status, words), words),
    })
}

fn complaint(event: &Value) -> Option<Said> {
    let kind = text(event, "/complaint/complaintFeedbackType").unwrap_or("abuse");
    (!NO_COMPLAINTS.contains(&kind)).then(|| report(Kind::Complaint, None, &format!("feedback report of type {kind}")))
}
