//! The hub's Daily Papers: `GET /api/daily_papers?date=…&limit=…&p=…`.

use std::collections::HashSet;

use chrono::NaiveDate;
use url::Url;

use super::http::Http;
use super::{DayPapers, Fetched, Problem, SourceError, Validators, item};
use crate::archive::Validator;

/// The most the API gives on a page.
const PAGE_SIZE: usize = 100;

/// What the API gives unasked. A server that gives no more than that whatever is asked has another page
/// behind a page of this size; behind a shorter one there is none.
const SHORTEST_FULL_PAGE: usize = 50;

/// A day lists tens of papers; this stops a server whose pages never end.
const MAX_PAGES: usize = 20;

/// Asks for the listing of `day`, page by page. The day of every paper is the day asked for: the
/// dates inside the answer are unreliable.
pub(super) async fn fetch(http: &Http, base: &Url, day: NaiveDate, validators: &Validators) -> Result<Fetched, SourceError> {
    let mut fetched = Fetched { not_modified: true, ..Fetched::default() };
    let (mut papers, mut seen) = (Vec::new(), HashSet::new());
    for page in 0..MAX_PAGES {
        let url = page_url(base, day, page);
        let stored = validators.get(url.as_str());
        let Some(answer) = http.get_json(&url, stored).await? else {
            match stored.and_then(|stored| usize::try_from(stored.items).ok()) {
                Some(items) if items >= SHORTEST_FULL_PAGE => continue,
                _ => break,
            }
        };
        fetched.not_modified = false;
        let items = item::list(&answer.body).map_err(|reason| SourceError::Malformed { place: url.to_string(), reason })?;
        let (count, known) = (items.len(), seen.len());
        for (json, number) in items.into_iter().zip(1..) {
            match item::read(json.get().as_bytes()) {
                Ok(item) => {
                    seen.insert(item.paper.id.clone());
                    papers.push(item.paper);
                }
                Err(reason) => fetched.problems.push(Problem { place: format!("page {}, item {number}", page + 1), reason }),
            }
        }
        if answer.etag.is_some() || answer.last_modified.is_some() {
            let items = i32::try_from(count).unwrap_or(i32::MAX);
            fetched.validators.push(Validator { url: url.to_string(), etag: answer.etag, last_modified: answer.last_modified, items });
        }
        // A server that does not know pages gives the first one again and again.
        if count < SHORTEST_FULL_PAGE || seen.len() == known {
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
