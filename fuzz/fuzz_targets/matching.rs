//! The day index finds the papers that reading them one by one finds.
//!
//! The input is a filter and, behind a line of `---`, papers between blank lines: title, authors between commas, abstract.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::filter::{Field, Filter};
use paperlark::matching::{Catalogue, DayIndex, ReadText, excerpt, oracle};
use paperlark::paper::{Paper, PaperId};

fuzz_target!(|text: &str| {
    let Some((query, papers)) = text.split_once("\n---\n") else { return };
    let Ok(filter) = Filter::parse(query) else { return };
    let papers: Vec<Paper> = papers.split("\n\n").take(8).map(paper).collect();
    let index = DayIndex::build(&papers);
    let expect: Vec<u32> = (0..).zip(&papers).filter(|(_, paper)| oracle::matches(&filter, paper)).map(|(ordinal, _)| ordinal).collect();
    assert_eq!(index.matches(&filter), expect, "{filter}");
    // By its pieces, which are new at first and known then.
    let catalogue = Catalogue::default();
    for _ in 0..2 {
        let compiled = catalogue.compile(query).expect("what is a filter is a program");
        assert_eq!(index.matcher(&catalogue).matches(&compiled), expect, "{query}");
    }
    for (ordinal, paper) in (0..).zip(&papers) {
        assert!(index.relevance(&filter, ordinal) >= 0.0);
        for (field, text) in [(Field::Title, &paper.title), (Field::Abstract, &paper.abstract_text)] {
            let read = ReadText::new(field, text);
            let marks = read.marks(&[&filter]);
            assert!(marks.iter().all(|mark| text.get(mark.clone()).is_some()));
            assert!(excerpt(text, read.words(), &marks, 80).text.chars().count() <= 80);
        }
    }
});

fn paper(text: &str) -> Paper {
    let mut lines = text.splitn(3, '\n');
    let title = lines.next().unwrap_or_default();
    let authors = lines.next().unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let abstract_text = lines.next().unwrap_or_default().to_owned();
    let id = PaperId::parse("2504.15921").expect("an identifier of arXiv");
    Paper { authors, abstract_text, ..Paper::new(id, title) }
}
