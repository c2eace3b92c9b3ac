//! How fast mails of 48 kB go to a relay: our client, without and with RSA signatures, against Postfix's own generator
//! on the same sink, at 1, 8 and 32 connections; then the same through a wire that adds 20 ms to each round trip.
//! All in one run; only the ratios count. Below stands what processor time allows, for the sink has one thread and all share
//! the machine's processors: with the client's own time, and for a client that took none but for its RSA signatures.
//!
//!     cargo bench --bench relay            needs Postfix's smtp-sink and smtp-source, and only this machine

use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::DateTime;
use paperlark::config::{self, Relay as Settings};
use paperlark::mail::dkim::{Key, KeyKind, Signer};
use paperlark::smtp::Relay;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::sleep_until;

const MAIL_BYTES: usize = 48_000;
const CONNECTIONS: [u32; 3] = [1, 8, 32];
const ROUNDS: usize = 3;
/// Added to each round trip, half of it each way.
const DELAY: Duration = Duration::from_millis(20);

fn main() {
    let (Some(sink), Some(source)) = (program("smtp-sink"), program("smtp-source")) else {
        println!("This needs Postfix's smtp-sink and smtp-source: scripts/install-packages postfix");
        return;
    };
    let runtime = Runtime::new().expect("the runtime starts");
    let sink = Sink::start(&sink);
    let key = Key::from_pem("bench", Key::generate(KeyKind::Rsa).expect("a key is made").as_bytes()).expect("it is read");
    let signer = Arc::new(Signer::new("paperlark.example", vec![key]));
    let signature = signature_time(&signer);
    println!("an RSA signature of 2048 bits takes {:.2} ms on one of {} processors", signature * 1000.0, processors());
    let direct = sink.address;
    let delayed = runtime.block_on(delaying(direct));
    for (title, address, mails, is_near) in [
        ("loopback", direct, [3_000, 4_000, 4_000], true),
        ("loopback with 20 ms added to each round trip", delayed, [60, 480, 1_920], false),
    ] {
        println!("\nmails of {MAIL_BYTES} bytes a second, {title}; the best of {ROUNDS} rounds\n");
        println!("connections  smtp-source   unsigned      ratio     signed      ratio");
        for (connections, mails) in CONNECTIONS.into_iter().zip(mails) {
            let mut best = [0.0f64; 3];
            let mut costs = [Cost::default(); 3];
            for _ in 0..ROUNDS {
                for (kind, (best, cost)) in best.iter_mut().zip(&mut costs).enumerate() {
                    let before = (processor_time("self"), processor_time(&sink.process.id().to_string()));
                    let pace = match kind {
                        0 => postfix(&source, address, connections, mails),
                        1 => ours(&runtime, address, connections, mails, None),
                        _ => ours(&runtime, address, connections, mails, Some(&signer)),
                    };
                    *best = best.max(pace);
                    cost.mails += f64::from(mails);
                    cost.client += processor_time("self") - before.0;
                    cost.sink += processor_time(&sink.process.id().to_string()) - before.1;
                }
            }
            let [reference, unsigned, signed] = best;
            let (first, second) = (unsigned / reference, signed / reference);
            println!("{connections:>11} {reference:>12.0} {unsigned:>10.0} {first:>10.2} {signed:>10.0} {second:>10.2}");
            // From afar, the way is what takes the time.
            let [_, unsigned, signed] = costs;
            for (name, cost, least) in [("unsigned:", unsigned, 0.0), ("signed:", signed, signature)].into_iter().filter(|_| is_near) {
                println!("{name:>36} {}", cost.told(least, reference));
            }
        }
    }
}

/// Processor time of some mails, in seconds.
#[derive(Clone, Copy, Default)]
struct Cost {
    mails: f64,
    client: f64,
    sink: f64,
}

impl Cost {
    /// `least` is what no client can do without, in seconds a mail.
    fn told(self, least: f64, reference: f64) -> String {
        let (client, sink) = (self.client / self.mails, self.sink / self.mails);
        let most = |client: f64| (1.0 / sink).min(processors() / (client + sink));
        let (ours, best) = (most(client), most(least));
        format!(
            "{:.2} ms of the client, {:.2} ms of the sink: at most {ours:.0} a second ({:.2}); {best:.0} ({:.2}) if the client took {:.2} ms",
            client * 1000.0,
            sink * 1000.0,
            ours / reference,
            best / reference,
            least * 1000.0
        )
    }
}

fn processors() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64)
}

/// Seconds that a signature takes beyond what the headers and body do.
fn signature_time(signer: &Signer) -> f64 {
    const ROUNDS: u32 = 500;
    let mail = b"From: Lark <digest@paperlark.example>\r\n\r\n";
    let start = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(signer.sign(mail, DateTime::UNIX_EPOCH).expect("it is signed"));
    }
    start.elapsed().as_secs_f64() / f64::from(ROUNDS)
}

/// Seconds of processor time of a process so far (proc_pid_stat(5)).
fn processor_time(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux tells it");
    let fields = stat.rsplit(") ").next().expect("fields").split(' ').skip(11).take(2);
    fields.map(|ticks| ticks.parse::<f64>().expect("hundredths of a second")).sum::<f64>() / 100.0
}

/// Where Debian has it, or on the PATH.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A relay that takes everything and keeps nothing.
struct Sink {
    process: Child,
    address: SocketAddr,
}

impl Sink {
    fn start(program: &PathBuf) -> Self {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        drop(listener);
        let mut command = Command::new(program);
        // Only root may, and must, become somebody else.
        if std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t")) {
            command.args(["-u", "postfix"]);
        }
        let process = command.args([&address.to_string(), "1000"]).stdout(Stdio::null()).spawn().expect("smtp-sink starts");
        for _ in 0..200 {
            if std::net::TcpStream::connect(address).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn pace(mails: u32, took: Duration) -> f64 {
    f64::from(mails) / took.as_secs_f64()
}

/// Postfix's generator, connections kept.
fn postfix(program: &PathBuf, address: SocketAddr, connections: u32, mails: u32) -> f64 {
    let start = Instant::now();
    let arguments = ["-s", &connections.to_string(), "-m", &mails.to_string(), "-l", &MAIL_BYTES.to_string()];
    let status = Command::new(program).arg("-d").args(arguments).arg(address.to_string()).status().expect("smtp-source runs");
    assert!(status.success(), "smtp-source failed");
    pace(mails, start.elapsed())
}

fn settings(address: SocketAddr, connections: u32) -> Settings {
    let config = config::load(Some("/dev/null".as_ref()), []).expect("the defaults are right");
    Settings {
        host: address.ip().to_string(),
        port: address.port(),
        connections: connections as usize,
        mails_per_connection: u32::MAX,
        ..config.relay
    }
}

/// A mail as Paperlark makes them: headers, then lines of quoted-printable.
fn message() -> Vec<u8> {
    let mut mail = b"From: Lark <digest@paperlark.example>\r\nTo: reader@example.org\r\nSubject: Five papers\r\n\
        Date: Mon, 12 Jan 2026 06:00:00 +0000\r\nMessage-ID: <d.1@paperlark.example>\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        .to_vec();
    while mail.len() < MAIL_BYTES {
        mail.extend_from_slice(b"Slow rivers keep what they carry, and graph networks find where it lies.\r\n");
    }
    mail
}

/// Our client: the path of each real mail, but for the rendering and the database.
fn ours(runtime: &Runtime, address: SocketAddr, connections: u32, mails: u32, signer: Option<&Arc<Signer>>) -> f64 {
    let settings = settings(address, connections);
    let relay = Arc::new(Relay::new("bench".into(), &settings, "paperlark.example").expect("the relay is set up"));
    let (mail, left) = (Arc::new(message()), Arc::new(AtomicU32::new(mails)));
    runtime.block_on(async {
        let start = Instant::now();
        let lanes: Vec<_> = (0..relay.width())
            .map(|_| {
                let (relay, mail, left, signer) = (relay.clone(), mail.clone(), left.clone(), signer.cloned());
                tokio::spawn(async move {
                    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                        let signed = signer.as_ref().map(|signer| signer.sign(&mail, DateTime::UNIX_EPOCH).expect("it is signed"));
                        let envelope = relay.open("bounce@paperlark.example", "reader@example.org", false).await.expect("it is taken");
                        envelope.send(signed.as_ref().unwrap_or(&mail)).await.expect("it is sent");
                        // The next mail is another task: whoever waits for the connection goes first.
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for lane in lanes {
            lane.await.expect("the lane ends well");
        }
        let took = start.elapsed();
        relay.close().await;
        pace(mails, took)
    })
}

/// Stands before `target` and holds every byte back for half of [`DELAY`], each way.
async fn delaying(target: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((outside, _)) = listener.accept().await {
            let inside = TcpStream::connect(target).await.expect("the sink is there");
            for stream in [&outside, &inside] {
                stream.set_nodelay(true).expect("it can be set");
            }
            let ((from_client, to_client), (from_sink, to_sink)) = (outside.into_split(), inside.into_split());
            tokio::spawn(pass_on(from_client, to_sink));
            tokio::spawn(pass_on(from_sink, to_client));
        }
    });
    address
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (sender, mut held) = tokio::sync::mpsc::unbounded_channel::<(tokio::time::Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if sender.send((tokio::time::Instant::now() + DELAY / 2, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    while let Some((due, bytes)) = held.recv().await {
        sleep_until(due).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
