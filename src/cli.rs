//! The command line: one file a command.

mod bounce;
mod config;
mod demo;
mod digest;
mod dkim;
mod explain;
mod fetch;
mod filter;
mod mail;
mod migrate;
mod output;
mod serve;
mod source;
mod subscriber;
mod suppression;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::App;
use crate::config::{Config, ConfigError, LogFormat};
use crate::database::{Database, Sharing};

/// Sends each subscriber one email in the morning with the day's research papers that match what
/// they care about.
#[derive(Debug, Parser)]
#[command(name = "paperlark", version, about, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    /// A configuration file; without it ./paperlark.toml or /etc/paperlark/paperlark.toml, if there
    #[arg(long, global = true, env = "PAPERLARK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Begin here:
  paperlark demo                          see it work, with sample papers and a mail catcher
  paperlark config show --defaults        every setting with its meaning
  paperlark config check                  is my configuration right?
  paperlark serve                         run the service

Exit codes:
  0  done
  1  it failed; the message says why
  2  the command line or its input (an address, a filter, a date) is wrong
  3  the configuration is wrong
  4  a source could not be fetched, or some of its items were skipped
 75  try again later (paperlark bounce)";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service: pages, sources, composing and delivering
    ///
    /// Runs until SIGTERM or Ctrl-C; mails on the wire are finished first.
    Serve(serve::Serve),
    /// See it all work on this machine: sample papers, two readers, a mail catcher
    ///
    /// Starts a private PostgreSQL of its own, a mail catcher and the service, all on loopback; loads
    /// papers, signs up two readers through the pages, and runs their morning now. Nothing leaves this
    /// machine, except that --live asks the real hub. Every run begins afresh.
    Demo(demo::Demo),
    /// Fetch papers from the sources now
    ///
    /// Papers listed longer ago than fetch.history_after go to the archive only and start no mail.
    /// Fetching the same again changes nothing. Each service is asked at its own pace ([fetch.service]), also
    /// while the service runs; a pause it asks for is waited out.
    Fetch(fetch::Fetch),
    /// See how sources fare, try one, look at what it sent that could not be read
    #[command(subcommand)]
    Source(source::Source),
    /// Send one reader's digest now, or look at it; say how a day's digests stand
    ///
    /// Without --date, the reader's next digest ahead of its hour: it covers what arrived since the last
    /// one and stands for the next one. With --date, that day's papers again, whatever came before.
    Digest(digest::Digest),
    /// Say why a reader got a mail on a day, or did not, and why each paper is in it
    Explain(explain::Explain),
    /// Take a bounce, a complaint or a wish to unsubscribe from standard input
    ///
    /// For a pipe of the mail server, such as an alias `bounce: "|paperlark bounce"` with recipient delimiter +. Taking the
    /// same mail again changes nothing. Exit code 75 asks the mail server to try again later.
    Bounce(bounce::Bounce),
    /// Add, list, show, remove or export readers
    #[command(subcommand)]
    Subscriber(subscriber::Subscriber),
    /// List and settle mails of which nobody knows whether they arrived
    #[command(subcommand)]
    Mail(mail::Mail),
    /// List, add or remove addresses that never get mail
    #[command(subcommand)]
    Suppression(suppression::Suppression),
    /// Try filters
    #[command(subcommand)]
    Filter(filter::Filter),
    /// Make and check the keys that sign mails
    #[command(subcommand)]
    Dkim(dkim::Dkim),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config::Config),
    /// Bring the database's schema up to date (the service does so too)
    ///
    /// Applies what is missing of the schema; does nothing when it is up to date.
    Migrate(migrate::Migrate),
}

/// The input is wrong in a way the person can mend: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// The database is away; whoever called should come again: exit code 75 (EX_TEMPFAIL of sysexits).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TryAgain(String);

/// Something came, but not all of it: exit code 4.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Incomplete(String);

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("paperlark: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("paperlark: {}", output::chain(&error));
            exit_code(&error)
        }
    }
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Usage>() {
        ExitCode::from(2)
    } else if error.is::<ConfigError>() {
        ExitCode::from(3)
    } else if error.is::<Incomplete>() {
        ExitCode::from(4)
    } else if error.is::<TryAgain>() {
        ExitCode::from(75)
    } else {
        ExitCode::FAILURE
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    // `config show --defaults` must work whatever the configuration is.
    if let Command::Config(config::Config::Show(show)) = &cli.command
        && show.defaults
    {
        return show.print_defaults();
    }
    let file = cli.config.as_deref();
    // Not `vars`, which panics when any variable of the process, ours or not, is no UTF-8.
    let environment = std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    let config = crate::config::load(file, environment)?;
    match cli.command {
        Command::Serve(command) => {
            start_log(&config, &config.log.filter);
            command.run(config).await
        }
        Command::Demo(command) => {
            start_log(&config, "warn");
            command.run(config).await
        }
        Command::Config(command) => command.run(&config),
        Command::Filter(command) => command.run(config).await,
        Command::Dkim(command) => command.run(&config),
        Command::Fetch(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Explain(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Source(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Digest(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Bounce(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Subscriber(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Mail(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Suppression(command) => with_app(config, async |app| command.run(app).await).await,
        Command::Migrate(command) => command.run(config).await,
    }
}

/// A day of an argument.
fn day(text: &str) -> Result<NaiveDate, &'static str> {
    text.parse().map_err(|_| "a day is written as 2025-08-07")
}

/// Runs a short command beside a service that may be up on the same database.
async fn with_app<T>(config: Config, command: impl AsyncFnOnce(&App) -> anyhow::Result<T>) -> anyhow::Result<T> {
    start_log(&config, "warn");
    let database = Database::open(&config, Sharing::Attach).await?;
    let result = match App::new(config, database.pool.clone()).await {
        Ok(app) => command(&app).await,
        Err(error) => Err(error),
    };
    database.close().await?;
    result
}

/// The template library logs every value it renders, addresses and tokens among them: not even when
/// asked for. The last directive for a target is the one that counts.
const ALWAYS_QUIET: &str = "handlebars=warn,handlebars::render=warn";

fn start_log(config: &Config, filter: &str) {
    let filter = EnvFilter::new(format!("{filter},{ALWAYS_QUIET}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(output::watched()).with_writer(std::io::stderr);
    // Fails only when a log is set up already, as in tests.
    let _ = match config.log.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
