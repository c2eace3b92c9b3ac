//! A fresh, migrated database for every test, on one throw-away PostgreSQL for all of them.
//!
//! The first test process starts the server by `scripts/with-postgres`, in memory where possible; it
//! goes a few seconds after the last process that uses it. `TEST_DATABASE_URL`, of a role that may create
//! databases, has another server used.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use paperlark::database::MIGRATIONS;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

/// Any number: it only has to be the same in all test processes.
const TEMPLATE_LOCK: i64 = 7_231_905;

/// A database of one test, dropped at its end.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    pool: PgPool,
}

/// Makes a database with all migrations applied.
pub async fn database() -> TestDatabase {
    let template = template().await;
    let name = format!("test_{}", Uuid::new_v4().simple());
    execute(&SERVER.url, format!("create database {name} template {template}")).await.unwrap();
    let url = url_of(&name);
    let pool = PgPoolOptions::new().max_connections(5).acquire_timeout(Duration::from_secs(20)).connect_lazy(&url).unwrap();
    TestDatabase { name, url, pool }
}

impl TestDatabase {
    /// The address of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A small pool of connections to the database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        // A test's own runtime cannot be waited for from within; a test that fails may have left a broken one.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&SERVER.url, statement))
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("the test database {} could not be dropped", self.name);
        }
    }
}

/// The migrated database that the others are copied from, named by what the migrations say.
async fn template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE.get_or_init(async || make_template().await.unwrap()).await
}

async fn make_template() -> sqlx::Result<String> {
    let checksums = MIGRATIONS.iter().fold(Sha256::new(), |hash, migration| hash.chain_update(&migration.checksum));
    let name: String = "template_"
        .chars()
        .chain(checksums.finalize().iter().take(8).flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from))
        .collect();
    let mut admin = PgConnection::connect(&SERVER.url).await?;
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut admin).await?;
    let missing = "select not exists (select from pg_database where datname = $1)";
    if sqlx::query_scalar(missing).bind(&name).fetch_one(&mut admin).await? {
        // It gets its name when it is complete.
        let draft = format!("draft_{}", Uuid::new_v4().simple());
        sqlx::query(AssertSqlSafe(format!("create database {draft}"))).execute(&mut admin).await?;
        let mut connection = PgConnection::connect(&url_of(&draft)).await?;
        MIGRATIONS.run(&mut connection).await?;
        connection.close().await?;
        sqlx::query(AssertSqlSafe(format!("alter database {draft} rename to {name}"))).execute(&mut admin).await?;
    }
    admin.close().await?;
    Ok(name)
}

async fn execute(url: &str, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

fn url_of(database: &str) -> String {
    let mut url = Url::parse(&SERVER.url).unwrap();
    url.set_path(database);
    url.into()
}

static SERVER: LazyLock<Server> = LazyLock::new(|| match std::env::var("TEST_DATABASE_URL") {
    Ok(url) => Server { url, _use: None },
    Err(_) => Server::shared(),
});

struct Server {
    url: String,
    /// A lock that is held as long as this process lives, and tells that the server is in use.
    _use: Option<File>,
}

/// Runs beside the shared server: publishes its address, and ends when nobody uses it any more.
const WATCH: &str = r#"
    echo "$DATABASE_URL" > "$1/url.new" && mv "$1/url.new" "$1/url"
    exec 8>>"$1/start" 7>>"$1/use"
    while sleep 3; do
        flock 8
        if flock --nonblock 7; then rm -f "$1/url"; exit; fi
        flock --unlock 8
    done
"#;

impl Server {
    /// Joins the server of this test run, or starts it.
    fn shared() -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared-postgres");
        fs::create_dir_all(&dir).unwrap();
        let open = |name| File::options().append(true).create(true).open(dir.join(name)).unwrap();
        let (starting, using) = (open("start"), open("use"));
        starting.lock().unwrap();
        using.lock_shared().unwrap();
        let address = dir.join("url");
        let url = running(&address).unwrap_or_else(|| {
            let _ = fs::remove_file(&address);
            await_address(&address, spawn(&dir), &dir.join("log"))
        });
        starting.unlock().unwrap();
        Self { url, _use: Some(using) }
    }
}

fn spawn(dir: &Path) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/with-postgres");
    let mut command = Command::new(script);
    command.args(["bash", "-c", WATCH, "watch"]).arg(dir);
    // Not in our process group, since it outlives this process.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(dir.join("log")).unwrap());
    command.spawn().unwrap()
}

fn await_address(address: &Path, mut server: Child, log: &Path) -> String {
    loop {
        if let Some(url) = running(address) {
            return url;
        }
        if server.try_wait().unwrap().is_some() {
            panic!("{}", fs::read_to_string(log).unwrap());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The published address, if a server answers there.
fn running(address: &Path) -> Option<String> {
    let url = Url::parse(fs::read_to_string(address).ok()?.trim()).ok()?;
    let (_, socket_dir) = url.query_pairs().find(|(key, _)| key == "host")?;
    UnixStream::connect(Path::new(&*socket_dir).join(".s.PGSQL.5432")).ok()?;
    Some(url.into())
}
