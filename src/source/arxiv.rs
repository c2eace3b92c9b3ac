//! arXiv: the day's announcements (RSS), backfill by the query API, reconciliation by OAI-PMH.

pub(super) mod announcement;
mod names;
pub(super) mod oai;
pub(super) mod query;

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, TimeDelta};
use url::Url;

use super::{Ask, DayPapers, Expect, Fetched, HttpError, Problem, SourceError, Wanted, charset, shown};
use crate::schedule::arxiv_submissions;

const ANNOUNCEMENTS: &str = "https://rss.arxiv.org";
const QUERIES: &str = "https://export.arxiv.org";
const RECORDS: &str = "https://oaipmh.arxiv.org";

/// A feed holds no more; of what is too much, it leaves out new papers first.
const MAX_ROWS: usize = 2_000;

/// Papers a slice: the API allows 2,000, and answers large slices late or not at all.
const SLICE: usize = 500;

/// A paper is announced up to so many days after it was submitted: over a weekend with holidays, or after moderation.
const MAX_DAYS_TO_ANNOUNCEMENT: u64 = 7;

/// Archives of the group that OAI-PMH calls `physics`.
const PHYSICS: [&str; 12] =
    ["astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th", "quant-ph"];

/// Asks for the newest announcement, for what was announced for a day, or for the records changed on one.
pub(super) async fn fetch(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    match ask.wanted {
        Wanted::Latest => announced(ask).await,
        Wanted::Day(day) => past(ask, day).await,
        Wanted::Changed(day) => changed(ask, day).await,
    }
}

/// One request where the categories fit into one feed. A full feed may have left papers out, so its categories are asked
/// for again in halves.
async fn announced(ask: &Ask<'_>) -> Result<Fetched, SourceError> {
    let mut fetched = Fetched { not_modified: true, ..Fetched::default() };
    let mut sets = vec![ask.source.categories.as_slice()];
    while let Some(set) = sets.pop() {
        let url = ask.url(ANNOUNCEMENTS, &format!("/rss/{}", set.join("+")))?;
        let answer = match ask.get(&url, Expect::Feed).await {
            Ok(Some(answer)) => answer,
            Ok(None) if set.len() > 1 && ask.stored(&url).is_some_and(|stored| stored.items as usize >= MAX_ROWS) => {
                sets.extend([&set[set.len() / 2..], &set[..set.len() / 2]]);
                continue;
            }
            Ok(None) => continue,
            Err(error) => return Err(refusal(&url, error, |body| announcement::read(body).err())),
        };
        let announcement = announcement::read(&answer.text()).map_err(|reason| SourceError::malformed(&url, "feed", reason))?;
        let rows = announcement.page.count;
        fetched.not_modified = false;
        fetched.validators.extend(answer.validator(&url, rows));
        if rows >= MAX_ROWS && set.len() > 1 {
            sets.extend([&set[set.len() / 2..], &set[..set.len() / 2]]);
            continue;
        }
        if rows >= MAX_ROWS {
            let reason = format!("the feed of {} is full, so papers may be missing from it; name its categories one by one", set.join("+"));
            fetched.problems.push(Problem::of(shown(&url), reason, b""));
        }
        let day = announcement.day.unwrap_or(ask.today);
        announcement.page.list_on(day, &mut fetched);
    }
    Ok(fetched)
}

/// One slice of what was listed on `day`, which the query API knows by the time of submission; the cursor is how many came before.
async fn past(ask: &Ask<'_>, day: NaiveDate) -> Result<Fetched, SourceError> {
    let Some((from, to)) = arxiv_submissions(day, ask.no_mail) else {
        return Ok(Fetched { days: vec![DayPapers { day, papers: Vec::new() }], ..Fetched::default() });
    };
    // Both ends are among what is asked for, and so the minute before the deadline is the last one.
    let span = [from, to - TimeDelta::minutes(1)].map(|time| time.format("%Y%m%d%H%M").to_string()).join(" TO ");
    let start: usize = ask.cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let mut url = ask.url(QUERIES, "/api/query")?;
    let wanted: Vec<String> = ask.source.categories.iter().map(|category| search_term(category)).collect();
    url.query_pairs_mut()
        .append_pair("search_query", &format!("({}) AND submittedDate:[{span}]", wanted.join(" OR ")))
        .append_pair("start", &start.to_string())
        .append_pair("max_results", &SLICE.to_string())
        .append_pair("sortBy", "submittedDate")
        .append_pair("sortOrder", "ascending");
    let answer = match ask.get(&url, Expect::Xml).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return Ok(Fetched { not_modified: true, ..Fetched::default() }),
        Err(error) => return Err(refusal(&url, error, |body| query::read(body).err())),
    };
    let slice = query::read(&answer.text()).map_err(|reason| SourceError::malformed(&url, "feed", reason))?;
    let (read, total) = (start + slice.page.count, slice.total.and_then(|total| usize::try_from(total).ok()).unwrap_or_default());
    // Later slices sometimes come empty; to take that for the end would lose papers.
    if slice.page.count == 0 && read < total {
        let reason = format!("an empty slice, though {total} papers are there and {read} have come");
        return Err(SourceError::malformed(&url, "feed", reason));
    }
    let mut fetched = Fetched { next: (read < total).then(|| read.to_string()), ..Fetched::default() };
    slice.page.list_on(day, &mut fetched);
    Ok(fetched)
}

/// `cs.CL` is a category, `cs` a whole archive. Some archives are one category, and two were that once: their old papers
/// bear the bare name.
fn search_term(category: &str) -> String {
    match category {
        "astro-ph" | "cond-mat" => format!("cat:{category}*"),
        category if category.contains('.') || PHYSICS.contains(&category) && category != "nlin" => format!("cat:{category}"),
        // Not `math*`, which is `math-ph` too.
        archive => format!("cat:{archive}.*"),
    }
}

/// One part of the records changed on `day`. The cursor names the archive's place, and the token within it.
async fn changed(ask: &Ask<'_>, day: NaiveDate) -> Result<Fetched, SourceError> {
    let archives: Vec<String> =
        ask.source.categories.iter().map(|category| archive(category)).collect::<BTreeSet<_>>().into_iter().collect();
    let (place, token) = ask.cursor.and_then(|cursor| cursor.split_once(' ')).unwrap_or(("0", ""));
    let place: usize = place.parse().unwrap_or_default();
    let Some(archive) = archives.get(place) else { return Ok(Fetched::default()) };
    let mut url = ask.url(RECORDS, "/oai")?;
    match token {
        "" => {
            let day = day.to_string();
            let pairs = [("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("set", archive), ("from", &day), ("until", &day)];
            url.query_pairs_mut().extend_pairs(pairs);
        }
        // The token is percent-encoded as it comes.
        token => url.set_query(Some(&format!("verb=ListRecords&resumptionToken={token}"))),
    }
    let Some(answer) = ask.get(&url, Expect::Xml).await? else { return Ok(Fetched { not_modified: true, ..Fetched::default() }) };
    let records = oai::read(&answer.text()).map_err(|error| match error {
        oai::OaiError::BadToken => SourceError::CursorExpired { place: shown(&url) },
        oai::OaiError::Other(reason) => SourceError::malformed(&url, "OAI-PMH", reason),
    })?;
    let next = records.token.map(|token| format!("{place} {token}"));
    let mut fetched =
        Fetched { next: next.or_else(|| (place + 1 < archives.len()).then(|| format!("{} ", place + 1))), ..Fetched::default() };
    let mut page = records.page;
    page.items.retain(|item| item.paper.categories.iter().any(|category| is_wanted(&ask.source.categories, category)));
    // A paper first submitted just before may have been missed; an older one was only changed.
    let oldest = day.checked_sub_days(Days::new(MAX_DAYS_TO_ANNOUNCEMENT)).unwrap_or(day);
    for item in &mut page.items {
        item.is_update = item.day.is_none_or(|created| created < oldest);
    }
    page.list_on(day, &mut fetched);
    Ok(fetched)
}

/// The set of OAI-PMH that holds `category`.
fn archive(category: &str) -> String {
    let archive = category.split('.').next().unwrap_or(category);
    match archive {
        "physics" => "physics:physics".to_owned(),
        archive if PHYSICS.contains(&archive) => format!("physics:{archive}"),
        archive => archive.to_owned(),
    }
}

fn is_wanted(wanted: &[String], category: &str) -> bool {
    wanted.iter().any(|wanted| category == wanted || category.strip_prefix(wanted.as_str()).is_some_and(|below| below.starts_with('.')))
}

/// A refusal whose body says why, in arXiv's own words.
fn refusal(url: &Url, error: HttpError, read: impl Fn(&str) -> Option<String>) -> SourceError {
    match &error {
        HttpError::Status { status, body, .. } if status.as_u16() == 400 => match read(&charset::decode(body, None)) {
            Some(said) if said.starts_with("arXiv says") => SourceError::Refused { place: shown(url), said },
            _ => error.into(),
        },
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_and_archives_are_named_as_each_interface_wants_them() {
        let check = |category: &str, term: &str, set: &str| {
            assert_eq!((search_term(category).as_str(), archive(category).as_str()), (term, set));
        };
        check("cs.CL", "cat:cs.CL", "cs");
        check("math", "cat:math.*", "math");
        check("math-ph", "cat:math-ph", "physics:math-ph");
        check("astro-ph", "cat:astro-ph*", "physics:astro-ph");
        check("nlin", "cat:nlin.*", "physics:nlin");
        check("physics.optics", "cat:physics.optics", "physics:physics");
        check("q-bio.NC", "cat:q-bio.NC", "q-bio");
    }

    #[test]
    fn a_family_is_wanted_with_all_its_members() {
        let wanted = ["cs".to_owned(), "hep-th".to_owned()];
        assert!(is_wanted(&wanted, "cs.CL") && is_wanted(&wanted, "hep-th"));
        assert!(!is_wanted(&wanted, "csx.CL") && !is_wanted(&wanted, "math.CO"));
    }
}
