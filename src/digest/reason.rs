//! Why a paper is among what a filter finds.

use std::collections::HashSet;
use std::ops::Range;

use crate::filter::syntax::{Atom, Feature, Field};
use crate::filter::words::words;
use crate::filter::{Filter, source_name};
use crate::matching::highlights;
use crate::paper::Paper;

/// More reasons than anyone reads.
const MAX_REASONS: usize = 8;

/// What of `paper` matches `filter`: first the words of title and abstract as they stand there (of forms that differ
/// only in case the first), then names, then facts. `in_title` and `in_abstract` are their [`highlights`].
pub fn reasons(filter: &Filter, paper: &Paper, in_title: &[Range<usize>], in_abstract: &[Range<usize>]) -> Vec<String> {
    let marked = |text: &str, marks: &[Range<usize>]| marks.iter().map(|mark| text[mark.clone()].to_owned()).collect::<Vec<_>>();
    let named = |field, name: &&String| !highlights(&[filter], field, name).is_empty();
    let authors = paper.authors.iter().filter(|name| named(Field::Author, name)).cloned();
    let organization = paper.organization.iter().filter(|name| named(Field::Organization, name)).cloned();
    let wanted = filter.expression().atoms().into_iter().filter(|(_, wanted)| *wanted);
    let facts = wanted.filter_map(|(atom, _)| fact(atom, paper));
    let texts = marked(&paper.title, in_title).into_iter().chain(marked(&paper.abstract_text, in_abstract));
    let mut seen = HashSet::new();
    let all = texts.chain(authors).chain(organization).chain(facts);
    all.filter(|text| seen.insert(words(text).into_iter().map(|word| word.folded).collect::<Vec<_>>())).take(MAX_REASONS).collect()
}

/// [`reasons`] for a paper whose marks are not needed otherwise.
pub fn matched(filter: &Filter, paper: &Paper) -> Vec<String> {
    let marks = |field, text: &str| highlights(&[filter], field, text);
    reasons(filter, paper, &marks(Field::Title, &paper.title), &marks(Field::Abstract, &paper.abstract_text))
}

/// What makes an atom on a fact true of `paper`.
fn fact(atom: &Atom, paper: &Paper) -> Option<String> {
    match atom {
        Atom::Category(pattern) => paper.categories.iter().find(|category| pattern.covers(category)).cloned(),
        Atom::Source(name) => paper.sources.iter().map(|source| source_name(source)).find(|source| source == name),
        Atom::Upvotes(comparison, number) => {
            let votes = paper.upvotes.filter(|votes| comparison.holds(*votes, *number))?;
            Some(if votes == 1 { "1 upvote".to_owned() } else { format!("{votes} upvotes") })
        }
        Atom::Has(Feature::Code) => paper.code_url.as_ref().map(|_| "has code".to_owned()),
        Atom::Has(Feature::Project) => paper.project_url.as_ref().map(|_| "has a project page".to_owned()),
        Atom::Has(Feature::Thumbnail) => paper.thumbnail_url.as_ref().map(|_| "has a picture".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::PaperId;

    #[test]
    fn reasons_are_words_names_and_facts_each_once() {
        let paper = Paper {
            abstract_text: "Diffusion of robots. We model a graph network of robots.".into(),
            authors: vec!["Ada Lovelace".into(), "Alan Turing".into()],
            categories: vec!["cs.LG".into(), "cs.RO".into()],
            upvotes: Some(12),
            code_url: Some("https://code.example/".into()),
            sources: vec!["hub".into()],
            organization: Some("Institute of Robots".into()),
            ..Paper::new(PaperId::parse("9901.00001").unwrap(), "Robots and diffusion")
        };
        let check = |query: &str, expect: &[&str]| {
            let filter = Filter::parse(query).unwrap();
            assert_eq!(matched(&filter, &paper), expect, "{query}");
        };
        check("diffusion robot", &["Robots", "diffusion"]);
        check("\"graph network\" OR fish", &["graph network"]);
        check("author:lovelace", &["Ada Lovelace"]);
        check("org:institute cat:cs.* has:code upvotes:>=10", &["Institute of Robots", "cs.LG", "has code", "12 upvotes"]);
        check("source:hub -fish", &["hub"]);
        check("upvotes:>=50 OR robots", &["Robots"]);
    }
}
