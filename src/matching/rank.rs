//! How well a paper matches: BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework").

use crate::filter::syntax::Field;

use super::bitmap::Bitmap;
use super::index::{DayIndex, Text};

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

    /// The number of papers.
    pub fn len(&self) -> usize {
        self.papers.len()
    }

    /// Adds the papers of `other`. The sums are whole numbers, so their order does not matter.
    pub fn append(&mut self, other: Lengths) {
        self.papers.extend(other.papers);
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, more)| *sum += more);
    }

    /// The field's length against the average: below 1 for a short one.
    fn normalised(&self, paper: u32, field: Field) -> f32 {
        let average = self.sums[field as usize] / self.papers.len() as f32;
        1.0 - LENGTH_DISCOUNT + LENGTH_DISCOUNT * self.papers[paper as usize][field as usize] / average
    }
}

/// The scores of `papers`, those of one atom, by paper. `each_text` hands on the text of each place where the atom was found.
pub(super) fn scores(index: &DayIndex, papers: &Bitmap, each_text: impl FnOnce(&mut dyn FnMut(Text))) -> Box<[Score]> {
    let mut frequencies = vec![0.0_f32; index.len()];
    each_text(&mut |text| {
        let weight = if text.field == Field::Title { TITLE_WEIGHT } else { 1.0 };
        frequencies[text.paper as usize] += weight / index.lengths.normalised(text.paper, text.field);
    });
    let with = papers.members().count() as f32;
    let rarity = (1.0 + (index.len() as f32 - with + 0.5) / (with + 0.5)).ln();
    let found = papers.members().map(|paper| (paper, frequencies[paper as usize])).filter(|(_, frequency)| *frequency > 0.0);
    found.map(|(paper, frequency)| Score { paper, value: rarity * frequency / (SATURATION + frequency) }).collect()
}
