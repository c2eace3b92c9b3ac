//! `paperlark fetch`.

use std::fmt::Write;
use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use serde::Serialize;

use super::{Incomplete, Usage, output};
use crate::App;
use crate::config::SourceKind;
use crate::pipeline::fetch::{self, FetchError, Past, Report};
use crate::standing::Mode;

#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// A source's name in the configuration; all enabled ones if none is given
    source: Option<String>,
    /// Only this day, such as 2025-08-07; without it what is new (a file source: all its days)
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day, conflicts_with = "since")]
    date: Option<NaiveDate>,
    /// Every day from this one on; stopped and started again, it goes on where it was
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    since: Option<NaiveDate>,
    /// The last day for --since; today if not given
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day, requires = "since")]
    until: Option<NaiveDate>,
    /// Ask what changed on each day since (arXiv's OAI-PMH): new versions and corrected records
    #[arg(long, requires = "since")]
    reconcile: bool,
    /// Ask for all days again, also for those that an earlier, unfinished run did
    #[arg(long, requires = "since")]
    afresh: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The most days one command asks for: ten years.
const MAX_DAYS: i64 = 3_660;

/// A pause that a server asks for is waited out up to here, and so often in a row.
const MAX_PAUSE: Duration = Duration::from_secs(60 * 60);
const MAX_PAUSES: usize = 5;

/// Problems shown before the rest is only counted.
const SHOWN_PROBLEMS: usize = 10;

#[derive(Debug, Serialize)]
struct Line {
    source: String,
    day: Option<NaiveDate>,
    #[serde(flatten)]
    report: Option<Report>,
    error: Option<String>,
}

impl Fetch {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let sources: Vec<String> = match &self.source {
            Some(name) => vec![name.clone()],
            None => app.config.source.iter().filter(|(_, source)| source.enabled).map(|(name, _)| name.clone()).collect(),
        };
        let mut lines = Vec::new();
        match self.span(app)? {
            None => {
                let bar = progress(sources.len());
                for name in &sources {
                    bar.set_message(name.clone());
                    let result = fetch::fetch(app, app.clock.now(), name, self.date).await;
                    self.tell(&bar, &mut lines, name, self.date, result)?;
                }
                bar.finish_and_clear();
            }
            Some(span) => {
                for name in &sources {
                    self.past(app, name, span, &mut lines).await?;
                }
            }
        }
        if self.json {
            output::json(&lines)?;
        }
        summary(&lines, self.json)
    }

    /// The days of one source, one by one.
    async fn past(&self, app: &App, name: &str, span: (NaiveDate, NaiveDate), lines: &mut Vec<Line>) -> anyhow::Result<()> {
        if app.config.source.get(name).is_some_and(|source| source.kind == SourceKind::Feed) {
            let advice = format!("{name} is a feed, which tells only what is new; leave out --since");
            return if self.source.is_some() { Err(Usage(advice).into()) } else { Ok(()) };
        }
        let mode = if self.reconcile { Mode::Changed } else { Mode::Listed };
        let past = fetch::past(app, app.clock.now(), name, mode, span, self.afresh).await.map_err(known)?;
        if past.done > 0 && !self.json {
            let from = past.left.first().map(|day| format!(", going on from {day}")).unwrap_or_default();
            output::print(&format!("{name}: {} done before{from} (--afresh asks for all again)\n", output::counted(past.done, "day")))?;
        }
        let bar = progress(past.left.len());
        let mut failed = 0;
        for day in &past.left {
            bar.set_message(format!("{name} {day}"));
            let result = tokio::select! {
                result = patiently(app, &past, *day, &bar) => result,
                _ = tokio::signal::ctrl_c() => {
                    bar.finish_and_clear();
                    return Err(Incomplete(format!("stopped before {name} {day}; the same command goes on from there")).into());
                }
            };
            failed += usize::from(result.is_err());
            self.tell(&bar, lines, name, Some(*day), result)?;
        }
        bar.finish_and_clear();
        if failed == 0 {
            past.close(app).await?;
        }
        Ok(())
    }

    fn tell(
        &self,
        bar: &ProgressBar,
        lines: &mut Vec<Line>,
        name: &str,
        day: Option<NaiveDate>,
        result: Result<Report, FetchError>,
    ) -> anyhow::Result<()> {
        let (report, error) = match result {
            Ok(report) => (Some(report), None),
            Err(error @ FetchError::UnknownSource { .. }) => return Err(known(error)),
            Err(error) => (None, Some(output::chain(&error.into()))),
        };
        let line = Line { source: name.to_owned(), day, report, error };
        if !self.json {
            bar.suspend(|| output::print(&line.in_words()))?;
        }
        lines.push(line);
        bar.inc(1);
        Ok(())
    }

    fn span(&self, app: &App) -> Result<Option<(NaiveDate, NaiveDate)>, Usage> {
        let today = app.clock.now().date_naive();
        let Some(since) = self.since else { return Ok(None) };
        let until = self.until.unwrap_or(today).min(today);
        if since > today {
            return Err(Usage(format!("--since {since} is in the future; today is {today}")));
        }
        if until < since {
            return Err(Usage(format!("--until {until} is before --since {since}")));
        }
        match (until - since).num_days() < MAX_DAYS {
            true => Ok(Some((since, until))),
            false => Err(Usage(format!("--since {since} is more than ten years ago; fetch it in parts, with --until"))),
        }
    }
}

/// Asks for one day, and waits where the server wants a pause.
async fn patiently(app: &App, past: &Past, day: NaiveDate, bar: &ProgressBar) -> Result<Report, FetchError> {
    for _ in 0..MAX_PAUSES {
        match past.ask(app, app.clock.now(), day).await {
            Err(error) if error.retry_after().is_some_and(|wait| wait <= MAX_PAUSE) => {
                let wait = error.retry_after().unwrap_or_default() + Duration::from_secs(1);
                bar.set_message(format!("{day}: waiting {} s: {error}", wait.as_secs()));
                tracing::warn!(%day, wait_seconds = wait.as_secs(), %error, "the source asks for a pause");
                tokio::time::sleep(wait).await;
            }
            result => return result,
        }
    }
    past.ask(app, app.clock.now(), day).await
}

/// A name that is not in the configuration is the person's mistake.
fn known(error: FetchError) -> anyhow::Error {
    match error {
        FetchError::UnknownSource { .. } => Usage(error.to_string()).into(),
        error => error.into(),
    }
}

impl Line {
    fn in_words(&self) -> String {
        let head = self.day.map_or_else(|| self.source.clone(), |day| format!("{} {day}", self.source));
        let Some(report) = &self.report else { return format!("{head}: {}\n", self.error.as_deref().unwrap_or("failed")) };
        let sum = |count: fn(&crate::archive::Stored) -> usize| report.stored.iter().map(|(_, stored)| count(stored)).sum::<usize>();
        let mut text = match report.papers {
            _ if report.not_modified => format!("{head}: not changed since the last fetch\n"),
            0 => format!("{head}: nothing is listed\n"),
            papers => format!(
                "{head}: {}: {} new, {} updated, {} unchanged\n",
                output::counted(papers, "paper"),
                sum(|stored| stored.new),
                sum(|stored| stored.updated),
                sum(|stored| stored.unchanged)
            ),
        };
        for problem in report.problems.iter().take(SHOWN_PROBLEMS) {
            text.push_str(&format!("  skipped {}: {}\n", problem.place, problem.reason));
        }
        if report.problems.len() > SHOWN_PROBLEMS {
            text.push_str(&format!("  … and {} more skipped\n", report.problems.len() - SHOWN_PROBLEMS));
        }
        text
    }
}

fn progress(steps: usize) -> ProgressBar {
    if !output::watched() || steps < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}{left}").unwrap_or_else(|_| ProgressStyle::default_bar());
    // Before the first step nothing tells how long the others take.
    let left = |state: &ProgressState, out: &mut dyn Write| {
        let _ = if state.pos() > 0 { write!(out, " ({:#} left)", HumanDuration(state.eta())) } else { Ok(()) };
    };
    ProgressBar::new(u64::try_from(steps).unwrap_or(0)).with_style(style.with_key("left", left))
}

fn summary(lines: &[Line], quiet: bool) -> anyhow::Result<()> {
    let reports = || lines.iter().filter_map(|line| line.report.as_ref());
    let new: usize = reports().flat_map(|report| &report.stored).map(|(_, stored)| stored.new).sum();
    let skipped: usize = reports().map(|report| report.problems.len()).sum();
    let failed = lines.iter().filter(|line| line.error.is_some()).count();
    if !quiet && lines.len() > 1 {
        output::print(&format!(
            "{} fetches: {}, {} skipped, {failed} failed\n",
            lines.len(),
            output::counted(new, "new paper"),
            output::counted(skipped, "item")
        ))?;
    }
    match (failed, skipped) {
        (0, 0) => Ok(()),
        (0, _) => Err(Incomplete(format!("{} skipped; the rest is stored", output::counted(skipped, "item"))).into()),
        _ => Err(Incomplete(format!("{failed} of {} fetches failed", lines.len())).into()),
    }
}
