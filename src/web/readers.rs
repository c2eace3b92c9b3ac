//! A visitor becomes a reader, changes their mind, and leaves.

mod input;

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::error::WebError;
use super::form::Fields;
use super::view::{
    ConfirmPage, ConfirmedPage, DeletePage, DeletedPage, ExpiredPage, FilterRow, Moment, PreferencesPage, RankingChoice, SubscribePage,
    SubscribedPage, TextField, UnsubscribePage, UnsubscribedPage, WeekdayChoice, WhenFields, mask_address,
};
use super::{Web, guard, papers, search};
use crate::filter::NamedFilter;
use crate::subscriber::{self, By, Confirmation, MAX_FILTERS, Preferences, Reader, SubscriberError};
use crate::token::Purpose;

type Answer = Result<Response, WebError>;

/// `GET /subscribe`
pub(super) async fn form(State(web): State<Web>) -> Answer {
    web.page(&SubscribePage::new(papers::empty_form(&web)))
}

/// `POST /subscribe`: the same answer for a new, pending, active and suppressed address.
pub(super) async fn subscribe(State(web): State<Web>, peer: ConnectInfo<SocketAddr>, headers: HeaderMap, fields: Fields) -> Answer {
    let wish = match input::sign_up(&web, &fields) {
        Ok(wish) => wish,
        Err(form) => return web.page_with(StatusCode::UNPROCESSABLE_ENTITY, &SubscribePage::new(*form)),
    };
    // Only a program fills in the field that no person sees; it learns nothing from the answer.
    if fields.text("website").is_empty() {
        if !web.guard.allows(guard::visitor(&web, peer, &headers), wish.address.domain()) {
            return Err(WebError::status(StatusCode::TOO_MANY_REQUESTS));
        }
        subscriber::subscribe(&web.app, web.app.clock.now(), &wish).await?;
    }
    web.page(&SubscribedPage {
        from_address: web.app.config.site.from_address.to_string(),
        valid: format!("{} hours", subscriber::CONFIRMATION_LIFETIME.num_hours()),
    })
}

/// `GET /confirm/{token}`
pub(super) async fn ask_to_confirm(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    let found = subscriber::look(&web.app, web.app.clock.now(), &token).await?;
    confirmation(&web, &token, found).await
}

/// `POST /confirm/{token}`
pub(super) async fn confirm(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    let found = subscriber::confirm(&web.app, web.app.clock.now(), &token).await?;
    confirmation(&web, &token, found).await
}

async fn confirmation(web: &Web, token: &str, found: Confirmation) -> Answer {
    match found {
        Confirmation::Waiting { address, queries, schedule, subscribed } => web.page(&ConfirmPage {
            subscribed,
            action: format!("/confirm/{token}"),
            address: mask_address(&address),
            filters: search::filter_lines(web, queries).await?,
            hour: format!("{:02}:00", schedule.hour.get()),
            zone: schedule.zone.name().to_owned(),
        }),
        Confirmation::Confirmed { subscriber_id, next_due_at, schedule } => web.page(&ConfirmedPage {
            next_digest: next_due_at.map(|at| Moment::new(at, schedule.zone)),
            preferences: preferences_path(web, subscriber_id),
        }),
        Confirmation::Expired { used } => web.page_with(StatusCode::GONE, &ExpiredPage { used, resend: None }),
    }
}

fn preferences_path(web: &Web, subscriber_id: i64) -> String {
    format!("/preferences/{}", web.app.keys.sign(Purpose::Preferences, subscriber_id, &[]))
}

/// `GET /preferences/{token}`
pub(super) async fn preferences(State(web): State<Web>, Path(token): Path<String>, uri: axum::http::Uri) -> Answer {
    let chosen = subscriber::preferences(&web.app, &token).await?;
    let mut page = preferences_page(&web, &token, &chosen)?;
    page.saved = uri.query() == Some("saved");
    search::preview_rows(&web, &mut page.filters).await?;
    web.page(&page)
}

fn preferences_page(web: &Web, token: &str, chosen: &Preferences) -> Result<PreferencesPage, WebError> {
    let (subscriber_id, _) = web.app.keys.verify(Purpose::Preferences, token).map_err(SubscriberError::from)?;
    let name =
        |filter: &NamedFilter| if filter.name == NamedFilter::from_query(&filter.query).name { String::new() } else { filter.name.clone() };
    let mut filters: Vec<FilterRow> =
        chosen.filters.iter().enumerate().map(|(index, filter)| FilterRow::new(index, name(filter), &filter.query)).collect();
    if filters.len() < MAX_FILTERS {
        filters.push(FilterRow::empty(filters.len()));
    }
    Ok(PreferencesPage {
        action: format!("/preferences/{token}"),
        address: mask_address(&chosen.address),
        subscribed: chosen.subscribed,
        saved: false,
        previewed: false,
        errors: 0,
        next_digest: chosen.next_due_at.map(|at| Moment::new(at, chosen.schedule.zone)),
        filters,
        filters_error: None,
        when: WhenFields::chosen(chosen.schedule.hour.get(), chosen.schedule.zone.name()),
        weekdays: WeekdayChoice::week(&chosen.schedule.weekdays.iter().collect::<Vec<_>>()),
        weekdays_error: None,
        max_papers: TextField::new(chosen.max_papers.to_string()),
        rankings: RankingChoice::all(chosen.ranking),
        send_when_empty: chosen.send_when_empty,
        paused: chosen.paused,
        delete: format!("/preferences/{token}/delete"),
        unsubscribe: format!("/unsubscribe/{}", web.app.keys.sign(Purpose::Unsubscribe, subscriber_id, &[])),
    })
}

/// `POST /preferences/{token}`: saves all or, with any error, nothing. By the button that only tries the filters out it
/// saves nothing either way.
pub(super) async fn save_preferences(State(web): State<Web>, Path(token): Path<String>, fields: Fields) -> Answer {
    let known = subscriber::preferences(&web.app, &token).await?;
    let blank = preferences_page(&web, &token, &known)?;
    let (mut page, wanted) = input::preferences(&fields, known, blank);
    page.previewed = fields.ticked("preview");
    match wanted {
        Some(wanted) if !page.previewed => {
            subscriber::save(&web.app, web.app.clock.now(), &token, wanted).await?;
            // Reloading the page then shows it again, and sends nothing again.
            Ok(Redirect::to(&format!("/preferences/{token}?saved")).into_response())
        }
        wanted => {
            search::preview_rows(&web, &mut page.filters).await?;
            let status = if wanted.is_some() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            web.page_with(status, &page)
        }
    }
}

/// `GET /preferences/{token}/delete`
pub(super) async fn ask_to_delete(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    let chosen = subscriber::preferences(&web.app, &token).await?;
    web.page(&DeletePage {
        action: format!("/preferences/{token}/delete"),
        address: mask_address(&chosen.address),
        preferences: format!("/preferences/{token}"),
    })
}

/// `POST /preferences/{token}/delete`
pub(super) async fn delete(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    match subscriber::delete(&web.app, &token).await {
        Ok(()) | Err(SubscriberError::Gone) => web.page(&DeletedPage {}),
        Err(error) => Err(error.into()),
    }
}

/// `GET /unsubscribe/{token}`
pub(super) async fn ask_to_unsubscribe(State(web): State<Web>, Path(token): Path<String>) -> Answer {
    let (subscriber_id, reader) = leaving(&web, &token).await?;
    let Some(reader) = reader else { return Err(SubscriberError::Gone.into()) };
    let address = mask_address(&reader.address);
    if !reader.subscribed {
        return web.page(&UnsubscribedPage { address });
    }
    web.page(&UnsubscribePage {
        action: format!("/unsubscribe/{token}"),
        address,
        preferences: Some(preferences_path(&web, subscriber_id)),
    })
}

/// `POST /unsubscribe/{token}`: by the page's button, or by a mail program's one click (RFC 8058
/// § 3.2), whatever form type it uses. No cookie, no redirect, and doing it again is fine.
pub(super) async fn unsubscribe(State(web): State<Web>, Path(token): Path<String>, body: Bytes) -> Answer {
    let (subscriber_id, reader) = leaving(&web, &token).await?;
    let one_click = body.windows(b"One-Click".len()).any(|part| part.eq_ignore_ascii_case(b"One-Click"));
    let by = if one_click { By::OneClick } else { By::Page };
    subscriber::unsubscribe(&web.app, web.app.clock.now(), subscriber_id, by).await?;
    web.page(&UnsubscribedPage { address: reader.map(|reader| mask_address(&reader.address)).unwrap_or_default() })
}

async fn leaving(web: &Web, token: &str) -> Result<(i64, Option<Reader>), WebError> {
    let (subscriber_id, _) = web.app.keys.verify(Purpose::Unsubscribe, token).map_err(SubscriberError::from)?;
    let mut readers = subscriber::readers(&web.app.db, &[subscriber_id]).await?;
    Ok((subscriber_id, readers.remove(&subscriber_id)))
}
