//! `paperlark source list|status|test|rejects`.

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Incomplete, Usage, output};
use crate::App;
use crate::pipeline::fetch::{self, FetchError};
use crate::source::Problem;
use crate::standing::{self, Standing, State};

#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// The sources of the configuration: kind, schedule, settings
    List(Print),
    /// How each source fares: its days, when it answered last, what it said when it failed
    ///
    /// A day is listed, quiet (a weekend, a holiday, nothing new), late (a listing should be there and is not) or
    /// failing; `-` is a day of which nothing is known yet.
    Status(Print),
    /// Ask a source now, without storing anything: its first five papers and all that is wrong
    Test(Test),
    /// Items that could not be read, as they came
    ///
    /// They are kept for fetch.keep_rejects after they were last seen.
    Rejects(Rejects),
}

#[derive(Debug, Args)]
pub(super) struct Print {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// The source's name in the configuration
    name: String,
    /// This day, such as 2025-08-07; without it what is new
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    date: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(super) struct Rejects {
    /// Only those of this source
    name: Option<String>,
    /// Print JSON, with whole payloads
    #[arg(long)]
    json: bool,
}

/// Papers that a test shows.
const SHOWN_PAPERS: usize = 5;

/// Rejects that are printed, the latest.
const SHOWN_REJECTS: i64 = 1_000;

/// How much of a payload is shown on one line.
const SHOWN_PAYLOAD_CHARS: usize = 200;

/// Days in the table of `status`.
const SHOWN_DAYS: usize = 5;

impl Source {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::List(print) => list(app, print.json),
            Self::Status(print) => status(app, print.json).await,
            Self::Test(test) => test.run(app).await,
            Self::Rejects(rejects) => rejects.run(app).await,
        }
    }
}

#[derive(Debug, Serialize)]
struct Configured<'a> {
    name: &'a str,
    #[serde(flatten)]
    source: &'a crate::config::Source,
}

fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let sources = &app.config.source;
    if json {
        return output::json(&sources.iter().map(|(name, source)| Configured { name, source }).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = sources
        .iter()
        .map(|(name, source)| {
            let place = source.path.as_ref().map(|path| path.display().to_string()).or_else(|| source.query.clone());
            let place = place.or_else(|| (!source.categories.is_empty()).then(|| source.categories.join(" ")));
            let place = place.or_else(|| source.url.as_ref().or(source.base_url.as_ref()).map(ToString::to_string));
            let enabled = if source.enabled { "yes" } else { "no" };
            let schedule = format!("{} ({})", source.schedule, source.zone);
            vec![name.clone(), source.kind.title().to_owned(), enabled.to_owned(), schedule, place.unwrap_or_default()]
        })
        .collect();
    output::print(&output::table(&["NAME", "KIND", "ENABLED", "SCHEDULE", "OF"], &rows))
}

async fn status(app: &App, json: bool) -> anyhow::Result<()> {
    let standings = standing::overview(&app.db, &app.config, app.clock.now()).await?;
    if json {
        return output::json(&standings);
    }
    let days = |standing: &Standing| {
        let states = standing.days.iter().take(SHOWN_DAYS).rev().map(|(day, state)| format!("{} {}", day.format("%a"), word(*state)));
        states.collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<Vec<String>> = standings
        .iter()
        .map(|standing| {
            let today = standing.days.first().and_then(|(_, state)| *state);
            let next = if standing.enabled { moment(standing.next_check_at) } else { "disabled".to_owned() };
            vec![
                standing.name.clone(),
                word(today).to_owned(),
                days(standing),
                moment(standing.last_success_at),
                next,
                standing.failures.to_string(),
            ]
        })
        .collect();
    let mut text = output::table(&["NAME", "TODAY", "LAST DAYS", "ANSWERED", "NEXT", "FAILURES"], &rows);
    for standing in &standings {
        if let Some(error) = &standing.last_error {
            text.push_str(&format!("\n{}: {error}\n", standing.name));
        }
    }
    if let Some(advice) = standing::untold_holidays(&app.config, app.clock.now()) {
        text.push_str(&format!("\n{advice}\n"));
    }
    output::print(&text)
}

fn word(state: Option<State>) -> &'static str {
    state.map_or("-", State::as_str)
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%MZ").to_string())
}

impl Test {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let fetched = match fetch::look(app, app.clock.now(), &self.name, self.date).await {
            Err(error @ FetchError::UnknownSource { .. }) => return Err(Usage(error.to_string()).into()),
            Err(error) => return Err(Incomplete(format!("{}: {}", self.name, output::chain(&error.into()))).into()),
            Ok(fetched) => fetched,
        };
        let mut text = String::new();
        for day in &fetched.days {
            text.push_str(&format!("{}: {}\n", day.day, output::counted(day.papers.len(), "paper")));
        }
        let listed = fetched.days.iter().flat_map(|day| &day.papers);
        for paper in listed.chain(&fetched.updates).take(SHOWN_PAPERS) {
            let authors = match paper.authors.as_slice() {
                [] => String::new(),
                [only] => format!(" ({only})"),
                [first, others @ ..] => format!(" ({first} and {} more)", others.len()),
            };
            text.push_str(&format!("  {}  {}{authors}\n", paper.id, paper.title));
        }
        if fetched.days.is_empty() && fetched.updates.is_empty() {
            text.push_str("Nothing is listed.\n");
        }
        if !fetched.updates.is_empty() {
            text.push_str(&format!("{} new versions or corrected records\n", fetched.updates.len()));
        }
        if fetched.next.is_some() {
            text.push_str("There is more on further pages.\n");
        }
        for Problem { place, reason, .. } in &fetched.problems {
            text.push_str(&format!("skipped {place}: {reason}\n"));
        }
        output::print(&text)?;
        match fetched.problems.len() {
            0 => Ok(()),
            skipped => Err(Incomplete(format!("{} cannot be read", output::counted(skipped, "item"))).into()),
        }
    }
}

impl Rejects {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let rejects = standing::rejects(&app.db, self.name.as_deref(), SHOWN_REJECTS).await?;
        if self.json {
            return output::json(&rejects);
        }
        if rejects.is_empty() {
            return output::print("Every item could be read.\n");
        }
        let text: String = rejects
            .iter()
            .map(|reject| {
                let payload: String = reject.payload.split_whitespace().collect::<Vec<_>>().join(" ");
                let payload: String = payload.chars().filter(|c| !c.is_control()).take(SHOWN_PAYLOAD_CHARS).collect();
                let seen = reject.last_seen_at.format("%Y-%m-%d %H:%MZ");
                format!("{} {}, last seen {seen}: {}\n    {payload}\n", reject.source, reject.place, reject.reason)
            })
            .collect();
        output::print(&text)
    }
}
