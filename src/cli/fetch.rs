//! `paperlark fetch`.

use chrono::{Days, NaiveDate};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{Incomplete, Usage, output};
use crate::App;
use crate::pipeline::fetch::{self, FetchError, Report};

#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// A source's name in the configuration; all enabled ones if none is given
    source: Option<String>,
    /// Only this day, such as 2025-08-07; without it today (a file source: all its days)
    #[arg(long, value_name = "DAY", conflicts_with = "since")]
    date: Option<NaiveDate>,
    /// Every day from this one to today
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The most days one command asks for: ten years.
const MAX_DAYS: u64 = 3_660;

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
        let days = self.days(app)?;
        let bar = progress(sources.len() * days.len());
        let mut lines = Vec::new();
        for name in &sources {
            for day in &days {
                bar.set_message(format!("{name} {}", day.map(|day| day.to_string()).unwrap_or_default()));
                let result = fetch::fetch(app, app.clock.now(), name, *day).await;
                if let Err(error @ FetchError::UnknownSource { .. }) = result {
                    return Err(Usage(error.to_string()).into());
                }
                let (report, error) = match result {
                    Ok(report) => (Some(report), None),
                    Err(error) => (None, Some(output::chain(&error.into()))),
                };
                let line = Line { source: name.clone(), day: *day, report, error };
                if !self.json {
                    bar.suspend(|| output::print(&line.in_words()))?;
                }
                lines.push(line);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        if self.json {
            output::json(&lines)?;
        }
        summary(&lines, self.json)
    }

    fn days(&self, app: &App) -> Result<Vec<Option<NaiveDate>>, Usage> {
        let today = app.clock.now().date_naive();
        let Some(since) = self.since else { return Ok(vec![self.date]) };
        if since > today {
            return Err(Usage(format!("--since {since} is in the future; today is {today}")));
        }
        let days: Vec<Option<NaiveDate>> =
            (0..=MAX_DAYS).map_while(|n| since.checked_add_days(Days::new(n)).filter(|day| *day <= today)).map(Some).collect();
        match days.last() {
            Some(Some(last)) if *last == today => Ok(days),
            _ => Err(Usage(format!("--since {since} is more than ten years ago; fetch it in parts"))),
        }
    }
}

impl Line {
    fn in_words(&self) -> String {
        let head = self.day.map_or_else(|| self.source.clone(), |day| format!("{} {day}", self.source));
        let Some(report) = &self.report else { return format!("{head}: {}\n", self.error.as_deref().unwrap_or("failed")) };
        let sum = |count: fn(&crate::archive::Stored) -> usize| report.stored.iter().map(|(_, stored)| count(stored)).sum::<usize>();
        let mut text = match report.not_modified {
            true => format!("{head}: not changed since the last fetch\n"),
            false => format!(
                "{head}: {}: {} new, {} updated, {} unchanged\n",
                if report.papers == 1 { "1 paper".to_owned() } else { format!("{} papers", report.papers) },
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
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({eta} left)").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(u64::try_from(steps).unwrap_or(0)).with_style(style)
}

fn summary(lines: &[Line], quiet: bool) -> anyhow::Result<()> {
    let reports = || lines.iter().filter_map(|line| line.report.as_ref());
    let new: usize = reports().flat_map(|report| &report.stored).map(|(_, stored)| stored.new).sum();
    let skipped: usize = reports().map(|report| report.problems.len()).sum();
    let failed = lines.iter().filter(|line| line.error.is_some()).count();
    if !quiet && lines.len() > 1 {
        output::print(&format!("{} fetches: {new} new papers, {skipped} items skipped, {failed} failed\n", lines.len()))?;
    }
    match (failed, skipped) {
        (0, 0) => Ok(()),
        (0, _) => Err(Incomplete(format!("{skipped} items were skipped; the rest is stored")).into()),
        _ => Err(Incomplete(format!("{failed} of {} fetches failed", lines.len())).into()),
    }
}
