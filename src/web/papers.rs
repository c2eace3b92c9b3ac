//! Pages of papers: a day, a week, a month, one paper, a digest.

use std::ops::RangeInclusive;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::Web;
use super::error::WebError;
use super::view::{
    self, DayPage, DigestPage, DigestSection, Link, Listing, Moment, Neighbours, PaperCard, PaperPage, Period, SubscribeForm,
};
use crate::archive;
use crate::digest;
use crate::mail::model;
use crate::paper::{Paper, PaperId};
use crate::preview::Span;
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
    period(&web, period_of("day", &day)?).await
}

/// `GET /papers/week/2025-W32`
pub(super) async fn week(State(web): State<Web>, Path(week): Path<String>) -> Answer {
    period(&web, period_of("week", &week)?).await
}

/// `GET /papers/month/2025-08`
pub(super) async fn month(State(web): State<Web>, Path(month): Path<String>) -> Answer {
    period(&web, period_of("month", &month)?).await
}

/// The period that `text` names as a `day`, `week` or `month`.
pub(super) fn period_of(unit: &str, text: &str) -> Result<Period, WebError> {
    match unit {
        "day" => text.parse().map(Period::Day).map_err(|_| wrong_date("a day is written like /papers/date/2025-08-07")),
        "week" => {
            let parsed = text
                .split_once("-W")
                .and_then(|(year, week)| NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, Weekday::Mon));
            parsed.map(Period::Week).ok_or_else(|| wrong_date("a week is written like /papers/week/2025-W32"))
        }
        _ => {
            let first = format!("{text}-01").parse();
            first.map(Period::Month).map_err(|_| wrong_date("a month is written like /papers/month/2025-08"))
        }
    }
}

fn wrong_date(detail: &str) -> WebError {
    WebError::with_detail(StatusCode::BAD_REQUEST, detail)
}

/// The days of a period.
pub(super) fn span_of(period: Period) -> Result<Span, WebError> {
    let (from, to) = match period {
        Period::Day(day) => (Some(day), day.checked_add_days(Days::new(1))),
        Period::Week(day) => {
            let monday = day.week(Weekday::Mon).checked_first_day();
            (monday, monday.and_then(|monday| monday.checked_add_days(Days::new(7))))
        }
        Period::Month(day) => {
            let first = day.with_day(1);
            (first, first.and_then(|first| first.checked_add_months(Months::new(1))))
        }
    };
    let dates = from.filter(|from| YEARS.contains(&from.year())).zip(to);
    dates.map(|(from, to)| Span { from, to }).ok_or_else(|| wrong_date("a year is written like 2025, in four digits"))
}

async fn period(web: &Web, period: Period) -> Answer {
    let same = match period {
        Period::Day(_) => Period::Day,
        Period::Week(_) => Period::Week,
        Period::Month(_) => Period::Month,
    };
    let Span { from, to } = span_of(period)?;
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
        shown(&paper.paper, &digest::entry_card(links, paper, entry, filter))
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
pub(super) fn shown(paper: &Paper, card: &model::Card) -> PaperCard {
    let spans = |spans: &[model::Span]| spans.iter().map(|span| view::Span { text: span.text.clone(), marked: span.marked }).collect();
    PaperCard {
        title: spans(&card.title),
        teaser: spans(&card.excerpt),
        teaser_by_model: false,
        matched: card.matched.clone(),
        also: card.also.clone(),
        ..PaperCard::new(paper, None)
    }
}
