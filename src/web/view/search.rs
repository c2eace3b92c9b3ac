//! The page of a search by the language of filters.

use serde::Serialize;

use super::Page;
use super::card::{PaperCard, counted, grouped};
use super::form::SubscribeForm;
use super::link::Link;
use super::period::Period;
use super::preview::{PreviewView, Scope};
use super::problem::FilterProblem;
use crate::filter::Ranking;
use crate::preview::Found;

/// A choice among several, each a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::web) struct Choice {
    link: Link,
    chosen: bool,
}

/// The results of one day.
#[derive(Debug, Serialize)]
pub struct DayResults {
    /// The day's page.
    pub day: Link,
    /// The same for machines.
    pub iso: String,
    /// Such as `12 papers`; of the whole day, though the page may show a part.
    pub count: String,
    /// By the chosen order, the matched words marked.
    pub papers: Vec<PaperCard>,
}

/// What was asked, and the parts of the page that depend on nothing else.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What was typed.
    pub query: String,
    /// Which papers are searched.
    pub scope: Scope,
    /// The order on each day.
    pub ranking: Ranking,
    /// The page of results, from 1.
    pub page: usize,
}

/// A field of the form that keeps what is searched.
#[derive(Debug, Serialize)]
pub(in crate::web) struct ScopeField {
    name: &'static str,
    value: String,
}

/// A search by the language of filters, and the offer to get more like it.
#[derive(Debug, Serialize)]
pub struct SearchPage {
    pub(in crate::web) query: String,
    /// What is wrong with it.
    pub problem: Option<FilterProblem>,
    pub(in crate::web) scope: String,
    pub(in crate::web) scope_field: Option<ScopeField>,
    /// The search of the last weeks, where only a day, week or month is searched.
    pub(in crate::web) everywhere: Option<Link>,
    /// What the filter brings; none before a search.
    pub preview: Option<PreviewView>,
    pub(in crate::web) orders: Vec<Choice>,
    /// The results that this page shows, the newest day first.
    pub days: Vec<DayResults>,
    pub(in crate::web) shown: Option<String>,
    pub(in crate::web) previous: Option<Link>,
    pub(in crate::web) next: Option<Link>,
    /// The box to subscribe, the query filled in.
    pub form: SubscribeForm,
}

/// Results on a page: enough to judge a filter by, few enough to be there at once.
pub const PAGE_SIZE: usize = 30;

impl Asked {
    /// The places of the results that the page shows, from 0.
    pub fn places(&self) -> std::ops::Range<usize> {
        let from = self.page.saturating_sub(1).saturating_mul(PAGE_SIZE);
        from..from.saturating_add(PAGE_SIZE)
    }

    fn href(&self, ranking: Ranking, page: usize) -> String {
        let order = if ranking == Ranking::default() { String::new() } else { format!("&sort={ranking}") };
        let page = if page > 1 { format!("&page={page}") } else { String::new() };
        self.scope.href(&self.query, &format!("{order}{page}"))
    }
}

impl SearchPage {
    /// The page before anything was searched.
    pub fn new(asked: &Asked, form: SubscribeForm) -> Self {
        let everywhere = asked.scope.field().map(|_| {
            let href = if asked.query.is_empty() { "/papers".to_owned() } else { Scope::default().href(&asked.query, "") };
            Link { label: "Search the last 30 days instead".to_owned(), href }
        });
        Self {
            query: asked.query.clone(),
            problem: None,
            scope: asked.scope.name(),
            scope_field: asked.scope.field().map(|(name, value)| ScopeField { name, value }),
            everywhere,
            preview: None,
            orders: Vec::new(),
            days: Vec::new(),
            shown: None,
            previous: None,
            next: None,
            form,
        }
    }

    /// The page of `found`, which are the results of [`Asked::places`] among `total`; `card` makes each one's card.
    pub fn with_results(
        self,
        asked: &Asked,
        preview: PreviewView,
        total: usize,
        found: &[Found<'_>],
        of_day: impl Fn(chrono::NaiveDate) -> usize,
        card: impl Fn(&Found<'_>) -> PaperCard,
    ) -> Self {
        let days = found.chunk_by(|a, b| a.paper.day == b.paper.day).map(|results| {
            let period = Period::Day(results[0].paper.day);
            DayResults {
                day: Link { label: period.name(), href: period.href() },
                iso: period.iso(),
                count: counted(of_day(results[0].paper.day), "paper", "papers"),
                papers: results.iter().map(&card).collect(),
            }
        });
        let page = |label: &str, page| Link { label: label.to_owned(), href: asked.href(asked.ranking, page) };
        let (first, last) = (found.first().map_or(0, |found| found.place + 1), found.last().map_or(0, |found| found.place + 1));
        let order = |ranking| Choice {
            link: Link { label: order_name(ranking).to_owned(), href: asked.href(ranking, 1) },
            chosen: ranking == asked.ranking,
        };
        Self {
            preview: Some(preview),
            orders: if total > 1 { Ranking::ALL.map(order).into() } else { Vec::new() },
            days: days.collect(),
            shown: (!found.is_empty() && found.len() < total)
                .then(|| format!("{}–{} of {}", grouped(first), grouped(last), grouped(total))),
            previous: (asked.page > 1).then(|| page("Newer", (asked.page - 1).min(total.div_ceil(PAGE_SIZE).max(1)))),
            next: (last > 0 && last < total).then(|| page(&format!("and {} more", grouped(total - last)), asked.page + 1)),
            ..self
        }
    }
}

/// What readers call an order.
pub fn order_name(ranking: Ranking) -> &'static str {
    match ranking {
        Ranking::Relevance => "Best match",
        Ranking::Trending => "Most upvoted",
        Ranking::Newest => "Newest",
    }
}

impl Page for SearchPage {
    const TEMPLATE: &'static str = "search";

    fn title(&self) -> String {
        match (&self.problem, self.query.is_empty()) {
            (_, true) => "Search papers".to_owned(),
            (Some(_), _) => format!("Not understood: {}", self.query),
            _ => format!("{} – search", self.query),
        }
    }
}
