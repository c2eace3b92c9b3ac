//! What a relay's reply means for the mail, and for the relay. Pure.

use std::error::Error as _;

use lettre::transport::smtp;
use lettre::transport::smtp::response::Response;
use tokio::time::error::Elapsed;

/// Where in the dialogue a reply came, or did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Mail,
    Rcpt,
    Data,
    /// After the final dot.
    Dot,
}

/// What the relay said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// RFC 5321 § 4.2; none where the reply is our own.
    pub code: Option<i16>,
    /// Its text.
    pub text: String,
}

/// Why a mail was not taken, by what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The relay takes no mail from us now, whoever it is for: connection, TLS, login, 421.
    #[error("the relay cannot be used: {}", .0.text)]
    Route(Reply),
    /// Not this mail, not now.
    #[error("put off: {}", .0.text)]
    Deferred(Reply),
    /// Never this mail.
    #[error("refused: {}", .0.text)]
    Refused(Reply),
    /// All of it was sent and no reply came: the relay may have it.
    #[error("no answer after the last byte: {}", .0.text)]
    Unanswered(Reply),
}

impl SendError {
    /// Whether the relay and its connection are as good as before.
    pub(super) fn is_about_this_mail(&self) -> bool {
        matches!(self, Self::Deferred(_) | Self::Refused(_))
    }
}

impl Reply {
    /// A verdict of our own.
    pub(super) fn local(text: impl Into<String>) -> Self {
        Self { code: None, text: text.into() }
    }

    /// Whether the recipient's address itself is bad. Of the statuses 5.1.x (RFC 3463 § 3.2, RFC 7505) only
    /// these are about the recipient; others blame the sender.
    pub fn says_bad_address(&self) -> bool {
        matches!(self.status(), Some("5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10"))
    }

    /// Whether it is our own address, login or host that is refused. Postfix says so in answer to RCPT, unless
    /// told otherwise (`smtpd_delay_reject`).
    fn blames_us(&self) -> bool {
        const PHRASES: [&str; 3] = ["sender address rejected", "relay access denied", "client host rejected"];
        let text = self.text.to_lowercase();
        matches!(self.status(), Some("5.1.7" | "5.1.8")) || PHRASES.iter().any(|phrase| text.contains(phrase))
    }

    /// The enhanced status (RFC 2034).
    fn status(&self) -> Option<&str> {
        self.text.split_whitespace().next()
    }
}

/// Reads the result of one command.
pub(super) fn judge(phase: Phase, result: Result<Result<Response, smtp::Error>, Elapsed>) -> Result<Reply, SendError> {
    let error = match result {
        Ok(Ok(response)) => {
            return Ok(Reply { code: code(&response.code().to_string()), text: response.message().collect::<Vec<_>>().join(" ") });
        }
        Ok(Err(error)) => error,
        Err(_) => return Err(lost(phase, "no reply in time".into())),
    };
    let Some(status) = error.status() else { return Err(lost(phase, chain(&error))) };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let reply = Reply { code: code(&status.to_string()), text };
    Err(verdict(phase, reply))
}

/// What a negative reply is about (RFC 5321 § 4.2.2, § 4.2.3; RFC 4954 § 6; RFC 3207 § 4).
fn verdict(phase: Phase, reply: Reply) -> SendError {
    match reply.code {
        // Closing down; and everything about TLS or login.
        Some(421 | 454 | 530 | 534 | 535 | 538) => SendError::Route(reply),
        // The sender is the same for all mails: refusing it is no fault of this recipient.
        _ if phase == Phase::Mail || reply.blames_us() => SendError::Route(reply),
        Some(500..) => SendError::Refused(reply),
        _ => SendError::Deferred(reply),
    }
}

/// The connection broke or stayed silent.
fn lost(phase: Phase, text: String) -> SendError {
    match phase {
        Phase::Mail | Phase::Rcpt => SendError::Route(Reply::local(text)),
        // It has not seen the mail, but may have objected to it: it must not hold up the others.
        Phase::Data => SendError::Deferred(Reply::local(text)),
        Phase::Dot => SendError::Unanswered(Reply::local(text)),
    }
}

fn code(text: &str) -> Option<i16> {
    text.parse().ok()
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_reply_is_about_the_route_the_moment_or_the_recipient() {
        let check = |phase: Phase, code: i16, expect: &str| {
            let found = verdict(phase, Reply { code: Some(code), text: String::new() });
            let name = format!("{found:?}");
            assert!(name.starts_with(expect), "{phase:?} {code}: {name}");
        };
        check(Phase::Mail, 421, "Route");
        check(Phase::Mail, 451, "Route");
        check(Phase::Mail, 550, "Route");
        check(Phase::Rcpt, 450, "Deferred");
        check(Phase::Rcpt, 421, "Route");
        check(Phase::Rcpt, 550, "Refused");
        check(Phase::Rcpt, 530, "Route");
        check(Phase::Data, 451, "Deferred");
        check(Phase::Data, 554, "Refused");
        check(Phase::Dot, 452, "Deferred");
        check(Phase::Dot, 554, "Refused");
        check(Phase::Dot, 421, "Route");
    }

    #[test]
    fn a_relay_that_refuses_us_in_answer_to_rcpt_fails_no_readers_mail() {
        for text in [
            "5.7.1 <ann@example.org>: Relay access denied",
            "5.7.1 <us@example.org>: Sender address rejected: not owned by user x",
            "5.1.8 bad sender",
        ] {
            let found = verdict(Phase::Rcpt, Reply { code: Some(554), text: text.into() });
            assert!(matches!(found, SendError::Route(_)), "{text}: {found:?}");
        }
    }

    #[test]
    fn only_a_break_after_the_dot_leaves_the_fate_unknown() {
        assert!(matches!(lost(Phase::Rcpt, String::new()), SendError::Route(_)));
        assert!(matches!(lost(Phase::Data, String::new()), SendError::Deferred(_)));
        assert!(matches!(lost(Phase::Dot, String::new()), SendError::Unanswered(_)));
    }

    #[test]
    fn only_a_status_of_the_class_address_condemns_the_address() {
        let check = |text: &str, expect: bool| assert_eq!(Reply::local(text).says_bad_address(), expect, "{text}");
        check("5.1.1 no such user", true);
        check("5.1.10 null MX", true);
        check("5.1.0 <us@example.org>: Sender address rejected: User unknown", false);
        check("5.1.8 bad sender's system", false);
        check("5.7.1 blocked", false);
        check("5.2.2 mailbox full", false);
        check("no such user", false);
        check("", false);
    }
}
