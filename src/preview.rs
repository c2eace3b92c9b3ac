//! What a filter would have brought: the digests' own engine over the papers of some days, kept ready for everyone who
//! looks. Says how broad a filter is, day by day, and what about it is probably not as meant; refuses nothing.

mod advice;
mod breadth;
mod chart;
mod corpus;
mod lexicon;
mod report;

use std::ops::Range;

use chrono::NaiveDate;

use crate::archive::OnDay;
use crate::filter::{Filter, Ranking, Standing};
use crate::matching::Trial;

pub use advice::{Advice, Piece, corrected};
pub use breadth::Breadth;
pub use chart::{block_chart, scaled};
pub use corpus::{Corpora, Corpus, MAX_PAPERS, Span};
pub use report::{Refusal, Report};

/// One day of the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Day {
    /// The day of listing.
    pub day: NaiveDate,
    /// Papers listed on it for the first time in the span.
    pub papers: usize,
    /// How many of them the filter finds.
    pub hits: usize,
}

/// What one filter finds in a corpus.
pub struct Preview<'a> {
    /// What was searched.
    pub corpus: &'a Corpus,
    /// What it was searched for.
    pub filter: &'a Filter,
    /// Every day of the span, the oldest first.
    pub days: Vec<Day>,
    /// How much of the corpus it is.
    pub breadth: Breadth,
    /// Its ordinals ascend, so that the newest day comes first.
    trial: Trial<'a>,
}

/// One paper that was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The paper and its day.
    pub paper: &'a OnDay,
    /// Its place among all results, from 0.
    pub place: usize,
}

impl<'a> Preview<'a> {
    /// Runs `filter` over `corpus`.
    pub fn new(corpus: &'a Corpus, filter: &'a Filter) -> Self {
        let trial = corpus.index().try_out(filter);
        let hits = |ordinals| part(&trial.found, ordinals).len();
        let days = corpus.days().iter().map(|(day, ordinals)| Day { day: *day, papers: ordinals.len(), hits: hits(ordinals) });
        let days: Vec<Day> = days.rev().collect();
        let breadth = Breadth {
            hits: trial.found.len(),
            papers: corpus.papers().len(),
            listing_days: days.iter().filter(|day| day.papers > 0).count(),
            calendar_days: days.len(),
        };
        Self { corpus, filter, days, breadth, trial }
    }

    /// What its writer should know, the most important first.
    pub fn advice(&self) -> Vec<Advice> {
        advice::advice(self)
    }

    /// The results of these places: the newest day first, on each day by `ranking`. Only days that are shown are ranked.
    pub fn results(&self, ranking: Ranking, places: Range<usize>) -> Vec<Found<'a>> {
        let mut results = Vec::new();
        let mut place = 0;
        for (_, ordinals) in self.corpus.days() {
            let of_day = part(&self.trial.found, ordinals);
            let next = place + of_day.len();
            if place < places.end && next > places.start {
                let shown = self.ranked(ranking, of_day).into_iter().zip(place..).map(|(paper, place)| Found { paper, place });
                results.extend(shown.filter(|found| places.contains(&found.place)));
            }
            place = next;
        }
        results
    }

    fn ranked(&self, ranking: Ranking, found: &[(u32, f32)]) -> Vec<&'a OnDay> {
        let standing = |&(ordinal, relevance): &(u32, f32)| {
            let listed = self.corpus.paper(ordinal);
            let OnDay { paper, key, .. } = listed;
            (Standing { relevance, upvotes: paper.upvotes, published: paper.published, paper: key.0 }, listed)
        };
        let mut ranked: Vec<(Standing, &OnDay)> = found.iter().map(standing).collect();
        ranked.sort_by(|(a, _), (b, _)| ranking.compare(a, b));
        ranked.into_iter().map(|(_, listed)| listed).collect()
    }
}

/// The part of ascending `found` that lies in `ordinals`.
fn part<'f>(found: &'f [(u32, f32)], ordinals: &Range<u32>) -> &'f [(u32, f32)] {
    let from = found.partition_point(|(ordinal, _)| *ordinal < ordinals.start);
    let to = found.partition_point(|(ordinal, _)| *ordinal < ordinals.end);
    &found[from..to]
}

#[cfg(test)]
mod tests;
