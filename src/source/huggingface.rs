//! The hub's Daily Papers: `GET /api/daily_papers?date=…&limit=…&p=…`.

use std::collections::HashSet;

use chrono::NaiveDate;
use url::Url;

use super::http::Expect;
use super::{Ask, DayPapers, Fetched, Problem, SourceError, Wanted, item};

/// The most the API gives on a page.
const PAGE_SIZE: usize = 100;

/// What the API gives unasked. A server that gives no more than that whatever is asked has another page
/// behind a page of this size; behind a shorter one there is none.
const SHORTEST_FULL_PAGE: usize = 50;

/// A day lists tens of papers; this stops a server whose pages never end.
const MAX_PAGES: usize = 20;

const HOST: &str = "https://huggingface.co";

/// Asks for the listing of one day, page by page. The day of every paper is the day asked for: the
/// dates inside the answer are unreliable.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => ask.today,
        Wanted::Day(day) => day,
        Wanted::Changed(_) => return Err(ask.unsupported("does not tell what it changed: leave out --reconcile")),
    };
    let mut fetched = Fetched { not_modified: true, ..Fetched::default() };
    let (mut papers, mut seen) = (Vec::new(), HashSet::new());
    for page in 0..MAX_PAGES {
        let url = page_url(ask, day, page)?;
        let Some(answer) = ask.get(&url, Expect::Json).await? else {
            match ask.stored(&url).and_then(|stored| usize::try_from(stored.items).ok()) {
                Some(items) if items >= SHORTEST_FULL_PAGE => continue,
                _ => break,
            }
        };
        fetched.not_modified = false;
        let text = answer.text();
        let items = item::list(text.as_bytes()).map_err(|reason| SourceError::malformed(&url, "JSON", reason))?;
        let (count, known) = (items.len(), seen.len());
        for (json, number) in items.into_iter().zip(1..) {
            match item::read(json.get().as_bytes()) {
                Ok(item) => {
                    seen.insert(item.paper.id.clone());
                    papers.push(item.paper);
                }
                Err(reason) => {
                    fetched.problems.push(Problem::of(format!("page {}, item {number}", page + 1), reason, json.get().as_bytes()))
                }
            }
        }
        fetched.validators.extend(answer.validator(&url, count));
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

fn page_url(ask: &Ask<'_>, day: NaiveDate, page: usize) -> Result<Url, SourceError> {
    let mut url = ask.url(HOST, "/api/daily_papers")?;
    url.query_pairs_mut()
        .clear()
        .append_pair("date", &day.to_string())
        .append_pair("limit", &PAGE_SIZE.to_string())
        .append_pair("p", &page.to_string());
    Ok(url)
}
