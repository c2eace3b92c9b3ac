//! Enhanced status codes (RFC 3463), and what is meant where a system only uses words.

use std::fmt;

/// Such as 5.1.1: class, subject and detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status {
    class: u8,
    subject: u16,
    detail: u16,
}

/// Says that the address does not exist.
const NO_SUCH_ADDRESS: [&str; 17] = [
    "user unknown",
    "unknown user",
    "no such user",
    "no such address",
    "no such mailbox",
    "no such recipient",
    "no mailbox here by that name",
    "unknown recipient",
    "recipient not found",
    "recipnotfound",
    "mailbox not found",
    "address not found",
    "account does not exist",
    "address does not exist",
    "user does not exist",
    "couldn't be found",
    "invalid recipient",
];

/// Says that the mailbox has no room.
const MAILBOX_FULL: [&str; 7] =
    ["mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeded storage", "out of storage"];

impl Status {
    /// Bad destination mailbox address.
    pub const NO_SUCH_ADDRESS: Status = Status { class: 5, subject: 1, detail: 1 };
    /// Mailbox full.
    pub const MAILBOX_FULL: Status = Status { class: 5, subject: 2, detail: 2 };

    /// Reads `5.1.1`; nothing else may stand beside it.
    pub fn parse(text: &str) -> Option<Status> {
        let mut numbers = text.split('.');
        let mut number = |digits: usize| {
            let part = numbers.next()?;
            let is_number = (1..=digits).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u16>().ok() } else { None }
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let is_whole = numbers.next().is_none() && matches!(class, 2 | 4 | 5);
        is_whole.then_some(Status { class: class as u8, subject, detail })
    }

    /// The first status in `text`; of several, one that says more than that something failed.
    pub fn find(text: &str) -> Option<Status> {
        let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
        let found: Vec<Status> = words.filter_map(Status::parse).collect();
        found.iter().find(|status| status.says_why()).or_else(|| found.first()).copied()
    }

    /// What `text` means by its words, in English.
    pub fn of_words(text: &str) -> Option<Status> {
        let text = text.to_lowercase().replace('’', "'");
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        if says(&MAILBOX_FULL) { Some(Status::MAILBOX_FULL) } else { says(&NO_SUCH_ADDRESS).then_some(Status::NO_SUCH_ADDRESS) }
    }

    /// Whether it will stay so.
    pub fn is_permanent(self) -> bool {
        self.class == 5
    }

    /// Whether it is more than "something else" (RFC 3463, section 3.1).
    pub(super) fn says_why(self) -> bool {
        self.subject != 0
    }

    /// Whether the recipient's address itself is bad. Of the statuses 5.1.x (RFC 3463, section 3.2, and RFC 7505) only these
    /// are about the recipient; others blame the sender.
    pub fn is_bad_address(self) -> bool {
        self.is_permanent() && self.subject == 1 && matches!(self.detail, 1 | 2 | 3 | 6 | 10)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The status a failure has by its field and by the other system's words: the more telling of them.
pub(super) fn settle(field: Option<&str>, words: &str) -> Option<Status> {
    let stated = field.and_then(Status::find);
    let told = stated.filter(|status| status.says_why()).or_else(|| Status::find(words).filter(|status| status.says_why()));
    told.or_else(|| Status::of_words(words)).or(stated).or_else(|| Status::find(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_telling_status_counts() {
        let check = |field: Option<&str>, words: &str, expect: Option<&str>| {
            assert_eq!(settle(field, words).map(|status| status.to_string()).as_deref(), expect, "{field:?} {words}");
        };
        check(Some("5.1.1"), "smtp; 550 5.1.1 unknown", Some("5.1.1"));
        check(Some("5.0.0"), "smtp; 550 5.1.1 <x>: gone", Some("5.1.1"));
        check(Some("5.0.0"), "smtp; 550 User unknown", Some("5.1.1"));
        check(Some("5.0.0"), "smtp; 550 no", Some("5.0.0"));
        check(Some("4.4.7 (delivery time expired)"), "", Some("4.4.7"));
        check(None, "#< #5.2.2 smtp;552 mailbox full> #SMTP#", Some("5.2.2"));
        check(None, "552 The user is over quota", Some("5.2.2"));
        check(None, "The email account doesn’t exist: address couldn’t be found", Some("5.1.1"));
        check(None, "from 10.0.0.1 in 3.14 seconds at 5.1.1.1", None);
        check(None, "", None);
    }

    #[test]
    fn only_a_few_statuses_condemn_an_address() {
        for (text, expect) in [("5.1.1", true), ("5.1.10", true), ("5.1.8", false), ("5.2.2", false), ("4.1.1", false), ("2.1.5", false)] {
            assert_eq!(Status::parse(text).map(Status::is_bad_address), Some(expect), "{text}");
        }
        for wrong in ["5.1", "5.1.1.1", "3.1.1", "55.1.1", "5..1", "5.1.1111", "", "5.-1.1"] {
            assert_eq!(Status::parse(wrong), None, "{wrong}");
        }
    }
}
