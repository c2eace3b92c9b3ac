//! The whole service under the storm: papers, readers, two workers, their database, their relay.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use paperlark::App;
use paperlark::pipeline::fetch;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::cluster::Cluster;
use super::ledger::{Ledger, reader};
use super::proxy::{Proxy, Weather};
use super::relay::{Kind, Relay};
use crate::support::hub::Hub;
use crate::support::papers::invented;
use crate::support::process::Process;
use crate::support::service::{KEY, configuration};

const WORKERS: usize = 2;
const PAPERS_A_DAY: u32 = 12;
const FILTERS: [(&str, &[&str]); 3] = [("robots", &["Robots"]), ("proteins", &["roteins"]), ("robots OR proteins", &["Robots", "roteins"])];

/// How long everything may take to end once all is well again.
const PATIENCE: Duration = Duration::from_secs(1800);

pub struct Stage {
    pub postgres: Cluster,
    pub relay: Relay,
    pub proxy: Proxy,
    settings: Vec<(&'static str, String)>,
    workers: Vec<Option<Process>>,
    app: App,
    hub: Hub,
    day: NaiveDate,
    /// When a mail last went to the relay.
    moved: Option<DateTime<Utc>>,
}

impl Stage {
    pub async fn new(readers: usize, kind: Kind) -> Self {
        let postgres = Cluster::start();
        let relay = Relay::start(kind).await;
        let proxy = Proxy::start(relay.address).await;
        let hub = Hub::start().await;
        let mut settings = vec![
            ("DATABASE_URL", postgres.url()),
            ("SECRET_KEY", KEY.to_owned()),
            ("RELAY_PORT", proxy.address.port().to_string()),
            ("RELAY_CONNECTIONS", "4".to_owned()),
            ("SOURCE_HUGGINGFACE_BASE_URL", hub.url.to_string()),
            ("FETCH_HISTORY_AFTER", "36500days".to_owned()),
            ("WEB_LISTEN", "127.0.0.1:0".to_owned()),
            ("DELIVERY_INTERVAL", "50ms".to_owned()),
            ("DELIVERY_LEASE", "2s".to_owned()),
            ("DELIVERY_UNCERTAIN_WAIT", "2s".to_owned()),
            ("LOG_FILTER", "error".to_owned()),
        ];
        if let Some(log) = &relay.log {
            settings.push(("RELAY_LOG", log.to_str().unwrap().to_owned()));
        }
        let plain: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(20)).connect_lazy(&postgres.url()).unwrap();
        paperlark::database::MIGRATIONS.run(&pool).await.unwrap();
        let app = App::new(configuration(&plain), pool).await.unwrap();
        enrol(&app.db, readers).await;
        settings.push(("SOURCE_HUGGINGFACE_ENABLED", "false".to_owned()));
        let day = NaiveDate::from_ymd_opt(2026, 1, 12).unwrap();
        let mut stage = Self { postgres, relay, proxy, settings, workers: Vec::new(), app, hub, day, moved: None };
        stage.workers = (0..WORKERS).map(|_| Some(stage.worker())).collect();
        stage
    }

    fn worker(&self) -> Process {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Process::serve_as(&settings, "worker")
    }

    pub fn kill_worker(&mut self, worker: usize) {
        if let Some(process) = self.workers[worker].take() {
            process.kill();
        }
        self.workers[worker] = Some(self.worker());
    }

    /// Starts workers that have ended by themselves, as a service manager does: one that finds no database at its start gives up.
    pub fn revive_workers(&mut self) {
        for worker in 0..WORKERS {
            if self.workers[worker].as_mut().is_none_or(Process::has_ended) {
                self.workers[worker] = Some(self.worker());
            }
        }
    }

    /// As a host is brought up to date: the new one starts before the old one has ended.
    pub fn restart_worker(&mut self, worker: usize) {
        let fresh = self.worker();
        if let Some(old) = self.workers[worker].replace(fresh) {
            old.end();
        }
    }

    pub async fn papers_arrive_and_everyone_is_due(&mut self) {
        self.day = self.day + Days::new(1);
        self.hub.list(self.day, invented(self.day, PAPERS_A_DAY));
        let now = self.app.clock.now();
        patiently(async || fetch::fetch(&self.app, now, "huggingface", Some(self.day)).await.ok()).await;
        self.sql("update subscriber set next_due_at = now() where status = 'active'").await;
    }

    /// Waits until a mail goes to the relay, for a while at most: some misfortunes keep all mails from moving.
    pub async fn mails_move(&mut self, at_most: Duration) -> bool {
        let sql = "select max(transmitted_at) from mail";
        let began = Instant::now();
        while began.elapsed() < at_most {
            let newest: Option<DateTime<Utc>> = sqlx::query_scalar(sql).fetch_one(&self.app.db).await.unwrap_or(None);
            if newest > self.moved {
                self.moved = newest;
                return true;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        false
    }

    /// Whether every mail of the morning has ended.
    pub async fn is_done(&self) -> bool {
        let waiting =
            "select (select count(*) from mail where finished_at is null) + (select count(*) from subscriber where next_due_at <= now())";
        self.number(waiting).await == 0
    }

    /// Back-offs and pauses are over, as they would be some hours later.
    pub async fn hours_pass(&self) {
        self.sql("update mail set next_attempt_at = next_attempt_at - interval '5 hours' where state in ('pending', 'deferred')").await;
        self.sql("update route set paused_until = now()").await;
    }

    /// All is put right, until nothing waits any more.
    pub async fn settle(&mut self) {
        self.relay.behave().await;
        self.proxy.set(Weather::Fair);
        (0..WORKERS).for_each(|worker| self.kill_worker(worker));
        let began = Instant::now();
        loop {
            self.revive_workers();
            self.hours_pass().await;
            if self.is_done().await {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "mails still wait: {:?}", self.states().await);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    pub async fn look_at_the_books(&mut self, ledger: &mut Ledger) {
        let day = self.day;
        let doubts: Vec<(String, i64)> = patiently(async || {
            let sql = "select 'd.' || mail_id || '@paperlark.example', count(*) from attempt where outcome = 'uncertain' group by mail_id";
            sqlx::query_as(sql).fetch_all(&self.app.db).await.ok()
        })
        .await;
        let failed: Vec<String> = patiently(async || {
            let sql = "select s.address from mail m join subscriber s on s.id = m.subscriber_id where m.state = 'failed'";
            sqlx::query_scalar(sql).fetch_all(&self.app.db).await.ok()
        })
        .await;
        let accepted = self.number("select count(*) from mail where state = 'accepted'").await;
        let mut arrivals = self.relay.arrivals();
        let began = Instant::now();
        // A relay that takes a mail may hand it on a little later.
        while distinct(&arrivals) < usize::try_from(accepted).unwrap() && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(300)).await;
            arrivals.extend(self.relay.arrivals());
        }
        let doubts: HashMap<String, usize> = doubts.into_iter().map(|(id, count)| (id, usize::try_from(count).unwrap())).collect();
        let failed: BTreeSet<usize> = failed.iter().map(|address| reader(address)).collect();
        ledger.note(arrivals, &doubts, |reader| expected(day, reader), &failed);
        // Mornings are looked at one by one; the readers' windows go on.
        self.sql("delete from mail").await;
    }

    async fn states(&self) -> Vec<(String, i64)> {
        patiently(async || sqlx::query_as("select state, count(*) from mail group by state").fetch_all(&self.app.db).await.ok()).await
    }

    async fn number(&self, sql: &'static str) -> i64 {
        patiently(async || sqlx::query_scalar(sql).fetch_one(&self.app.db).await.ok()).await
    }

    async fn sql(&self, sql: &'static str) {
        patiently(async || sqlx::query(sql).execute(&self.app.db).await.ok()).await;
    }
}

fn distinct(arrivals: &[super::relay::Arrival]) -> usize {
    arrivals.iter().map(|arrival| &arrival.message_id).collect::<BTreeSet<_>>().len()
}

/// The database may just have been killed.
async fn patiently<T>(attempt: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(done) = attempt().await {
            return done;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the database does not come back");
}

fn expected(day: NaiveDate, reader: usize) -> BTreeSet<String> {
    let items = invented(day, PAPERS_A_DAY).into_iter();
    let wanted = |title: &str| FILTERS[reader % 3].1.iter().any(|word| title.contains(word));
    items.filter(|item| wanted(item["title"].as_str().unwrap())).map(|item| item["paper"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn enrol(db: &PgPool, readers: usize) {
    let count = i32::try_from(readers).unwrap();
    let sql = "insert into subscriber (address, address_key, status, time_zone, hour, weekdays, max_papers, next_due_at, created_at, confirmed_at)
               select 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'active', 'UTC', 7, 127, 20, '2100-01-01', now(), now()
               from generate_series(0, $1 - 1) n";
    sqlx::query(sql).bind(count).execute(db).await.unwrap();
    for (place, (query, _)) in FILTERS.iter().enumerate() {
        let sql = "insert into filter (subscriber_id, position, name, query)
                   select id, 1, $1, $1 from subscriber where substring(address from '[0-9]+')::integer % 3 = $2";
        sqlx::query(sql).bind(query).bind(i32::try_from(place).unwrap()).execute(db).await.unwrap();
    }
}
