use proptest::prelude::*;

use super::*;
use crate::paper::{Paper, PaperId};

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, number).unwrap()
}

fn paper(row: i64, on: u32, title: &str, votes: u32) -> OnDay {
    let id = PaperId::parse(&format!("9901.{row:05}")).unwrap();
    OnDay { key: (row, 1), paper: Paper { upvotes: Some(votes), sources: vec!["hub".into()], ..Paper::new(id, title) }, day: day(on) }
}

/// Nine papers on three of eight days.
fn corpus() -> Corpus {
    let papers = vec![
        paper(7, 7, "Robot transformers that fold", 1),
        paper(8, 7, "Robot robot robot", 3),
        paper(9, 7, "A theory of heaps", 8),
        paper(4, 5, "Graph transformers", 2),
        paper(5, 5, "Robot hands", 5),
        paper(6, 5, "Transformers in motion", 0),
        paper(1, 2, "Protein motion", 0),
        paper(2, 2, "A transformer of heaps", 0),
        paper(3, 2, "Nothing else", 0),
    ];
    Corpus::new(Span { from: day(1), to: day(9) }, papers)
}

fn advice_on(query: &str) -> Vec<String> {
    let (corpus, filter) = (corpus(), Filter::parse(query).unwrap());
    Preview::new(&corpus, &filter).advice().iter().map(ToString::to_string).collect()
}

#[test]
fn hits_are_counted_by_day_and_listed_newest_day_first() {
    let (corpus, filter) = (corpus(), Filter::parse("robot").unwrap());
    let preview = Preview::new(&corpus, &filter);
    let days: Vec<_> = preview.days.iter().map(|day| (day.papers, day.hits)).collect();
    assert_eq!(days, [(0, 0), (3, 0), (0, 0), (0, 0), (3, 1), (0, 0), (3, 2), (0, 0)]);
    assert_eq!(preview.breadth, Breadth { hits: 3, papers: 9, listing_days: 3, calendar_days: 8 });
    let rows = |ranking, places| preview.results(ranking, places).iter().map(|found| found.paper.key.0).collect::<Vec<_>>();
    assert_eq!(rows(Ranking::Relevance, 0..9), [8, 7, 5]);
    assert_eq!(rows(Ranking::Trending, 0..9), [8, 7, 5]);
    assert_eq!((rows(Ranking::Newest, 1..3), rows(Ranking::Newest, 3..9)), (vec![7, 5], vec![]));
}

#[test]
fn advice_names_what_is_probably_not_meant() {
    let check = |query: &str, expect: &[&str]| assert_eq!(advice_on(query), expect, "{query}");
    check("robot", &[]);
    check("transfomer", &["`transfomer` occurs nowhere: did you mean `transformers`?"]);
    check("title:(robot OR transfomer)", &["`transfomer` occurs nowhere: did you mean `transformers`?"]);
    check("kryptonite OR unobtainium", &["`kryptonite` and `unobtainium` occur nowhere in these papers"]);
    check("robot -kryptonite", &[]);
    check("robot -robot", &["This can never match: `robot` is both wanted and left out"]);
    check("robot -(graph OR robot)", &["This can never match: `robot` is both wanted and left out"]);
    check("cat:cs.LG", &["`cat:cs.LG` finds nothing: the sources of these papers give no categories"]);
    check("source:arxiv", &["`source:arxiv` finds nothing: these papers come from `hub`"]);
    check("graph protein", &["Each part finds papers, but no paper has all of them: OR between alternatives finds more"]);
    check("robot author:heaps", &["`author:heaps` alone matches none of these papers"]);
}

#[test]
fn a_broad_filter_is_told_so_once_it_is_a_burden() {
    let papers = (1..=40).map(|row| paper(row, 2, if row <= 12 { "Robot hands" } else { "Heaps" }, 0)).collect();
    let corpus = Corpus::new(Span { from: day(1), to: day(9) }, papers);
    let check = |query: &str, expect: bool| {
        let filter = Filter::parse(query).unwrap();
        let broad = Preview::new(&corpus, &filter).advice().iter().any(|advice| matches!(advice, Advice::Broad { .. }));
        assert_eq!(broad, expect, "{query}");
    };
    check("robot", true);
    check("heaps", true);
    check("robot graph", false);
}

#[test]
fn nothing_is_advised_before_the_first_paper() {
    let (corpus, filter) = (Corpus::new(Span { from: day(1), to: day(9) }, Vec::new()), Filter::parse("transfomer").unwrap());
    let preview = Preview::new(&corpus, &filter);
    assert_eq!((preview.advice(), preview.days.len()), (vec![], 8));
}

#[test]
fn a_correction_leaves_the_rest_as_typed() {
    let check = |query: &str, expect: &str| assert_eq!(corrected(query, "transfomer", "transformer"), expect);
    check("Transfomer", "transformer");
    check("title:(transfomer OR \"a transfomer\") -transfomers", "title:(transformer OR \"a transformer\") -transfomers");
    check("robot", "robot");
}

proptest! {
    #[test]
    fn pages_of_results_are_the_parts_of_the_whole(size in 1_usize..5, days in proptest::collection::vec(1_u32..9, 0..30)) {
        let mut days = days;
        days.sort_unstable_by(|a, b| b.cmp(a));
        let papers = (1..).zip(&days).map(|(row, on)| paper(row, *on, if row % 3 == 0 { "Heaps" } else { "Robot hands" }, u32::try_from(row % 4).unwrap()));
        let corpus = Corpus::new(Span { from: day(1), to: day(9) }, papers.collect());
        let filter = Filter::parse("robot").unwrap();
        let preview = Preview::new(&corpus, &filter);
        for ranking in Ranking::ALL {
            let rows = |found: Vec<Found<'_>>| found.iter().map(|found| (found.place, found.paper.key.0)).collect::<Vec<_>>();
            let whole = rows(preview.results(ranking, 0..usize::MAX));
            prop_assert_eq!(whole.len(), preview.breadth.hits);
            prop_assert_eq!(preview.days.iter().map(|day| day.hits).sum::<usize>(), whole.len());
            let pages: Vec<_> = (0..whole.len()).step_by(size).flat_map(|from| rows(preview.results(ranking, from..from + size))).collect();
            prop_assert_eq!(pages, whole);
        }
    }
}
