//! SendGrid: a list of events a request, signed with ECDSA on P-256 over the time and the body.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>,
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::{Event, Kind, Names, Said, Status, TAG, hard, report, soft, text, unbracketed};

/// The header with the signature, in base64.
pub const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
/// The header with the time, which is signed as it is written.
pub const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// The verification key, as SendGrid shows it.
#[derive(Clone)]
pub struct VerificationKey {
    written: String,
    key: ParsedPublicKey,
}

impl VerificationKey {
    /// Whether SendGrid signed `body`. A request that is repeated later verifies too: repeating it changes nothing.
    pub fn verifies(&self, timestamp: &[u8], body: &[u8], signature: &[u8]) -> bool {
        let signed = [timestamp, body].concat();
        BASE64.decode(signature).is_ok_and(|signature| self.key.verify_sig(&signed, &signature).is_ok())
    }
}

impl FromStr for VerificationKey {
    type Err = &'static str;

    /// Reads base64 of a SubjectPublicKeyInfo (RFC 5280), with or without the lines around it in PEM.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "must be the verification key that SendGrid shows in Mail Settings, Event Webhook, such as MFkwEwYHKoZIzj0C…";
        let lines = text.lines().filter(|line| !line.starts_with("-----"));
        let base64: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
        let der = BASE64.decode(base64).map_err(|_| ADVICE)?;
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).map_err(|_| ADVICE)?;
        Ok(Self { written: text.to_owned(), key })
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Display for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The events in a payload that matter here.
///
/// # Errors
/// When it is no JSON list.
pub fn events(body: &[u8]) -> Result<Vec<Event>, serde_json::Error> {
    let events: Vec<Value> = serde_json::from_slice(body)?;
    Ok(events.iter().filter_map(|event| Some(Event { said: said(event)?, names: names(event) })).collect())
}

fn names(event: &Value) -> Names {
    let tag = text(event, &format!("/{TAG}")).or_else(|| text(event, &format!("/unique_args/{TAG}")));
    // What follows the first dot names the recipient and the machine.
    let mail = text(event, "/sg_message_id").map(|id| id.split('.').next().unwrap_or(id));
    let mut names = Names {
        message_id: text(event, "/smtp-id").map(str::to_owned),
        recipient: text(event, "/email").map(|address| unbracketed(address).to_owned()),
        reference: mail.or_else(|| text(event, "/sg_event_id")).map(str::to_owned),
        ..Names::default()
    };
    names.mention(None, tag);
    names
}

fn said(event: &Value) -> Option<Said> {
    let (status, words) = (text(event, "/status"), text(event, "/reason").unwrap_or_default());
    match text(event, "/event")? {
        "delivered" => Some(report(Kind::Delivered, None, text(event, "/response").unwrap_or_default())),
        "deferred" => {
            let words = text(event, "/response").unwrap_or(words);
            Some(report(Kind::Delayed, soft(status, words), words))
        }
        "bounce" if text(event, "/type").is_some_and(|kind| kind.starts_with("block")) => {
            Some(report(Kind::Failed, soft(status, words), words))
        }
        "bounce" => Some(report(Kind::Failed, Some(hard(status, words)), words)),
        "blocked" => Some(report(Kind::Failed, soft(status, words), words)),
        "dropped" => Some(dropped(words)),
        "spamreport" => Some(report(Kind::Complaint, None, "a complaint by way of SendGrid")),
        "unsubscribe" | "group_unsubscribe" => Some(Said::Left),
        _ => None,
    }
}

/// SendGrid took the mail and did not send it, for what it knows of the address.
fn dropped(reason: &str) -> Said {
    let lower = reason.to_lowercase();
    let says = |part: &str| lower.contains(part);
    if says("spam reporting") {
        report(Kind::Complaint, None, reason)
    } else if says("unsubscribed") {
        Said::Left
    } else if says("bounced address") || says("invalid") && !says("header") {
        report(Kind::Failed, Some(Status::NO_SUCH_ADDRESS), reason)
    } else {
        report(Kind::Failed, soft(None, reason), reason)
    }
}
