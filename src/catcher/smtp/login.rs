//! Logging in: AUTH PLAIN and LOGIN (RFC 4954), with or without an initial response.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN};

use super::{MAX_COMMAND_BYTES, Session};
use crate::catcher::fault::{Fault, Stage};
use crate::wire::Reading;

impl Session {
    /// Asks for what `initial` lacks and checks the pair; returns the final reply.
    pub(super) async fn auth(&mut self, mechanism: u64, initial: &str) -> io::Result<String> {
        if !self.greeted || self.logged_in || self.envelope.is_some() {
            return Ok("503 5.5.1 Log in once, after EHLO and before MAIL".to_owned());
        }
        let login = match mechanism {
            AUTH_PLAIN => self.plain(initial).await?,
            AUTH_LOGIN => self.login(initial).await?,
            _ => return Ok("504 5.5.4 Only PLAIN and LOGIN are offered".to_owned()),
        };
        let Some((user, password)) = login else { return Ok("501 5.5.2 The login was not understood".to_owned()) };
        if let Some(reply) = self.faulty_reply(Stage::Login) {
            return Ok(reply);
        }
        let right = self.fault(|fault| match fault {
            Fault::RequireLogin { user: name, password: secret } => Some(*name == user && *secret == password),
            _ => None,
        });
        self.logged_in = right.unwrap_or(true);
        Ok(if self.logged_in { "235 2.7.0 Welcome" } else { "535 5.7.8 Wrong name or password" }.to_owned())
    }

    async fn plain(&mut self, initial: &str) -> io::Result<Option<(String, String)>> {
        let message = if initial.is_empty() { self.ask("334 ").await? } else { decode(initial.as_bytes()) };
        // RFC 4616: authorization identity NUL name NUL password.
        let fields: Option<Vec<String>> = message.map(|text| text.split('\0').map(str::to_owned).collect());
        Ok(fields.and_then(|fields| <[String; 3]>::try_from(fields).ok()).map(|[_, user, password]| (user, password)))
    }

    async fn login(&mut self, initial: &str) -> io::Result<Option<(String, String)>> {
        let user = if initial.is_empty() { self.ask("334 VXNlcm5hbWU6").await? } else { decode(initial.as_bytes()) };
        let Some(user) = user else { return Ok(None) };
        Ok(self.ask("334 UGFzc3dvcmQ6").await?.map(|password| (user, password)))
    }

    async fn ask(&mut self, challenge: &str) -> io::Result<Option<String>> {
        self.reply(challenge);
        let mut line = Vec::new();
        Ok(match self.wire.read_line(&mut line, MAX_COMMAND_BYTES).await? {
            Reading::Line => decode(line.trim_ascii_end()),
            Reading::TooLong | Reading::Closed => None,
        })
    }
}

fn decode(base64: &[u8]) -> Option<String> {
    String::from_utf8(BASE64.decode(base64).ok()?).ok()
}
