//! Mailgun: one event a request. The signature is over a time and a chance token, not over what is said.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>,
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure>

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::{Event, Kind, Names, Said, Status, TAG, hard, report, soft, text, unbracketed};

/// How far a request's time may be from ours. Mailgun tries for eight hours to hand over what was not taken.
pub const WINDOW: TimeDelta = TimeDelta::hours(9);

/// A payload.
#[derive(Debug)]
pub struct Payload {
    /// A word that no two events share.
    pub token: String,
    timestamp: String,
    signature: Vec<u8>,
    event: Value,
}

impl Payload {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What is missing.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let mut payload: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let part = |name: &str| {
            let place = format!("/signature/{name}");
            let number = || payload.pointer(&place).and_then(Value::as_u64).map(|number| number.to_string());
            text(&payload, &place).map(str::to_owned).or_else(number).ok_or_else(|| format!("there is no signature.{name}"))
        };
        let (token, timestamp, signature) = (part("token")?, part("timestamp")?, part("signature")?);
        let signature = bytes(&signature).ok_or("signature.signature is no hexadecimal number")?;
        let event = payload.get_mut("event-data").map(Value::take).ok_or("there is no event-data")?;
        Ok(Self { token, timestamp, signature, event })
    }

    /// Whether Mailgun signed it with `key`, at about `now`. A request that is heard again later proves nothing: its
    /// signature would fit any event.
    pub fn is_signed(&self, key: &str, now: DateTime<Utc>) -> bool {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
        let mac = mac.chain_update(self.timestamp.as_bytes()).chain_update(self.token.as_bytes());
        let time = self.timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let is_recent = time.is_some_and(|time| (now - time).abs() <= WINDOW);
        mac.verify_slice(&self.signature).is_ok() && is_recent
    }

    /// The events in it: one, or none that matters here.
    pub fn events(&self) -> Vec<Event> {
        said(&self.event).map(|said| Event { said, names: names(&self.event) }).into_iter().collect()
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hexadecimal.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn names(event: &Value) -> Names {
    let message_id = text(event, "/message/headers/message-id");
    let mut names = Names {
        message_id: message_id.map(str::to_owned),
        recipient: text(event, "/recipient").map(|address| unbracketed(address).to_owned()),
        from: text(event, "/message/headers/from").map(|from| unbracketed(from).to_owned()),
        reference: message_id.or_else(|| text(event, "/id")).map(str::to_owned),
        ..Names::default()
    };
    names.mention(text(event, "/envelope/sender"), text(event, &format!("/user-variables/{TAG}")));
    names
}

fn said(event: &Value) -> Option<Said> {
    match text(event, "/event")? {
        "delivered" => Some(report(Kind::Delivered, None, text(event, "/delivery-status/message").unwrap_or_default())),
        "complained" => Some(report(Kind::Complaint, None, "a complaint by way of Mailgun")),
        "unsubscribed" => Some(Said::Left),
        "rejected" => Some(report(Kind::Failed, None, text(event, "/reject/reason").unwrap_or_default())),
        "failed" => Some(failure(event)),
        _ => None,
    }
}

fn failure(event: &Value) -> Said {
    let part = |name: &str| text(event, &format!("/delivery-status/{name}")).unwrap_or_default();
    let (words, status) = (format!("{} {}", part("message"), part("description")), part("enhanced-code"));
    let status = Some(status).filter(|status| !status.is_empty());
    let is_hard = part("bounce-type") != "soft";
    match (text(event, "/severity"), text(event, "/reason").unwrap_or_default()) {
        (Some("temporary"), _) => report(Kind::Delayed, soft(status, &words), &words),
        (_, "suppress-bounce") => report(Kind::Failed, Some(Status::NO_SUCH_ADDRESS), &words),
        (_, "suppress-complaint") => report(Kind::Complaint, None, &words),
        (_, "suppress-unsubscribe") => Said::Left,
        (_, "bounce") if is_hard => report(Kind::Failed, Some(hard(status, &words)), &words),
        // Given up after trying for long, or refused for what it says.
        _ => report(Kind::Failed, soft(status, &words), &words),
    }
}
