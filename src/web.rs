//! The web: the route table, and what every answer has in common.
//!
//! What pages say is in [`view`], how they look in [`templates`] and `templates/page`, the files they
//! need in [`assets`]. GET and HEAD change nothing anywhere: link scanners fetch every link.

mod api;
pub mod assets;
mod error;
mod form;
mod guard;
mod hooks;
pub mod monitor;
mod papers;
mod readers;
mod reports;
mod search;
mod status;
pub mod templates;
pub mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::App;
use crate::inbound::Hooks;
use error::WebError;
use templates::{Pages, TemplateError};
use view::{Page, SiteView};

/// The largest form taken, in bytes: fifty filters of the greatest length, percent-encoded.
const MAX_FORM: usize = 512 * 1024;

/// No page takes longer unless something hangs.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// What handlers work with.
#[derive(Clone)]
struct Web {
    app: App,
    pages: Arc<Pages>,
    guard: guard::Guard,
    hooks: Arc<Hooks>,
}

impl Web {
    fn page(&self, page: &impl Page) -> Result<Response, WebError> {
        self.page_with(StatusCode::OK, page)
    }

    fn page_with<P: Page>(&self, status: StatusCode, page: &P) -> Result<Response, WebError> {
        let site = SiteView { name: self.app.config.site.name.clone(), contact: self.app.config.site.contact.clone() };
        let html = self.pages.render(&site, page).map_err(WebError::internal)?;
        let mut response = (status, Html(html)).into_response();
        let caching = if P::PRIVATE { "no-store" } else { "no-cache" };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        Ok(response)
    }
}

/// All routes, ready to serve.
///
/// # Errors
/// When the operator's templates cannot be used.
pub fn service(app: App) -> Result<IntoMakeServiceWithConnectInfo<Router, SocketAddr>, TemplateError> {
    monitor::recorder();
    let pages = Arc::new(Pages::new(app.config.web.templates.as_deref())?);
    let web = Web { guard: guard::Guard::new(&app.config.signup, app.config.web.searches_per_minute), pages, hooks: Arc::default(), app };
    let routes = Router::new()
        .route("/", get(papers::newest))
        .route("/papers", get(search::search))
        .route("/papers/date/{day}", get(papers::day))
        .route("/papers/week/{week}", get(papers::week))
        .route("/papers/month/{month}", get(papers::month))
        .route("/papers/{*id}", get(papers::paper))
        .route("/digests/{token}", get(papers::digest))
        .route("/subscribe", get(readers::form).post(readers::subscribe))
        .route("/confirm/{token}", get(readers::ask_to_confirm).post(readers::confirm))
        .route("/preferences/{token}", get(readers::preferences).post(readers::save_preferences))
        .route("/preferences/{token}/delete", get(readers::ask_to_delete).post(readers::delete))
        .route("/unsubscribe/{token}", get(readers::ask_to_unsubscribe).post(readers::unsubscribe))
        .route("/api/reports", post(reports::receive))
        .merge(hooks::routes())
        .route("/api/daily_papers", get(api::daily_papers))
        .route("/api/filters/preview", get(search::preview_json))
        .route("/assets/{name}", get(asset))
        .route("/favicon.ico", get(async || axum::response::Redirect::permanent("/assets/favicon.svg")))
        .route(
            "/robots.txt",
            get(async || "User-agent: *\nDisallow: /confirm/\nDisallow: /preferences/\nDisallow: /unsubscribe/\nDisallow: /digests/\n"),
        )
        .route("/status", get(status::status))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(monitor::ready))
        .route("/metrics", get(monitor::guarded))
        .fallback(async || WebError::status(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || WebError::status(StatusCode::METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_LIMIT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(web.clone(), error::show))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(web.clone(), guard::headers))
        .with_state(web);
    Ok(routes.into_make_service_with_connect_info())
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, WebError> {
    let asset = assets::get(&name).ok_or(WebError::status(StatusCode::NOT_FOUND))?;
    let etag = HeaderValue::from_str(&asset.etag).map_err(WebError::internal)?;
    let mut response = if is_known(&headers, &asset.etag) { StatusCode::NOT_MODIFIED.into_response() } else { asset.bytes.into_response() };
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    set.insert(header::ETAG, etag);
    // The address changes with the content.
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}

/// Whether the visitor has this version: a list of tags, compared weakly (RFC 9110 § 13.1.2), since what compresses on the
/// way weakens them.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
