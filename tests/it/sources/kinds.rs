//! Each kind of source against a server that speaks its protocol: pages, cursors, tokens, refusals.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use paperlark::App;
use paperlark::archive::StoredValidator;
use paperlark::config::Source;
use paperlark::source::{self, Ask, Fetched, SourceError, Validators, Wanted};

use super::{MONDAY, answer, day, source};
use crate::support::hub::Answer;
use crate::support::program::Program;
use crate::support::service::Service;
use crate::support::stand_in::StandIn;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sources").join(name)).unwrap()
}

fn xml(body: impl Into<Vec<u8>>) -> Answer {
    answer(200, "text/xml; charset=utf-8", body)
}

fn json(body: impl Into<Vec<u8>>) -> Answer {
    answer(200, "application/json", body)
}

/// A source of `kind` that asks `server` for everything.
fn at(server: &StandIn, table: &str) -> Source {
    source(&format!("base_url = \"{}\"\n{table}", server.url))
}

async fn ask(service: &Service, source: &Source, wanted: Wanted, cursor: Option<&str>) -> Result<Fetched, SourceError> {
    ask_knowing(service, source, wanted, cursor, &HashMap::new()).await
}

async fn ask_knowing(
    service: &Service,
    source: &Source,
    wanted: Wanted,
    cursor: Option<&str>,
    validators: &Validators,
) -> Result<Fetched, SourceError> {
    // Only what is configured may be asked at an address of this machine.
    let mut config = (*service.app.config).clone();
    config.source.insert("tried".into(), source.clone());
    let app = App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    source::fetch(Ask { http: &app.http, name: "tried", source, wanted, today: day(MONDAY), no_mail: &[], cursor, validators }).await
}

/// All parts of an answer, one after the other.
async fn all(service: &Service, source: &Source, wanted: Wanted) -> Vec<Fetched> {
    let mut parts = vec![ask(service, source, wanted, None).await.unwrap()];
    while let Some(next) = parts.last().unwrap().next.clone() {
        parts.push(ask(service, source, wanted, Some(&next)).await.unwrap());
        assert!(parts.len() < 50, "the list never ends");
    }
    parts
}

/// What was kept of an answer, as the next question brings it.
fn stored(fetched: &Fetched) -> Validators {
    let keep = |validator: &paperlark::archive::Validator| {
        let stored = StoredValidator { etag: validator.etag.clone(), last_modified: None, items: validator.items };
        (validator.url.clone(), stored)
    };
    fetched.validators.iter().map(keep).collect()
}

/// `day: id id`, in order.
fn listed(fetched: &Fetched) -> Vec<String> {
    let ids = |papers: &[paperlark::paper::Paper]| papers.iter().map(|paper| paper.id.slug().to_owned()).collect::<Vec<_>>().join(" ");
    fetched.days.iter().map(|day| format!("{}: {}", day.day, ids(&day.papers)).trim_end().to_owned()).collect()
}

fn updated(fetched: &Fetched) -> Vec<&str> {
    fetched.updates.iter().map(|paper| paper.id.slug()).collect()
}

fn count(fetched: &[Fetched]) -> usize {
    fetched.iter().flat_map(|part| &part.days).map(|day| day.papers.len()).sum()
}

const ARXIV: &str = "kind = \"arxiv\"\ncategories = [\"cs.CL\", \"cs.SD\"]";

#[tokio::test]
async fn arxivs_announcement_lists_what_is_new_and_updates_what_is_not() {
    let service = Service::start(super::NOW).await;
    let server = StandIn::start(|_| xml(fixture("arxiv-rss.xml"))).await;
    let arxiv = at(&server, ARXIV);
    let fetched = ask(&service, &arxiv, Wanted::Latest, None).await.unwrap();
    assert_eq!(listed(&fetched), ["2026-01-12: 9901.10001 9901.10002"]);
    assert_eq!(updated(&fetched), ["9812.04321", "9810.00077"]);
    assert_eq!((fetched.problems.len(), fetched.problems[0].reason.as_str()), (1, "it has no id"));
    assert!(fetched.problems[0].payload.as_ref().unwrap().contains("An Item Without an Identity"));
    assert_eq!(server.asked(), ["/rss/cs.CL+cs.SD"]);
    let again = ask_knowing(&service, &arxiv, Wanted::Latest, None, &stored(&fetched)).await.unwrap();
    assert!(again.not_modified && again.days.is_empty());
}

#[tokio::test]
async fn a_weekends_announcement_says_that_nothing_is_listed() {
    let service = Service::start(super::NOW).await;
    let empty = "<rss version='2.0'><channel><title>cs.CL</title><pubDate>Sun, 11 Jan 2026 00:00:00 -0500</pubDate></channel></rss>";
    let server = StandIn::start(move |_| xml(empty)).await;
    let fetched = ask(&service, &at(&server, ARXIV), Wanted::Latest, None).await.unwrap();
    assert_eq!((listed(&fetched), fetched.problems.len()), (vec!["2026-01-11:".to_owned()], 0));
}

#[tokio::test]
async fn a_full_feed_is_asked_for_again_in_halves() {
    let service = Service::start(super::NOW).await;
    let item = |number: usize| {
        format!(
            "<item><title>T{number}</title><guid>oai:arXiv.org:9901.{number:05}v1</guid><pubDate>Mon, 12 Jan 2026 00:00:00 -0500</pubDate></item>"
        )
    };
    let server = StandIn::start(move |asked| {
        let rows = match asked.path.as_str() {
            "/rss/cs.CL+cs.SD" => 0..2_000,
            "/rss/cs.CL" => 0..1_200,
            _ => 1_000..2_500,
        };
        xml(format!("<rss><channel>{}</channel></rss>", rows.map(item).collect::<String>()))
    })
    .await;
    let arxiv = at(&server, ARXIV);
    let fetched = ask(&service, &arxiv, Wanted::Latest, None).await.unwrap();
    assert_eq!(server.asked(), ["/rss/cs.CL+cs.SD", "/rss/cs.CL", "/rss/cs.SD"]);
    assert_eq!((count(std::slice::from_ref(&fetched)), fetched.problems.len()), (2_700, 0));
    let again = ask_knowing(&service, &arxiv, Wanted::Latest, None, &stored(&fetched)).await.unwrap();
    assert!(again.not_modified);
    assert_eq!(server.asked().len(), 3, "the halves are asked for, although the whole did not change");
}

#[tokio::test]
async fn arxivs_refusal_is_told_in_its_own_words() {
    let service = Service::start(super::NOW).await;
    let said = "<rss version='2.0'><channel><title>Feed error for query: cs.XX</title><description>Bad archive 'cs.XX'.</description></channel></rss>";
    let server = StandIn::start(move |_| answer(400, "text/xml", said)).await;
    let error = ask(&service, &at(&server, ARXIV), Wanted::Latest, None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Refused { said, .. } if said.contains("Bad archive 'cs.XX'")), "{error}");
}

#[tokio::test]
async fn arxivs_query_is_read_slice_by_slice() {
    let service = Service::start(super::NOW).await;
    let entry = |number: usize| {
        format!(
            "<entry><id>http://arxiv.org/abs/9901.{number:05}v1</id><title>T{number}</title><published>2026-01-09T10:00:00Z</published></entry>"
        )
    };
    let feed = |total: usize, entries: String| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:o='http://a9.com/-/spec/opensearch/1.1/'><o:totalResults>{total}</o:totalResults>{entries}</feed>"
        )
    };
    let server = StandIn::start(move |asked| {
        let start: usize = asked.query("start").parse().unwrap();
        let size: usize = asked.query("max_results").parse().unwrap();
        // The last slice comes empty.
        let end = if asked.query("search_query").contains("TO 202601071859]") && start > 0 { start } else { (start + size).min(1_201) };
        xml(feed(1_201, (start..end).map(entry).collect()))
    })
    .await;
    let arxiv = at(&server, ARXIV);
    let parts = all(&service, &arxiv, Wanted::Day(day("2026-01-09"))).await;
    assert_eq!(count(&parts), 1_201);
    assert!(parts.iter().flat_map(|part| &part.days).all(|listed| listed.day == day("2026-01-09")));
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].contains("cat%3Acs.CL+OR+cat%3Acs.SD%29+AND+submittedDate%3A%5B202601071900+TO+202601081859%5D"), "{}", asked[0]);
    let first = ask(&service, &arxiv, Wanted::Day(day("2026-01-08")), None).await.unwrap();
    let error = ask(&service, &arxiv, Wanted::Day(day("2026-01-08")), first.next.as_deref()).await.unwrap_err();
    assert!(error.to_string().contains("an empty slice, though 1201 papers are there"), "{error}");
    server.asked();
    let saturday = ask(&service, &arxiv, Wanted::Day(day("2026-01-10")), None).await.unwrap();
    assert_eq!((listed(&saturday), server.asked().len()), (vec!["2026-01-10:".to_owned()], 0), "nothing is announced on Fridays");
}

#[tokio::test]
async fn arxivs_changes_are_read_to_the_last_token() {
    let service = Service::start(super::NOW).await;
    let server = StandIn::start(|asked| match (asked.query("set"), asked.raw_query.split_once("resumptionToken=")) {
        ("cs", None) => xml(fixture("arxiv-oai-1.xml")),
        // As it was given: not encoded once more.
        (_, Some((_, "verb%3DListRecords%26metadataPrefix%3DarXiv%26set%3Dcs%26skip%3D3"))) => xml(fixture("arxiv-oai-2.xml")),
        ("physics:hep-th", None) => xml("<OAI-PMH><error code='noRecordsMatch'>Nothing.</error></OAI-PMH>"),
        _ => xml("<OAI-PMH><error code='badResumptionToken'>Expired.</error></OAI-PMH>"),
    })
    .await;
    let arxiv = at(&server, "kind = \"arxiv\"\ncategories = [\"cs\", \"hep-th\"]");
    let wanted = Wanted::Changed(day(MONDAY));
    let parts = all(&service, &arxiv, wanted).await;
    assert_eq!(
        parts.iter().flat_map(listed).collect::<Vec<_>>(),
        ["2026-01-12: 9901.10001", "2026-01-12: 9901.10001 9901.10003", "2026-01-12:"]
    );
    assert_eq!(parts.iter().flat_map(updated).collect::<Vec<_>>(), ["9812.04321"]);
    assert!(parts.iter().all(|part| part.problems.is_empty()), "a deleted record is no problem");
    let expired = ask(&service, &arxiv, wanted, Some("0 verb%3DListRecords%26skip%3D999")).await.unwrap_err();
    assert!(matches!(expired, SourceError::CursorExpired { .. }), "{expired}");
}

#[tokio::test]
async fn biorxivs_pages_are_as_long_as_they_say() {
    let service = Service::start(super::NOW).await;
    let preprint = |number: usize| {
        let version = if number == 5 { "2" } else { "1" };
        format!(
            "{{\"doi\": \"10.64898/2026.01.{number:06}\", \"title\": \"T{number}\", \"authors\": \"A, B.\", \"date\": \"{MONDAY}\", \"version\": \"{version}\", \"category\": \"zoology\", \"published\": \"NA\"}}"
        )
    };
    let server = StandIn::start(move |asked| {
        let parts: Vec<&str> = asked.path.split('/').collect();
        let cursor: usize = parts[5].parse().unwrap();
        if parts[3] != MONDAY {
            return json("{\"messages\": [{\"status\": \"no posts found\"}], \"collection\": []}");
        }
        let items: Vec<String> = (cursor..(cursor + 30).min(70)).map(preprint).collect();
        let count = items.len();
        json(format!(
            "{{\"messages\": [{{\"status\": \"ok\", \"cursor\": {cursor}, \"count\": {count}, \"total\": \"70\"}}], \"collection\": [{}]}}",
            items.join(",")
        ))
    })
    .await;
    let medrxiv = at(&server, "kind = \"biorxiv\"\nserver = \"medrxiv\"");
    let parts = all(&service, &medrxiv, Wanted::Day(day(MONDAY))).await;
    assert_eq!((count(&parts), parts[0].updates.len(), parts[0].updates[0].version), (69, 1, Some(2)));
    let page = |cursor: usize| format!("/details/medrxiv/{MONDAY}/{MONDAY}/{cursor}/json");
    assert_eq!(server.asked(), [page(0), page(30), page(60)]);
    let again = ask_knowing(&service, &medrxiv, Wanted::Day(day(MONDAY)), None, &stored(&parts[0])).await.unwrap();
    assert!(again.not_modified);
    let sunday = ask(&service, &medrxiv, Wanted::Day(day("2026-01-11")), None).await.unwrap();
    assert_eq!(listed(&sunday), ["2026-01-11:"]);
}

#[tokio::test]
async fn pubmed_is_searched_and_then_read_and_never_shows_the_key() {
    let service = Service::start(super::NOW).await;
    let server = StandIn::start(|asked| match asked.path.as_str() {
        "/entrez/eutils/esearch.fcgi" if asked.query("term") == "broken" => json("{\"esearchresult\": {\"ERROR\": \"Invalid term\"}}"),
        "/entrez/eutils/esearch.fcgi" => json(fixture("pubmed-search.json")),
        _ => xml(fixture("pubmed-articles.xml")),
    })
    .await;
    let table = |query: &str| {
        format!("kind = \"pubmed\"\nquery = \"{query}\"\ntool = \"larkwatch\"\nemail = \"ops@example.org\"\napi_key = \"s3cret\"")
    };
    let fetched = ask(&service, &at(&server, &table("lark song")), Wanted::Day(day(MONDAY)), None).await.unwrap();
    let ids: Vec<String> = fetched.days[0].papers.iter().map(|paper| paper.id.page_url()).collect();
    assert_eq!(
        ids,
        ["https://doi.org/10.5555/annals.2026.1", "https://pubmed.ncbi.nlm.nih.gov/99000002/", "https://pubmed.ncbi.nlm.nih.gov/99000003/"]
    );
    assert_eq!((fetched.problems.len(), fetched.next), (1, None));
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.contains("tool=larkwatch&email=ops%40example.org&api_key=s3cret")), "{asked:?}");
    assert!(asked[0].contains("datetype=edat&mindate=2026%2F01%2F12&maxdate=2026%2F01%2F12"), "{}", asked[0]);
    assert!(asked[1].contains("id=99000001%2C99000002%2C99000003"), "{}", asked[1]);
    let error = ask(&service, &at(&server, &table("broken")), Wanted::Day(day(MONDAY)), None).await.unwrap_err().to_string();
    assert!(error.contains("PubMed says: Invalid term") && !error.contains("s3cret") && !error.contains("ops"), "{error}");
}

#[tokio::test]
async fn feeds_of_all_families_are_read_in_their_own_encoding() {
    let service = Service::start(super::NOW).await;
    let server = StandIn::start(|asked| match asked.path.as_str() {
        "/rss1" => answer(200, "application/rdf+xml", fixture("journal-rss1.xml")),
        "/rss2" => answer(200, "text/xml", fixture("journal-rss2.xml")),
        "/atom" => answer(200, "application/atom+xml", fixture("lab-atom.xml")),
        _ => answer(200, "application/feed+json", fixture("lab-feed.json")),
    })
    .await;
    for (path, expect, problems) in [
        ("rss1", vec!["2026-01-11: doi:10.5555/m-2", "2026-01-12: doi:10.5555/m-1"], 0),
        ("rss2", vec!["2026-01-11: url:/letters/1", "2026-01-12: url:https://hedge.example/letters/3"], 2),
        ("atom", vec!["2026-01-12: url:https://lab.example/news/knots 9901.10003"], 0),
        ("json", vec!["2026-01-11: doi:10.5555/owl.3", "2026-01-12: url:https://owl.example/p/1 url:https://owl.example/p/2"], 1),
    ] {
        let feed = source(&format!("kind = \"feed\"\nurl = \"{}{path}\"", server.url));
        let fetched = ask(&service, &feed, Wanted::Latest, None).await.unwrap();
        let found: Vec<String> = listed(&fetched).iter().map(|line| line.replace(server.url.as_str(), "/")).collect();
        assert_eq!((found, fetched.problems.len()), (expect.into_iter().map(str::to_owned).collect(), problems), "{path}");
        assert!(ask_knowing(&service, &feed, Wanted::Latest, None, &stored(&fetched)).await.unwrap().not_modified, "{path}");
        let past = ask(&service, &feed, Wanted::Day(day(MONDAY)), None).await.unwrap_err();
        assert!(past.to_string().contains("cannot be asked for past days"), "{past}");
    }
    let titles = ask(&service, &source(&format!("kind = \"feed\"\nurl = \"{}rss1\"", server.url)), Wanted::Latest, None).await.unwrap();
    assert_eq!(titles.days[1].papers[0].title, "Naïve larks & clever crows");
}

#[tokio::test]
async fn openalex_and_crossref_are_read_to_their_last_cursor() {
    let service = Service::start(super::NOW).await;
    let server = StandIn::start(|asked| match (asked.path.as_str(), asked.query("cursor")) {
        ("/works", "*") if !asked.query("search").is_empty() => json(fixture("openalex.json")),
        ("/works", "IlsxNz==") => json("{\"meta\": {\"next_cursor\": null}, \"results\": []}"),
        ("/works", "*") => json(fixture("crossref.json")),
        _ => answer(404, "text/plain", "no such page"),
    })
    .await;
    let openalex = at(&server, "kind = \"openalex\"\nquery = \"larks\"\nemail = \"ops@example.org\"");
    let parts = all(&service, &openalex, Wanted::Day(day("2026-01-14"))).await;
    assert_eq!(listed(&parts[0]), ["2026-01-12: doi:10.5555/open.1 url:https://openalex.org/W9900000002", "2026-01-14:"]);
    assert_eq!((parts.len(), parts[0].problems.len()), (2, 1));
    let asked = server.asked();
    assert!(asked[0].contains("from_publication_date%3A2026-01-07%2Cto_publication_date%3A2026-01-14"), "{}", asked[0]);
    let crossref = at(&server, "kind = \"crossref\"\nquery = \"larks\"\nemail = \"ops@example.org\"");
    let parts = all(&service, &crossref, Wanted::Day(day(MONDAY))).await;
    assert_eq!(listed(&parts[0]), ["2026-01-12: doi:10.5555/cross.2026.1 doi:10.5555/cross.2026.3"]);
    assert_eq!((parts.len(), parts[0].problems.len()), (1, 1));
    assert!(server.asked()[0].contains("from-created-date%3A2026-01-12%2Cuntil-created-date%3A2026-01-12"));
}

#[tokio::test]
async fn the_program_fetches_every_kind_and_stores_each_paper_once() {
    let server = StandIn::start(|asked| match asked.path.as_str() {
        "/rss/cs.SD" => xml(fixture("arxiv-rss.xml")),
        "/journal" => answer(200, "application/rdf+xml", fixture("journal-rss1.xml")),
        "/entrez/eutils/esearch.fcgi" => json(fixture("pubmed-search.json")),
        "/entrez/eutils/efetch.fcgi" => xml(fixture("pubmed-articles.xml")),
        "/works" => json(fixture("crossref.json")),
        _ => json(fixture("biorxiv.json")),
    })
    .await;
    let (program, _database) = Program::with_database().await;
    let program = program.set("CLOCK_START", "2026-01-12T12:00:00Z").set("SOURCE_HUGGINGFACE_ENABLED", "false");
    let base = format!("schedule = \"0 * * * *\"\nbase_url = \"{}\"", server.url);
    let config = program.file(
        "paperlark.toml",
        format!(
            "[source.arxiv]\nkind = \"arxiv\"\ncategories = [\"cs.SD\"]\n{base}\n\
             [source.biorxiv]\nkind = \"biorxiv\"\n{base}\n\
             [source.pubmed]\nkind = \"pubmed\"\nquery = \"larks\"\n{base}\n\
             [source.crossref]\nkind = \"crossref\"\nquery = \"larks\"\nemail = \"ops@example.org\"\n{base}\n\
             [source.meadow]\nkind = \"feed\"\nurl = \"{}journal\"\nschedule = \"0 * * * *\"\n",
            server.url
        ),
    );
    let run = async |name: &str, day: &[&str]| program.run(&[&["--config", &config, "fetch", name][..], day].concat()).await;
    let today = ["--date", MONDAY];
    // One item of the feed has no id, and so on: skipped items are code 4, and the others are stored.
    run("arxiv", &[]).await.ends(4).says(&["2 papers", "2 new", "it has no id"]);
    run("biorxiv", &today).await.ends(4).says(&["2 papers", "2 new", "ids are text"]);
    run("pubmed", &today).await.ends(4).says(&["3 papers", "3 new", "it has no PMID"]);
    run("meadow", &[]).await.ends(0).says(&["2 new"]);
    // One of its two papers is the journal's form of a preprint that is known already.
    run("crossref", &today).await.ends(4).says(&["2 papers", "1 new", "it has no title"]);
    run("pubmed", &today).await.says(&["0 new"]);
    run("meadow", &today).await.ends(4).says(&["a feed cannot be asked for past days"]);
}
