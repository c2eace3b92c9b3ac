//! A server that answers as a test says, and remembers what it was asked. Knows ETags.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use url::Url;

use super::hub::Answer;

/// A running stand-in.
pub struct StandIn {
    pub url: Url,
    asked: Arc<Mutex<Vec<String>>>,
}

/// One request.
pub struct Asked {
    pub path: String,
    /// As it was sent, percent-encoded.
    pub raw_query: String,
    query: HashMap<String, String>,
}

impl Asked {
    /// A parameter, decoded; empty where it was not sent.
    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl StandIn {
    pub async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (answer, log) = (Arc::new(answer), asked.clone());
        let routes = Router::new().fallback(move |request: Request| {
            let (answer, log) = (answer.clone(), log.clone());
            async move { respond(&request, &*answer, &log) }
        });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, asked }
    }

    /// Path and query of each request since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn respond(request: &Request, answer: &(impl Fn(&Asked) -> Answer + ?Sized), log: &Mutex<Vec<String>>) -> Response {
    let raw_query = request.uri().query().unwrap_or_default().to_owned();
    let Query(query) = Query::try_from_uri(request.uri()).unwrap();
    let asked = Asked { path: request.uri().path().to_owned(), raw_query, query };
    log.lock().unwrap().push(request.uri().to_string());
    let answer = answer(&asked);
    let etag = format!("\"{:x}\"", answer.body.iter().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte))));
    if answer.status == 200 && request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), answer.body).into_response();
    response.headers_mut().insert(header::ETAG, etag.parse().unwrap());
    for (name, value) in answer.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
