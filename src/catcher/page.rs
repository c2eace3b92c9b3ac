//! The inbox in a browser, and as JSON for scripts. Everything here only reads, but for `DELETE /api/messages`.
//!
//! Mails are shown as untrusted: their HTML runs in a sandboxed frame, without scripts, forms or pictures.

mod view;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::mailbox::{Caught, Mailbox};
use view::View;

/// Mails in one list unless asked otherwise, and at most: what a browser shows without effort.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// For our own pages: nothing but our own style, script and frame.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the HTML of a mail: its own style and links that open beside the inbox.
const MAIL_POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Makes every link of the mail open outside the frame; as the last element it leaves the mail as it is.
const LINKS_OPEN_OUTSIDE: &str = "<base target=\"_blank\">";

/// The inbox's routes.
pub(super) fn routes(mailbox: Mailbox) -> Router {
    Router::new()
        .route("/", get(inbox))
        .route("/messages/{id}", get(message))
        .route("/messages/{id}/{view}", get(message_as))
        .route("/messages/{id}/frame", get(frame))
        .route("/messages/{id}/raw", get(raw))
        .route("/api/messages", get(list).delete(clear))
        .route("/api/messages/{id}", get(details))
        .route("/inbox.css", get(style))
        .route("/inbox.js", get(script))
        .layer(from_fn(only_local_names))
        .with_state(mailbox)
}

/// Refuses requests for a foreign host name: a web site that points its own name at 127.0.0.1 (DNS rebinding)
/// could read the mails otherwise.
async fn only_local_names(request: Request, next: Next) -> Response {
    if is_local_name(&request) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "Open the inbox as http://localhost or by its IP address.\n").into_response()
    }
}

fn is_local_name(request: &Request) -> bool {
    let from_header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let given = from_header.or_else(|| request.uri().authority().map(Authority::as_str));
    given.and_then(|text| text.parse::<Authority>().ok()).is_some_and(|authority| {
        let name = authority.host().trim_matches(['[', ']']);
        name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost")
    })
}

/// Which mails to list, newest first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those to this envelope recipient.
    to: Option<String>,
    /// Only those older than this number.
    before: Option<u64>,
    limit: Option<usize>,
}

impl Wanted {
    fn find(&self, mailbox: &Mailbox) -> Vec<Arc<Caught>> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
        mailbox.newest(limit, |mail| {
            self.before.is_none_or(|before| mail.id < before) && self.to.as_ref().is_none_or(|to| mail.to.contains(to))
        })
    }
}

/// A mail number that is not in the mailbox.
struct NoSuchMail;

impl IntoResponse for NoSuchMail {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, "No such mail here: it was never received, or the inbox was emptied.\n").into_response()
    }
}

type Answer = Result<Response, NoSuchMail>;

async fn inbox(State(mailbox): State<Mailbox>, Query(wanted): Query<Wanted>) -> Response {
    page(view::inbox(&mailbox, &wanted, None))
}

async fn message(State(mailbox): State<Mailbox>, Path(id): Path<u64>, Query(wanted): Query<Wanted>) -> Answer {
    let mail = mailbox.get(id).ok_or(NoSuchMail)?;
    let view = if mail.html().is_some() { View::Html } else { View::Text };
    Ok(page(view::inbox(&mailbox, &wanted, Some((&mail, view)))))
}

async fn message_as(State(mailbox): State<Mailbox>, Path((id, view)): Path<(u64, View)>, Query(wanted): Query<Wanted>) -> Answer {
    let mail = mailbox.get(id).ok_or(NoSuchMail)?;
    Ok(page(view::inbox(&mailbox, &wanted, Some((&mail, view)))))
}

fn page(html: String) -> Response {
    document(PAGE_POLICY, html)
}

fn document(policy: &'static str, html: String) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

async fn frame(State(mailbox): State<Mailbox>, Path(id): Path<u64>) -> Answer {
    let html = mailbox.get(id).and_then(|mail| mail.html()).ok_or(NoSuchMail)?;
    Ok(document(MAIL_POLICY, html + LINKS_OPEN_OUTSIDE))
}

async fn raw(State(mailbox): State<Mailbox>, Path(id): Path<u64>) -> Answer {
    let mail = mailbox.get(id).ok_or(NoSuchMail)?;
    let headers = [
        (header::CONTENT_TYPE, "message/rfc822".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.eml\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, mail.bytes.clone()).into_response())
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../templates/catcher/inbox.css"))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../templates/catcher/inbox.js"))
}

/// A mail in the JSON list.
#[derive(Debug, Serialize)]
struct Summary {
    id: u64,
    from: String,
    to: Vec<String>,
    subject: String,
    message_id: Option<String>,
    received_at: String,
    /// In bytes.
    size: usize,
}

impl From<&Caught> for Summary {
    fn from(mail: &Caught) -> Self {
        Self {
            id: mail.id,
            from: mail.from.clone(),
            to: mail.to.clone(),
            subject: mail.subject(),
            message_id: mail.message_id(),
            received_at: mail.received(),
            size: mail.bytes.len(),
        }
    }
}

/// A mail in full; `bytes` is base64.
#[derive(Debug, Serialize)]
struct Details {
    #[serde(flatten)]
    summary: Summary,
    headers: Vec<(String, String)>,
    text: Option<String>,
    html: Option<String>,
    bytes: String,
}

async fn list(State(mailbox): State<Mailbox>, Query(wanted): Query<Wanted>) -> Json<Vec<Summary>> {
    Json(wanted.find(&mailbox).iter().map(|mail| Summary::from(&**mail)).collect())
}

async fn details(State(mailbox): State<Mailbox>, Path(id): Path<u64>) -> Result<Json<Details>, NoSuchMail> {
    let mail = mailbox.get(id).ok_or(NoSuchMail)?;
    let bytes = BASE64.encode(&mail.bytes);
    Ok(Json(Details { summary: Summary::from(&*mail), headers: mail.headers(), text: mail.text(), html: mail.html(), bytes }))
}

async fn clear(State(mailbox): State<Mailbox>) -> StatusCode {
    mailbox.clear();
    StatusCode::NO_CONTENT
}
