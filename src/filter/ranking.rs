//! In which order the papers of one filter come.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What counts first; the others decide between equals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ranking {
    /// How well the paper matches.
    #[default]
    Relevance,
    /// Its votes.
    Trending,
    /// When it appeared.
    Newest,
}

/// What a paper is ranked by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// How well it matches, 0 or more.
    pub relevance: f32,
    /// Votes, where a listing has them.
    pub upvotes: Option<u32>,
    /// When the paper itself appeared, where that is known.
    pub published: Option<DateTime<Utc>>,
    /// Its row, so that the order is always the same.
    pub paper: i64,
}

impl Ranking {
    /// All of them, the default first.
    pub const ALL: [Ranking; 3] = [Ranking::Relevance, Ranking::Trending, Ranking::Newest];

    /// The name that forms, addresses and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Ranking::Relevance => "relevance",
            Ranking::Trending => "trending",
            Ranking::Newest => "newest",
        }
    }

    /// `Less` where `a` comes before `b`. What is unknown comes last.
    pub fn compare(self, a: &Standing, b: &Standing) -> Ordering {
        let relevance = || b.relevance.total_cmp(&a.relevance);
        let votes = || Reverse(a.upvotes).cmp(&Reverse(b.upvotes));
        let age = || Reverse(a.published).cmp(&Reverse(b.published));
        let order = match self {
            Ranking::Relevance => relevance().then_with(votes),
            Ranking::Trending => votes().then_with(relevance),
            Ranking::Newest => age().then_with(relevance).then_with(votes),
        };
        order.then_with(|| a.paper.cmp(&b.paper))
    }
}

impl fmt::Display for Ranking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that stands for no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no order: choose relevance, trending or newest")]
pub struct RankingError(String);

impl FromStr for Ranking {
    type Err = RankingError;
    fn from_str(name: &str) -> Result<Self, RankingError> {
        Self::ALL.into_iter().find(|ranking| ranking.name() == name).ok_or_else(|| RankingError(name.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ranking_puts_its_own_measure_first() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let papers = [
            Standing { relevance: 1.0, upvotes: Some(9), published: at(5), paper: 1 },
            Standing { relevance: 3.0, upvotes: None, published: at(7), paper: 2 },
            Standing { relevance: 2.0, upvotes: Some(4), published: None, paper: 3 },
            Standing { relevance: 2.0, upvotes: Some(4), published: None, paper: 4 },
        ];
        let check = |ranking: Ranking, expect: [i64; 4]| {
            let mut sorted = papers;
            sorted.sort_by(|a, b| ranking.compare(a, b));
            assert_eq!(sorted.map(|standing| standing.paper), expect, "{ranking}");
        };
        check(Ranking::Relevance, [2, 3, 4, 1]);
        check(Ranking::Trending, [1, 3, 4, 2]);
        check(Ranking::Newest, [2, 1, 3, 4]);
    }

    #[test]
    fn names_read_back() {
        for ranking in Ranking::ALL {
            assert_eq!(ranking.name().parse(), Ok(ranking));
        }
        assert!("best".parse::<Ranking>().unwrap_err().to_string().contains("choose relevance"));
    }
}
