//! PubMed: esearch finds, efetch brings (<https://www.ncbi.nlm.nih.gov/books/NBK25499/>).

pub(super) mod article;
pub(super) mod search;

use chrono::NaiveDate;
use url::Url;

use super::{Ask, Expect, Fetched, Problem, SourceError, Wanted};

const HOST: &str = "https://eutils.ncbi.nlm.nih.gov";

/// What efetch takes in one GET.
const PAGE_SIZE: usize = 200;

/// esearch shows no further.
const MAX_FOUND: usize = 9_999;

/// Asks for the articles that entered PubMed on a day and match the saved search. The cursor is how many came before.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let day = match ask.wanted {
        Wanted::Latest => ask.today,
        Wanted::Day(day) => day,
        Wanted::Changed(_) => return Err(ask.unsupported("does not tell what it changed: leave out --reconcile")),
    };
    let start: usize = ask.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let url = search_url(ask, day, start)?;
    let Some(answer) = ask.get(&url, Expect::Json).await? else { return Ok(Fetched { not_modified: true, ..Fetched::default() }) };
    let found = search::read(&answer.text()).map_err(|reason| SourceError::malformed(&url, "JSON", reason))?;
    let (read, total) = (start + found.ids.len(), usize::try_from(found.total).unwrap_or(usize::MAX));
    if found.ids.is_empty() && read < total.min(MAX_FOUND) {
        let reason = format!("an empty page, though {total} articles match and {read} have come");
        return Err(SourceError::malformed(&url, "JSON", reason));
    }
    let mut fetched = Fetched::default();
    if total > MAX_FOUND && start == 0 {
        let reason = format!("{total} articles of {day} match, and PubMed shows {MAX_FOUND} of them: narrow the query");
        fetched.problems.push(Problem { place: "the search".into(), reason, payload: None });
    }
    fetched.next = (read < total.min(MAX_FOUND)).then(|| read.to_string());
    let page = match found.ids.is_empty() {
        true => Default::default(),
        false => articles(ask, &found.ids).await?,
    };
    page.list_on(day, &mut fetched);
    Ok(fetched)
}

async fn articles(ask: &Ask<'_>, ids: &[String]) -> Result<super::page::Page, SourceError> {
    let mut url = ask.url(HOST, "/entrez/eutils/efetch.fcgi")?;
    url.query_pairs_mut().append_pair("db", "pubmed").append_pair("id", &ids.join(",")).append_pair("retmode", "xml");
    name_ourselves(ask, &mut url);
    match ask.get(&url, Expect::Xml).await? {
        Some(answer) => article::read(&answer.text()).map_err(|reason| SourceError::malformed(&url, "XML", reason)),
        None => Ok(super::page::Page::default()),
    }
}

fn search_url(ask: &Ask<'_>, day: NaiveDate, start: usize) -> Result<Url, SourceError> {
    let mut url = ask.url(HOST, "/entrez/eutils/esearch.fcgi")?;
    let day = day.format("%Y/%m/%d").to_string();
    url.query_pairs_mut()
        .append_pair("db", "pubmed")
        .append_pair("term", ask.source.query.as_deref().unwrap_or_default())
        // The day an article was added, whatever the date on its issue.
        .append_pair("datetype", "edat")
        .append_pair("mindate", &day)
        .append_pair("maxdate", &day)
        .append_pair("retmode", "json")
        .append_pair("retstart", &start.to_string())
        .append_pair("retmax", &PAGE_SIZE.to_string());
    name_ourselves(ask, &mut url);
    Ok(url)
}

/// NCBI wants to know who asks; a key allows ten requests a second.
fn name_ourselves(ask: &Ask<'_>, url: &mut Url) {
    let mut pairs = url.query_pairs_mut();
    for (name, value) in [("tool", ask.source.tool.as_deref()), ("email", ask.source.email.as_deref())] {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    if let Some(key) = &ask.source.api_key {
        pairs.append_pair("api_key", key.expose());
    }
}
