//! What a preview shows is what a digest would have brought.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use paperlark::archive::{Arrived, OnDay};
use paperlark::digest::{Searched, Wanted, Window, compile, lay_out};
use paperlark::filter::{Filter, NamedFilter, Ranking};
use paperlark::matching::Catalogue;
use paperlark::paper::{Paper, PaperId};
use paperlark::preview::{Corpus, Preview, Span};
use serde_json::{Value, json};

use crate::support::papers::{invented, lines, real_days, shared_data};
use crate::support::service::Service;

const FILTERS: [&str; 8] = [
    "robots",
    "proteins -robots",
    "\"fold laundry\" OR heaps",
    "title:robots",
    "author:okafor",
    "upvotes:>=9",
    "robots, heaps",
    "nothing here",
];

fn day_of(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A paper as its item in the hub's JSON says.
fn paper(item: &Value) -> Paper {
    let text = |name: &str| item["paper"][name].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let authors = item["paper"]["authors"].as_array().unwrap().iter().filter_map(|author| author["name"].as_str().map(str::to_owned));
    Paper {
        abstract_text: text("summary"),
        authors: authors.collect(),
        upvotes: item["paper"]["upvotes"].as_u64().and_then(|votes| u32::try_from(votes).ok()),
        sources: vec!["huggingface".into()],
        ..Paper::new(PaperId::parse(item["paper"]["id"].as_str().unwrap()).unwrap(), text("title"))
    }
}

/// Holds previews of `filters` over all `days` against the digests of each single day.
fn compare(days: &BTreeMap<NaiveDate, Vec<Value>>, filters: &[Filter]) {
    let mut rows = 0;
    let papers: BTreeMap<NaiveDate, Vec<(i64, Paper)>> = days
        .iter()
        .map(|(day, items)| {
            let of_day = items.iter().map(|item| {
                rows += 1;
                (rows, paper(item))
            });
            (*day, of_day.collect())
        })
        .collect();
    let (first, last) = (*papers.keys().next().unwrap(), *papers.keys().next_back().unwrap());
    let listed = papers
        .iter()
        .rev()
        .flat_map(|(day, papers)| papers.iter().map(|(row, paper)| OnDay { key: (*row, 1), paper: paper.clone(), day: *day }));
    let corpus = Corpus::new(Span { from: first, to: last.succ_opt().unwrap() }, listed.collect());
    let windows: BTreeMap<NaiveDate, Window> = papers
        .iter()
        .map(|(day, papers)| {
            let arrived = papers.iter().map(|(row, paper)| Arrived { key: (*row, 1), paper: paper.clone(), new: true, curated: true });
            (*day, Window::new(arrived.collect()))
        })
        .collect();
    let mut matches = 0;
    for filter in filters {
        let preview = Preview::new(&corpus, filter);
        let mut shown: HashMap<NaiveDate, Vec<i64>> = HashMap::new();
        for found in preview.results(Ranking::Trending, 0..usize::MAX) {
            shown.entry(found.paper.day).or_default().push(found.paper.key.0);
        }
        let hits: HashMap<NaiveDate, usize> = preview.days.iter().filter(|day| day.hits > 0).map(|day| (day.day, day.hits)).collect();
        assert_eq!(hits, shown.iter().map(|(day, rows)| (*day, rows.len())).collect(), "{filter}: the chart and the list");
        let catalogue = Catalogue::default();
        let named = compile(&catalogue, 1, &[NamedFilter::from_query(&filter.to_string())]);
        assert_eq!(named.len(), 1, "{filter} is a filter");
        for (day, window) in &windows {
            let wanted = Wanted { filters: &named, max_papers: 100, ranking: Ranking::Trending, sent: &HashSet::new() };
            let content = lay_out(&mut Searched::new(window, &catalogue), None, &wanted);
            let mut digest: Vec<i64> = content.papers().map(|(row, _)| row).collect();
            let mut preview = shown.remove(day).unwrap_or_default();
            // Among equal votes relevance decides, which looks at the other papers there are.
            digest.sort_unstable();
            preview.sort_unstable();
            assert_eq!(preview, digest, "{filter} on {day}");
            matches += digest.len();
        }
        assert!(shown.is_empty());
    }
    assert!(matches > 0);
}

fn parsed<'a>(queries: impl IntoIterator<Item = &'a str>) -> Vec<Filter> {
    queries.into_iter().filter_map(|query| Filter::parse(query).ok()).collect()
}

#[test]
fn previews_and_digests_agree_on_invented_papers() {
    let days = ["2026-01-09", "2026-01-12", "2026-01-13"].map(day_of);
    compare(&days.into_iter().map(|day| (day, invented(day, 40))).collect(), &parsed(FILTERS));
}

#[test]
fn previews_and_digests_agree_on_a_year_of_real_papers_and_real_filters() {
    let Some(data) = shared_data() else { return eprintln!("skipped: there is no folder of real papers") };
    let days = real_days(data.clone(), day_of("2000-01-01"), day_of("2100-01-01"));
    assert!(days.len() > 200);
    let queries: Vec<Value> = lines(data.join("filters.jsonl.gz")).collect();
    let filters = parsed(queries.iter().filter_map(|line| line["expr"].as_str()));
    assert!(filters.len() > 100, "{} of {} filters are understood", filters.len(), queries.len());
    compare(&days, &filters);
}

#[tokio::test]
async fn what_the_page_promised_for_a_day_is_what_the_mail_brings() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    for (number, query) in FILTERS.iter().enumerate() {
        service.join(&format!("reader{number}@example.org"), query).await;
    }
    for day in ["2026-01-12", "2026-01-13"] {
        service.hub.list(day_of(day), invented(day_of(day), 40));
        service.fetch(day).await;
        service.set(&format!("{}T06:30:00Z", day_of(day).succ_opt().unwrap()));
        service.work().await;
        for (number, query) in FILTERS.iter().enumerate() {
            let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let preview: Value = service.get(&format!("/api/filters/preview?q={query}&day={day}&limit=20")).await.json().await.unwrap();
            let promised: Vec<&str> =
                preview["results"].as_array().unwrap().iter().filter_map(|found| found["id"].as_str()?.strip_prefix("arxiv:")).collect();
            let brought = service.digests(&format!("reader{number}@example.org"));
            let of_day = brought.iter().rev().find(|ids| ids.iter().any(|id| promised.contains(&id.as_str())));
            assert_eq!(of_day.map_or(json!([]), |ids| json!(ids)), json!(promised), "{query} on {day}");
        }
    }
}
