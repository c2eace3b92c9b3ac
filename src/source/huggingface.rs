//! The hub's Daily Papers: `GET /api/daily_papers?date=…&limit=…&p=…`.

use chrono::NaiveDate;
use url::Url;

use super::http::Http;
use super::{DayPapers, Fetched, Problem, SourceError, Validators, item};
use crate::archive::Validator;

/// The most the API gives on a page.
const PAGE_SIZE: usize = 100;

/// A day lists tens of papers; this stops a server whose pages never end.
const MAX_PAGES: usize = 20;

/// Asks for the listing of `day`, page by page. The day of every paper is the day asked for: the
/// dates inside the answer are unreliable.
pub(super) async fn fetch(http: &Http, name: &str, base: &Url, day: NaiveDate, validators: &Validators) -> Result<Fetched, SourceError> {
    let mut fetched = Fetched { not_modified: true, ..Fetched::default() };
    let mut papers = Vec::new();
    for page in 0..MAX_PAGES {
        let url = page_url(base, day, page);
        let stored = validators.get(url.as_str());
        let items = match http.get_json(&url, stored).await? {
            None => stored.map_or(0, |stored| usize::try_from(stored.items).unwrap_or(0)),
            Some(answer) => {
                fetched.not_modified = false;
                let items = item::list(&answer.body).map_err(|reason| SourceError::Malformed { place: url.to_string(), reason })?;
                let count = items.len();
                for (place, json) in items.into_iter().zip(1..).map(|(json, number)| (format!("page {}, item {number}", page + 1), json)) {
                    match item::read(json.get().as_bytes(), name) {
                        Ok(item) => papers.push(item.paper),
                        Err(reason) => fetched.problems.push(Problem { place, reason }),
                    }
                }
                if answer.etag.is_some() || answer.last_modified.is_some() {
                    let items = i32::try_from(count).unwrap_or(i32::MAX);
                    fetched.validators.push(Validator {
                        url: url.to_string(),
                        etag: answer.etag,
                        last_modified: answer.last_modified,
                        items,
                    });
                }
                count
            }
        };
        if items < PAGE_SIZE {
            break;
        }
    }
    if !papers.is_empty() {
        fetched.days.push(DayPapers { day, papers });
    }
    Ok(fetched)
}

fn page_url(base: &Url, day: NaiveDate, page: usize) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/api/daily_papers", base.path().trim_end_matches('/')));
    url.query_pairs_mut()
        .clear()
        .append_pair("date", &day.to_string())
        .append_pair("limit", &PAGE_SIZE.to_string())
        .append_pair("p", &page.to_string());
    url
}
