//! What goes wrong, as a page that says what to do.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Web;
use super::view::ErrorPage;
use crate::subscriber::SubscriberError;

/// An answer that is no page yet; [`show`] makes it one.
#[derive(Debug)]
pub(super) struct WebError {
    status: StatusCode,
    detail: Option<String>,
}

/// Carried from a handler to [`show`].
#[derive(Debug, Clone)]
struct Detail(Option<String>);

impl WebError {
    pub(super) fn status(status: StatusCode) -> Self {
        Self { status, detail: None }
    }

    /// With what exactly is wrong, where the visitor can correct it.
    pub(super) fn with_detail(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: Some(detail.into()) }
    }

    /// Ours to mend; the visitor is told no more than that.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a page could not be served");
        Self::status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<sqlx::Error> for WebError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the database did not answer a page");
        Self::status(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl From<SubscriberError> for WebError {
    fn from(error: SubscriberError) -> Self {
        match error {
            SubscriberError::Token(_) => Self::status(StatusCode::FORBIDDEN),
            SubscriberError::Gone => Self::with_detail(StatusCode::GONE, "Nobody is subscribed by this link any more."),
            SubscriberError::Database(error) => error.into(),
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Detail(self.detail));
        response
    }
}

/// Gives every error a page, whether it comes from a handler or from the machinery around them.
pub(super) async fn show(State(web): State<Web>, request: Request, next: Next) -> Response {
    // Programs ask these.
    let plain = matches!(request.uri().path(), "/healthz" | "/readyz");
    let for_program = ["/api/", "/hooks/"].iter().any(|beginning| request.uri().path().starts_with(beginning));
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_told = kind.starts_with(b"text/html") || kind.starts_with(b"application/json");
    if plain || is_told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let detail = response.extensions().get::<Detail>().and_then(|detail| detail.0.clone());
    let page = ErrorPage { detail, ..ErrorPage::new(status.as_u16()) };
    let shown = match for_program {
        true => Ok((status, Json(json!({ "ok": false, "message": page.detail.as_deref().unwrap_or(page.advice) }))).into_response()),
        false => web.page_with(status, &page),
    };
    let Ok(mut shown) = shown else { return response };
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            shown.headers_mut().insert(name.clone(), value.clone());
        }
    }
    shown.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    shown
}
