//! A hub with the sample papers, speaking the real one's API on loopback.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use chrono::NaiveDate;
use rust_embed::RustEmbed;
use tokio::net::TcpListener;
use url::Url;

#[derive(RustEmbed)]
#[folder = "fixtures/sample"]
struct Sample;

/// How many days the sample has.
pub(super) const SAMPLE_DAYS: usize = 3;

type Days = Arc<HashMap<String, Vec<u8>>>;

/// Serves the sample's days as the listings of `days`, oldest first, until the process ends.
pub(super) async fn start(days: Vec<NaiveDate>) -> anyhow::Result<Url> {
    let mut lists = HashMap::new();
    for (day, number) in days.into_iter().zip(1..=SAMPLE_DAYS) {
        let file = Sample::get(&format!("day-{number}.json")).with_context(|| format!("the sample lacks its day {number}"))?;
        lists.insert(day.to_string(), file.data.into_owned());
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen for the sample hub")?;
    let url = format!("http://{}", listener.local_addr()?).parse()?;
    let routes = Router::new().route("/api/daily_papers", get(list)).with_state(Arc::new(lists));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(url)
}

async fn list(State(days): State<Days>, Query(query): Query<HashMap<String, String>>) -> impl IntoResponse {
    let first_page = query.get("p").is_none_or(|page| page == "0");
    let list = query.get("date").and_then(|day| days.get(day)).filter(|_| first_page);
    ([(header::CONTENT_TYPE, "application/json")], list.cloned().unwrap_or_else(|| b"[]".to_vec()))
}
