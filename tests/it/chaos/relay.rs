//! The relay of the storm, and what it was given.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;
use mail_parser::MessageParser;
use paperlark::catcher::{Catcher, Fault, Stage};
use rand::Rng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::cluster::is_root;
use crate::support::service::papers_of;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Sink,
    Catcher,
    Postfix,
}

/// One arrival of a mail.
pub struct Arrival {
    pub message_id: String,
    pub to: String,
    pub papers: Vec<String>,
    pub hash: [u8; 32],
    /// Under which id the relay had it in its queue, where it says so: one that hands a mail on twice does that under one id.
    pub queue_id: Option<String>,
}

impl Arrival {
    /// None of what was cut off before its last line.
    fn read(bytes: &[u8]) -> Option<Self> {
        // Relays put lines of their own in front, and end lines as they like.
        let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
        let from = if bytes.starts_with(b"From: ") { 0 } else { find(&bytes, b"\nFrom: ")? + 1 };
        let own = bytes[from..].trim_ascii_end();
        let mail = MessageParser::default().parse(own)?;
        let boundary = mail.content_type_boundary()?;
        if !own.ends_with(format!("--{boundary}--").as_bytes()) {
            return None;
        }
        Some(Self {
            message_id: mail.message_id()?.to_owned(),
            to: mail.to()?.first()?.address()?.to_owned(),
            papers: papers_of(&mail.body_text(0)?),
            hash: Sha256::digest(own).into(),
            queue_id: queue_id(&bytes[..from]),
        })
    }
}

/// The id in the `Received` that the relay put in front.
fn queue_id(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let (_, rest) = head.split_once(" (Postfix)")?.1.split_once(" id ")?;
    rest.split_whitespace().next().map(|id| id.trim_end_matches(';').to_owned())
}

trait Boundary {
    fn content_type_boundary(&self) -> Option<String>;
}

impl Boundary for mail_parser::Message<'_> {
    fn content_type_boundary(&self) -> Option<String> {
        use mail_parser::MimeHeaders as _;
        Some(self.content_type()?.attribute("boundary")?.to_owned())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

pub struct Relay {
    pub address: SocketAddr,
    /// The log that tells what was accepted.
    pub log: Option<PathBuf>,
    folder: TempDir,
    /// What keeps the mails, unless smtp-sink writes them down.
    catcher: Option<Catcher>,
    sink: Option<Child>,
    starts: usize,
    faulty: bool,
}

/// Faults of smtp-sink; the last one refuses recipients for good, which is no loss but a failure that is seen.
const SINK_FAULTS: [&[&str]; 7] =
    [&["-q", "."], &["-q", "data"], &["-Q", "."], &["-r", "rcpt"], &["-w", "1"], &["-Q", "mail"], &["-f", "rcpt"]];

impl Relay {
    pub async fn start(kind: Kind) -> Self {
        let folder = tempfile::Builder::new().prefix("chaos-relay-").tempdir_in("/tmp").unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut relay = Self { address: free, log: None, folder, catcher: None, sink: None, starts: 0, faulty: false };
        let sink = Path::new("/usr/sbin/smtp-sink").exists();
        if kind == Kind::Sink && sink {
            relay.start_sink(&[]).await;
            return relay;
        }
        let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
        if kind == Kind::Postfix {
            relay.start_postfix(catcher.smtp_address());
        } else {
            relay.address = catcher.smtp_address();
        }
        relay.catcher = Some(catcher);
        relay
    }

    pub fn name(&self) -> &'static str {
        match (&self.sink, &self.log) {
            (Some(_), _) => "smtp-sink",
            (_, Some(_)) => "Postfix with its log",
            _ => "catcher",
        }
    }

    pub async fn misbehave(&mut self, random: &mut StdRng) {
        self.faulty = true;
        if self.sink.is_some() {
            // Refusing for good is rare.
            let last = SINK_FAULTS.len() - usize::from(random.random_bool(0.8));
            return self.start_sink(SINK_FAULTS[random.random_range(0..last)]).await;
        }
        if self.log.is_some() {
            // Its master ends, and so do its processes in the middle of what they do. It may hand a mail on twice for it.
            return self.postfix(if random.random_bool(0.5) { "stop" } else { "abort" });
        }
        let faults = self.catcher.as_ref().unwrap().faults();
        faults.add(match random.random_range(0..6) {
            0 => Fault::Drop { stored: true },
            1 => Fault::Drop { stored: false },
            2 => Fault::reply(Stage::Message, "421 4.3.2 closing down"),
            3 => Fault::recipients(|_| true, "450 4.2.1 busy"),
            4 => Fault::Delay(Duration::from_millis(300)),
            _ => Fault::reply(Stage::Mail, "421 4.3.2 closing down"),
        });
    }

    pub async fn behave(&mut self) {
        if !std::mem::take(&mut self.faulty) {
            return;
        }
        if self.sink.is_some() {
            self.start_sink(&[]).await;
        } else if self.log.is_some() {
            self.postfix("start");
        } else {
            self.catcher.as_ref().unwrap().faults().clear();
        }
    }

    /// All arrivals since the last call.
    pub fn arrivals(&mut self) -> Vec<Arrival> {
        if let Some(catcher) = &self.catcher {
            let found = catcher.mailbox().all().iter().filter_map(|mail| Arrival::read(&mail.bytes)).collect();
            catcher.mailbox().clear();
            return found;
        }
        let mut found = Vec::new();
        for folder in std::fs::read_dir(self.folder.path()).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
            for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
                found.extend(std::fs::read(file.path()).ok().and_then(|bytes| Arrival::read(&bytes)));
                let _ = std::fs::remove_file(file.path());
            }
        }
        found
    }

    async fn start_sink(&mut self, faults: &[&str]) {
        if let Some(mut sink) = self.sink.take() {
            let _ = sink.kill();
            let _ = sink.wait();
        }
        self.starts += 1;
        let folder = self.folder.path().join(self.starts.to_string());
        std::fs::create_dir(&folder).unwrap();
        let mut command = Command::new("/usr/sbin/smtp-sink");
        if is_root() {
            assert!(Command::new("chown").arg("-R").arg("postfix").arg(self.folder.path()).status().unwrap().success());
            command.args(["-u", "postfix"]);
        }
        command.args(faults);
        // It writes a mail down line by line, also one whose last line it refuses; a refused one has not arrived.
        if faults != ["-Q", "."] {
            command.arg("-d").arg(folder.join("m."));
        }
        command.arg(self.address.to_string()).arg("200");
        self.sink = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(self.address).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("smtp-sink does not start");
    }

    /// A Postfix of our own in a folder, which hands everything on to the catcher.
    fn start_postfix(&mut self, next: SocketAddr) {
        assert!(is_root(), "a Postfix of its own needs root");
        let folder = self.folder.path();
        let [config, queue, data] = ["config", "queue", "data"].map(|name| folder.join(name));
        for made in [&config, &queue, &data] {
            std::fs::create_dir(made).unwrap();
        }
        assert!(Command::new("chown").arg("postfix").arg(&data).status().unwrap().success());
        assert!(Command::new("chmod").arg("755").arg(folder).status().unwrap().success());
        let log = folder.join("mail.log");
        // At its start Postfix writes there as its own user what an abort left behind; where it cannot, it does not start.
        std::fs::write(&log, "").unwrap();
        assert!(Command::new("chown").arg("postfix").arg(&log).status().unwrap().success());
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmaillog_file = {}\nmaillog_file_prefixes = /tmp\n\
             myhostname = relay.example\nmydestination =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n\
             relayhost = [127.0.0.1]:{}\nsmtpd_relay_restrictions = permit_mynetworks, reject\nin_flow_delay = 0\n\
             default_destination_concurrency_limit = 50\nalias_maps =\nalias_database =\nlocal_recipient_maps =\nsmtp_tls_security_level = none\n",
            queue.display(),
            data.display(),
            log.display(),
            next.port()
        );
        std::fs::write(config.join("main.cf"), main).unwrap();
        let services = std::fs::read_to_string("/etc/postfix/master.cf")
            .or_else(|_| std::fs::read_to_string("/usr/share/postfix/master.cf.dist"))
            .unwrap();
        let own: Vec<String> = services
            .lines()
            .filter(|line| !line.starts_with("smtp      inet"))
            .map(|line| if line.split_whitespace().nth(4) == Some("y") { line.replacen(" y ", " n ", 1) } else { line.to_owned() })
            .chain([format!("{} inet n - n - - smtpd", self.address)])
            .collect();
        std::fs::write(config.join("master.cf"), own.join("\n") + "\n").unwrap();
        self.log = Some(log);
        self.postfix("start");
    }

    fn postfix(&self, order: &str) {
        let config = self.folder.path().join("config");
        let mut command = Command::new("/usr/sbin/postfix");
        command.arg("-c").arg(config).arg(order).stdout(Stdio::null()).stderr(Stdio::null());
        // One that is still ending cannot be started yet; on a busy machine that takes a while.
        for _ in 0..600 {
            if command.status().unwrap().success() || order != "start" {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("postfix {order}");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(mut sink) = self.sink.take() {
            let _ = sink.kill();
            let _ = sink.wait();
        }
        if self.log.is_some() {
            self.postfix("abort");
        }
    }
}
