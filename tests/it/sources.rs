//! Sources: what the hub or a file says, well or badly, and when it is asked.

mod budget;
mod days;
mod faults;
mod file;
mod hub;
mod kinds;
mod proxy;
mod real;
mod refusals;
mod replay;
mod schedule;

use std::path::Path;

use chrono::NaiveDate;
use paperlark::App;
use paperlark::archive::{self, PaperRow};
use paperlark::config::Source;
use paperlark::pipeline::fetch::{self, FetchError, Report};

use crate::support::hub::Answer;
use crate::support::service::Service;

/// A Monday at noon.
const NOW: &str = "2026-01-12T12:00:00Z";
const MONDAY: &str = "2026-01-12";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What the stand-in hub says instead of a list.
fn answer(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, headers: vec![("content-type", kind.to_owned())], body: body.into() }
}

/// Asks one source for one day, or a file source for all it has.
async fn ask(service: &Service, source: &str, day: Option<&str>) -> Result<Report, FetchError> {
    fetch::fetch(&service.app, service.now(), source, day.map(|day| day.parse().unwrap())).await
}

/// Why the hub's Monday could not be had.
async fn refusal(service: &Service) -> String {
    ask(service, "huggingface", Some(MONDAY)).await.unwrap_err().to_string()
}

/// A paper as the archive has it.
async fn paper(service: &Service, id: &str) -> PaperRow {
    find(service, id).await.unwrap_or_else(|| panic!("{id} is not stored"))
}

async fn find(service: &Service, id: &str) -> Option<PaperRow> {
    archive::paper(&service.app.db, &id.parse().unwrap()).await.unwrap()
}

/// How many papers a report stored for the first time.
fn new_papers(report: &Report) -> usize {
    report.stored.iter().map(|(_, stored)| stored.new).sum()
}

/// Adds a source to the service's configuration.
async fn add_source(service: &mut Service, name: &str, source: Source) {
    let mut config = (*service.app.config).clone();
    config.source.insert(name.to_owned(), source);
    service.app = App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
}

/// A `[source.NAME]` table.
fn source(table: &str) -> Source {
    toml::from_str(&format!("schedule = \"30 * * * *\"\n{table}")).unwrap()
}

fn file_source(path: &Path) -> Source {
    source(&format!("kind = \"file\"\npath = {:?}", path.display().to_string()))
}

fn hub_source(url: &str) -> Source {
    source(&format!("kind = \"huggingface\"\nbase_url = {url:?}"))
}
