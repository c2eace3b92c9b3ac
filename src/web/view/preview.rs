//! What a filter would have brought, as pages show it: figures, a chart, a reading, advice.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::card::{Span, counted, grouped, title};
use super::link::{Link, paper_href};
use super::period::Period;
use crate::filter::{self, Note};
use crate::paper::Paper;
use crate::preview::{self, Advice, Day, Preview, scaled};

/// The chart's drawing area, in its own units; browsers stretch it.
const CHART_WIDTH: usize = 600;
const CHART_HEIGHT: usize = 80;
/// The part of each day's place that its bar fills, in hundredths.
const BAR_FILLS: usize = 72;

/// Percent-encodes a value of a query string.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Where a filter and a span of days are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope(Option<Period>);

impl Scope {
    /// A day, week or month; without one the last weeks.
    pub fn new(period: Option<Period>) -> Self {
        Self(period)
    }

    /// What it is called after "the papers of".
    pub fn name(self) -> String {
        self.0.map_or_else(|| "the last 30 days".to_owned(), Period::name)
    }

    /// The field and value that keep it in a form.
    pub fn field(self) -> Option<(&'static str, String)> {
        self.0.map(|period| (period.unit(), period.iso()))
    }

    /// The path of a search in it; `rest` are further fields, encoded.
    pub fn href(self, query: &str, rest: &str) -> String {
        let scope = self.field().map(|(unit, iso)| format!("&{unit}={iso}")).unwrap_or_default();
        format!("/papers?q={}{scope}{rest}", encoded(query))
    }
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Bar {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    label: String,
}

/// A day in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    day: Link,
    hits: String,
    papers: String,
}

/// Hits a day, as a picture and as a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chart {
    width: usize,
    height: usize,
    bars: Vec<Bar>,
    first: String,
    last: String,
    most: String,
    description: String,
    rows: Vec<Row>,
}

impl Chart {
    /// The chart of at least two days, each leading to a search of that day for `query`.
    pub fn new(query: &str, days: &[Day]) -> Option<Self> {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return None };
        let most = days.iter().max_by_key(|day| day.hits).filter(|day| day.hits > 0)?;
        if days.len() < 2 {
            return None;
        }
        let name = |day: &Day| Period::Day(day.day).short();
        let heights = scaled(&days.iter().map(|day| day.hits).collect::<Vec<_>>(), CHART_HEIGHT);
        let place = CHART_WIDTH / days.len();
        let width = (place * BAR_FILLS / 100).max(1);
        let bars = days.iter().zip(heights).enumerate().filter(|(_, (day, _))| day.papers > 0).map(|(at, (day, height))| {
            // A day without a hit still shows that it was looked at.
            let height = height.max(2);
            let x = at * CHART_WIDTH / days.len() + (place - width) / 2;
            Bar { x, y: CHART_HEIGHT - height, width, height, label: format!("{}: {} of {}", name(day), day.hits, day.papers) }
        });
        let listed = days.iter().rev().filter(|day| day.papers > 0);
        let rows = listed.map(|day| Row {
            day: Link { label: name(day), href: Scope::new(Some(Period::Day(day.day))).href(query, "") },
            hits: grouped(day.hits),
            papers: grouped(day.papers),
        });
        Some(Self {
            width: CHART_WIDTH,
            height: CHART_HEIGHT,
            bars: bars.collect(),
            first: name(first),
            last: name(last),
            most: counted(most.hits, "paper", "papers"),
            description: format!(
                "From {} to {}; most on {}: {}.",
                name(first),
                name(last),
                name(most),
                counted(most.hits, "paper", "papers")
            ),
            rows: rows.collect(),
        })
    }
}

/// A piece of advice, perhaps a link to the corrected search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::web) struct AdvicePiece {
    text: String,
    code: bool,
    href: Option<String>,
}

/// What one filter would have brought.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewView {
    /// Tells the previews of one page apart.
    pub id: String,
    /// Such as `337 papers`.
    pub count: String,
    /// Such as `41 % of the 823 papers of the last 30 days: about 11 papers a day`.
    pub breadth: String,
    /// The filter in plain words.
    pub explanation: Vec<Span>,
    /// The filter in canonical form, where it was typed in another.
    pub canonical: Option<String>,
    /// How it was read where that is not obvious.
    pub notes: Vec<String>,
    pub(in crate::web) advice: Vec<Vec<AdvicePiece>>,
    /// Hits a day; none where a chart would say nothing.
    pub chart: Option<Chart>,
    /// The first results on a page of many filters.
    pub samples: Vec<Link>,
    /// Where all results are.
    pub all: Option<Link>,
}

impl PreviewView {
    /// What `preview` says of `query`, which was searched in `scope`.
    pub fn new(id: impl Into<String>, query: &str, scope: Scope, preview: &Preview<'_>, notes: &[Note]) -> Self {
        let canonical = preview.filter.to_string();
        Self {
            id: id.into(),
            count: counted(preview.breadth.hits, "paper", "papers"),
            breadth: breadth(scope, preview),
            explanation: preview.filter.explain().pieces().iter().map(explained).collect(),
            canonical: (canonical != query.trim()).then_some(canonical),
            notes: notes.iter().map(ToString::to_string).collect(),
            advice: preview.advice().iter().map(|advice| pieces(query, scope, advice)).collect(),
            chart: Chart::new(query, &preview.days),
            samples: Vec::new(),
            all: None,
        }
    }
}

impl PreviewView {
    /// The same without the table, with `samples` of the results and the way to all of them.
    pub fn summed_up<'a>(mut self, query: &str, scope: Scope, samples: impl Iterator<Item = &'a Paper>) -> Self {
        if let Some(chart) = &mut self.chart {
            chart.rows.clear();
        }
        self.samples = samples.map(|paper| Link { label: title(paper).to_owned(), href: paper_href(&paper.id) }).collect();
        self.all = (!self.samples.is_empty()).then(|| Link { label: format!("See all {}", self.count), href: scope.href(query, "") });
        self
    }
}

fn explained(piece: &filter::Piece) -> Span {
    match piece {
        filter::Piece::Text(text) => Span::plain(text.as_str()),
        filter::Piece::Word(word) => Span::marked(word.as_str()),
    }
}

fn breadth(scope: Scope, preview: &Preview<'_>) -> String {
    let figures = preview.breadth;
    let pace = figures.pace().map(|pace| format!(": {pace}")).unwrap_or_default();
    let among = match preview.corpus.is_cut() {
        true => format!("the newest {} of {}", counted(figures.papers, "paper", "papers"), scope.name()),
        false => format!("the {} of {}", counted(figures.papers, "paper", "papers"), scope.name()),
    };
    match figures.papers {
        0 => format!("No papers are known of {} yet", scope.name()),
        _ => format!("{} of {among}{pace}", figures.percent()),
    }
}

fn pieces(query: &str, scope: Scope, advice: &Advice) -> Vec<AdvicePiece> {
    let correction = advice.correction();
    let pieces = advice.pieces().into_iter().map(|piece| {
        let (word, by) = correction.filter(|(_, by)| piece.code && *by == piece.text).unzip();
        let href = word.zip(by).map(|(word, by)| scope.href(&preview::corrected(query, word, by), ""));
        AdvicePiece { text: piece.text, code: piece.code, href }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};
    use proptest::prelude::*;

    use super::*;

    fn days(counts: &[(usize, usize)]) -> Vec<Day> {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        (0..).zip(counts).map(|(n, (papers, hits))| Day { day: first + Days::new(n), papers: *papers, hits: *hits }).collect()
    }

    #[test]
    fn a_chart_says_the_same_in_words() {
        let chart = Chart::new("a b", &days(&[(9, 1), (0, 0), (8, 4), (7, 0)])).unwrap();
        assert_eq!(chart.description, "From Thu 1 Jan to Sun 4 Jan; most on Sat 3 Jan: 4 papers.");
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.height, bar.label.as_str())).collect();
        assert_eq!(bars, [(21, 20, "Thu 1 Jan: 1 of 9"), (321, 80, "Sat 3 Jan: 4 of 8"), (471, 2, "Sun 4 Jan: 0 of 7")]);
        assert_eq!(chart.rows[0].day.href, "/papers?q=a%20b&day=2026-01-04");
        assert!(Chart::new("a", &days(&[(9, 0), (3, 0)])).is_none() && Chart::new("a", &days(&[(9, 2)])).is_none());
    }

    #[test]
    fn a_scope_stays_with_a_search() {
        let day = NaiveDate::from_ymd_opt(2025, 8, 7).unwrap();
        let check = |scope: Scope, href: &str| assert_eq!(scope.href("a&b", "&page=2"), href);
        check(Scope::default(), "/papers?q=a%26b&page=2");
        check(Scope::new(Some(Period::Week(day))), "/papers?q=a%26b&week=2025-W32&page=2");
    }

    proptest! {
        #[test]
        fn bars_stand_side_by_side_within_the_chart(counts in proptest::collection::vec((1_usize..500, 0.0_f64..=1.0), 2..32)) {
            let counts: Vec<_> = counts.into_iter().map(|(papers, part)| (papers, (papers as f64 * part) as usize)).collect();
            let Some(chart) = Chart::new("q", &days(&counts)) else { return Ok(()) };
            prop_assert_eq!(chart.bars.len(), counts.len());
            prop_assert!(chart.bars.iter().all(|bar| bar.y + bar.height == CHART_HEIGHT && bar.x + bar.width <= CHART_WIDTH));
            prop_assert!(chart.bars.windows(2).all(|pair| pair[0].x + pair[0].width <= pair[1].x));
        }
    }
}
