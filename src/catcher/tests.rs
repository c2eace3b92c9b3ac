//! The catcher over real sockets.

mod fault;
mod hostile;
mod page;
mod smtp;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Catcher;

const FREE_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Ample on a busy machine, and still an end where a reply never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail's beginning in one pipelined group, with one recipient.
const ENVELOPE: &str = "EHLO test\r\nMAIL FROM:<digest@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n";

fn morning() -> DateTime<Utc> {
    "2026-01-12T06:00:03Z".parse().unwrap()
}

async fn start() -> Catcher {
    Catcher::start(FREE_PORT, Some(FREE_PORT), morning).await.unwrap()
}

/// A client that says exactly what it is told to say.
struct Raw(BufReader<TcpStream>);

impl Raw {
    /// Connects and reads the greeting.
    async fn connect(catcher: &Catcher) -> Self {
        let mut raw = Self(BufReader::new(TcpStream::connect(catcher.smtp_address()).await.unwrap()));
        let greeting = raw.reply().await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        raw
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next reply; of several lines the last. Empty where the server has closed the connection.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a reply in time").unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    /// Sends one line and reads its reply.
    async fn ask(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends [`ENVELOPE`], reads its replies, and expects to be let on.
    async fn begin_mail(&mut self) {
        self.send(ENVELOPE).await;
        for expect in ["250 ", "250 2.1.0", "250 2.1.5", "354 "] {
            let reply = self.reply().await;
            assert!(reply.starts_with(expect), "{reply}");
        }
    }

    /// Everything until the server closes the connection.
    async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A connection the server closes with our bytes unread ends in a reset: an end as good as any.
        let _ = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("an end in time");
        String::from_utf8_lossy(&rest).into_owned()
    }
}
