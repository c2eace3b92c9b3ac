//! Which papers many places of the row belong to, summed up once for a run of them: a short prefix stands in tens of thousands of
//! places.

use std::ops::Range;
use std::sync::OnceLock;

use crate::filter::syntax::Field;

use super::bitmap::{self, Bitmap};
use super::index::DayIndex;
use super::phrase::Term;
use super::slots::Slots;

/// The places that one summary is of. Fewer cost more sets to join, more leave longer ends that no summary covers.
const PLACES: usize = 512;

/// Of each run of so many places in the order of the vocabulary, once it was asked for: the papers of each field, side by side.
pub(super) type Summaries = Slots<OnceLock<Box<[u64]>>>;

impl DayIndex {
    /// The papers that have the word `term` in one of `fields`; none if there is no such paper.
    pub(super) fn papers_with(&self, term: &Term, fields: u8) -> Option<Bitmap> {
        let mut papers = None;
        for span in self.vocabulary.spans(&term.set) {
            self.gather(span, fields, &mut papers);
        }
        for run in &term.spelled {
            self.gather_place(run.first, fields, &mut papers);
        }
        papers
    }

    fn gather(&self, span: Range<usize>, fields: u8, papers: &mut Option<Bitmap>) {
        let places = |span: Range<usize>| self.vocabulary.places_of(span).iter();
        let summed_up = span.start.div_ceil(PLACES)..span.end / PLACES;
        if summed_up.is_empty() {
            return places(span).for_each(|&place| self.gather_place(place, fields, papers));
        }
        let ends = [span.start..summed_up.start * PLACES, summed_up.end * PLACES..span.end];
        ends.into_iter().flat_map(places).for_each(|&place| self.gather_place(place, fields, papers));
        for number in summed_up {
            let of_field = self.summary(number).chunks_exact(bitmap::blocks(self.len()));
            let wanted = of_field.enumerate().filter(|(field, _)| fields & 1 << field != 0);
            wanted.for_each(|(_, set)| papers.get_or_insert_with(|| Bitmap::none(self.len())).add(set));
        }
    }

    fn gather_place(&self, place: u32, fields: u8, papers: &mut Option<Bitmap>) {
        let text = self.text_at(place);
        if fields & 1 << text.field as u8 != 0 {
            papers.get_or_insert_with(|| Bitmap::none(self.len())).insert(text.paper);
        }
    }

    fn summary(&self, number: usize) -> &[u64] {
        self.summaries.at(number as u32).get_or_init(|| {
            let width = bitmap::blocks(self.len());
            let mut sets = vec![0; width * Field::ALL.len()].into_boxed_slice();
            for &place in self.vocabulary.places_of(number * PLACES..(number + 1) * PLACES) {
                let text = self.text_at(place);
                sets[text.field as usize * width + text.paper as usize / 64] |= 1 << (text.paper % 64);
            }
            sets
        })
    }
}
