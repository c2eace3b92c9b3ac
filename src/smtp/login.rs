//! AUTH (RFC 4954): PLAIN, LOGIN, and XOAUTH2 as Google and Microsoft have it.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::connect::{Trouble, ask};
use super::connection::Offers;
use super::reply::Reply;
use super::wire::{Answer, Stream, Wire};
use crate::config::{self, LoginKind, Secret};

pub(super) struct Login {
    kind: LoginKind,
    user: String,
    password: Secret,
    file: Option<PathBuf>,
}

impl Login {
    pub(super) fn new(settings: &config::Relay) -> Option<Self> {
        let (user, password) = settings.user.clone().zip(settings.password.clone())?;
        Some(Self { kind: settings.auth, user, password, file: settings.password_file.clone() })
    }

    /// Logs in by the mechanism that is set, or the first of PLAIN and LOGIN that is offered.
    pub(super) async fn perform<S: Stream>(&self, wire: &mut Wire<S>, offers: &Offers) -> Result<(), Trouble> {
        let offered = |name: &str| offers.login.iter().any(|offer| offer == name);
        let kind = match self.kind {
            LoginKind::Auto if !offered("PLAIN") && offered("LOGIN") => LoginKind::Login,
            LoginKind::Auto => LoginKind::Plain,
            kind => kind,
        };
        let name = match kind {
            LoginKind::Auto | LoginKind::Plain => "PLAIN",
            LoginKind::Login => "LOGIN",
            LoginKind::Xoauth2 => "XOAUTH2",
        };
        if !offered(name) {
            let all = if offers.login.is_empty() { "none".to_owned() } else { offers.login.join(", ") };
            return Err(io::Error::other(format!("it does not offer AUTH {name}; it offers {all}")).into());
        }
        let (user, password) = (&self.user, self.password());
        match kind {
            LoginKind::Login => {
                challenged(wire, "AUTH LOGIN\r\n").await?;
                challenged(wire, &format!("{}\r\n", BASE64.encode(user))).await?;
                ask(wire, &format!("{}\r\n", BASE64.encode(password))).await?;
            }
            LoginKind::Auto | LoginKind::Plain => {
                let message = BASE64.encode(format!("\0{user}\0{password}"));
                ask(wire, &format!("AUTH PLAIN {message}\r\n")).await?;
            }
            LoginKind::Xoauth2 => {
                let message = BASE64.encode(format!("user={user}\x01auth=Bearer {password}\x01\x01"));
                match ask(wire, &format!("AUTH XOAUTH2 {message}\r\n")).await {
                    // The reason, encoded; the refusal itself follows an empty line.
                    Err(Trouble(Reply { code: Some(334), .. })) => drop(ask(wire, "\r\n").await?),
                    answer => drop(answer?),
                }
            }
        }
        Ok(())
    }

    /// The password as it stands in its file now: access tokens live an hour, and others renew them.
    fn password(&self) -> String {
        let fresh = self.file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        fresh.map_or_else(|| self.password.expose().to_owned(), |text| text.trim().to_owned())
    }
}

/// Sends a line and wants to be asked for the next.
async fn challenged<S: Stream>(wire: &mut Wire<S>, line: &str) -> Result<Answer, Trouble> {
    wire.command(line).await?;
    let answer = wire.reply().await?;
    match answer.code {
        334 => Ok(answer),
        _ => Err(Trouble(answer.into())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Logs in at a relay that answers each line with the next of `replies`; gives the lines and how it ended.
    async fn converse(kind: LoginKind, offers: &[&str], replies: &[&str]) -> (Vec<String>, Result<(), Reply>) {
        let (mut relay, ours) = tokio::io::duplex(4096);
        let replies: Vec<String> = replies.iter().map(|reply| format!("{reply}\r\n")).collect();
        let relay = tokio::spawn(async move {
            let (mut lines, mut buffer) = (Vec::new(), [0; 1024]);
            for reply in replies {
                let length = relay.read(&mut buffer).await.unwrap();
                lines.push(String::from_utf8_lossy(&buffer[..length]).trim_end().to_owned());
                relay.write_all(reply.as_bytes()).await.unwrap();
            }
            lines
        });
        let login = Login { kind, user: "ann".into(), password: "open sesame".to_owned().into(), file: None };
        let offers = Offers { login: offers.iter().map(|name| (*name).to_owned()).collect(), ..Offers::default() };
        let ended = login.perform(&mut Wire::new(ours), &offers).await.map_err(|Trouble(reply)| reply);
        (relay.await.unwrap(), ended)
    }

    #[tokio::test]
    async fn each_mechanism_says_its_lines() {
        const PLAIN: &str = "AUTH PLAIN AGFubgBvcGVuIHNlc2FtZQ==";
        const LOGIN: [&str; 3] = ["AUTH LOGIN", "YW5u", "b3BlbiBzZXNhbWU="];
        const XOAUTH2: &str = "AUTH XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgb3BlbiBzZXNhbWUBAQ==";
        let (lines, ended) = converse(LoginKind::Auto, &["LOGIN", "PLAIN"], &["235 in"]).await;
        assert_eq!((lines, ended), (vec![PLAIN.to_owned()], Ok(())));
        let (lines, ended) = converse(LoginKind::Auto, &["LOGIN"], &["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in"]).await;
        assert_eq!((lines, ended), (LOGIN.map(str::to_owned).to_vec(), Ok(())));
        let (lines, ended) = converse(LoginKind::Xoauth2, &["PLAIN", "XOAUTH2"], &["235 in"]).await;
        assert_eq!((lines, ended), (vec![XOAUTH2.to_owned()], Ok(())));
        let (lines, ended) = converse(LoginKind::Xoauth2, &["XOAUTH2"], &["334 eyJzdGF0dXMiOiI0MDEifQ==", "535 5.7.8 expired"]).await;
        assert_eq!(lines, [XOAUTH2, ""]);
        assert_eq!(ended.unwrap_err().code, Some(535));
    }

    #[tokio::test]
    async fn a_mechanism_that_is_not_offered_is_not_tried() {
        for (kind, offers) in [(LoginKind::Auto, &[][..]), (LoginKind::Plain, &["LOGIN"]), (LoginKind::Xoauth2, &["PLAIN", "LOGIN"])] {
            let (lines, ended) = converse(kind, offers, &[]).await;
            assert!(lines.is_empty() && ended.unwrap_err().text.contains("does not offer"), "{kind:?}");
        }
    }
}
