//! Postmark: one object a request. Postmark signs nothing; whoever posts presents a secret.
//! <https://postmarkapp.com/developer/webhooks/bounce-webhook>, <https://postmarkapp.com/developer/api/bounce-api>

use serde_json::Value;

use super::{Event, Kind, Names, Said, Status, TAG, hard, report, soft, text, unbracketed};

/// Bounce types that say that the mail did not arrive, which may change.
const SOFT: [&str; 7] = ["SoftBounce", "Blocked", "DnsError", "SpamNotification", "DMARCPolicy", "Undeliverable", "Unknown"];

/// The events in a payload: one, or none that matters here.
///
/// # Errors
/// When it is no JSON object.
pub fn events(body: &[u8]) -> Result<Vec<Event>, serde_json::Error> {
    let record: Value = serde_json::from_slice::<serde_json::Map<_, _>>(body)?.into();
    let said = match text(&record, "/RecordType") {
        Some("Delivery") => Some(report(Kind::Delivered, None, text(&record, "/Details").unwrap_or_default())),
        Some("SpamComplaint") => Some(complaint()),
        Some("SubscriptionChange") => subscription(&record),
        // Webhooks of old servers have no RecordType.
        Some("Bounce") | None => bounce(&record),
        Some(_) => None,
    };
    Ok(said.map(|said| Event { said, names: names(&record) }).into_iter().collect())
}

fn names(record: &Value) -> Names {
    let mut names = Names {
        recipient: text(record, "/Email").or_else(|| text(record, "/Recipient")).map(|address| unbracketed(address).to_owned()),
        from: text(record, "/From").map(|from| unbracketed(from).to_owned()),
        reference: text(record, "/MessageID").map(str::to_owned),
        ..Names::default()
    };
    names.mention(None, text(record, &format!("/Metadata/{TAG}")));
    names
}

fn bounce(record: &Value) -> Option<Said> {
    let words = text(record, "/Details").or_else(|| text(record, "/Description")).unwrap_or_default();
    let is_shut_off = record.pointer("/Inactive") == Some(&Value::Bool(true));
    match text(record, "/Type")? {
        "HardBounce" | "BadEmailAddress" if is_shut_off => Some(report(Kind::Failed, Some(Status::NO_SUCH_ADDRESS), words)),
        "HardBounce" | "BadEmailAddress" => Some(report(Kind::Failed, Some(hard(None, words)), words)),
        "SpamComplaint" => Some(complaint()),
        "Unsubscribe" => Some(Said::Left),
        "Transient" => Some(report(Kind::Delayed, soft(None, words), words)),
        kind if SOFT.contains(&kind) => Some(report(Kind::Failed, soft(None, words), words)),
        // Automatic replies, changed addresses, what went wrong in Postmark itself.
        _ => None,
    }
}

/// An address came to, or went from, the list of those Postmark writes to no more.
fn subscription(record: &Value) -> Option<Said> {
    if record.pointer("/SuppressSending") != Some(&Value::Bool(true)) {
        return None;
    }
    match text(record, "/SuppressionReason")? {
        "HardBounce" => Some(report(Kind::Failed, Some(Status::NO_SUCH_ADDRESS), "on the list of suppressed addresses")),
        "SpamComplaint" => Some(complaint()),
        "ManualSuppression" if text(record, "/Origin") == Some("Recipient") => Some(Said::Left),
        _ => None,
    }
}

fn complaint() -> Said {
    report(Kind::Complaint, None, "a complaint by way of Postmark")
}
