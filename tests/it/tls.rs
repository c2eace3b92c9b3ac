//! The relay behind TLS: from the first byte, or after STARTTLS; with a certificate that must be right.

use std::sync::Arc;

use paperlark::catcher::Fault;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::papers::invented;
use crate::support::service::Service;

/// What stands in front of the mail catcher and speaks TLS for it.
pub struct Front {
    pub port: u16,
    authority: String,
    _folder: TempDir,
}

impl Front {
    /// Listens for `localhost`; hands on to the port that is sent on `catcher` later.
    pub async fn start(starttls: bool, catcher: tokio::sync::watch::Receiver<u16>) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("ca.pem");
        std::fs::write(&authority, cert.pem()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, port) = (acceptor.clone(), *catcher.borrow());
                tokio::spawn(async move {
                    let stream = if starttls { upgrade(stream).await } else { stream };
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    if starttls {
                        // The greeting was given in front of the upgrade.
                        let mut greeting = [0; 512];
                        let _ = inside.read(&mut greeting).await;
                    }
                    let _ = copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self { port, authority: authority.to_string_lossy().into_owned(), _folder: folder }
    }
}

/// The plain part of RFC 3207: greeting, EHLO, STARTTLS.
async fn upgrade(stream: TcpStream) -> TcpStream {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 front ESMTP\r\n").await.unwrap();
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap() > 0 {
        let answer: &[u8] = if line.starts_with("EHLO") { b"250-front\r\n250 STARTTLS\r\n" } else { b"220 go ahead\r\n" };
        stream.write_all(answer).await.unwrap();
        if line.starts_with("STARTTLS") {
            break;
        }
        line.clear();
    }
    stream.into_inner()
}

/// A service that sends through a [`Front`], trusting `trusted` (its own certificate, or none beside the system's).
async fn service(tls: &str, trusted: bool, login: &[(&str, &str)]) -> (Service, Front) {
    let (sender, receiver) = tokio::sync::watch::channel(0);
    let front = Front::start(tls == "starttls", receiver).await;
    let port = front.port.to_string();
    let mut settings = vec![("RELAY_HOST", "localhost"), ("RELAY_PORT", &port), ("RELAY_TLS", tls)];
    if trusted {
        settings.push(("RELAY_CA_FILE", &front.authority));
    }
    settings.extend(login);
    let service = Service::start_with("2026-01-12T18:00:00Z", &settings).await;
    sender.send(service.catcher.smtp_address().port()).unwrap();
    (service, front)
}

#[tokio::test]
async fn mails_go_through_tls_with_a_login() {
    for tls in ["tls", "starttls"] {
        let login = [("RELAY_USER", "lark"), ("RELAY_PASSWORD", "song")];
        let (service, _front) = service(tls, true, &login).await;
        service.catcher.faults().add(Fault::RequireLogin { user: "lark".into(), password: "song".into() });
        let monday = "2026-01-12".parse().unwrap();
        service.hub.list(monday, invented(monday, 4));
        service.fetch("2026-01-12").await;
        service.join("ada@example.org", "robots").await;
        service.set("2026-01-13T06:00:00Z");
        service.work().await;
        assert_eq!(service.digests("ada@example.org").len(), 1, "{tls}");
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_gets_no_mail() {
    for tls in ["tls", "starttls"] {
        let (service, _front) = service(tls, false, &[]).await;
        service.post("/subscribe", &[("address", "ada@example.org")]).await;
        assert_eq!(service.deliver().await.released, 1, "{tls}");
        assert!(service.mailbox().is_empty());
    }
}

#[tokio::test]
async fn a_relay_without_starttls_gets_no_mail_in_the_clear() {
    let service = Service::start_with("2026-01-12T18:00:00Z", &[("RELAY_TLS", "starttls")]).await;
    service.post("/subscribe", &[("address", "ada@example.org")]).await;
    assert_eq!(service.deliver().await.released, 1);
    assert!(service.mailbox().is_empty());
}
