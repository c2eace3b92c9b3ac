//! A morning on one machine: so many readers are due at once, on real papers and filters where they lie beside the
//! repository. The program itself does the work, as its own process over a private PostgreSQL: it matches, composes, renders, signs
//! (RSA-2048), sends to Postfix's smtp-sink and records. Then the composing alone, for many and for ten times as many.
//!
//!     cargo bench --bench morning                        100,000 and 1,000,000 readers; needs smtp-sink
//!     cargo bench --bench morning -- 10000               a tenth of all that

mod data;
#[path = "matching/workload.rs"]
mod workload;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use paperlark::archive::{self, Day, Incoming};
use paperlark::database::MIGRATIONS;
use paperlark::database::managed::{Managed, Settings};
use paperlark::mail::dkim::{Key, KeyKind};
use paperlark::paper::{Authority, Paper};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Runtime;

use workload::Material;

const READERS: i64 = 100_000;
const MORE: i64 = 10;
const PAPERS: usize = 500;
const FILTERS: usize = 20_000;
const FIRST_DAY: &str = "2026-01-12";

fn main() {
    let Some(sink) = program("smtp-sink") else {
        println!("This needs Postfix's smtp-sink: scripts/install-packages postfix");
        return;
    };
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let readers: i64 = asked.unwrap_or(READERS);
    let material = Material::load();
    let runtime = Runtime::new().expect("the runtime starts");
    runtime.block_on(async {
        let mut stage = Stage::new(&sink, material).await;
        let kind = if stage.material.is_real { "real" } else { "invented" };
        println!("{PAPERS} {kind} papers a morning, {FILTERS} filters over {kind} phrases, three a reader; {} processors\n", processors());
        println!(
            "{:<32} {:>9} {:>9} {:>9} {:>10} {:>12} {:>10}",
            "", "readers", "seconds", "mails/s", "peak RSS", "papers/mail", "CPU ms/mail"
        );
        stage.readers(readers).await;
        stage.morning("everything, to the last record", true).await;
        let few = stage.morning("composed only", false).await;
        stage.readers(readers * MORE).await;
        let many = stage.morning("composed only", false).await;
        println!("\n{MORE} times the readers took {:.1} times as long", many.time.as_secs_f64() / few.time.as_secs_f64());
        println!("and {:.2} times the memory", many.peak_kib as f64 / few.peak_kib as f64);
        stage.end().await;
    });
}

/// Where Debian has it, or on the PATH.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port is free")
}

/// A relay that takes everything and keeps nothing.
fn start_sink(program: &Path) -> (Child, SocketAddr) {
    let address = free_address();
    let mut command = Command::new(program);
    // Only root may, and must, become somebody else.
    if std::fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("Uid:\t0\t")) {
        command.args(["-u", "postfix"]);
    }
    let process = command.args([&address.to_string(), "1000"]).stdout(Stdio::null()).spawn().expect("smtp-sink starts");
    (process, address)
}

/// What a morning took of the program's process.
struct Taken {
    time: Duration,
    peak_kib: u64,
    processor: Duration,
}

struct Stage {
    server: Managed,
    pool: PgPool,
    folder: tempfile::TempDir,
    material: Material,
    sink: Child,
    relay: SocketAddr,
    day: NaiveDate,
    readers: i64,
}

impl Stage {
    async fn new(sink: &Path, material: Material) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("there is room");
        let settings = Settings { data_dir: Some(folder.path().to_owned()), ..Settings::default() };
        let server = Managed::start(&settings).await.expect("PostgreSQL starts");
        let pool = PgPoolOptions::new().max_connections(4).connect(&server.url()).await.expect("it answers");
        MIGRATIONS.run(&pool).await.expect("the schema is made");
        let key = Key::generate(KeyKind::Rsa).expect("a key is made");
        std::fs::write(folder.path().join("dkim.pem"), key).expect("it is kept");
        let (sink, relay) = start_sink(sink);
        let stage = Self { server, pool, folder, material, sink, relay, day: FIRST_DAY.parse().expect("a day"), readers: 0 };
        let filters = [stage.material.alternatives(FILTERS / 2), stage.material.mixed(FILTERS / 2)].concat();
        stage.sql("create table choice (number serial primary key, query text not null)").await;
        let fill = sqlx::query("insert into choice (query) select unnest($1::text[])").bind(filters).execute(&stage.pool);
        fill.await.expect("there are filters to choose from");
        stage
    }

    async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Has readers join until there are `count`.
    async fn readers(&mut self, count: i64) {
        for sql in [
            "insert into subscriber (address, address_key, status, time_zone, hour, weekdays, max_papers, send_when_empty, next_due_at, created_at, confirmed_at)
             select 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'active', 'UTC', 6, 127, 20, true, '2100-01-01', now(), now()
             from generate_series($1 + 1, $2) n",
            "insert into filter (subscriber_id, position, name, query)
             select s.id, place, 'filter ' || place, query from subscriber s cross join generate_series(1, 3) place
             join choice on number = (s.id * 3 + place * 6007) % (select count(*) from choice) + 1
             where s.id > $1 and s.id <= $2",
        ] {
            sqlx::query(sql).bind(self.readers).bind(count).execute(&self.pool).await.expect("readers join");
        }
        self.readers = count;
        self.sql("vacuum analyze").await;
    }

    /// New papers are there, and everybody is due; the program runs until there is nothing left to do.
    async fn morning(&mut self, title: &str, send: bool) -> Taken {
        self.day = self.day + Days::new(1);
        let due = self.day.and_hms_opt(6, 0, 0).expect("a time").and_utc();
        self.papers_arrive(due).await;
        self.sql("delete from mail").await;
        sqlx::query("update subscriber set next_due_at = $1").bind(due).execute(&self.pool).await.expect("everybody is due");
        self.sql("vacuum analyze").await;
        let start = Instant::now();
        let mut service = self.serve(due, send);
        let done = match send {
            true => {
                "select not exists (select from subscriber where next_due_at <= $1) and not exists (select from mail where finished_at is null)"
            }
            false => "select not exists (select from subscriber where next_due_at <= $1)",
        };
        while !sqlx::query_scalar::<_, bool>(done).bind(due).fetch_one(&self.pool).await.expect("the books are open") {
            assert!(service.try_wait().expect("it can be asked").is_none(), "the program ended by itself");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let taken = taken(&service, start.elapsed());
        let pid = rustix::process::Pid::from_child(&service);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be told to end");
        assert!(service.wait().expect("it ends").success(), "it ends well");
        self.print(title, due, send, &taken).await;
        taken
    }

    async fn print(&self, title: &str, due: DateTime<Utc>, send: bool, taken: &Taken) {
        let sql = "select count(*), count(*) filter (where state = 'accepted'), coalesce(avg(cardinality(papers)), 0)::float8
                   from mail m join digest d on d.subscriber_id = m.subscriber_id and d.id = m.digest_id where d.due_at = $1";
        let (mails, accepted, papers): (i64, i64, f64) =
            sqlx::query_as(sql).bind(due).fetch_one(&self.pool).await.expect("the books are open");
        assert_eq!((mails, accepted), (self.readers, if send { mails } else { 0 }), "a mail for each reader");
        let (seconds, mails) = (taken.time.as_secs_f64(), mails as f64);
        println!(
            "{title:<32} {:>9} {seconds:>9.1} {:>9.0} {:>6.0} MiB {papers:>12.1} {:>10.2}",
            self.readers,
            mails / seconds,
            taken.peak_kib as f64 / 1024.0,
            taken.processor.as_secs_f64() * 1000.0 / mails
        );
    }

    async fn papers_arrive(&self, now: DateTime<Utc>) {
        let first = usize::from(self.day.signed_duration_since(FIRST_DAY.parse().expect("a day")).num_days() as u16) * PAPERS;
        let papers: Vec<Paper> = self.material.papers.iter().cycle().skip(first).take(PAPERS).cloned().collect();
        let days = vec![Day { day: self.day, papers, history: false }];
        let incoming =
            Incoming { source: "arxiv".to_owned(), authority: Authority::Arxiv, days, updates: Vec::new(), validators: Vec::new() };
        archive::store(&self.pool, now, incoming, &[]).await.expect("the papers are stored");
    }

    /// The program as an operator runs it, believing that it is the morning; without a relay there is nobody to send to.
    fn serve(&self, now: DateTime<Utc>, send: bool) -> Child {
        let relay = if send { self.relay } else { free_address() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_paperlark"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PAPERLARK_")) {
            command.env_remove(name);
        }
        command.envs([
            ("PAPERLARK_DATABASE_URL", self.server.url()),
            ("PAPERLARK_SECRET_KEY", "a key for this measurement only, long enough to be one".to_owned()),
            ("PAPERLARK_RELAY_HOST", relay.ip().to_string()),
            ("PAPERLARK_RELAY_PORT", relay.port().to_string()),
            ("PAPERLARK_RELAY_CONNECTIONS", "16".to_owned()),
            ("PAPERLARK_DKIM_SELECTOR", "bench".to_owned()),
            ("PAPERLARK_DKIM_KEY_FILE", self.folder.path().join("dkim.pem").display().to_string()),
            ("PAPERLARK_SOURCE_HUGGINGFACE_ENABLED", "false".to_owned()),
            ("PAPERLARK_CLOCK_START", now.to_rfc3339()),
            ("PAPERLARK_LOG_FILTER", if send { "warn" } else { "off" }.to_owned()),
        ]);
        command.args(["--config", "/dev/null", "serve", "--role", "worker"]).stdin(Stdio::null()).stdout(Stdio::null());
        command.spawn().expect("the program starts")
    }

    async fn end(mut self) {
        self.pool.close().await;
        self.server.stop().await.expect("PostgreSQL stops");
        let _ = self.sink.kill();
        let _ = self.sink.wait();
    }
}

/// As /proc tells it (proc_pid_status(5), proc_pid_stat(5)).
fn taken(process: &Child, time: Duration) -> Taken {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", process.id())).expect("it runs");
    let status = read("status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    let stat = read("stat");
    let ticks: u64 =
        stat.rsplit(") ").next().expect("fields").split(' ').skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    // Linux tells processor time in hundredths of a second.
    Taken { time, peak_kib: peak.trim().trim_end_matches(" kB").parse().expect("a number"), processor: Duration::from_millis(ticks * 10) }
}
