//! One connection that is ready for mails: MAIL and RCPT, DATA, the mail and its final dot.

use std::io;
use std::time::Duration;

use lettre::Address;
use tokio::time::timeout;

use super::dsn;
use super::reply::{Phase, Reply, SendError, judge};
use super::timed;
use super::wire::{Answer, Stream, Wire};
use crate::clock::Stopwatch;
use crate::config;

/// What the relay offers (RFC 5321 § 4.1.1.1), as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) pipelining: bool,
    pub(super) eight_bit: bool,
    pub(super) utf8: bool,
    pub(super) starttls: bool,
    /// RFC 3461.
    pub(super) dsn: bool,
    /// Mechanisms of AUTH, in capitals.
    pub(super) login: Vec<String>,
}

impl From<Answer> for Offers {
    fn from(answer: Answer) -> Self {
        let mut offers = Self::default();
        for line in answer.lines.iter().skip(1) {
            // Some old servers write AUTH=LOGIN.
            let line = line.to_ascii_uppercase().replace('=', " ");
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("PIPELINING") => offers.pipelining = true,
                Some("8BITMIME") => offers.eight_bit = true,
                Some("SMTPUTF8") => offers.utf8 = true,
                Some("STARTTLS") => offers.starttls = true,
                Some("DSN") => offers.dsn = true,
                Some("AUTH") => offers.login.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offers
    }
}

/// From whom and to whom a mail shall go.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    from: Address,
    to: Address,
    eight_bit: bool,
    /// A relay that reports failures shall report success too.
    report_success: bool,
}

impl Wanted {
    /// Checks the addresses, so that nothing else can slip into a command.
    pub(super) fn parse(from: &str, to: &str, eight_bit: bool, report_success: bool) -> Result<Self, SendError> {
        let parse = |text: &str| {
            let address = text.parse::<Address>().map_err(|error| error.to_string());
            let sound = address.and_then(|address| match text.contains(char::is_control) {
                true => Err("it holds a control character".into()),
                false => Ok(address),
            });
            sound.map_err(|problem| SendError::Refused(Reply::local(format!("the address is unusable: {problem}"))))
        };
        Ok(Self { from: parse(from)?, to: parse(to)?, eight_bit, report_success })
    }

    /// Whether such a relay can take the mail: addresses beyond ASCII need RFC 6531.
    fn fits(&self, offers: &Offers) -> bool {
        offers.utf8 || [&self.from, &self.to].iter().all(|address| address.user().is_ascii() && address.domain().is_ascii())
    }

    fn mail(&self, offers: &Offers) -> String {
        let body = if self.eight_bit && offers.eight_bit { " BODY=8BITMIME" } else { "" };
        let is_ascii = self.fits(&Offers::default());
        let reports = if offers.dsn { dsn::of_mail(&self.from) } else { String::new() };
        format!("MAIL FROM:<{}>{body}{}{reports}\r\n", self.from, if is_ascii { "" } else { " SMTPUTF8" })
    }

    fn rcpt(&self, offers: &Offers) -> String {
        let reports = if offers.dsn { dsn::of_recipient(&self.to, self.report_success) } else { String::new() };
        format!("RCPT TO:<{}>{reports}\r\n", self.to)
    }
}

/// How long each phase may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    command: Duration,
    data: Duration,
    dot: Duration,
}

impl Patience {
    pub(super) fn new(settings: &config::Relay) -> Self {
        Self { command: settings.command_timeout, data: settings.data_timeout, dot: settings.dot_timeout }
    }

    fn of(self, phase: Phase) -> Duration {
        match phase {
            Phase::Mail | Phase::Rcpt => self.command,
            Phase::Data => self.data,
            Phase::Body | Phase::Dot => self.dot,
        }
    }
}

pub(super) struct Connection {
    wire: Wire<Box<dyn Stream>>,
    offers: Offers,
    patience: Patience,
    /// Replies still to come that nobody waits for: to an envelope that was sent ahead and then given up.
    unread: usize,
    /// An envelope is open, which must be forgotten before the next.
    open: bool,
    /// Mails sent so far.
    pub(super) mails: u32,
    /// Runs since it was last of use.
    pub(super) idle: Stopwatch,
}

/// The replies to MAIL and RCPT.
const ENVELOPE_REPLIES: usize = 2;

impl Connection {
    pub(super) fn new(wire: Wire<Box<dyn Stream>>, offers: Offers, patience: Patience) -> Self {
        Self { wire, offers, patience, unread: 0, open: false, mails: 0, idle: Stopwatch::start() }
    }

    /// MAIL and RCPT; in one packet where the relay allows (RFC 2920).
    pub(super) async fn open(&mut self, wanted: &Wanted) -> Result<(), SendError> {
        if !wanted.fits(&self.offers) {
            return Err(SendError::Refused(Reply::local("the relay takes ASCII addresses only (no SMTPUTF8)")));
        }
        let reset = if self.open { "RSET\r\n" } else { "" };
        let (mail, rcpt) = (wanted.mail(&self.offers), wanted.rcpt(&self.offers));
        self.unread += usize::from(self.open);
        if self.offers.pipelining {
            self.send(&format!("{reset}{mail}{rcpt}")).await?;
            self.skip().await?;
        } else {
            if self.open {
                self.send(reset).await?;
                self.skip().await?;
            }
            self.send(&mail).await?;
            self.reply(Phase::Mail).await?;
            self.open = true;
            self.send(&rcpt).await?;
            return self.reply(Phase::Rcpt).await.map(drop);
        }
        self.opened().await
    }

    /// Reads how the relay took an envelope that is on its way.
    pub(super) async fn opened(&mut self) -> Result<(), SendError> {
        self.open = false;
        self.reply(Phase::Mail).await?;
        self.open = true;
        self.reply(Phase::Rcpt).await.map(drop)
    }

    /// Nobody waits any longer for the envelope that was sent ahead.
    pub(super) fn give_up(&mut self) {
        self.unread = ENVELOPE_REPLIES;
        self.open = true;
    }

    /// DATA, up to the relay's word to go on.
    pub(super) async fn data(&mut self) -> Result<(), SendError> {
        let sent = timeout(self.patience.data, self.wire.command("DATA\r\n")).await;
        judge(Phase::Data, sent.map(|sent| sent.map(|()| Reply { code: Some(354), text: String::new() })))?;
        self.reply(Phase::Data).await.map(drop)
    }

    /// The commands that open `next` together with the end of the mail before, if this relay allows that.
    pub(super) fn ahead(&self, next: &Wanted) -> Option<String> {
        (self.offers.pipelining && next.fits(&self.offers)).then(|| format!("{}{}", next.mail(&self.offers), next.rcpt(&self.offers)))
    }

    /// The mail, its final dot and what follows at once (RFC 2920 § 3.1), then the reply to the dot.
    pub(super) async fn body(&mut self, message: &[u8], ahead: &str) -> Result<Reply, SendError> {
        let watch = Stopwatch::start();
        let bytes = stuffed(message, ahead);
        let written = timeout(self.patience.dot, self.wire.write(&bytes)).await;
        judge(Phase::Body, written.map(|written| written.map(|()| Reply { code: Some(250), text: String::new() })))?;
        let flushed = timeout(self.patience.dot, self.wire.flush()).await;
        judge(Phase::Dot, flushed.map(|flushed| flushed.map(|()| Reply { code: Some(250), text: String::new() })))?;
        let verdict = self.reply(Phase::Dot).await;
        timed("content", &watch);
        (self.open, self.mails) = (false, self.mails + 1);
        verdict
    }

    /// Says goodbye without waiting for an answer: nothing depends on it.
    pub(super) async fn quit(mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        let _ = timeout(PATIENCE, self.wire.command("QUIT\r\n")).await;
    }

    async fn send(&mut self, lines: &str) -> Result<(), SendError> {
        let sent: io::Result<()> = match timeout(self.patience.command, self.wire.command(lines)).await {
            Ok(sent) => sent,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        sent.map_err(|error| SendError::Route(Reply::local(error.to_string())))
    }

    async fn skip(&mut self) -> Result<(), SendError> {
        while self.unread > 0 {
            self.any_reply().await?;
            self.unread -= 1;
        }
        self.open = false;
        Ok(())
    }

    async fn any_reply(&mut self) -> Result<(), SendError> {
        match timeout(self.patience.command, self.wire.reply()).await {
            Ok(Ok(answer)) if answer.code != 421 => Ok(()),
            _ => Err(SendError::Route(Reply::local("it closed the connection"))),
        }
    }

    async fn reply(&mut self, phase: Phase) -> Result<Reply, SendError> {
        let watch = Stopwatch::start();
        let answer = timeout(self.patience.of(phase), self.wire.reply()).await;
        match phase {
            Phase::Mail => timed("mail", &watch),
            Phase::Rcpt => timed("rcpt", &watch),
            Phase::Data => timed("data", &watch),
            // With the mail itself.
            Phase::Body | Phase::Dot => {}
        }
        judge(phase, answer)
    }
}

/// `message` as DATA wants it: a dot in front of each line that begins with one (RFC 5321 § 4.5.2), and the final dot.
fn stuffed(message: &[u8], ahead: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + ahead.len() + 64);
    let mut rest = message;
    while !rest.is_empty() {
        if rest[0] == b'.' {
            bytes.push(b'.');
        }
        // Up to the next line that begins with a dot.
        let line_starts = memchr::memchr_iter(b'\n', rest).map(|at| at + 1);
        let end = line_starts.into_iter().find(|start| rest.get(*start) == Some(&b'.')).unwrap_or(rest.len());
        bytes.extend_from_slice(&rest[..end]);
        rest = &rest[end..];
    }
    if !message.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes.extend_from_slice(ahead.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_gets_another() {
        let check =
            |message: &str, expect: &str| assert_eq!(String::from_utf8(stuffed(message.as_bytes(), "")).unwrap(), expect, "{message:?}");
        check("a\r\nb\r\n", "a\r\nb\r\n.\r\n");
        check("a", "a\r\n.\r\n");
        check(".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n");
        check("a\r\n.\r\n.b\r\n", "a\r\n..\r\n..b\r\n.\r\n");
        check("", "\r\n.\r\n");
    }

    #[test]
    fn nothing_but_addresses_gets_into_a_command() {
        for bad in ["", "ann", "ann@", "ann@example.org>\r\nRSET", "ann@exa\nmple.org", "a b@example.org", "ann@example.org> SIZE=1"] {
            assert!(matches!(Wanted::parse("us@example.org", bad, false, false), Err(SendError::Refused(_))), "{bad:?}");
        }
        let offers = Offers { eight_bit: true, utf8: true, ..Offers::default() };
        let wanted = Wanted::parse("us@example.org", "ann+x@example.org", true, false).unwrap();
        assert_eq!(
            (wanted.mail(&offers).as_str(), wanted.rcpt(&offers).as_str()),
            ("MAIL FROM:<us@example.org> BODY=8BITMIME\r\n", "RCPT TO:<ann+x@example.org>\r\n")
        );
        let beyond = Wanted::parse("us@example.org", "jürgen@example.org", false, false).unwrap();
        assert_eq!(beyond.mail(&offers), "MAIL FROM:<us@example.org> SMTPUTF8\r\n");
        assert!(!beyond.fits(&Offers::default()));
    }

    #[test]
    fn offers_are_read_whatever_their_case() {
        let lines = ["relay.example.org greets", "pipelining", "SIZE 1000", "auth=plain LOGIN", "AUTH XOAUTH2", "8bitmime"];
        let offers = Offers::from(Answer { code: 250, lines: lines.map(str::to_owned).to_vec() });
        let login = ["PLAIN", "LOGIN", "XOAUTH2"].map(str::to_owned).to_vec();
        assert_eq!(offers, Offers { pipelining: true, eight_bit: true, login, ..Offers::default() });
    }
}
