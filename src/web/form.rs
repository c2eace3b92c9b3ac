//! What a form sent: names and values, repeated ones in order.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use super::error::WebError;

/// The fields of an `application/x-www-form-urlencoded` body.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

/// More fields than any of our forms has, with fifty filters in it.
const MAX_FIELDS: usize = 400;

impl Fields {
    /// The first value of a field, trimmed; empty where it is missing.
    pub(super) fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or("").trim()
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(WebError::with_detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as application/x-www-form-urlencoded."));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| WebError::status(rejection.status()))?;
        // PostgreSQL's text cannot hold U+0000, and no reader means it.
        let fields = url::form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), value.replace('\0', "")));
        let fields: Vec<(String, String)> = fields.take(MAX_FIELDS + 1).collect();
        match fields.len() > MAX_FIELDS {
            true => Err(WebError::status(StatusCode::PAYLOAD_TOO_LARGE)),
            false => Ok(Self(fields)),
        }
    }
}
