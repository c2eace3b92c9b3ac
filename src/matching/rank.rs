//! How well a paper matches: BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework").

use crate::filter::Filter;
use crate::filter::syntax::Field;

use super::index::DayIndex;
use super::places::Occurrence;

/// A word in the title says more than one among two hundred in the abstract.
const TITLE_WEIGHT: f32 = 3.0;
/// How soon further occurrences stop to count, and how much long texts are discounted: the values in common use.
const SATURATION: f32 = 1.2;
const LENGTH_DISCOUNT: f32 = 0.75;

/// What one atom says for one paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Score {
    pub paper: u32,
    pub value: f32,
}

/// The number of words in each field of each paper.
#[derive(Default)]
pub(super) struct Lengths {
    papers: Vec<[f32; Field::ALL.len()]>,
    sums: [f32; Field::ALL.len()],
}

impl Lengths {
    pub fn push(&mut self, lengths: [usize; Field::ALL.len()]) {
        let lengths = lengths.map(|length| length as f32);
        self.papers.push(lengths);
        self.sums.iter_mut().zip(lengths).for_each(|(sum, length)| *sum += length);
    }

    /// The field's length against the average: below 1 for a short one.
    fn normalised(&self, paper: u32, field: Field) -> f32 {
        let average = self.sums[field as usize] / self.papers.len() as f32;
        1.0 - LENGTH_DISCOUNT + LENGTH_DISCOUNT * self.papers[paper as usize][field as usize] / average
    }
}

/// The scores of one atom that was found at `found` (ascending), by paper.
pub(super) fn scores(found: &[Occurrence], lengths: &Lengths) -> Vec<Score> {
    let by_paper: Vec<&[Occurrence]> = found.chunk_by(|a, b| a.first.paper() == b.first.paper()).collect();
    let (all, with) = (lengths.papers.len() as f32, by_paper.len() as f32);
    let rarity = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
    let score = |occurrences: &[Occurrence]| {
        let paper = occurrences[0].first.paper();
        let weight = |field| if field == Field::Title { TITLE_WEIGHT } else { 1.0 };
        let frequency: f32 = occurrences.iter().map(|o| weight(o.first.field()) / lengths.normalised(paper, o.first.field())).sum();
        Score { paper, value: rarity * frequency / (SATURATION + frequency) }
    };
    by_paper.into_iter().map(score).collect()
}

impl DayIndex {
    /// How well the paper matches: 0 or more, comparable between papers of one index under one filter. Only the words the
    /// filter wants count; what it leaves out, and facts such as categories, do not.
    pub fn relevance(&self, filter: &Filter, ordinal: u32) -> f32 {
        let wanted = filter.expression().atoms().into_iter().filter(|&(_, wanted)| wanted);
        let score = |atom| {
            let hits = self.hits(atom);
            hits.scores.binary_search_by_key(&ordinal, |score| score.paper).map_or(0.0, |i| hits.scores[i].value)
        };
        wanted.map(|(atom, _)| score(atom)).sum()
    }
}
