//! What is known of papers beside their words.

use std::collections::BTreeMap;

use crate::filter::syntax::{Atom, Feature};
use crate::filter::{CATEGORY_ALIASES, CategoryPattern, source_name};
use crate::paper::Paper;

use super::bitmap::Bitmap;

/// The facts of a window of papers.
#[derive(Default)]
pub(super) struct Facts {
    papers: Vec<OfPaper>,
    /// By either name of a category in canonical case; a paper may stand twice.
    categories: BTreeMap<String, Vec<u32>>,
    sources: BTreeMap<String, Vec<u32>>,
}

struct OfPaper {
    upvotes: Option<u32>,
    authors: u32,
    has_code: bool,
    has_project: bool,
    has_thumbnail: bool,
}

impl Facts {
    pub fn of(papers: &[&Paper]) -> Facts {
        let mut facts = Facts::default();
        papers.iter().for_each(|paper| facts.push(paper));
        facts
    }

    fn push(&mut self, paper: &Paper) {
        let ordinal = self.papers.len() as u32;
        for category in &paper.categories {
            if let Some(pattern) = CategoryPattern::parse(category) {
                let name = pattern.name();
                let aliases = CATEGORY_ALIASES.iter().filter_map(|&(a, b)| if a == name { Some(b) } else { (b == name).then_some(a) });
                aliases.chain([name]).for_each(|name| self.categories.entry(name.to_owned()).or_default().push(ordinal));
            }
        }
        for source in &paper.sources {
            self.sources.entry(source_name(source)).or_default().push(ordinal);
        }
        self.papers.push(OfPaper {
            upvotes: paper.upvotes,
            authors: paper.authors.len() as u32,
            has_code: paper.code_url.is_some(),
            has_project: paper.project_url.is_some(),
            has_thumbnail: paper.thumbnail_url.is_some(),
        });
    }

    /// The number of papers.
    pub fn len(&self) -> usize {
        self.papers.len()
    }

    /// The papers of which `atom` is true; none where it asks for words.
    pub fn find(&self, atom: &Atom) -> Bitmap {
        match atom {
            Atom::Text(..) | Atom::Near(..) => Bitmap::none(self.len()),
            Atom::Category(pattern) => self.in_category(pattern),
            Atom::Source(name) => self.these(self.sources.get(name).into_iter().flatten().copied()),
            Atom::Upvotes(comparison, number) => {
                self.papers_where(|paper| paper.upvotes.is_some_and(|votes| comparison.holds(votes, *number)))
            }
            Atom::Authors(comparison, number) => self.papers_where(|paper| paper.authors > 0 && comparison.holds(paper.authors, *number)),
            Atom::Has(Feature::Code) => self.papers_where(|paper| paper.has_code),
            Atom::Has(Feature::Project) => self.papers_where(|paper| paper.has_project),
            Atom::Has(Feature::Thumbnail) => self.papers_where(|paper| paper.has_thumbnail),
        }
    }

    fn in_category(&self, pattern: &CategoryPattern) -> Bitmap {
        let family = self.categories.range(pattern.name().to_owned()..).take_while(|(name, _)| name.starts_with(pattern.name()));
        let meant = family.filter(|(name, _)| matches!(name.as_bytes().get(pattern.name().len()), None | Some(b'.')));
        self.these(meant.flat_map(|(_, papers)| papers.iter().copied()))
    }

    fn papers_where(&self, holds: impl Fn(&OfPaper) -> bool) -> Bitmap {
        self.these((0..).zip(&self.papers).filter(|(_, paper)| holds(paper)).map(|(ordinal, _)| ordinal))
    }

    fn these(&self, ordinals: impl Iterator<Item = u32>) -> Bitmap {
        let mut papers = Bitmap::none(self.len());
        ordinals.for_each(|ordinal| papers.insert(ordinal));
        papers
    }
}
