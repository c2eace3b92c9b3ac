//! What mail providers report by webhooks. Pure: who may say it is checked in one file a provider, and what is said is read
//! there.
//!
//! Fields are looked up one by one: a payload of another shape, or of a later version, is read as far as it goes.

pub mod mailgun;
pub mod postmark;
pub mod sendgrid;
pub mod ses;
pub mod sns;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::status::{Status, settle};
use super::{Kind, Mention, Report, note};

/// The name under which a provider is given a mail's signed name, to have it back with what it reports.
pub const TAG: &str = "paperlark";

/// Something a provider says of one mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub said: Said,
    /// Which mail it happened to.
    pub names: Names,
}

/// What happened to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Its reader unsubscribed at the provider.
    Left,
    /// What also a mail could have reported.
    Report(Report),
}

/// All that tells which mail an event is about. None of it is ours before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The mail's `Message-ID`, where the provider kept it.
    pub message_id: Option<String>,
    /// Signed names of ours: the envelope sender, or what the provider was given as a tag.
    pub mentions: Vec<Mention>,
    /// To whom it went.
    pub recipient: Option<String>,
    /// Its `From`.
    pub from: Option<String>,
    /// The provider's own name for the mail.
    pub reference: Option<String>,
}

impl Names {
    /// Adds the names of ours in an envelope sender or a tag.
    fn mention(&mut self, envelope_sender: Option<&str>, tag: Option<&str>) {
        let of_sender = envelope_sender.and_then(|address| Mention::of_address(unbracketed(address), None));
        let of_tag = tag.map(|token| Mention::Mail(token.to_ascii_lowercase()));
        self.mentions.extend(of_sender.into_iter().chain(of_tag));
    }
}

/// A failure that a provider calls permanent and the recipient's: the address is bad unless the other system's words blame
/// something else, such as its policy.
fn hard(status: Option<&str>, words: &str) -> Status {
    settle(status, words).filter(|status| status.says_why() && status.is_permanent()).unwrap_or(Status::NO_SUCH_ADDRESS)
}

/// A failure that a provider calls passing: it never condemns the address, whatever its status.
fn soft(status: Option<&str>, words: &str) -> Option<Status> {
    settle(status, words).filter(|status| !status.is_bad_address())
}

fn report(kind: Kind, status: Option<Status>, words: &str) -> Said {
    Said::Report(Report { kind, status, note: note(words) })
}

/// The text at a place (RFC 6901), unless it is empty.
fn text<'a>(value: &'a Value, place: &str) -> Option<&'a str> {
    value.pointer(place)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn list<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    value.pointer(place).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The address in `Name <address>`, or the text itself.
fn unbracketed(text: &str) -> &str {
    text.rsplit_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or(rest)).trim()
}
