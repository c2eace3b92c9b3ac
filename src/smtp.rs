//! The relay: connections, one mail at a time on each, and what its replies mean.
//!
//! The only user of lettre's transport. Its high-level `send` cannot tell whether a reply was lost
//! before or after the last byte of a mail, so the commands are driven here one by one (RFC 5321
//! § 3.3), each with its own time-out.

mod connect;
mod reply;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

pub use connect::RelayError;
pub use reply::{Reply, SendError};

use crate::config;
use connect::Connector;
use reply::{Phase, judge};

/// The way to the relay, with the connections that are open and idle.
pub struct Relay {
    connector: Connector,
    command_timeout: Duration,
    data_timeout: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
    log: Option<PathBuf>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// A mail whose recipient the relay has accepted, but of which it has not seen a byte.
pub struct Envelope<'a> {
    relay: &'a Relay,
    connection: AsyncSmtpConnection,
}

impl std::fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope").field("relay", &self.relay.name()).finish_non_exhaustive()
    }
}

impl Relay {
    /// Prepares the way; connects to nothing yet. `hello` is the name for EHLO unless one is set.
    ///
    /// # Errors
    /// When the certificate file is unreadable.
    pub fn new(settings: &config::Relay, hello: &str) -> Result<Self, RelayError> {
        Ok(Self {
            connector: Connector::new(settings, hello)?,
            command_timeout: settings.command_timeout,
            data_timeout: settings.data_timeout,
            idle: Mutex::default(),
            log: settings.log.clone(),
        })
    }

    /// Host and port, as the route is known in the database.
    pub fn name(&self) -> String {
        self.connector.name()
    }

    /// Where the relay called `name` logs, if that can be read here.
    pub fn log(&self, name: &str) -> Option<PathBuf> {
        self.log.clone().filter(|_| name == self.name())
    }

    /// Opens the envelope of a mail: MAIL and RCPT, on an idle connection or a new one.
    ///
    /// # Errors
    /// [`SendError::Route`] when no mail can go now; [`SendError::Deferred`] and
    /// [`SendError::Refused`] when the relay will not take mail for this recipient.
    pub async fn open(&self, from: &str, to: &str, eight_bit: bool) -> Result<Envelope<'_>, SendError> {
        let parse = |text: &str| {
            text.parse::<Address>().map_err(|error| SendError::Refused(Reply::local(format!("the address is unusable: {error}"))))
        };
        let (from, to) = (parse(from)?, parse(to)?);
        // The relay may have closed an idle connection meanwhile; only a new one tells its state.
        if let Some(connection) = self.take_idle() {
            match self.envelope(connection, &from, &to, eight_bit).await {
                Err(SendError::Route(_)) => {}
                verdict => return verdict,
            }
        }
        self.envelope(self.connector.connect().await?, &from, &to, eight_bit).await
    }

    async fn envelope(
        &self,
        mut connection: AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        eight_bit: bool,
    ) -> Result<Envelope<'_>, SendError> {
        let mut parameters = Vec::new();
        if eight_bit && connection.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let mail = connection.command(Mail::new(Some(from.clone()), parameters));
        judge(Phase::Mail, timeout(self.command_timeout, mail).await)?;
        let rcpt = connection.command(Rcpt::new(to.clone(), Vec::new()));
        let verdict = judge(Phase::Rcpt, timeout(self.command_timeout, rcpt).await);
        match verdict {
            Ok(_) => Ok(Envelope { relay: self, connection }),
            Err(error) => {
                if error.is_about_this_mail() {
                    self.reset(connection).await;
                }
                Err(error)
            }
        }
    }

    /// Makes a connection fit for the next mail, or drops it.
    async fn reset(&self, mut connection: AsyncSmtpConnection) {
        if let Ok(Ok(_)) = timeout(self.command_timeout, connection.command(Rset)).await {
            self.keep(connection);
        }
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Says goodbye on all idle connections.
    pub async fn close(&self) {
        /// The relay is not waited for: nothing depends on its answer.
        const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
        while let Some(mut connection) = self.take_idle() {
            let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
        }
    }
}

impl Envelope<'_> {
    /// Which relay has taken it.
    pub fn relay_name(&self) -> String {
        self.relay.name()
    }

    /// Sends the mail: DATA, its bytes, the final dot.
    ///
    /// # Errors
    /// [`SendError::Unanswered`] when the relay may have it all the same; any other error means that
    /// it has not.
    pub async fn send(mut self, message: &[u8]) -> Result<Reply, SendError> {
        let verdict = judge(Phase::Data, timeout(self.relay.command_timeout, self.connection.command(Data)).await);
        if let Err(error) = verdict {
            if error.is_about_this_mail() {
                self.relay.reset(self.connection).await;
            }
            return Err(error);
        }
        // lettre writes the line break in front of the final dot itself.
        let message = message.strip_suffix(b"\r\n").unwrap_or(message);
        let verdict = judge(Phase::Dot, timeout(self.relay.data_timeout, self.connection.message(message)).await);
        if !matches!(verdict, Err(SendError::Route(_) | SendError::Unanswered(_))) {
            self.relay.keep(self.connection);
        }
        verdict
    }

    /// Takes the mail back before its first byte.
    pub async fn cancel(self) {
        self.relay.reset(self.connection).await;
    }
}
