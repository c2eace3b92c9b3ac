//! What other mail systems report about our mails: bounces, delays, deliveries and complaints. Pure.
//!
//! A report that came as a mail counts only for the mail whose signed envelope sender it names (`bounce+TOKEN@…`): anybody
//! can write anything to any address. Checking those tokens is the caller's. Providers sign what they post.

mod message;
pub mod provider;
mod status;
mod token;

#[cfg(test)]
mod tests;

pub use message::read;
pub use status::Status;
pub use token::Mention;

/// The longest note kept, in characters.
pub const MAX_NOTE_CHARS: usize = 300;

/// What is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The mail will not arrive.
    Failed,
    /// It has not arrived yet; nothing is decided.
    Delayed,
    /// It reached a mailbox.
    Delivered,
    /// Its reader called it spam (RFC 5965, `abuse`).
    Complaint,
}

impl Kind {
    /// The word for it in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Complaint => "complaint",
        }
    }
}

/// A report on one of our mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub kind: Kind,
    /// Why, where that is said (RFC 3463).
    pub status: Option<Status>,
    /// The other system's words, without addresses.
    pub note: String,
}

impl Report {
    /// Whether the mail failed because its address does not exist.
    pub fn says_bad_address(&self) -> bool {
        self.kind == Kind::Failed && self.status.is_some_and(Status::is_bad_address)
    }
}

/// `text` in one line, without the words that hold an address, at most [`MAX_NOTE_CHARS`] long.
fn note(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.contains('@'));
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MAX_NOTE_CHARS).collect()
}
