//! A stand-in for the hub: speaks its API on loopback, and misbehaves when told to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveDate;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

/// A running stand-in; clones share it.
#[derive(Clone)]
pub struct Hub {
    pub url: Url,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    days: BTreeMap<NaiveDate, Vec<Value>>,
    answer: Option<Answer>,
    longest_page: Option<usize>,
    ignores_pages: bool,
    asked: Vec<String>,
}

/// What the stand-in answers instead of a list.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Hub {
    pub async fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let routes = Router::new().route("/api/daily_papers", get(list)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, shared }
    }

    /// Lists `items` on `day`, in the hub's own JSON.
    pub fn list(&self, day: NaiveDate, items: Vec<Value>) {
        self.shared.lock().unwrap().days.insert(day, items);
    }

    /// Answers everything with `answer` until told otherwise.
    pub fn answer_with(&self, answer: Option<Answer>) {
        self.shared.lock().unwrap().answer = answer;
    }

    /// Gives no more than `items` a page, whatever is asked; or the first page whatever is asked.
    pub fn limit_pages(&self, items: Option<usize>, ignore: bool) {
        let mut shared = self.shared.lock().unwrap();
        shared.longest_page = items;
        shared.ignores_pages = ignore;
    }

    /// The queries since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().unwrap().asked)
    }
}

async fn list(State(shared): State<Arc<Mutex<Shared>>>, Query(query): Query<HashMap<String, String>>, headers: HeaderMap) -> Response {
    let mut shared = shared.lock().unwrap();
    let page: usize = query.get("p").and_then(|page| page.parse().ok()).unwrap_or(0);
    let limit: usize = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
    let date = query.get("date").cloned().unwrap_or_default();
    shared.asked.push(format!("date={date} p={page} limit={limit}"));
    let limit = shared.longest_page.map_or(limit, |longest| limit.min(longest));
    let page = if shared.ignores_pages { 0 } else { page };
    if let Some(answer) = &shared.answer {
        let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body.clone()).into_response();
        for (name, value) in &answer.headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        return response;
    }
    let Ok(day) = date.parse::<NaiveDate>() else { return StatusCode::BAD_REQUEST.into_response() };
    let items: Vec<&Value> = shared.days.get(&day).into_iter().flatten().skip(page * limit).take(limit).collect();
    let body = serde_json::to_vec(&items).unwrap();
    let etag =
        format!("\"{}-{:x}\"", body.len(), body.iter().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte))));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, etag)], body).into_response()
}
