//! Others report what became of mails: `POST /api/reports`, for whoever presents `report.token`.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::Web;
use crate::config::Secret;
use crate::mail::queue::{self, Reported, Source};

/// Reports in one request: as many as a relay that batches sends.
const MAX_REPORTS: usize = 1000;

/// One or many.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reports {
    Many(Vec<Report>),
    One(Report),
}

#[derive(Debug, Deserialize)]
pub(super) struct Report {
    /// The header's value, with or without angle brackets.
    message_id: String,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fate {
    Accepted,
    Failed,
}

/// Notes the reports. Of mails that are not ours nothing is kept.
pub(super) async fn receive(
    State(web): State<Web>,
    headers: HeaderMap,
    body: Result<Json<Reports>, JsonRejection>,
) -> Result<String, (StatusCode, String)> {
    if !presents(&headers, web.app.config.report.token.as_ref()) {
        return Err((StatusCode::UNAUTHORIZED, "present report.token as Authorization: Bearer …\n".to_owned()));
    }
    const FORM: &str = "send {\"message_id\": \"<d.…@example.org>\", \"fate\": \"accepted\"} or \"failed\", or a list of such";
    let Json(reports) = body.map_err(|error| (StatusCode::BAD_REQUEST, format!("{FORM}: {}\n", error.body_text())))?;
    let reports = match reports {
        Reports::One(report) => vec![report],
        Reports::Many(reports) => reports,
    };
    if reports.len() > MAX_REPORTS {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, format!("at most {MAX_REPORTS} reports at a time\n")));
    }
    let now = web.app.clock.now();
    let mut noted = 0;
    for report in &reports {
        let Some(mail) = queue::mail_named(&report.message_id) else { continue };
        let fate = match report.fate {
            Fate::Accepted => Reported::Accepted,
            Fate::Failed => Reported::Failed,
        };
        let unavailable = |_| (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; send it again\n".to_owned());
        queue::report(&web.app.db, now, mail, fate, Source::Webhook).await.map_err(unavailable)?;
        noted += 1;
    }
    Ok(format!("noted {noted} of {}\n", reports.len()))
}

/// Whether a request presents this token; false where none is set.
pub(super) fn presents(headers: &HeaderMap, token: Option<&Secret>) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    given.zip(token).is_some_and(|(given, token)| bool::from(given.trim().as_bytes().ct_eq(token.expose().as_bytes())))
}
