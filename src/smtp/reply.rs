//! What a relay's reply means for the mail, and for the relay. Pure.

use std::io;

use tokio::time::error::Elapsed;

/// Where in the dialogue a reply came, or did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Mail,
    Rcpt,
    Data,
    /// While the mail is written; its last byte is still here.
    Body,
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
    /// What was said, by the relay or by us.
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Route(reply) | Self::Deferred(reply) | Self::Refused(reply) | Self::Unanswered(reply) => reply,
        }
    }

    /// Whether the relay itself said so, and its connection is as good as before.
    pub(super) fn is_about_this_mail(&self) -> bool {
        matches!(self, Self::Deferred(reply) | Self::Refused(reply) if reply.code.is_some())
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

    /// Whether the relay has more to do than it likes (RFC 3463 § 3.4, 3.5, 3.6), so that fewer connections serve it better.
    /// Of 4.7.x only what Gmail says to whoever is too fast: the rest is greylisting and the like, about one recipient.
    pub(super) fn says_slower(&self) -> bool {
        let status = self.status().filter(|word| word.starts_with("4."));
        match (self.code, status) {
            (Some(421), _) => true,
            (Some(400..=499), Some(status)) => status.starts_with("4.3.") || matches!(status, "4.4.5" | "4.5.3" | "4.7.0" | "4.7.28"),
            (code, None) => matches!(code, Some(451 | 452)),
            _ => false,
        }
    }

    /// The enhanced status (RFC 2034).
    fn status(&self) -> Option<&str> {
        self.text.split_whitespace().next()
    }
}

/// Reads the result of one step of the dialogue.
pub(super) fn judge<T: Into<Reply>>(phase: Phase, result: Result<io::Result<T>, Elapsed>) -> Result<Reply, SendError> {
    let reply: Reply = match result {
        Ok(Ok(answer)) => answer.into(),
        Ok(Err(error)) => return Err(lost(phase, error.to_string())),
        Err(_) => return Err(lost(phase, "no answer in time".into())),
    };
    match (phase, reply.code) {
        // Only 354 asks for the mail: after any other reply its lines would be taken for commands.
        (Phase::Data, Some(354)) | (Phase::Mail | Phase::Rcpt | Phase::Body | Phase::Dot, Some(200..=299)) => Ok(reply),
        (_, Some(400..)) => Err(verdict(phase, reply)),
        _ => Err(lost(phase, format!("an answer out of place: {}", reply.text))),
    }
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
        Phase::Data | Phase::Body => SendError::Deferred(Reply::local(text)),
        Phase::Dot => SendError::Unanswered(Reply::local(text)),
    }
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
        assert!(matches!(lost(Phase::Body, String::new()), SendError::Deferred(_)));
        assert!(matches!(lost(Phase::Dot, String::new()), SendError::Unanswered(_)));
    }

    #[test]
    fn a_positive_reply_counts_only_where_it_belongs() {
        let check = |phase: Phase, code: i16, expect: bool| {
            let found = judge(phase, Ok(Ok(Reply { code: Some(code), text: String::new() })));
            assert_eq!(found.is_ok(), expect, "{phase:?} {code}");
        };
        check(Phase::Rcpt, 251, true);
        check(Phase::Rcpt, 354, false);
        check(Phase::Data, 354, true);
        check(Phase::Data, 250, false);
        check(Phase::Dot, 250, true);
        check(Phase::Dot, 354, false);
    }

    #[test]
    fn only_a_busy_relay_asks_for_fewer_connections() {
        let check = |code: i16, text: &str, expect: bool| {
            assert_eq!(Reply { code: Some(code), text: text.into() }.says_slower(), expect, "{code} {text}");
        };
        check(421, "4.7.0 Too many connections", true);
        check(452, "4.3.1 Insufficient system storage", true);
        check(451, "4.4.5 Congested", true);
        check(450, "4.7.28 Unusual rate of mail", true);
        check(451, "try later", true);
        check(450, "mailbox busy", false);
        check(450, "4.2.0 Greylisted", false);
        check(452, "4.2.2 Mailbox full", false);
        check(550, "5.3.2 Not today", false);
        check(250, "2.0.0 Taken", false);
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
