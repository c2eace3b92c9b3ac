//! A worker on another host is cut off from everything in the middle of its work. Needs root for a network namespace
//! with one cable to this machine; skips, and says so, otherwise.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::NaiveDate;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use url::Url;

use crate::crash::{DAYS, READERS, Stage};
use crate::support::process::Process;

/// A network namespace and a cable to it, gone when dropped.
struct Host {
    name: String,
    cable: String,
    ours: String,
}

fn ip(arguments: &str) -> bool {
    let run = Command::new("ip").args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

impl Host {
    /// None without the right, or the program.
    fn new() -> Option<Self> {
        let number = std::process::id();
        // 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
        let net = format!("198.18.{}", number % 250);
        let host = Self { name: format!("paperlark-{number}"), cable: format!("pl{}", number % 1_000_000), ours: format!("{net}.1") };
        if !ip(&format!("netns add {}", host.name)) {
            return None;
        }
        let (name, cable) = (&host.name, &host.cable);
        let done = ip(&format!("link add {cable} type veth peer name eth0 netns {name}"))
            && ip(&format!("addr add {net}.1/24 dev {cable}"))
            && ip(&format!("link set {cable} up"))
            && ip(&format!("-n {name} addr add {net}.2/24 dev eth0"))
            && ip(&format!("-n {name} link set eth0 up"))
            && ip(&format!("-n {name} link set lo up"));
        done.then_some(host)
    }

    fn plug(&self, state: &str) {
        assert!(ip(&format!("link set {} {state}", self.cable)), "the cable goes {state}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        ip(&format!("link del {}", self.cable));
        ip(&format!("netns del {}", self.name));
    }
}

/// Makes the relay reachable over the cable.
async fn relay_at(address: &str, to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(format!("{address}:0")).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut TcpStream::connect(to).await?).await });
        }
    });
    at
}

/// Makes the database's Unix socket reachable over the cable, and gives its address there.
async fn database_at(address: &str, url: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    let folder = url.query_pairs().find(|(key, _)| key == "host").unwrap().1.into_owned();
    let listener = TcpListener::bind(format!("{address}:0")).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let path = format!("{folder}/.s.PGSQL.5432");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut UnixStream::connect(path).await?).await });
        }
    });
    url.set_host(Some(address)).unwrap();
    url.set_port(Some(port)).unwrap();
    url.set_query(Some("sslmode=disable"));
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_cut_off_holds_nothing_up_and_sends_nothing_twice() {
    let Some(host) = Host::new() else {
        eprintln!("skipped: no network namespace can be made here (needs root and iproute2)");
        return;
    };
    let stage = Stage::new().await;
    let day: NaiveDate = DAYS[0].parse().unwrap();
    stage.papers_of_day(day).await;
    let now = day.and_hms_opt(6, 0, 1).unwrap().and_utc();
    let relay = relay_at(&host.ours, stage.service.catcher.smtp_address()).await;
    let database = database_at(&host.ours, stage.service.database.url()).await;
    stage.service.catcher.faults().add(paperlark::catcher::Fault::Delay(Duration::from_millis(60)));
    let (start, port) = (now.to_rfc3339(), relay.port().to_string());
    let mut settings: Vec<(&str, &str)> = stage.settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    settings.retain(|(key, _)| !matches!(*key, "DATABASE_URL" | "RELAY_PORT"));
    settings.extend([
        ("DATABASE_URL", database.as_str()),
        ("RELAY_HOST", host.ours.as_str()),
        ("RELAY_PORT", port.as_str()),
        ("CLOCK_START", start.as_str()),
    ]);
    let far = Process::serve_within(&["ip", "netns", "exec", &host.name], &settings, "worker");
    let some = async {
        while stage.digests().len() < READERS / 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), some).await.expect("the far worker works");
    host.plug("down");
    let then = stage.digests().len();
    assert!(then < READERS, "it is in the middle of its work");
    stage.service.catcher.faults().clear();
    stage.finish(now + chrono::TimeDelta::seconds(5), READERS).await;
    // Back again, it finds nothing to do.
    host.plug("up");
    tokio::time::sleep(Duration::from_secs(2)).await;
    far.kill();
    let mut ids: Vec<String> = stage.digests().iter().filter_map(|mail| mail.message_id()).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), READERS, "every reader has a digest");
    assert!(all - ids.len() <= crate::crash::CONNECTIONS, "at most what was on the wire at the cut came again");
}
