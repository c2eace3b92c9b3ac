//! `POST /hooks/…`: the webhooks of mail providers.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::Web;
use super::error::WebError;
use crate::feedback::provider::sendgrid::{SIGNATURE, TIMESTAMP};
use crate::inbound::Refusal;

/// The largest payload taken, in bytes: SendGrid sends batches of up to 768 KB, SNS messages of up to 256 KB.
const MAX_PAYLOAD: usize = 2 << 20;

/// The routes, one a provider.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/hooks/ses", post(ses))
        .route("/hooks/postmark", post(postmark))
        .route("/hooks/sendgrid", post(sendgrid))
        .route("/hooks/mailgun", post(mailgun))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD))
}

async fn ses(State(web): State<Web>, body: Bytes) -> Response {
    let taken = web.hooks.ses(&web.app, web.app.clock.now(), &body).await;
    answer("ses", StatusCode::FORBIDDEN, taken)
}

#[derive(Debug, Deserialize)]
struct InAddress {
    token: Option<String>,
}

async fn postmark(State(web): State<Web>, Query(address): Query<InAddress>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let in_header = authorization.and_then(|(scheme, value)| match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(value.trim().to_owned()),
        "basic" => {
            let decoded = String::from_utf8(BASE64.decode(value.trim()).ok()?).ok()?;
            decoded.split_once(':').map(|(_, password)| password.to_owned())
        }
        _ => None,
    });
    let tokens: Vec<String> = in_header.into_iter().chain(address.token).collect();
    let taken = web.hooks.postmark(&web.app, web.app.clock.now(), &tokens, &body).await;
    // Postmark takes 403 for a wish never to hear of it again.
    let mut response = answer("postmark", StatusCode::UNAUTHORIZED, taken);
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"hooks\""));
    }
    response
}

async fn sendgrid(State(web): State<Web>, headers: HeaderMap, body: Bytes) -> Response {
    let signed = [TIMESTAMP, SIGNATURE].map(|name| headers.get(name).map(HeaderValue::as_bytes));
    let taken = web.hooks.sendgrid(&web.app, web.app.clock.now(), signed, &body).await;
    answer("sendgrid", StatusCode::FORBIDDEN, taken)
}

async fn mailgun(State(web): State<Web>, body: Bytes) -> Response {
    let taken = web.hooks.mailgun(&web.app, web.app.clock.now(), &body).await;
    answer("mailgun", StatusCode::FORBIDDEN, taken)
}

/// Strangers learn nothing; a provider learns what is wrong with its payload.
fn answer(provider: &'static str, stranger: StatusCode, taken: Result<(), Refusal>) -> Response {
    let outcome = match &taken {
        Err(Refusal::Off) => return WebError::status(StatusCode::NOT_FOUND).into_response(),
        Ok(()) => "taken",
        Err(Refusal::Malformed(_)) => "malformed",
        Err(Refusal::Stranger) => "refused",
        Err(Refusal::Later) => "later",
    };
    metrics::counter!("paperlark_hook_requests_total", "provider" => provider, "outcome" => outcome).increment(1);
    match taken {
        Ok(()) => "taken\n".into_response(),
        Err(Refusal::Malformed(problem)) => WebError::with_detail(StatusCode::BAD_REQUEST, problem).into_response(),
        Err(Refusal::Stranger) => WebError::status(stranger).into_response(),
        Err(Refusal::Off | Refusal::Later) => WebError::status(StatusCode::SERVICE_UNAVAILABLE).into_response(),
    }
}
