//! `paperlark filter check`.

use chrono::NaiveDate;
use clap::Args;

use crate::App;
use crate::archive;
use crate::cli::{Usage, output, with_app};
use crate::config::Config;
use crate::database::managed;
use crate::digest;
use crate::filter::{Filter, Ranking, Reading};
use crate::preview::{Corpus, Preview, Refusal, Report, Span, block_chart};

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// The filter, such as 'title:diffusion NOT cat:cs.CV'
    #[arg(allow_hyphen_values = true)]
    query: String,
    /// Try it on the papers listed since this day, such as 2025-08-07 [default: the last 30 days that have papers]
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    since: Option<NaiveDate>,
    /// The order of the papers of a day: relevance, trending or newest
    #[arg(long, value_name = "ORDER", default_value_t)]
    sort: Ranking,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Days looked at unless `--since` says otherwise.
const DAYS: u64 = 30;
/// Papers shown.
const SAMPLES: usize = 10;
/// Bars in the chart, so that it fits 80 columns; longer spans have several days a bar.
const MAX_BARS: usize = 36;

impl Check {
    pub(in crate::cli) async fn run(self, config: Config) -> anyhow::Result<()> {
        let reading = match Filter::read(&self.query) {
            Ok(reading) => reading,
            Err(error) if self.json => {
                output::json(&Refusal::new(&self.query, &error))?;
                return Err(Usage(error.to_string()).into());
            }
            Err(error) => return Err(Usage(format!("the filter is not understood\n{}\n{error}", error.caret(&self.query))).into()),
        };
        if self.since.is_none() && !has_archive(&config) {
            return self.tell(&reading, None);
        }
        let asked = with_app(config, async |app| Ok(corpus(app, self.since).await?)).await;
        match asked {
            Ok(corpus) => self.tell(&reading, corpus.as_ref()),
            Err(error) if self.since.is_some() => Err(error),
            // The filter itself is understood, and that was the question.
            Err(error) => {
                self.tell(&reading, None)?;
                eprintln!("paperlark: it could not be tried on papers: {}", output::chain(&error));
                Ok(())
            }
        }
    }

    fn tell(&self, reading: &Reading, corpus: Option<&Corpus>) -> anyhow::Result<()> {
        let preview = corpus.map(|corpus| Preview::new(corpus, &reading.filter));
        if self.json {
            let report = Report::new(&self.query, reading);
            return output::json(&match &preview {
                Some(preview) => report.with_preview(preview, self.sort, 0..SAMPLES),
                None => report,
            });
        }
        let mut text = format!("Understood as: {}\nIt finds {}.\n", reading.filter, reading.filter.explain());
        reading.notes.iter().for_each(|note| text.push_str(&format!("Note: {note}\n")));
        if let Some(preview) = &preview {
            text.push_str(&in_words(preview, self.sort));
        }
        output::print(&text)
    }
}

/// Whether there may be papers: nobody wants a database made only to hear that it is empty.
fn has_archive(config: &Config) -> bool {
    let settings = &config.database;
    let data_dir = || settings.data_dir.clone().unwrap_or_else(managed::default_data_dir);
    settings.url.is_some() || data_dir().join("postgres").exists()
}

/// The papers to try it on; none before the first one has come.
async fn corpus(app: &App, since: Option<NaiveDate>) -> sqlx::Result<Option<Corpus>> {
    let Some(newest) = archive::newest_day(&app.db).await? else { return Ok(None) };
    let recent = Span::up_to(newest, DAYS);
    let span = Span { from: since.map_or(recent.from, |since| since.min(newest)), ..recent };
    let papers = archive::listed_between(&app.db, span.from, span.to, crate::preview::MAX_PAPERS).await?;
    Ok(Some(Corpus::new(span, papers)))
}

fn in_words(preview: &Preview<'_>, sort: Ranking) -> String {
    let span = preview.corpus.span();
    let last = span.to.pred_opt().unwrap_or(span.from);
    let cut = if preview.corpus.is_cut() { ", the newest ones" } else { "" };
    let mut text = format!("\n{}, listed from {} to {last}{cut}.\n", preview.breadth.sentence(), span.from);
    preview.advice().iter().for_each(|advice| text.push_str(&format!("  ! {advice}\n")));
    if preview.breadth.hits == 0 {
        return text;
    }
    if preview.days.len() > 1 {
        let a_bar = preview.days.len().div_ceil(MAX_BARS);
        let bars: Vec<usize> = preview.days.chunks(a_bar).map(|days| days.iter().map(|day| day.hits).sum()).collect();
        let name = |day: NaiveDate| day.format("%-d %b").to_string();
        text.push_str(&format!("\n{}", block_chart(&bars, &name(span.from), &name(last))));
        if a_bar > 1 {
            text.push_str(&format!("{a_bar} days a bar\n"));
        }
    }
    let results = preview.results(sort, 0..SAMPLES);
    for found in &results {
        let paper = &found.paper.paper;
        text.push_str(&format!("\n{}  {}\n", found.paper.day, paper.title));
        let matched = digest::matched(preview.filter, paper);
        if !matched.is_empty() {
            text.push_str(&format!("            matched: {}\n", matched.join(", ")));
        }
    }
    let more = preview.breadth.hits - results.len();
    if more > 0 {
        text.push_str(&format!("\nand {more} more\n"));
    }
    text
}
