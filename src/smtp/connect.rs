//! Opens connections to the relay: TCP without Nagle's delay, TLS, EHLO, AUTH.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connection::{Connection, Offers, Patience};
use super::login::Login;
use super::reply::{Reply, SendError};
use super::timed;
use super::wire::{Answer, Stream, Wire};
use crate::clock::Stopwatch;
use crate::config::{self, Tls};

/// Why the relay's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The certificate authority's file.
    #[error("relay.ca_file: cannot use {path}: {reason}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The host's name, or the machine's TLS set-up.
    #[error("relay.tls: {0}")]
    Tls(String),
}

pub(super) struct Connector {
    host: String,
    port: u16,
    hello: String,
    login: Option<Login>,
    security: Security,
    connect_timeout: Duration,
    command_timeout: Duration,
    patience: Patience,
}

enum Security {
    Plain,
    Starttls(TlsConnector, ServerName<'static>),
    Implicit(TlsConnector, ServerName<'static>),
}

/// A conversation so far, and what the relay offers in it.
type Greeted = (Wire<Box<dyn Stream>>, Offers);

impl Connector {
    pub(super) fn new(settings: &config::Relay, hello: &str) -> Result<Self, RelayError> {
        let security = match settings.tls {
            Tls::None => Security::Plain,
            Tls::Starttls => tls(settings).map(|(connector, name)| Security::Starttls(connector, name))?,
            Tls::Tls => tls(settings).map(|(connector, name)| Security::Implicit(connector, name))?,
        };
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            hello: settings.hello.clone().unwrap_or_else(|| hello.to_owned()),
            login: Login::new(settings),
            security,
            connect_timeout: settings.connect_timeout,
            command_timeout: settings.command_timeout,
            patience: Patience::new(settings),
        })
    }

    /// A connection that is ready for MAIL. Whatever is wrong here is wrong for every mail.
    pub(super) async fn connect(&self) -> Result<Connection, SendError> {
        let connecting = within(self.connect_timeout, TcpStream::connect((self.host.as_str(), self.port)));
        let watch = Stopwatch::start();
        let stream = connecting.await;
        timed("connect", &watch);
        let stream = stream.map_err(|error| self.unusable("connecting to", error.into()))?;
        // Commands and mails are written whole: nothing is gained by holding back their last packet.
        stream.set_nodelay(true).map_err(|error| self.unusable("setting up the connection to", error.into()))?;
        let greeting = async {
            let (mut wire, offers) = self.greet(stream).await?;
            if let Some(login) = &self.login {
                let watch = Stopwatch::start();
                let login = login.perform(&mut wire, &offers).await;
                timed("auth", &watch);
                login.map_err(|trouble| self.unusable("logging in to", trouble))?;
            }
            Ok(Connection::new(wire, offers, self.patience))
        };
        timeout(self.command_timeout, greeting).await.map_err(|_| self.unusable("greeting", Trouble::from(slow())))?
    }

    /// Everything up to the last EHLO, and TLS before it where wanted.
    async fn greet(&self, stream: TcpStream) -> Result<Greeted, SendError> {
        let hello = |trouble| self.unusable("greeting", trouble);
        let secure = async |connector: &TlsConnector, name: &ServerName<'static>, stream| {
            let watch = Stopwatch::start();
            let stream = connector.connect(name.clone(), stream).await;
            timed("tls", &watch);
            stream.map(|stream| Wire::new(Box::new(stream) as Box<dyn Stream>)).map_err(|error| self.unusable("TLS with", error.into()))
        };
        let mut wire = match &self.security {
            Security::Plain => Wire::new(Box::new(stream) as Box<dyn Stream>),
            Security::Implicit(connector, name) => secure(connector, name, stream).await?,
            Security::Starttls(connector, name) => {
                let mut clear = Wire::new(stream);
                greeted(&mut clear).await.map_err(hello)?;
                let refused = |trouble| self.unusable("STARTTLS with", trouble);
                match self.ehlo(&mut clear).await.map_err(hello)?.starttls {
                    true => ask(&mut clear, "STARTTLS\r\n").await.map_err(refused)?,
                    false => return Err(refused(io::Error::other("it does not offer that").into())),
                };
                let stream = clear.into_stream().map_err(|error| refused(error.into()))?;
                let mut wire = secure(connector, name, stream).await?;
                let offers = self.ehlo(&mut wire).await.map_err(hello)?;
                return Ok((wire, offers));
            }
        };
        greeted(&mut wire).await.map_err(hello)?;
        let offers = self.ehlo(&mut wire).await.map_err(hello)?;
        Ok((wire, offers))
    }

    /// EHLO, or HELO where the relay is that old (RFC 5321 § 3.2).
    async fn ehlo<S: Stream>(&self, wire: &mut Wire<S>) -> Result<Offers, Trouble> {
        let watch = Stopwatch::start();
        let answer = ask(wire, &format!("EHLO {}\r\n", self.hello)).await;
        timed("ehlo", &watch);
        match answer {
            Err(trouble) if matches!(trouble.0.code, Some(500 | 502)) => {
                ask(wire, &format!("HELO {}\r\n", self.hello)).await.map(|_| Offers::default())
            }
            answer => answer.map(Offers::from),
        }
    }

    fn unusable(&self, what: &str, Trouble(reply): Trouble) -> SendError {
        SendError::Route(Reply { code: reply.code, text: format!("{what} {}:{}: {}", self.host, self.port, reply.text) })
    }
}

/// What went wrong on the way to a connection.
pub(super) struct Trouble(pub(super) Reply);

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self(Reply::local(error.to_string()))
    }
}

/// Sends a command and wants a good reply to it.
pub(super) async fn ask<S: Stream>(wire: &mut Wire<S>, command: &str) -> Result<Answer, Trouble> {
    wire.command(command).await?;
    greeted(wire).await
}

async fn greeted<S: Stream>(wire: &mut Wire<S>) -> Result<Answer, Trouble> {
    let answer = wire.reply().await?;
    match answer.code {
        200..300 => Ok(answer),
        _ => Err(Trouble(answer.into())),
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(slow()))
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, RelayError> {
    let fail = |reason: String| RelayError::CaFile { path: path.clone(), reason };
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| fail(error.to_string()))?.collect();
    let certificates = read.map_err(|error| fail(error.to_string()))?;
    match certificates.is_empty() {
        true => Err(fail("there is no PEM certificate in it".into())),
        false => Ok(certificates),
    }
}

/// TLS that trusts what the system trusts, and the operator's own authority.
fn tls(settings: &config::Relay) -> Result<(TlsConnector, ServerName<'static>), RelayError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &settings.ca_file {
        for authority in certificates(path)? {
            roots.add(authority).map_err(|error| RelayError::Tls(error.to_string()))?;
        }
    }
    let host = &settings.host;
    let name = ServerName::try_from(host.clone()).map_err(|error| RelayError::Tls(format!("relay.host {host:?}: {error}")))?;
    let versions = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| RelayError::Tls(error.to_string()))?;
    let client = versions.with_root_certificates(roots).with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(client)), name))
}
