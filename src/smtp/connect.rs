//! Opens connections to the relay: TCP without Nagle's delay, TLS, EHLO, AUTH.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reply::{Phase, Reply, SendError, chain, judge};
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
    hello: ClientId,
    credentials: Option<Credentials>,
    security: Security,
    connect_timeout: Duration,
    command_timeout: Duration,
}

enum Security {
    Plain,
    Starttls(TlsParameters),
    Implicit(TlsConnector, ServerName<'static>),
}

impl Connector {
    pub(super) fn new(settings: &config::Relay, hello: &str) -> Result<Self, RelayError> {
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities = match &settings.ca_file {
            None => Vec::new(),
            Some(path) => certificates(path)?,
        };
        let security = match settings.tls {
            Tls::None => Security::Plain,
            Tls::Starttls => Security::Starttls(starttls(&settings.host, &authorities)?),
            Tls::Tls => implicit(&settings.host, authorities)?,
        };
        let credentials = settings.user.clone().zip(settings.password.as_ref());
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            hello: ClientId::Domain(settings.hello.clone().unwrap_or_else(|| hello.to_owned())),
            credentials: credentials.map(|(user, password)| Credentials::new(user, password.expose().to_owned())),
            security,
            connect_timeout: settings.connect_timeout,
            command_timeout: settings.command_timeout,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A connection that is ready for MAIL.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let unusable = |what: &str, error: String| SendError::Route(Reply { code: None, text: format!("{what} {}: {error}", self.name()) });
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = match timeout(self.connect_timeout, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unusable("connecting to", error.to_string())),
            Err(_) => return Err(unusable("connecting to", "no answer in time".into())),
        };
        // Body and final dot are two writes; Nagle's algorithm would hold back the second for 40 ms.
        stream.set_nodelay(true).map_err(|error| unusable("setting up the connection to", error.to_string()))?;
        let peer = stream.peer_addr().map_err(|error| unusable("connecting to", error.to_string()))?;
        let greeting = async {
            let stream: Box<dyn AsyncTokioStream> = match &self.security {
                Security::Implicit(connector, name) => {
                    let tls = connector.connect(name.clone(), stream).await.map_err(|error| unusable("TLS with", error.to_string()))?;
                    Box::new(Ascii { stream: tls, peer })
                }
                Security::Plain => Box::new(Ascii { stream, peer }),
                Security::Starttls(_) => Box::new(stream),
            };
            let hello = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
            let mut connection = hello.map_err(|error| unusable("greeting", chain(&error)))?;
            if let Security::Starttls(parameters) = &self.security {
                let upgrade = connection.starttls(parameters.clone(), &self.hello).await;
                upgrade.map_err(|error| unusable("STARTTLS with", chain(&error)))?;
            }
            Ok(connection)
        };
        let mut connection =
            timeout(self.command_timeout, greeting).await.map_err(|_| unusable("greeting", "no answer in time".into()))??;
        if let Some(credentials) = &self.credentials {
            let login = timeout(self.command_timeout, connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials)).await;
            // Whatever is wrong with the login is wrong for every mail.
            judge(Phase::Mail, login).map_err(|error| unusable("logging in to", error.to_string()))?;
        }
        Ok(connection)
    }
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

fn starttls(host: &str, authorities: &[CertificateDer<'static>]) -> Result<TlsParameters, RelayError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    for authority in authorities {
        let certificate = Certificate::from_der(authority.to_vec()).map_err(|error| RelayError::Tls(chain(&error)))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| RelayError::Tls(chain(&error)))
}

fn implicit(host: &str, authorities: Vec<CertificateDer<'static>>) -> Result<Security, RelayError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for authority in authorities {
        roots.add(authority).map_err(|error| RelayError::Tls(error.to_string()))?;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| RelayError::Tls(format!("relay.host {host:?}: {error}")))?;
    let client = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Security::Implicit(TlsConnector::from(Arc::new(client)), name))
}

/// A relay's replies in ASCII, as RFC 5321 § 4.2 has them: lettre takes one in any other character set for a broken
/// connection, which would have a mail that was accepted sent again.
#[derive(Debug)]
struct Ascii<S> {
    stream: S,
    peer: SocketAddr,
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> AsyncTokioStream for Ascii<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ascii<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        buffer.filled_mut()[before..].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ascii<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
