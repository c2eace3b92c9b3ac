//! A preview for programs: the JSON of `/api/filters/preview` and of `paperlark filter check --json`.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Serialize;

use super::{Advice, Day, Preview};
use crate::digest;
use crate::filter::{Filter, FilterError, Ranking, Reading};

/// How a filter is understood and, where there are papers to try it on, what it brings.
#[derive(Debug, Serialize)]
pub struct Report {
    ok: bool,
    /// As it was written.
    query: String,
    /// As the service writes it; means the same.
    canonical: String,
    /// In plain words.
    explanation: String,
    /// How it was read where that is not obvious.
    notes: Vec<String>,
    #[serde(flatten)]
    figures: Option<Figures>,
}

/// What a filter brings.
#[derive(Debug, Serialize)]
struct Figures {
    /// The first day searched.
    since: NaiveDate,
    /// The last day searched.
    until: NaiveDate,
    /// Papers searched.
    papers: usize,
    /// Papers found.
    hits: usize,
    /// The part of them, 0 to 1.
    share: f64,
    /// Papers found on a day that has papers.
    papers_a_day: f64,
    /// The same in a sentence.
    summary: String,
    /// Hits a day, the oldest day first.
    days: Vec<Day>,
    advice: Vec<Told>,
    /// The newest day first, on each day by the chosen order.
    results: Vec<Line>,
    /// How many results come after these.
    more: usize,
}

/// A piece of advice with its sentence.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    advice: Advice,
    message: String,
}

/// One paper.
#[derive(Debug, Serialize)]
struct Line {
    day: NaiveDate,
    id: String,
    title: String,
    url: String,
    upvotes: Option<u32>,
    /// What of it matched: words, names, facts.
    matched: Vec<String>,
}

/// What is wrong with a filter.
#[derive(Debug, Serialize)]
pub struct Refusal {
    ok: bool,
    /// What is wrong, and what to write instead.
    message: String,
    /// The line of the filter, from 1.
    line: usize,
    /// The column in it, in characters from 1.
    column: usize,
    /// The line with a `^` under the wrong character.
    caret: String,
}

impl Report {
    /// How `query` is understood.
    pub fn new(query: &str, reading: &Reading) -> Self {
        Self {
            ok: true,
            query: query.to_owned(),
            canonical: reading.filter.to_string(),
            explanation: reading.filter.explain().to_string(),
            notes: reading.notes.iter().map(ToString::to_string).collect(),
            figures: None,
        }
    }

    /// The same with what it brings: the results of these `places`, from 0.
    pub fn with_preview(self, preview: &Preview<'_>, ranking: Ranking, places: Range<usize>) -> Self {
        let (breadth, span) = (preview.breadth, preview.corpus.span());
        let results: Vec<Line> = preview.results(ranking, places.clone()).iter().map(|found| line(preview.filter, found.paper)).collect();
        let figures = Figures {
            since: span.from,
            until: span.to.pred_opt().unwrap_or(span.from),
            papers: breadth.papers,
            hits: breadth.hits,
            share: breadth.share(),
            papers_a_day: breadth.a_day(),
            summary: breadth.sentence(),
            days: preview.days.clone(),
            advice: preview.advice().into_iter().map(|advice| Told { message: advice.to_string(), advice }).collect(),
            more: breadth.hits.saturating_sub(places.start.saturating_add(results.len())),
            results,
        };
        Self { figures: Some(figures), ..self }
    }
}

fn line(filter: &Filter, listed: &crate::archive::OnDay) -> Line {
    let paper = &listed.paper;
    Line {
        day: listed.day,
        id: paper.id.to_string(),
        title: paper.title.clone(),
        url: paper.id.page_url(),
        upvotes: paper.upvotes,
        matched: digest::matched(filter, paper),
    }
}

impl Refusal {
    /// What the parser says of `query`.
    pub fn new(query: &str, error: &FilterError) -> Self {
        Self { ok: false, message: error.to_string(), line: error.line(), column: error.column(), caret: error.caret(query) }
    }
}
