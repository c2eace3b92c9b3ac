//! Filters tried out: the search page, and its JSON for programs.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::WebError;
use super::papers::{empty_form, period_of, shown, span_of};
use super::view::{Asked, FilterLine, FilterProblem, FilterRow, LIMITS, Period, PreviewView, Scope, SearchPage, SubscribeForm, TextField};
use super::{Web, guard};
use crate::archive;
use crate::digest;
use crate::filter::{Filter, Ranking, Reading};
use crate::preview::{Corpus, Preview, Refusal, Report, Span};

type Answer = Result<Response, WebError>;

/// How many days a search looks at, the newest listing being the last.
const SEARCH_DAYS: u64 = 30;

/// `GET /papers?q=…`: the language of filters over the last weeks (or `day=`, `week=`, `month=`), and a subscription to
/// what it finds.
pub(super) async fn search(
    State(web): State<Web>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(fields): Query<HashMap<String, String>>,
) -> Answer {
    let (asked, period) = asked(&fields)?;
    let mut page = SearchPage::new(&asked, form(&web, &asked.query));
    if asked.query.is_empty() {
        return web.page(&page);
    }
    count(&web, peer, &headers)?;
    let Reading { filter, notes } = match Filter::read(&asked.query) {
        Ok(reading) => reading,
        Err(error) => {
            page.problem = Some(FilterProblem::of(None, &asked.query, &error));
            return web.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let corpus = corpus(&web, period).await?;
    let preview = Preview::new(&corpus, &filter);
    let found = preview.results(asked.ranking, asked.places());
    let of_day = |day| preview.days.iter().find(|known| known.day == day).map_or(0, |known| known.hits);
    let view = PreviewView::new("q", &asked.query, asked.scope, &preview, &notes);
    let page = page.with_results(&asked, view, preview.breadth.hits, &found, of_day, |found| {
        let paper = &found.paper.paper;
        shown(paper, &digest::card(web.app.links(), paper, &digest::Texts::default(), Some(&filter)))
    });
    web.page(&page)
}

/// Results in the JSON unless `limit` says otherwise, and at most.
const RESULTS: usize = 20;
const MAX_RESULTS: usize = 100;

/// `GET /api/filters/preview?q=…`: the same for programs, with `limit=` and `page=`.
pub(super) async fn preview_json(
    State(web): State<Web>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Query(fields): Query<HashMap<String, String>>,
) -> Answer {
    let (asked, period) = asked(&fields)?;
    count(&web, peer, &headers)?;
    let limit = match fields.get("limit").map(|limit| limit.parse()) {
        None => RESULTS,
        Some(Ok(limit)) if limit <= MAX_RESULTS => limit,
        Some(_) => return Err(WebError::with_detail(StatusCode::BAD_REQUEST, format!("limit must be a number from 0 to {MAX_RESULTS}"))),
    };
    let reading = match Filter::read(&asked.query) {
        Ok(reading) => reading,
        Err(error) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(Refusal::new(&asked.query, &error))).into_response()),
    };
    let corpus = corpus(&web, period).await?;
    let from = (asked.page - 1).saturating_mul(limit);
    let report = Report::new(&asked.query, &reading);
    let report = report.with_preview(&Preview::new(&corpus, &reading.filter), asked.ranking, from..from.saturating_add(limit));
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(report)).into_response())
}

/// A visitor's searches must not take the processor from all others.
fn count(web: &Web, peer: ConnectInfo<SocketAddr>, headers: &HeaderMap) -> Result<(), WebError> {
    let allowed = web.guard.allows_search(guard::visitor(web, peer, headers));
    if allowed { Ok(()) } else { Err(WebError::status(StatusCode::TOO_MANY_REQUESTS)) }
}

/// What the fields of the address ask for.
fn asked(fields: &HashMap<String, String>) -> Result<(Asked, Option<Period>), WebError> {
    let field = |name: &str| fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let period = ["day", "week", "month"].into_iter().find_map(|unit| Some(period_of(unit, field(unit)?)));
    let period = period.transpose()?;
    let asked = Asked {
        // PostgreSQL's text cannot hold U+0000, and no reader means it.
        query: field("q").unwrap_or_default().replace('\0', "").chars().take(LIMITS.filter_query + 1).collect(),
        scope: Scope::new(period),
        ranking: field("sort").and_then(|name| name.parse().ok()).unwrap_or_default(),
        page: field("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
    };
    Ok((asked, period))
}

/// The papers to search: of a period, or of the last weeks.
pub(super) async fn corpus(web: &Web, period: Option<Period>) -> Result<Arc<Corpus>, WebError> {
    let db = &web.app.db;
    let span = match period {
        Some(period) => span_of(period)?,
        None => Span::up_to(archive::newest_day(db).await?.unwrap_or_default(), SEARCH_DAYS),
    };
    Ok(web.app.corpora.get(db, span).await?)
}

/// How many results stand beside a filter as samples.
const SAMPLES: usize = 3;

/// Puts beside each filter that is understood what it would have brought in the last weeks.
pub(super) async fn preview_rows(web: &Web, rows: &mut [FilterRow]) -> Result<(), WebError> {
    let corpus = corpus(web, None).await?;
    for row in rows.iter_mut().filter(|row| row.problem.is_none() && !row.query.is_empty()) {
        let Ok(reading) = Filter::read(&row.query) else { continue };
        row.preview = Some(summary(row.index.to_string(), &row.query, &reading, &corpus));
    }
    Ok(())
}

/// The filters of a sign-up, each with what it would have brought.
pub(super) async fn filter_lines(web: &Web, queries: Vec<String>) -> Result<Vec<FilterLine>, WebError> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let corpus = corpus(web, None).await?;
    let line = |(index, query): (usize, String)| {
        let reading = Filter::read(&query).ok();
        let preview = reading.map(|reading| summary(index.to_string(), &query, &reading, &corpus));
        FilterLine { name: None, query, preview }
    };
    Ok(queries.into_iter().enumerate().map(line).collect())
}

/// A preview for a page of many filters: without the table, with a few results.
fn summary(id: String, query: &str, reading: &Reading, corpus: &Corpus) -> PreviewView {
    let preview = Preview::new(corpus, &reading.filter);
    let samples = preview.results(Ranking::default(), 0..SAMPLES);
    let view = PreviewView::new(id, query, Scope::default(), &preview, &reading.notes);
    view.summed_up(query, Scope::default(), samples.iter().map(|found| &found.paper.paper))
}

/// The box to subscribe to `query`. There each line would be a filter of its own.
fn form(web: &Web, query: &str) -> SubscribeForm {
    let keywords = match Filter::parse(query) {
        Ok(filter) if query.contains('\n') => filter.to_string(),
        _ => query.to_owned(),
    };
    SubscribeForm { keywords: TextField::new(keywords), ..empty_form(web) }
}
