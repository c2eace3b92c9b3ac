//! The inverted index of one window of papers.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::filter::syntax::{Comparison, Feature, Field, Word};
use crate::filter::words::{FoundWord, words};
use crate::filter::{CategoryPattern, Filter, pattern, source_name};
use crate::paper::Paper;

use super::evaluate::Memory;
use super::places::{self, Place};
use super::rank::Lengths;
use super::text::{Wanted, stem};

/// A window of papers, ready for any number of filters. It never changes, and is shared between threads.
///
/// Papers are named by their ordinal: their place, from 0, in the order they were given in.
pub struct DayIndex {
    vocabulary: Vocabulary,
    facts: Vec<Facts>,
    pub(super) lengths: Lengths,
    pub(super) memory: Memory,
}

/// What a paper's other atoms look at.
struct Facts {
    categories: Vec<String>,
    sources: Vec<String>,
    upvotes: Option<u32>,
    authors: u32,
    has_code: bool,
    has_project: bool,
    has_thumbnail: bool,
}

/// Every distinct word of the window, and where it stands.
#[derive(Default)]
struct Vocabulary {
    /// Ascending places, by word.
    places: Vec<Vec<Place>>,
    cased: HashMap<String, usize>,
    folded: BTreeMap<String, Vec<usize>>,
    stems: HashMap<String, Vec<usize>>,
}

impl DayIndex {
    /// Indexes `papers`.
    pub fn build<'a>(papers: impl IntoIterator<Item = &'a Paper>) -> DayIndex {
        let mut index =
            DayIndex { vocabulary: Vocabulary::default(), facts: Vec::new(), lengths: Lengths::default(), memory: Memory::default() };
        for (ordinal, paper) in (0_u32..).zip(papers) {
            let lengths = Field::ALL.map(|field| index.vocabulary.add(ordinal, field, &texts(paper, field)));
            index.lengths.push(lengths);
            index.facts.push(Facts::of(paper));
        }
        index
    }

    /// The number of papers.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is no paper.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The ordinals of the papers that match, ascending.
    pub fn matches(&self, filter: &Filter) -> Vec<u32> {
        self.evaluate(filter.expression()).ordinals()
    }

    /// Where the words stand that `word` asks for, in all fields.
    pub(super) fn places<'a>(&'a self, word: &'a Word, whole: bool) -> Cow<'a, [Place]> {
        self.vocabulary.places(&Wanted::new(word, whole))
    }

    pub(super) fn in_category(&self, pattern: &CategoryPattern) -> impl Iterator<Item = u32> {
        self.papers_where(move |facts| facts.categories.iter().any(|category| pattern.covers(category)))
    }

    pub(super) fn carried_by(&self, name: &str) -> impl Iterator<Item = u32> {
        self.papers_where(move |facts| facts.sources.iter().any(|source| source == name))
    }

    pub(super) fn with_upvotes(&self, comparison: Comparison, number: u32) -> impl Iterator<Item = u32> {
        self.papers_where(move |facts| facts.upvotes.is_some_and(|votes| comparison.holds(votes, number)))
    }

    pub(super) fn with_authors(&self, comparison: Comparison, number: u32) -> impl Iterator<Item = u32> {
        self.papers_where(move |facts| facts.authors > 0 && comparison.holds(facts.authors, number))
    }

    pub(super) fn with_feature(&self, feature: Feature) -> impl Iterator<Item = u32> {
        self.papers_where(move |facts| match feature {
            Feature::Code => facts.has_code,
            Feature::Project => facts.has_project,
            Feature::Thumbnail => facts.has_thumbnail,
        })
    }

    fn papers_where(&self, holds: impl Fn(&Facts) -> bool) -> impl Iterator<Item = u32> {
        (0_u32..).zip(&self.facts).filter(move |(_, facts)| holds(facts)).map(|(ordinal, _)| ordinal)
    }
}

/// The texts of one field: several for the authors.
fn texts(paper: &Paper, field: Field) -> Vec<&str> {
    match field {
        Field::Title => vec![&paper.title],
        Field::Abstract => vec![&paper.abstract_text],
        Field::Author => paper.authors.iter().map(String::as_str).collect(),
        Field::Organization => paper.organization.iter().map(String::as_str).collect(),
    }
}

impl Facts {
    fn of(paper: &Paper) -> Facts {
        Facts {
            categories: paper.categories.clone(),
            sources: paper.sources.iter().map(|source| source_name(source)).collect(),
            upvotes: paper.upvotes,
            authors: u32::try_from(paper.authors.len()).unwrap_or(u32::MAX),
            has_code: paper.code_url.is_some(),
            has_project: paper.project_url.is_some(),
            has_thumbnail: paper.thumbnail_url.is_some(),
        }
    }
}

impl Vocabulary {
    /// Adds the words of a field's texts and says how many they are.
    fn add(&mut self, paper: u32, field: Field, texts: &[&str]) -> usize {
        let found: Vec<Vec<FoundWord>> = texts.iter().map(|text| words(text)).collect();
        let places = places::of_field(paper, field, found.iter().map(Vec::len));
        for (word, place) in found.into_iter().flatten().zip(&places) {
            let id = self.id(word);
            self.places[id].push(*place);
        }
        places.len()
    }

    fn id(&mut self, word: FoundWord) -> usize {
        if let Some(&id) = self.cased.get(&word.cased) {
            return id;
        }
        let id = self.places.len();
        self.places.push(Vec::new());
        self.stems.entry(stem(&word.folded)).or_default().push(id);
        self.folded.entry(word.folded).or_default().push(id);
        self.cased.insert(word.cased, id);
        id
    }

    fn places(&self, wanted: &Wanted) -> Cow<'_, [Place]> {
        match wanted {
            Wanted::Cased(text) => self.united(self.cased.get(*text)),
            Wanted::Folded(text) => self.united(self.folded.get(*text).into_iter().flatten()),
            Wanted::Stem(stem) => self.united(self.stems.get(stem).into_iter().flatten()),
            Wanted::Prefix(text) => self.united(self.beginning(text).flat_map(|(_, ids)| ids)),
            Wanted::Pattern(pattern) => {
                let covered = self.beginning(pattern::beginning(pattern)).filter(|(word, _)| pattern::covers(pattern, word));
                self.united(covered.flat_map(|(_, ids)| ids))
            }
        }
    }

    /// The words that begin with `prefix`.
    fn beginning(&self, prefix: &str) -> impl Iterator<Item = (&String, &Vec<usize>)> {
        let from_prefix = self.folded.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        from_prefix.take_while(move |(word, _)| word.starts_with(prefix))
    }

    fn united<'a>(&self, ids: impl IntoIterator<Item = &'a usize>) -> Cow<'_, [Place]> {
        let lists: Vec<&Vec<Place>> = ids.into_iter().map(|&id| &self.places[id]).collect();
        if let [one] = lists.as_slice() {
            return Cow::Borrowed(one);
        }
        let mut all: Vec<Place> = lists.into_iter().flatten().copied().collect();
        all.sort_unstable();
        Cow::Owned(all)
    }
}
