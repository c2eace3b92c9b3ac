//! Reads a report that came as a mail: delivery status notifications (RFC 3464), feedback reports (RFC 5965), and the
//! letters of systems that know neither.

use mail_parser::{Message, MessageParser, MimeHeaders};

use super::status::{Status, settle};
use super::{Kind, Report, note};

/// What systems of before RFC 3464 begin with, in lower case.
const LETTERS: [&str; 9] = [
    "hi. this is the qmail-send program",
    "this message was created automatically by mail delivery software",
    "delivery has failed to these recipients",
    "your message did not reach some or all of the intended recipients",
    "your message wasn't delivered",
    "your message couldn't be delivered",
    "delivery to the following recipient",
    "the following addresses had permanent fatal errors",
    "undeliverable:",
];

/// Says, in one of those letters, that the system goes on trying.
const STILL_TRYING: [&str; 4] = ["will continue to try", "will keep trying", "do not need to resend", "delivery incomplete"];

/// As much of a letter as is read for its words, in characters.
const MAX_LETTER_CHARS: usize = 8_000;

/// The report in a message; none where it is anything else, such as an absent reader's automatic reply.
pub fn read(message: &[u8]) -> Option<Report> {
    let parsed = MessageParser::default().parse(message)?;
    let (kind, status, words) = machine_readable(&parsed).or_else(|| letter(&parsed))?;
    Some(Report { kind, status, note: note(&words) })
}

type Told = (Kind, Option<Status>, String);

/// The part of a `multipart/report` that programs write for programs.
fn machine_readable(message: &Message<'_>) -> Option<Told> {
    message.parts.iter().find_map(|part| {
        let content_type = part.content_type()?;
        let text = || String::from_utf8_lossy(part.contents()).into_owned();
        match (content_type.c_type.to_ascii_lowercase().as_str(), content_type.subtype()?.to_ascii_lowercase().as_str()) {
            ("message", "delivery-status" | "global-delivery-status") => delivery_status(&text()),
            ("message", "feedback-report") => feedback_report(&text()),
            _ => None,
        }
    })
}

/// Fields of header form, in groups apart by empty lines; names in lower case, values unfolded.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let group = groups.last_mut().expect("there is a group");
        if line.trim().is_empty() {
            groups.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

fn field<'a>(group: &'a [(String, String)], name: &str) -> Option<&'a str> {
    group.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// RFC 3464, section 2.3. Our mails have one recipient; of several groups (an alias at their end) the failure counts.
fn delivery_status(text: &str) -> Option<Told> {
    let told = groups(text).into_iter().filter_map(|group| {
        let words = field(&group, "diagnostic-code").unwrap_or_default().to_owned();
        let status = settle(field(&group, "status"), &words);
        let action = field(&group, "action")?.split_whitespace().next()?.to_ascii_lowercase();
        let kind = match action.as_str() {
            "failed" => Kind::Failed,
            "delayed" => Kind::Delayed,
            // "relayed" and "expanded" mean that it went on to where no one will report.
            "delivered" | "relayed" | "expanded" => Kind::Delivered,
            _ => return None,
        };
        Some((kind, status, words))
    });
    told.min_by_key(|(kind, ..)| match kind {
        Kind::Failed | Kind::Complaint => 0,
        Kind::Delayed => 1,
        Kind::Delivered => 2,
    })
}

/// RFC 5965, section 3.1. Only a reader's own complaint counts: other types report on viruses or failed signatures.
fn feedback_report(text: &str) -> Option<Told> {
    let groups = groups(text);
    let kind = groups.iter().find_map(|group| field(group, "feedback-type"))?;
    let is_complaint = ["abuse", "fraud", "opt-out", "opt-out-list"].iter().any(|ours| kind.eq_ignore_ascii_case(ours));
    is_complaint.then(|| (Kind::Complaint, None, format!("feedback report of type {}", kind.to_ascii_lowercase())))
}

/// The letter of a mail system to a person.
fn letter(message: &Message<'_>) -> Option<Told> {
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default().to_lowercase();
    let local = from.split('@').next().unwrap_or_default();
    let from_system = ["mailer-daemon", "postmaster", "mail-daemon", "mdaemon"].iter().any(|name| local.starts_with(name))
        || message.header("X-Failed-Recipients").is_some();
    let replies = |name: &'static str, value: &str| message.header_raw(name).is_some_and(|found| found.to_lowercase().contains(value));
    if replies("Auto-Submitted", "auto-replied") && !from_system || replies("Precedence", "auto_reply") {
        return None;
    }
    let subject = message.subject().unwrap_or_default();
    let body = message.body_text(0).unwrap_or_default();
    let words: String = subject.chars().chain("\n".chars()).chain(body.chars()).take(MAX_LETTER_CHARS).collect();
    let lower = words.to_lowercase().replace('’', "'");
    let is_letter = LETTERS.iter().any(|beginning| lower.contains(beginning));
    if !from_system && !is_letter {
        return None;
    }
    if STILL_TRYING.iter().any(|phrase| lower.contains(phrase)) {
        return Some((Kind::Delayed, None, subject.to_owned()));
    }
    // Below it stands our own mail, whose numbers mean nothing here.
    let told = lower.split("--- below this line is a copy").next().unwrap_or(&lower);
    let told = told.split("original message").next().unwrap_or(told);
    let status = settle(None, told);
    (status.is_some() || is_letter).then(|| (Kind::Failed, status, telling_line(told, status).unwrap_or(subject).to_owned()))
}

/// The line that names the status, else none.
fn telling_line(text: &str, status: Option<Status>) -> Option<&str> {
    let shown = status?.to_string();
    text.lines().find(|line| line.contains(&shown)).or_else(|| text.lines().find(|line| Status::of_words(line).is_some()))
}
