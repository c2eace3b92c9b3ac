//! `GET /status`: how the sources fare, for anyone. What went wrong is for the operator (`paperlark source status`).

use axum::extract::State;
use axum::response::Response;

use super::Web;
use super::error::WebError;
use super::view::StatusPage;
use crate::standing;

pub(super) async fn status(State(web): State<Web>) -> Result<Response, WebError> {
    let app = &web.app;
    let now = app.clock.now();
    let standings = standing::overview(&app.db, &app.config, now).await?;
    web.page(&StatusPage::new(now, app.config.site.time_zone, &standings))
}
