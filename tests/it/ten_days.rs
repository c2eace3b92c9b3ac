//! Ten consecutive days of papers and real filters, read back by Python's `email` package.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::process::Command;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use paperlark::filter::Filter;
use paperlark::matching::oracle;
use paperlark::paper::Paper;
use serde_json::Value;

use crate::support::papers::{invented, lines, real_days, shared_data};
use crate::support::service::Service;

type Listing = BTreeMap<NaiveDate, Vec<Value>>;

/// A reader by number, and the queries of their filters.
struct Reader {
    address: String,
    filters: Vec<String>,
}

/// What one morning must bring a reader: sections of papers, in the order of the filters.
type Morning = Vec<(Option<String>, BTreeSet<String>)>;

fn readers(queries: &[String]) -> Vec<Reader> {
    let with_filters =
        queries.chunks(2).enumerate().map(|(n, filters)| Reader { address: format!("reader{n}@example.org"), filters: filters.to_vec() });
    let without = Reader { address: "trending@example.org".into(), filters: Vec::new() };
    with_filters.chain([without]).collect()
}

fn paper(item: &Value) -> Paper {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let id = paperlark::paper::PaperId::parse(item["paper"]["id"].as_str().unwrap()).unwrap();
    let clean = |value: &Value| paperlark::text::one_line(&paperlark::text::tex_to_unicode(&paperlark::text::paragraph(&text(value))));
    Paper {
        abstract_text: clean(&item["paper"]["summary"]),
        authors: item["paper"]["authors"].as_array().unwrap().iter().map(|author| text(&author["name"])).collect(),
        upvotes: item["paper"]["upvotes"].as_u64().map(|votes| u32::try_from(votes).unwrap()),
        ..Paper::new(id, clean(&item["paper"]["title"]))
    }
}

/// The sections that `reader` must find in a digest of `papers`, told by the slow oracle.
fn expected(reader: &Reader, papers: &[Paper]) -> Morning {
    if reader.filters.is_empty() {
        let all: BTreeSet<String> = papers.iter().map(|paper| paper.id.slug().to_owned()).collect();
        return if all.is_empty() { Vec::new() } else { vec![(None, all)] };
    }
    let mut taken = HashSet::new();
    let mut sections = Vec::new();
    for query in &reader.filters {
        let filter = Filter::parse(query).unwrap();
        let found = papers.iter().filter(|paper| oracle::matches(&filter, paper));
        let own: BTreeSet<String> = found.map(|paper| paper.id.slug().to_owned()).filter(|id| taken.insert(id.clone())).collect();
        if !own.is_empty() {
            sections.push((Some(query.clone()), own));
        }
    }
    sections
}

/// Lists day after day, lets every morning happen, and checks each reader's mails of each morning.
async fn ten_days(days: &Listing, queries: &[String], first: NaiveDate) {
    let service = Service::start_with(&format!("{first}T00:30:00Z"), &[("DIGEST_MAX_PAPERS", "100")]).await;
    let readers = readers(queries);
    for reader in &readers {
        service.join(&reader.address, &reader.filters.join("\n")).await;
    }
    service.mailbox().clear();
    let mut seen: HashMap<String, HashSet<String>> = HashMap::new();
    let mut mails = 0;
    let outage = [3, 4];
    let mut waiting: Vec<Paper> = Vec::new();
    for number in 0..10u64 {
        let day = first.checked_add_days(Days::new(number)).unwrap();
        let items = days.get(&day).cloned().unwrap_or_default();
        waiting.extend(items.iter().map(paper));
        service.hub.list(day, items);
        service.set(&format!("{day}T21:00:00Z"));
        service.fetch(&day.to_string()).await;
        if outage.contains(&number) {
            continue;
        }
        let morning = day.checked_add_days(Days::new(1)).unwrap();
        service.set(&format!("{morning}T06:00:00Z"));
        service.work().await;
        let digests = python(&service);
        service.mailbox().clear();
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && waiting.is_empty() {
            assert!(digests.is_empty(), "the weekend is silent");
        }
        for reader in &readers {
            check(
                reader,
                &expected(reader, &waiting),
                &waiting,
                digests.get(&reader.address),
                seen.entry(reader.address.clone()).or_default(),
            );
        }
        mails += digests.len();
        waiting.clear();
    }
    eprintln!("{} readers, ten days from {first}: {mails} digests", readers.len());
    assert!(mails > readers.len(), "the days brought something");
}

fn check(reader: &Reader, expected: &Morning, papers: &[Paper], mail: Option<&Value>, seen: &mut HashSet<String>) {
    let Some(mail) = mail else {
        assert!(expected.is_empty(), "{} should have got {expected:?}", reader.address);
        return;
    };
    assert_eq!(mail["defects"], Value::Array(Vec::new()));
    let sections = mail["sections"].as_array().unwrap();
    assert_eq!(sections.len(), expected.len(), "{}", reader.address);
    for (section, (query, wanted)) in sections.iter().zip(expected) {
        let shown: Vec<&str> = section["papers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let more = usize::try_from(section["more"].as_u64().unwrap()).unwrap();
        assert_eq!(shown.len() + more, wanted.len(), "{} {query:?}", reader.address);
        assert!(shown.iter().all(|id| wanted.contains(*id)), "{} {query:?}: {shown:?}", reader.address);
        if query.is_none() {
            let votes = |id: &str| papers.iter().find(|paper| paper.id.slug() == id).unwrap().upvotes;
            assert!(shown.windows(2).all(|pair| votes(pair[0]) >= votes(pair[1])), "most voted first");
        }
        for id in &shown {
            assert!(seen.insert((*id).to_owned()), "{} got {id} twice", reader.address);
        }
    }
    let in_text: Vec<&Value> = sections.iter().flat_map(|section| section["papers"].as_array().unwrap()).collect();
    assert_eq!(in_text, mail["papers"].as_array().unwrap().iter().collect::<Vec<_>>(), "text and HTML tell the same");
    assert!(mail["html_bytes"].as_u64().unwrap() < 95_000);
    for header in ["list-unsubscribe", "list-unsubscribe-post", "list-id", "auto-submitted", "message-id", "date"] {
        assert!(mail["headers"].get(header).is_some(), "{header}");
    }
}

/// The digests in the mailbox as Python reads them, by reader; nobody may have two.
fn python(service: &Service) -> HashMap<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    for mail in service.mailbox().all() {
        std::fs::write(folder.path().join(format!("{:06}.eml", mail.id)), &mail.bytes).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/read_mails.py");
    let output = Command::new("python3").arg(script).arg(folder.path()).output().expect("python3 reads the mails");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mails: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let count = mails.len();
    let by_reader: HashMap<String, Value> = mails.into_iter().map(|mail| (mail["to"].as_str().unwrap().to_owned(), mail)).collect();
    assert_eq!(by_reader.len(), count, "at most one digest a reader and morning");
    by_reader
}

#[tokio::test]
async fn ten_invented_days_bring_every_reader_the_right_papers_once() {
    let first: NaiveDate = "2026-01-07".parse().unwrap();
    let working = (0..10).map(|n| first.checked_add_days(Days::new(n)).unwrap()).filter(|day| day.weekday().number_from_monday() <= 5);
    let days: Listing = working.map(|day| (day, invented(day, 24))).collect();
    let queries = ["robots", "title:proteins -robots", "\"quiet theory\"", "pipett*", "robots AND proteins", "heaps OR laundry"];
    ten_days(&days, &queries.map(str::to_owned), first).await;
}

#[tokio::test]
async fn ten_real_days_bring_every_reader_the_right_papers_once() {
    let Some(folder) = shared_data() else {
        eprintln!("no folder of real papers beside the checkout; the invented days cover the same ground");
        return;
    };
    let first: NaiveDate = "2025-08-05".parse().unwrap();
    let days = real_days(folder.clone(), first, first.checked_add_days(Days::new(9)).unwrap());
    let expressions = lines(folder.join("filters.jsonl.gz")).filter_map(|filter| Some(filter["expr"].as_str()?.replace('\n', " ")));
    // Every second one: the oracle is slow on purpose.
    let queries: Vec<String> = expressions.filter(|query| Filter::parse(query).is_ok()).step_by(2).collect();
    assert!(queries.len() > 40, "{} filters", queries.len());
    ten_days(&days, &queries, first).await;
}
