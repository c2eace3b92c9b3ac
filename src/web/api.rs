//! `GET /api/daily_papers`: the listings in the hub's own JSON, so that other servers can take this one as a source.

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::error::WebError;
use super::papers::{period_of, span_of};
use super::view::Period;
use super::{Web, is_known};
use crate::archive::{self, OnDay};

/// Papers on a page unless `limit` says otherwise, and at most: the hub's own numbers.
const PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 100;
/// The most papers of one period that are paged through.
const MAX_LISTED: usize = 5_000;

/// The papers of `date=`, `week=` or `month=`, of the newest day without; `p` from 0, `limit`, `sort=publishedAt|trending`,
/// `submitter=`. A page past the end is an empty list.
pub(super) async fn daily_papers(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(fields): Query<HashMap<String, String>>,
) -> Result<Response, WebError> {
    let field = |name: &str| fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let number = |name: &str, otherwise: usize| match field(name).map(str::parse) {
        None => Ok(otherwise),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err(refused(&format!("{name} must be a whole number"))),
    };
    let (page, size) = (number("p", 0)?, number("limit", PAGE_SIZE)?);
    if !(1..=MAX_PAGE_SIZE).contains(&size) {
        return Err(refused(&format!("limit must be from 1 to {MAX_PAGE_SIZE}")));
    }
    let by_votes = match field("sort") {
        None | Some("publishedAt") => false,
        Some("trending") => true,
        Some(_) => return Err(refused("sort must be publishedAt or trending")),
    };
    let mut papers = listed(&web, field).await?;
    if let Some(name) = field("submitter") {
        papers.retain(|listed| listed.paper.submitted_by.as_deref() == Some(name));
    }
    match by_votes {
        true => papers.sort_by_key(|listed| (Reverse(listed.paper.upvotes), listed.key.0)),
        false => papers.sort_by_key(|listed| (Reverse(listed.day), Reverse(listed.paper.published), listed.key.0)),
    }
    let items: Vec<Value> = papers.iter().skip(page.saturating_mul(size)).take(size).map(item).collect();
    answer(&headers, &items)
}

fn refused(detail: &str) -> WebError {
    WebError::with_detail(StatusCode::BAD_REQUEST, detail)
}

async fn listed<'f>(web: &Web, field: impl Fn(&str) -> Option<&'f str>) -> Result<Vec<OnDay>, WebError> {
    let asked = [("date", "day"), ("week", "week"), ("month", "month")];
    let period = match asked.into_iter().find_map(|(name, unit)| Some(period_of(unit, field(name)?))) {
        Some(period) => Some(period?),
        None => archive::newest_day(&web.app.db).await?.map(Period::Day),
    };
    let Some(period) = period else { return Ok(Vec::new()) };
    let span = span_of(period)?;
    Ok(archive::listed_between(&web.app.db, span.from, span.to, MAX_LISTED).await?)
}

/// One paper in the hub's shape. Keys without a value are left out, as there.
fn item(listed: &OnDay) -> Value {
    let paper = &listed.paper;
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let account = |name: &String| json!({ "fullname": name, "name": name });
    let authors: Vec<Value> = paper.authors.iter().map(|name| json!({ "name": name, "hidden": false })).collect();
    let facts = [
        ("publishedAt", paper.published.map(|at| json!(time(at)))),
        ("upvotes", paper.upvotes.map(Value::from)),
        ("submittedOnDailyAt", Some(json!(format!("{}T00:00:00.000Z", listed.day)))),
        ("submittedOnDailyBy", paper.submitted_by.as_ref().map(account)),
        ("projectPage", paper.project_url.clone().map(Value::from)),
        ("githubRepo", paper.code_url.clone().map(Value::from)),
        ("githubStars", paper.github_stars.map(Value::from)),
        ("ai_summary", paper.ai_summary.clone().map(Value::from)),
        ("ai_keywords", (!paper.ai_keywords.is_empty()).then(|| json!(paper.ai_keywords))),
        ("organization", paper.organization.as_ref().map(account)),
    ];
    let mut inner = json!({ "id": paper.id.slug(), "title": paper.title, "summary": paper.abstract_text, "authors": authors });
    add(&mut inner, facts);
    let mut outer = json!({ "paper": inner, "title": paper.title, "summary": paper.abstract_text, "isAuthorParticipating": false });
    let outside = [
        ("publishedAt", paper.published.map(|at| json!(time(at)))),
        ("thumbnail", paper.thumbnail_url.clone().map(Value::from)),
        ("numComments", paper.comments.map(Value::from)),
        ("submittedBy", paper.submitted_by.as_ref().map(account)),
        ("organization", paper.organization.as_ref().map(account)),
    ];
    add(&mut outer, outside);
    outer
}

fn add(object: &mut Value, facts: impl IntoIterator<Item = (&'static str, Option<Value>)>) {
    for (name, value) in facts {
        if let Some(value) = value {
            object[name] = value;
        }
    }
}

/// The list, or that it is the one the visitor has (RFC 9110 § 13.1.2).
fn answer(headers: &HeaderMap, items: &[Value]) -> Result<Response, WebError> {
    let body = serde_json::to_vec(items).map_err(WebError::internal)?;
    let digest: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{digest}\"");
    let mut response = if is_known(headers, &etag) { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set.insert(header::ETAG, HeaderValue::from_str(&etag).map_err(WebError::internal)?);
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
