//! What `kill -9` and a second process may do: nothing that a reader notices.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use paperlark::catcher::Caught;
use paperlark::pipeline::fetch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::papers::invented;
use crate::support::process::{Process, paperlark};
use crate::support::service::{KEY, Service, papers_of};

pub const READERS: usize = 60;
pub const DAYS: [&str; 4] = ["2026-01-12", "2026-01-13", "2026-01-14", "2026-01-15"];
const KILLS_A_DAY: usize = 13;
pub const CONNECTIONS: usize = 4;

/// Papers and readers in a database, a relay that keeps what it gets, and the program beside them.
pub struct Stage {
    pub service: Service,
    pub settings: Vec<(&'static str, String)>,
}

impl Stage {
    pub async fn new() -> Self {
        let service = Service::start("2026-01-12T05:00:00Z").await;
        let settings = vec![
            ("DATABASE_URL", service.database.url().to_owned()),
            ("SECRET_KEY", KEY.to_owned()),
            ("RELAY_PORT", service.catcher.smtp_address().port().to_string()),
            ("RELAY_CONNECTIONS", CONNECTIONS.to_string()),
            ("SOURCE_HUGGINGFACE_ENABLED", "false".to_owned()),
            ("DELIVERY_INTERVAL", "50ms".to_owned()),
            ("DELIVERY_LEASE", "1s".to_owned()),
            ("DELIVERY_UNCERTAIN_WAIT", "1s".to_owned()),
        ];
        for reader in 0..READERS {
            let mut add = service_command(&settings);
            add.env("PAPERLARK_CLOCK_START", "2026-01-12T05:00:00Z");
            let filter = ["robots", "proteins", "robots OR proteins"][reader % 3];
            add.args(["subscriber", "add", &address(reader), "--zone", "Etc/UTC", "--hour", "6", "--filter", filter]);
            // One process a reader would take longer than the test; the first shows that it works.
            match reader {
                0 => assert!(add.status().unwrap().success()),
                _ => join(&service, reader, filter).await,
            }
        }
        service.mailbox().clear();
        Self { service, settings }
    }

    pub async fn papers_of_day(&self, day: NaiveDate) {
        self.service.hub.list(day, invented(day, 12));
        let now = day.and_hms_opt(5, 30, 0).unwrap().and_utc();
        fetch::fetch(&self.service.app, now, "huggingface", Some(day)).await.unwrap();
    }

    /// The program, believing that it starts at `now`, its pages on a free port.
    fn serve(&self, now: DateTime<Utc>) -> Process {
        self.serve_on(now, "127.0.0.1:0")
    }

    fn serve_on(&self, now: DateTime<Utc>, listen: &str) -> Process {
        let start = now.to_rfc3339();
        let mut settings: Vec<(&str, &str)> = self.settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        settings.extend([("CLOCK_START", start.as_str()), ("WEB_LISTEN", listen)]);
        Process::serve(&settings)
    }

    pub fn digests(&self) -> Vec<Arc<Caught>> {
        self.service.mailbox().all().into_iter().filter(|mail| mail.header("feedback-id").is_some()).collect()
    }

    /// The program, once its pages answer.
    async fn ready(&self, now: DateTime<Utc>) -> Process {
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = self.serve_on(now, &listen.to_string());
        // It can only be told to end well once it listens for the signal.
        while tokio::net::TcpStream::connect(listen).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process
    }

    /// Lets the program work until `count` different digests are there.
    pub async fn finish(&self, now: DateTime<Utc>, count: usize) {
        let process = self.ready(now).await;
        let all = async {
            while self.digests().iter().filter_map(|mail| mail.message_id()).collect::<BTreeSet<_>>().len() < count {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // What a host that is cut off holds is given up after a minute: see `database`.
        let waited = tokio::time::timeout(Duration::from_secs(180), all).await;
        assert!(waited.is_ok(), "{count} digests do not arrive, but {}", self.digests().len());
        assert_eq!(process.terminate(), Some(0), "SIGTERM drains and ends well");
    }
}

fn service_command(settings: &[(&'static str, String)]) -> std::process::Command {
    paperlark(&settings.iter().map(|(key, value)| (*key, value.as_str())).collect::<Vec<_>>())
}

async fn join(service: &Service, reader: usize, filter: &str) {
    let wish = paperlark::subscriber::SignUp {
        address: address(reader).parse().unwrap(),
        queries: vec![filter.to_owned()],
        zone: chrono_tz::UTC,
        hour: paperlark::schedule::Hour::new(6).unwrap(),
    };
    paperlark::subscriber::add(&service.app, service.now(), &wish, paperlark::schedule::Weekdays::DAILY, false).await.unwrap();
}

fn address(reader: usize) -> String {
    format!("reader{reader}@example.org")
}

/// What each reader must have in the end, told by the titles alone.
fn expected(reader: usize) -> BTreeSet<String> {
    let wanted: &[&str] = [&["Robots"][..], &["roteins"][..], &["Robots", "roteins"][..]][reader % 3];
    let items = DAYS.iter().flat_map(|day| invented(day.parse().unwrap(), 12));
    let matching = items.filter(|item| wanted.iter().any(|word| item["title"].as_str().unwrap().contains(word)));
    matching.map(|item| item["paper"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Every reader has every paper, in exactly one digest; a digest that came twice is one message.
fn check(mails: &[Arc<Caught>]) -> usize {
    let mut by_id: BTreeMap<String, Vec<&Arc<Caught>>> = BTreeMap::new();
    for mail in mails {
        by_id.entry(mail.message_id().unwrap()).or_default().push(mail);
    }
    let mut got: HashMap<String, Vec<String>> = HashMap::new();
    let mut repeats = 0;
    for copies in by_id.values() {
        repeats += copies.len() - 1;
        assert!(copies.iter().all(|copy| copy.bytes == copies[0].bytes), "a repeated mail is the same bytes");
        got.entry(copies[0].to[0].clone()).or_default().extend(papers_of(&copies[0].text().unwrap()));
    }
    for reader in 0..READERS {
        let papers = got.remove(&address(reader)).unwrap_or_default();
        let distinct: BTreeSet<String> = papers.iter().cloned().collect();
        assert_eq!(distinct.len(), papers.len(), "reader {reader} got a paper twice");
        assert_eq!(distinct, expected(reader), "reader {reader}");
    }
    repeats
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_repeat_no_paper() {
    let stage = Stage::new().await;
    let seed: u64 = std::env::var("TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut kills = 0;
    for (number, day) in DAYS.iter().enumerate() {
        let day: NaiveDate = day.parse().unwrap();
        stage.papers_of_day(day).await;
        let mut now = day.and_hms_opt(6, 0, 1).unwrap().and_utc();
        // A slow relay leaves more moments to be killed in.
        stage.service.catcher.faults().add(paperlark::catcher::Fault::Delay(Duration::from_millis(15)));
        for _ in 0..KILLS_A_DAY {
            let process = stage.serve(now);
            let life = Duration::from_millis(random.random_range(50..900));
            tokio::time::sleep(life).await;
            process.kill();
            kills += 1;
            now += TimeDelta::seconds(2);
        }
        stage.service.catcher.faults().clear();
        stage.finish(now + TimeDelta::seconds(5), READERS * (number + 1)).await;
    }
    let mails = stage.digests();
    let repeats = check(&mails);
    eprintln!("{kills} kills, {} digests, {repeats} sent again", mails.len() - repeats);
    assert!(kills >= 50);
    assert!(repeats <= kills * CONNECTIONS, "at most what was on the wire at a kill comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_send_nothing_twice() {
    let stage = Stage::new().await;
    for (number, day) in DAYS.iter().enumerate() {
        let day: NaiveDate = day.parse().unwrap();
        stage.papers_of_day(day).await;
        let now = day.and_hms_opt(6, 0, 1).unwrap().and_utc();
        let other = stage.serve(now);
        stage.finish(now, READERS * (number + 1)).await;
        assert_eq!(other.terminate(), Some(0));
    }
    let mails = stage.digests();
    assert_eq!(check(&mails), 0);
    assert_eq!(mails.len(), READERS * DAYS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_restarted_one_after_the_other_lose_nothing_and_send_nothing_twice() {
    let stage = Stage::new().await;
    for (number, day) in DAYS.iter().enumerate() {
        let day: NaiveDate = day.parse().unwrap();
        stage.papers_of_day(day).await;
        let now = day.and_hms_opt(6, 0, 1).unwrap().and_utc();
        stage.service.catcher.faults().add(paperlark::catcher::Fault::Delay(Duration::from_millis(25)));
        let mut running = stage.ready(now).await;
        for _ in 0..3 {
            let fresh = stage.ready(now).await;
            assert_eq!(std::mem::replace(&mut running, fresh).terminate(), Some(0), "mails on the wire are finished");
        }
        stage.service.catcher.faults().clear();
        stage.finish(now, READERS * (number + 1)).await;
        assert_eq!(running.terminate(), Some(0));
    }
    let mails = stage.digests();
    assert_eq!((check(&mails), mails.len()), (0, READERS * DAYS.len()));
}
