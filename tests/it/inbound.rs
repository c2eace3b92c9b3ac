//! What comes back to our own addresses: bounces, complaints, wishes to leave.

use std::sync::Arc;
use std::time::Duration;

use paperlark::catcher::Caught;
use paperlark::inbound::Listener;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::support::papers::item;
use crate::support::program::{Program, finish};
use crate::support::service::{KEY, Service};

const ADDRESS: &str = "ada@example.org";
const DAY: Duration = Duration::from_secs(24 * 3_600);
const SETTINGS: [(&str, &str); 2] =
    [("SITE_UNSUBSCRIBE_ADDRESS", "leave@papers.example.org"), ("BOUNCE_COMPLAINT_ADDRESS", "fbl@papers.example.org")];

/// A service with a reader whose digests come daily, and the port for what comes back.
struct Inbound {
    service: Service,
    port: std::net::SocketAddr,
    stop: CancellationToken,
}

impl Inbound {
    async fn start() -> Self {
        let service = Service::start_with("2026-01-12T18:00:00Z", &SETTINGS).await;
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (port, stop) = (listener.address().unwrap(), CancellationToken::new());
        tokio::spawn(listener.serve(service.app.clone(), stop.clone()));
        service.join(ADDRESS, "robots, fishes").await;
        Self { service, port, stop }
    }

    /// The next morning's digest, if there is one.
    async fn morning(&self, day: &str, paper: &str) -> Option<Arc<Caught>> {
        self.service.hub.list(day.parse().unwrap(), vec![item(paper, "Robots among fishes", "They swim.", 3)]);
        self.service.fetch(day).await;
        self.service.mailbox().clear();
        self.service.pass(DAY);
        self.service.work().await;
        self.service.mailbox().for_recipient(ADDRESS).pop()
    }

    /// Says `lines`, with the replies to each; a mail is one line that ends with a dot of its own.
    async fn say(&self, lines: &[&str]) -> Vec<String> {
        let mut stream = BufReader::new(TcpStream::connect(self.port).await.unwrap());
        let mut replies = vec![reply(&mut stream).await];
        for line in lines {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            replies.push(reply(&mut stream).await);
        }
        replies.remove(0);
        replies
    }

    /// Hands over a mail by SMTP and gives the answer to its final dot.
    async fn hand_over(&self, to: &str, message: &str) -> String {
        let content = format!("{}\r\n.", message.replace('\n', "\r\n"));
        let recipient = format!("RCPT TO:<{to}>");
        let replies = self.say(&["EHLO mx.example.org", "MAIL FROM:<>", &recipient, "DATA", &content]).await;
        assert_eq!(replies[2], "250 2.1.5 Recipient taken");
        replies[4].clone()
    }

    async fn status(&self) -> String {
        let query = sqlx::query_scalar("select status from subscriber where address = $1").bind(ADDRESS);
        query.fetch_one(self.service.database.pool()).await.unwrap()
    }
}

async fn reply(stream: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        tokio::time::timeout(Duration::from_secs(10), stream.read_line(&mut line)).await.unwrap().unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.trim_end().to_owned();
        }
    }
}

fn notification(action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {ADDRESS}\n\
         Action: {action}\nStatus: {status}\n\n--b--\n"
    )
}

#[tokio::test]
async fn a_bad_address_gets_no_further_mail_and_may_not_sign_up_again() {
    let inbound = Inbound::start().await;
    let digest = inbound.morning("2026-01-12", "2601.00001").await.unwrap();
    assert_eq!(inbound.hand_over(&digest.from, &notification("failed", "5.1.1")).await, "250 2.0.0 Taken");
    assert_eq!(inbound.status().await, "unsubscribed");
    assert_eq!(inbound.morning("2026-01-13", "2601.00002").await, None);
    let answer = inbound.service.post("/subscribe", &[("address", ADDRESS), ("keywords", "robots")]).await;
    assert_eq!(answer.status(), 200, "nobody learns of it");
    inbound.service.deliver().await;
    assert_eq!(inbound.service.mailbox().for_recipient(ADDRESS).len(), 0);
}

#[tokio::test]
async fn other_failures_end_the_mails_only_when_they_go_on() {
    let inbound = Inbound::start().await;
    for day in 1..=5 {
        let digest = inbound.morning(&format!("2026-01-{:02}", 11 + day), &format!("2601.0000{day}")).await.unwrap();
        assert_eq!(inbound.status().await, "active", "after {} failures", day - 1);
        for _ in 0..3 {
            inbound.hand_over(&digest.from, &notification("failed", "5.2.2")).await;
        }
        inbound.hand_over(&digest.from, &notification("delayed", "4.2.2")).await;
    }
    assert_eq!(inbound.status().await, "unsubscribed");
}

#[tokio::test]
async fn a_mail_that_arrives_clears_the_address() {
    let inbound = Inbound::start().await;
    for day in 1..=6 {
        let digest = inbound.morning(&format!("2026-01-{:02}", 11 + day), &format!("2601.0000{day}")).await.unwrap();
        let (action, status) = if day == 4 { ("delivered", "2.0.0") } else { ("failed", "5.2.2") };
        inbound.hand_over(&digest.from, &notification(action, status)).await;
    }
    assert_eq!(inbound.status().await, "active");
}

#[tokio::test]
async fn a_complaint_ends_the_mails_at_once_if_it_names_a_mail_of_ours() {
    let inbound = Inbound::start().await;
    let digest = inbound.morning("2026-01-12", "2601.00001").await.unwrap();
    let complaint = |from: &str| {
        format!(
            "From: feedback@provider.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nA reader complained.\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\
             Original-Mail-From: <{from}>\n\n--b\nContent-Type: message/rfc822\n\nSubject: 1 paper\n\nText\n\n--b--\n"
        )
    };
    let forged = digest.from.replacen("bounce+", "bounce+a", 1);
    assert_eq!(inbound.hand_over("fbl@papers.example.org", &complaint(&forged)).await, "250 2.0.0 Taken");
    assert_eq!(inbound.status().await, "active");
    inbound.hand_over("fbl@papers.example.org", &complaint(&digest.from)).await;
    assert_eq!(inbound.status().await, "unsubscribed");
}

#[tokio::test]
async fn a_mail_to_the_address_in_the_header_unsubscribes() {
    let inbound = Inbound::start().await;
    let digest = inbound.morning("2026-01-12", "2601.00001").await.unwrap();
    let header = digest.header("list-unsubscribe").unwrap();
    let address = header.split("<mailto:").nth(1).unwrap().trim_end_matches('>').to_owned();
    // A bounce of something that was sent from there is no wish of a reader.
    inbound.hand_over(&address, &notification("failed", "5.1.1")).await;
    assert_eq!(inbound.status().await, "active");
    inbound.hand_over(&address, &format!("From: {ADDRESS}\nSubject: unsubscribe\n\nplease\n")).await;
    assert_eq!(inbound.status().await, "unsubscribed");
    assert_eq!(inbound.morning("2026-01-13", "2601.00002").await, None);
}

#[tokio::test]
async fn lmtp_answers_for_each_recipient_and_strangers_are_refused() {
    let inbound = Inbound::start().await;
    let digest = inbound.morning("2026-01-12", "2601.00001").await.unwrap();
    let ours = format!("RCPT TO:<{}>", digest.from.to_uppercase());
    let replies = inbound
        .say(&["MAIL FROM:<>", "LHLO mx", "RCPT TO:<a@b.c>", "MAIL FROM:<>", "RCPT TO:<root@example.org>", "DATA", "BOGUS", "QUIT"])
        .await;
    let codes: Vec<&str> = replies.iter().map(|reply| &reply[..3]).collect();
    assert_eq!(codes, ["503", "250", "503", "250", "550", "554", "500", "221"]);

    let mut stream = BufReader::new(TcpStream::connect(inbound.port).await.unwrap());
    let content = notification("failed", "5.1.1").replace('\n', "\r\n");
    let talk = format!("LHLO mx\r\nMAIL FROM:<>\r\n{ours}\r\n{ours}\r\nDATA\r\n{content}\r\n.\r\nQUIT\r\n");
    stream.write_all(talk.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    for _ in 0..9 {
        answers.push(reply(&mut stream).await[..3].to_owned());
    }
    assert_eq!(answers, ["220", "250", "250", "250", "250", "354", "250", "250", "221"]);
    assert_eq!(inbound.status().await, "unsubscribed");
    inbound.stop.cancel();
}

#[tokio::test]
async fn a_pipe_takes_bounces_too() {
    let inbound = Inbound::start().await;
    let digest = inbound.morning("2026-01-12", "2601.00001").await.unwrap();
    let program = Program::new().set("DATABASE_URL", inbound.service.database.url()).set("SECRET_KEY", KEY);
    let pipe = async |arguments: &[&str], message: &str| {
        let mut command = program.command(arguments);
        let file = std::fs::File::open(program.file("message", message)).unwrap();
        command.stdin(file);
        finish(command).await
    };
    pipe(&["bounce"], "Subject: to nobody\n\nx\n").await.ends(2).complains(&["--to"]);
    let automatic = format!("To: {}\nAuto-Submitted: auto-replied\n\nI am away.\n", digest.from);
    pipe(&["bounce"], &automatic).await.ends(0).says(&["Nothing to act on"]);
    let addressed = format!("Delivered-To: {}\n{}", digest.from, notification("failed", "5.1.1"));
    pipe(&["bounce"], &addressed).await.ends(0).says(&["no mail goes to that address any more"]);
    assert_eq!(inbound.status().await, "unsubscribed");
    pipe(&["bounce", "--to", &digest.from], &addressed).await.ends(0).says(&["Known already"]);
}
