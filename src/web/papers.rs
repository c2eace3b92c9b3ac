//! Pages of papers: a day, a week, a month, one paper, a digest.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::Web;
use super::error::WebError;
use super::view::{
    DayPage, DigestPage, DigestSection, FilterProblem, LIMITS, Link, Listing, Moment, Neighbours, PaperCard, PaperPage, Period, SearchPage,
    Span, SubscribeForm, TextField,
};
use crate::archive;
use crate::digest;
use crate::filter::Filter;
use crate::mail::model;
use crate::paper::{Paper, PaperId};
use crate::token::Purpose;
use uuid::Uuid;

/// Years of four digits (RFC 3339 § 5.6); far outside of them the database has no dates.
const YEARS: RangeInclusive<i32> = 1..=9999;

type Answer = Result<Response, WebError>;

/// `GET /`: the newest day.
pub(super) async fn newest(State(web): State<Web>) -> Answer {
    match archive::newest_day(&web.app.db).await? {
        Some(day) => period(&web, Period::Day(day)).await,
        None => web.page(&DayPage::fresh_install(empty_form(&web))),
    }
}

/// `GET /papers/date/2025-08-07`
pub(super) async fn day(State(web): State<Web>, Path(day): Path<String>) -> Answer {
    let day = day.parse().map_err(|_| wrong_date("a day is written like /papers/date/2025-08-07"))?;
    period(&web, Period::Day(day)).await
}

/// `GET /papers/week/2025-W32`
pub(super) async fn week(State(web): State<Web>, Path(week): Path<String>) -> Answer {
    let parsed =
        week.split_once("-W").and_then(|(year, week)| NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, Weekday::Mon));
    let monday = parsed.ok_or_else(|| wrong_date("a week is written like /papers/week/2025-W32"))?;
    period(&web, Period::Week(monday)).await
}

/// `GET /papers/month/2025-08`
pub(super) async fn month(State(web): State<Web>, Path(month): Path<String>) -> Answer {
    let first = format!("{month}-01").parse().map_err(|_| wrong_date("a month is written like /papers/month/2025-08"))?;
    period(&web, Period::Month(first)).await
}

fn wrong_date(detail: &str) -> WebError {
    WebError::with_detail(StatusCode::BAD_REQUEST, detail)
}

async fn period(web: &Web, period: Period) -> Answer {
    let (from, to, same): (_, _, fn(NaiveDate) -> Period) = match period {
        Period::Day(day) => (Some(day), day.checked_add_days(Days::new(1)), Period::Day),
        Period::Week(day) => {
            let monday = day.week(Weekday::Mon).checked_first_day();
            (monday, monday.and_then(|monday| monday.checked_add_days(Days::new(7))), Period::Week)
        }
        Period::Month(day) => {
            let first = day.with_day(1);
            (first, first.and_then(|first| first.checked_add_months(Months::new(1))), Period::Month)
        }
    };
    let (Some(from), Some(to)) = (from.filter(|from| YEARS.contains(&from.year())), to) else {
        return Err(wrong_date("a year is written like 2025, in four digits"));
    };
    let listing = archive::listing(&web.app.db, from, to, &web.app.config.digest.curated).await?;
    let newest = archive::newest_day(&web.app.db).await?.filter(|newest| *newest >= to);
    let neighbours = Neighbours { previous: listing.previous.map(same), next: listing.next.map(same), newest: newest.map(same) };
    let cards = listing.papers.iter().enumerate().map(|(place, paper)| PaperCard::new(paper, Some(place + 1)));
    web.page(&DayPage::new(period, neighbours, cards.collect(), empty_form(web)))
}

/// The box to subscribe, with what the operator proposes.
pub(super) fn empty_form(web: &Web) -> SubscribeForm {
    SubscribeForm::empty(web.app.config.site.hour.get(), web.app.config.site.time_zone.name())
}

/// How far back a search looks, in days before the newest listing.
const SEARCH_DAYS: u64 = 30;

/// The most results one page shows.
const MAX_RESULTS: usize = 100;

/// `GET /papers?q=…`: the language of filters over the last weeks, and a subscription to what it finds.
pub(super) async fn search(State(web): State<Web>, Query(asked): Query<HashMap<String, String>>) -> Answer {
    let query: String = asked.get("q").map(|query| query.trim().chars().take(LIMITS.filter_query).collect()).unwrap_or_default();
    let scope = format!("the papers of the last {SEARCH_DAYS} days");
    let form = SubscribeForm { keywords: TextField::new(query.clone()), ..empty_form(&web) };
    let nothing = |query: String| SearchPage::new(query, scope.clone(), 0, Vec::new(), form.clone());
    if query.is_empty() {
        return web.page(&nothing(query));
    }
    let filter = match Filter::parse(&query) {
        Ok(filter) => filter,
        Err(error) => {
            let problem = FilterProblem::of(None, &query, &error);
            return web.page_with(StatusCode::UNPROCESSABLE_ENTITY, &SearchPage { problem: Some(problem), ..nothing(query) });
        }
    };
    let newest = archive::newest_day(&web.app.db).await?.unwrap_or_default();
    let since = newest.checked_sub_days(Days::new(SEARCH_DAYS)).unwrap_or(newest);
    let window = web.app.windows.listed(&web.app.db, since).await?;
    let mut found: Vec<(f32, &Paper)> = window
        .index
        .matches(&filter)
        .into_iter()
        .filter_map(|ordinal| Some((window.index.relevance(&filter, ordinal), &window.papers.get(usize::try_from(ordinal).ok()?)?.paper)))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.upvotes.cmp(&a.1.upvotes)));
    let cards = found
        .iter()
        .take(MAX_RESULTS)
        .zip(1..)
        .map(|((_, paper), rank)| shown(paper, &digest::card(web.app.links(), paper, Some(&filter)), Some(rank)));
    let cards = cards.collect();
    web.page(&SearchPage::new(query, scope.clone(), found.len(), cards, form.clone()))
}

/// `GET /papers/2504.15921`, or a DOI or address with its kind in front.
pub(super) async fn paper(State(web): State<Web>, Path(id): Path<String>) -> Answer {
    let unknown = || WebError::with_detail(StatusCode::NOT_FOUND, "We have no such paper.");
    let id = PaperId::parse(&id).map_err(|_| unknown())?;
    let row = archive::paper(&web.app.db, &id).await?.ok_or_else(unknown)?;
    let listed = archive::days_listed(&web.app.db, row.key.0).await?;
    let listings = listed.into_iter().rev().map(|listed| {
        let period = Period::Day(listed.day);
        Listing { day: Link { label: period.name(), href: period.href() }, source: listed.source, rank: u32::try_from(listed.rank).ok() }
    });
    web.page(&PaperPage::new(&row.paper, listings.collect()))
}

/// `GET /digests/{token}`: a digest whole, for whoever has its link.
pub(super) async fn digest(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    let app = &web.app;
    let (subscriber_id, payload) = app.keys.verify(Purpose::Digest, &token).map_err(|_| WebError::status(StatusCode::FORBIDDEN))?;
    let gone = || WebError::with_detail(StatusCode::GONE, "This digest is no longer kept.");
    let id = Uuid::from_slice(&payload).map_err(|_| gone())?;
    let stored = digest::load(&app.db, subscriber_id, id).await?.ok_or_else(gone)?;
    let papers = app.cards.papers(&app.db, stored.content.papers()).await?;
    let links = app.links();
    let sections = digest::digest_sections(&stored.content, &papers, |paper, entry, filter| {
        shown(paper, &digest::entry_card(links, paper, entry, filter), None)
    });
    let sections = sections.into_iter().map(|section| DigestSection {
        name: section.filter_name,
        query: section.query,
        why: section.why,
        papers: section.papers.into_iter().zip(1..).map(|(card, rank)| PaperCard { rank: Some(rank), ..card }).collect(),
        more: (section.more > 0).then(|| format!("and {} more", section.more)),
    });
    let made = Moment::new(stored.composed_at, app.config.site.time_zone);
    let page = DigestPage::new(made, Period::Day(stored.day).name(), sections.collect());
    web.page(&DigestPage { note: stored.content.note, ..page })
}

/// The card of a list, with the marks and extract of the mail.
fn shown(paper: &Paper, card: &model::Card, rank: Option<usize>) -> PaperCard {
    let spans = |spans: &[model::Span]| spans.iter().map(|span| Span { text: span.text.clone(), marked: span.marked }).collect();
    PaperCard {
        title: spans(&card.title),
        teaser: spans(&card.excerpt),
        teaser_by_model: false,
        also: card.also.clone(),
        ..PaperCard::new(paper, rank)
    }
}
