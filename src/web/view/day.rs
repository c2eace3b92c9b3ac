//! The page of a day's papers, also of a week's or a month's.

use serde::Serialize;

use super::Page;
use super::card::{PaperCard, counted};
use super::form::SubscribeForm;
use super::link::Link;
use super::period::Period;

/// The papers of a day, a week or a month.
#[derive(Debug, Serialize)]
pub struct DayPage {
    /// Such as `Thursday`.
    pub heading: String,
    /// Such as `7 August 2025`; empty on a fresh install.
    pub heading_rest: String,
    /// Both in one line.
    pub name: String,
    /// The same for machines.
    pub iso: String,
    /// `day`, `week` or `month`.
    pub unit: &'static str,
    /// Whether it is a day of the weekend.
    pub weekend: bool,
    /// Whether no day has papers yet; the operator is told what to do.
    pub fresh_install: bool,
    /// The nearest one before that has papers.
    pub previous: Option<Link>,
    /// The nearest one after.
    pub next: Option<Link>,
    /// The newest one, where this is another.
    pub newest: Option<Link>,
    /// The week and month of a day.
    pub wider: Vec<Link>,
    /// The search of its papers alone.
    pub search: Option<Link>,
    /// Such as `24 papers`.
    pub count: String,
    /// Best first.
    pub papers: Vec<PaperCard>,
    /// The box to subscribe.
    pub form: SubscribeForm,
}

/// What lies around a period, each where there is one with papers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Neighbours {
    /// The nearest one before.
    pub previous: Option<Period>,
    /// The nearest one after.
    pub next: Option<Period>,
    /// The newest of all, unless it is the period itself.
    pub newest: Option<Period>,
}

impl DayPage {
    /// The page of `period`; without papers it leads to the neighbours.
    pub fn new(period: Period, neighbours: Neighbours, papers: Vec<PaperCard>, form: SubscribeForm) -> Self {
        let link = |period: Period| Link { label: period.short(), href: period.href() };
        let wider = match period {
            Period::Day(day) => vec![("This week", Period::Week(day)), ("This month", Period::Month(day))],
            Period::Week(_) | Period::Month(_) => Vec::new(),
        };
        let (heading, heading_rest) = period.heading();
        Self {
            heading,
            heading_rest,
            name: period.name(),
            iso: period.iso(),
            unit: period.unit(),
            weekend: period.is_weekend(),
            fresh_install: false,
            previous: neighbours.previous.map(link),
            next: neighbours.next.map(link),
            newest: neighbours.newest.map(link),
            wider: wider.into_iter().map(|(label, period)| Link { label: label.to_owned(), href: period.href() }).collect(),
            search: (!papers.is_empty()).then(|| Link {
                label: format!("Search this {}", period.unit()),
                href: format!("/papers?{}={}", period.unit(), period.iso()),
            }),
            count: counted(papers.len(), "paper", "papers"),
            papers,
            form,
        }
    }

    /// The front page before the first paper has come.
    pub fn fresh_install(form: SubscribeForm) -> Self {
        let heading = "No papers yet".to_owned();
        Self {
            name: heading.clone(),
            heading,
            heading_rest: String::new(),
            iso: String::new(),
            unit: "day",
            weekend: false,
            fresh_install: true,
            previous: None,
            next: None,
            newest: None,
            wider: Vec::new(),
            search: None,
            count: String::new(),
            papers: Vec::new(),
            form,
        }
    }
}

impl Page for DayPage {
    const TEMPLATE: &'static str = "day";

    fn title(&self) -> String {
        if self.fresh_install { self.name.clone() } else { format!("Papers of {}", self.name) }
    }

    fn description(&self) -> Option<String> {
        Some("New research papers, and one email in the morning with those you care about.".to_owned())
    }
}
