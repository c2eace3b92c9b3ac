//! Takes mail for our own addresses from the operator's mail server, by SMTP (RFC 5321) or LMTP (RFC 2033).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp_proto::{Error as SyntaxError, Request};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::receive::{Inbound, take};
use crate::App;
use crate::wire::{Content, Reading, Wire};

/// Connections served at once; more are told to come back.
const MAX_CONNECTIONS: usize = 64;
/// A command line, in bytes with its end (RFC 4954, section 4, and others).
const MAX_COMMAND_BYTES: usize = 4_096;
/// A mail, in bytes: a report may return the whole mail it is about.
const MAX_MESSAGE_BYTES: usize = 4 << 20;
/// Recipients of one mail: the least a server must allow (RFC 5321, section 4.5.3.1.8).
const MAX_RECIPIENTS: usize = 100;
/// Wrong commands on one connection before it is closed.
const MAX_MISTAKES: u32 = 20;
/// The pause after a failed `accept`: out of file descriptors, say, which only time heals.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the listener could not start.
#[derive(Debug, thiserror::Error)]
#[error("bounce.listen: cannot listen on {address} ({source}): stop what uses that port, or choose another")]
pub struct ListenerError {
    /// The address asked for.
    address: SocketAddr,
    /// What the system said.
    source: io::Error,
}

/// A port that takes mail.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Listens on `address`.
    ///
    /// # Errors
    /// When the address is taken or not of this machine.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenerError> {
        TcpListener::bind(address).await.map(Self).map_err(|source| ListenerError { address, source })
    }

    /// Where it listens, with the port that was free where 0 was asked for.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Takes mail until `stop`; what is being taken then is finished.
    pub async fn serve(self, app: App, stop: CancellationToken) {
        let (places, tasks) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), TaskTracker::new());
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.0.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::warn!(%error, "a connection to bounce.listen could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            let (app, stop, place) = (app.clone(), stop.clone(), Arc::clone(&places).try_acquire_owned().ok());
            tasks.spawn(async move {
                if let Err(error) = talk(stream, app, stop, place.is_some()).await {
                    tracing::debug!(%error, "a mail server left in mid-conversation");
                }
                drop(place);
            });
        }
        tasks.close();
        tasks.wait().await;
    }
}

async fn talk(stream: TcpStream, app: App, stop: CancellationToken, has_place: bool) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    if !has_place {
        wire.reply("421 4.3.2 Too many connections");
        return wire.flush().await;
    }
    wire.reply("220 paperlark takes reports here");
    let mut session = Session { app, wire, lmtp: false, greeted: false, recipients: None, mistakes: 0, closing: false };
    let mut line = Vec::new();
    while !session.closing {
        let reading = tokio::select! {
            () = stop.cancelled() => {
                session.reply("421 4.3.2 Closing down");
                break;
            }
            reading = session.wire.read_line(&mut line, MAX_COMMAND_BYTES) => reading?,
        };
        match reading {
            Reading::Closed => return Ok(()),
            Reading::TooLong => session.reply("500 5.5.6 Line too long"),
            Reading::Line => session.obey(&line).await?,
        }
    }
    session.wire.flush().await
}

struct Session {
    app: App,
    wire: Wire,
    lmtp: bool,
    greeted: bool,
    /// None before MAIL.
    recipients: Option<Vec<Inbound>>,
    mistakes: u32,
    closing: bool,
}

impl Session {
    fn reply(&mut self, line: &str) {
        self.wire.reply(line);
        self.closing |= line.starts_with("421") || line.starts_with("221");
        self.mistakes += u32::from(line.starts_with("50"));
        if self.mistakes > MAX_MISTAKES && !self.closing {
            self.closing = true;
            self.wire.reply("421 4.7.0 Too many wrong commands");
        }
    }

    async fn obey(&mut self, line: &[u8]) -> io::Result<()> {
        match Request::parse(&mut line.iter()) {
            Ok(Request::Data) => return self.data().await,
            Ok(Request::Lhlo { .. }) => self.greet(true),
            Ok(Request::Ehlo { .. }) => self.greet(false),
            Ok(Request::Helo { .. }) => {
                (self.greeted, self.lmtp, self.recipients) = (true, false, None);
                self.reply("250 paperlark");
            }
            Ok(Request::Mail { from }) => self.mail(from.size),
            Ok(Request::Rcpt { to }) => self.rcpt(&to.address),
            Ok(Request::Rset) => {
                self.recipients = None;
                self.reply("250 2.0.0 Forgotten");
            }
            Ok(Request::Noop { .. }) => self.reply("250 2.0.0 Still here"),
            Ok(Request::Vrfy { .. }) => self.reply("252 2.1.5 Cannot tell"),
            Ok(Request::Quit) => self.reply("221 2.0.0 Goodbye"),
            Ok(_) => self.reply("502 5.5.1 Command not offered"),
            Err(SyntaxError::UnknownCommand) => self.reply("500 5.5.2 Command not known"),
            Err(_) => self.reply("501 5.5.4 Arguments not understood"),
        }
        Ok(())
    }

    fn greet(&mut self, lmtp: bool) {
        (self.greeted, self.lmtp, self.recipients) = (true, lmtp, None);
        for extension in ["paperlark", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"] {
            self.wire.reply(&format!("250-{extension}"));
        }
        self.wire.reply(&format!("250 SIZE {MAX_MESSAGE_BYTES}"));
    }

    fn mail(&mut self, size: usize) {
        let refusal = if !self.greeted {
            Some("503 5.5.1 Say EHLO or LHLO first")
        } else if self.recipients.is_some() {
            Some("503 5.5.1 One mail at a time: finish this one or say RSET")
        } else {
            (size > MAX_MESSAGE_BYTES).then_some("552 5.3.4 Mail too large")
        };
        if refusal.is_none() {
            self.recipients = Some(Vec::new());
        }
        self.reply(refusal.unwrap_or("250 2.1.0 Sender taken"));
    }

    /// Takes only addresses that we signed, so that the mail server in front can refuse all others at its own door.
    fn rcpt(&mut self, address: &str) {
        let reply = match &mut self.recipients {
            None => "503 5.5.1 Say MAIL first",
            Some(recipients) if recipients.len() >= MAX_RECIPIENTS => "452 4.5.3 Too many recipients",
            Some(recipients) => match Inbound::of_address(&self.app, address) {
                Some(inbound) => {
                    recipients.push(inbound);
                    "250 2.1.5 Recipient taken"
                }
                None => "550 5.1.1 No such address here",
            },
        };
        self.reply(reply);
    }

    async fn data(&mut self) -> io::Result<()> {
        let refusal = match &self.recipients {
            None => Some("503 5.5.1 Say MAIL first"),
            Some(recipients) => recipients.is_empty().then_some("554 5.5.1 No recipient was taken"),
        };
        if let Some(refusal) = refusal {
            self.reply(refusal);
            return Ok(());
        }
        self.reply("354 Go on, end with a dot on its own line");
        let content = self.wire.read_content(MAX_MESSAGE_BYTES).await?;
        let recipients = self.recipients.take().unwrap_or_default();
        let replies = match content {
            Content::Cut => {
                self.closing = true;
                return Ok(());
            }
            Content::Refused(reply) => vec![reply; recipients.len()],
            Content::Whole(message) => self.take(&recipients, &message).await,
        };
        // LMTP answers for each recipient (RFC 2033, section 4.2), SMTP for all at once.
        if self.lmtp {
            replies.into_iter().for_each(|reply| self.reply(reply));
        } else if let Some(worst) = replies.into_iter().max() {
            self.reply(worst);
        }
        Ok(())
    }

    async fn take(&self, recipients: &[Inbound], message: &[u8]) -> Vec<&'static str> {
        let mut replies = Vec::with_capacity(recipients.len());
        for inbound in recipients {
            replies.push(match take(&self.app, self.app.clock.now(), inbound, message).await {
                Ok(_) => "250 2.0.0 Taken",
                Err(error) => {
                    tracing::error!(%error, "a report could not be stored; its sender will try again");
                    "451 4.3.0 Try again later"
                }
            });
        }
        replies
    }
}
