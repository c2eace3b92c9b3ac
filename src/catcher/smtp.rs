//! One SMTP conversation (RFC 5321), from greeting to goodbye.

mod login;

use std::io;

use smtp_proto::{Error as SyntaxError, MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::Now;
use super::fault::{Fault, Faults, Stage};
use super::mailbox::Mailbox;
use crate::wire::{Content, Reading, Wire};

/// A command line, in bytes with its end: room for the longest parameters (RFC 4954 § 4 and others).
const MAX_COMMAND_BYTES: usize = 4096;
/// A mail, in bytes: what the large providers take. Announced by SIZE.
const MAX_MESSAGE_BYTES: usize = 25 * 1024 * 1024;
/// Recipients of one mail: the least a server must allow (RFC 5321 § 4.5.3.1.8).
const MAX_RECIPIENTS: usize = 100;
/// Wrong commands on one connection before it is closed: whoever makes more speaks no SMTP.
const MAX_MISTAKES: u32 = 20;

const KNOWN_MAIL_FLAGS: u64 = MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_SMTPUTF8;

/// What all conversations share.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) mailbox: Mailbox,
    pub(super) faults: Faults,
    pub(super) now: Now,
}

/// Talks with one client until either side leaves or `stop` is cancelled.
pub(super) async fn serve(stream: TcpStream, server: Server, stop: CancellationToken) -> io::Result<()> {
    let wire = Wire::new(stream)?;
    let mut session = Session { server, wire, greeted: false, logged_in: false, envelope: None, mistakes: 0, closing: false };
    let ended = tokio::select! {
        () = stop.cancelled() => {
            session.wire.reply("421 4.3.2 Closing down");
            return session.wire.flush().await;
        }
        ended = session.converse() => ended,
    };
    if matches!(&ended, Err(error) if error.kind() == io::ErrorKind::TimedOut) {
        session.wire.reply("421 4.4.2 Silent for too long");
        session.wire.flush().await?;
    }
    ended
}

/// Says that there is no room for another connection.
pub(super) async fn turn_away(stream: TcpStream) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    wire.reply("421 4.3.2 Too many connections");
    wire.flush().await
}

struct Session {
    server: Server,
    wire: Wire,
    greeted: bool,
    logged_in: bool,
    envelope: Option<Envelope>,
    mistakes: u32,
    closing: bool,
}

struct Envelope {
    from: String,
    to: Vec<String>,
    utf8: bool,
}

impl Envelope {
    fn refusal_of(&self, to: &RcptTo<String>) -> Option<&'static str> {
        if to.address.is_empty() {
            Some("501 5.1.3 Not an address")
        } else if to.flags != 0 || to.orcpt.is_some() {
            Some("555 5.5.4 Parameter not offered")
        } else if !self.utf8 && !to.address.is_ascii() {
            Some("553 5.6.7 Such an address needs SMTPUTF8")
        } else if self.to.len() >= MAX_RECIPIENTS {
            Some("452 4.5.3 Too many recipients")
        } else {
            None
        }
    }
}

impl Session {
    async fn converse(&mut self) -> io::Result<()> {
        match self.faulty_reply(Stage::Greeting) {
            Some(reply) => self.reply(&reply),
            None => self.reply("220 localhost ESMTP Paperlark mail catcher"),
        }
        let mut line = Vec::new();
        while !self.closing {
            match self.wire.read_line(&mut line, MAX_COMMAND_BYTES).await? {
                Reading::Closed => return Ok(()),
                Reading::TooLong => self.reply("500 5.5.6 Line too long"),
                Reading::Line => self.obey(&line).await?,
            }
        }
        self.wire.flush().await
    }

    /// Queues a reply; some also end the conversation.
    fn reply(&mut self, line: &str) {
        self.wire.reply(line);
        self.closing |= line.starts_with("421") || line.starts_with("221");
        self.mistakes += u32::from(line.starts_with("50"));
        if self.mistakes > MAX_MISTAKES && !self.closing {
            self.closing = true;
            self.wire.reply("421 4.7.0 Too many wrong commands");
        }
    }

    fn fault<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.server.faults.find(pick)
    }

    fn faulty_reply(&self, now: Stage) -> Option<String> {
        self.fault(|fault| match fault {
            Fault::Reply { stage, reply } if *stage == now => Some(reply.clone()),
            _ => None,
        })
    }

    async fn obey(&mut self, line: &[u8]) -> io::Result<()> {
        match Request::parse(&mut line.iter()) {
            Ok(Request::Data) => return self.data().await,
            Ok(Request::Auth { mechanism, initial_response }) => {
                let reply = self.auth(mechanism, &initial_response).await?;
                self.reply(&reply);
            }
            Ok(Request::Ehlo { .. }) => self.greet(true),
            Ok(Request::Helo { .. }) => self.greet(false),
            Ok(Request::Mail { from }) => {
                let reply = self.mail(from.into_owned());
                self.reply(&reply);
            }
            Ok(Request::Rcpt { to }) => {
                let reply = self.rcpt(to.into_owned(), line);
                self.reply(&reply);
            }
            Ok(Request::Rset) => {
                self.envelope = None;
                self.reply("250 2.0.0 Forgotten");
            }
            Ok(Request::Noop { .. }) => self.reply("250 2.0.0 Still here"),
            Ok(Request::Vrfy { .. }) => self.reply("252 2.1.5 Cannot tell, but will take mail for it"),
            Ok(Request::Help { .. }) => self.reply("214 2.0.0 See RFC 5321"),
            Ok(Request::Quit) => self.reply("221 2.0.0 Goodbye"),
            Ok(_) => self.reply("502 5.5.1 Command not offered"),
            Err(SyntaxError::UnknownCommand) => self.reply("500 5.5.2 Command not known"),
            Err(SyntaxError::InvalidSenderAddress) => self.reply("501 5.1.7 Not an address"),
            Err(SyntaxError::InvalidRecipientAddress) => self.reply("501 5.1.3 Not an address"),
            Err(SyntaxError::UnsupportedParameter { .. }) => self.reply("555 5.5.4 Parameter not offered"),
            Err(_) => self.reply("501 5.5.4 Arguments not understood"),
        }
        Ok(())
    }

    fn greet(&mut self, extended: bool) {
        self.greeted = true;
        self.envelope = None;
        if !extended {
            return self.reply("250 localhost");
        }
        self.wire.reply("250-localhost");
        for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"] {
            self.wire.reply(&format!("250-{extension}"));
        }
        self.wire.reply(&format!("250 SIZE {MAX_MESSAGE_BYTES}"));
    }

    fn mail(&mut self, from: MailFrom<String>) -> String {
        let refusal = self.refusal_of_sender(&from).map(str::to_owned).or_else(|| self.faulty_reply(Stage::Mail));
        refusal.unwrap_or_else(|| {
            let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
            self.envelope = Some(Envelope { from: from.address, to: Vec::new(), utf8 });
            "250 2.1.0 Sender taken".to_owned()
        })
    }

    fn refusal_of_sender(&self, from: &MailFrom<String>) -> Option<&'static str> {
        let needs_login = || self.fault(|fault| matches!(fault, Fault::RequireLogin { .. }).then_some(())).is_some();
        if !self.greeted {
            Some("503 5.5.1 Say EHLO first")
        } else if self.envelope.is_some() {
            Some("503 5.5.1 One mail at a time: finish this one or say RSET")
        } else if !self.logged_in && needs_login() {
            Some("530 5.7.0 Log in first")
        } else if from.flags & !KNOWN_MAIL_FLAGS != 0 {
            Some("555 5.5.4 Parameter not offered")
        } else if from.size > MAX_MESSAGE_BYTES {
            Some("552 5.3.4 Mail too large")
        } else if from.flags & MAIL_SMTPUTF8 == 0 && !from.address.is_ascii() {
            Some("553 5.6.7 Such an address needs SMTPUTF8")
        } else {
            None
        }
    }

    fn rcpt(&mut self, mut to: RcptTo<String>, line: &[u8]) -> String {
        // The parser makes the one address without a domain (RFC 5321 § 4.5.1) an empty one.
        if to.address.is_empty() && line.to_ascii_lowercase().windows(12).any(|part| part == b"<postmaster>") {
            to.address = "postmaster".to_owned();
        }
        let Some(envelope) = &self.envelope else { return "503 5.5.1 Say MAIL first".to_owned() };
        let faulty = || {
            self.fault(|fault| match fault {
                Fault::Recipient { matches, reply } if matches(&to.address) => Some(reply.clone()),
                _ => None,
            })
        };
        if let Some(reply) = envelope.refusal_of(&to).map(str::to_owned).or_else(faulty) {
            return reply;
        }
        if let Some(envelope) = &mut self.envelope {
            envelope.to.push(to.address);
        }
        "250 2.1.5 Recipient taken".to_owned()
    }

    async fn data(&mut self) -> io::Result<()> {
        let refusal = match &self.envelope {
            None => Some("503 5.5.1 Say MAIL first".to_owned()),
            Some(envelope) if envelope.to.is_empty() => Some("554 5.5.1 No recipient was taken".to_owned()),
            Some(_) => self.faulty_reply(Stage::Data),
        };
        if let Some(reply) = refusal {
            self.reply(&reply);
            return Ok(());
        }
        self.reply("354 Go on, end with a dot on its own line");
        let content = self.wire.read_content(MAX_MESSAGE_BYTES).await?;
        let Some(envelope) = self.envelope.take() else { return Ok(()) };
        match content {
            Content::Cut => self.closing = true,
            Content::Refused(reply) => self.reply(reply),
            Content::Whole(bytes) => self.finish(envelope, bytes).await,
        }
        Ok(())
    }

    /// Keeps the mail and answers its final dot, unless a fault is in force.
    async fn finish(&mut self, envelope: Envelope, bytes: Vec<u8>) {
        if let Some(reply) = self.faulty_reply(Stage::Message) {
            return self.reply(&reply);
        }
        let dropped = self.fault(|fault| if let Fault::Drop { stored } = fault { Some(*stored) } else { None });
        self.closing |= dropped.is_some();
        if dropped == Some(false) {
            return;
        }
        let stored = self.server.mailbox.store(envelope.from, envelope.to, (self.server.now)(), bytes);
        if dropped.is_some() {
            return;
        }
        if let Some(time) = self.fault(|fault| if let Fault::Delay(time) = fault { Some(*time) } else { None }) {
            tokio::time::sleep(time).await;
        }
        match stored {
            Ok(id) => self.reply(&format!("250 2.0.0 Kept as mail {id}")),
            Err(_) => self.reply("452 4.3.1 The mailbox is full"),
        }
    }
}
