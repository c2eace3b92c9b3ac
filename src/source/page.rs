//! What one answer holds, whatever it was written in.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::item::Item;
use super::xml::Document;
use super::xml::Element;
use super::{DayPapers, Fetched, Problem};
use crate::paper::Paper;

/// The items of one answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Those that could be read, in their order.
    pub items: Vec<Item>,
    /// Those that could not, each with its payload.
    pub problems: Vec<Problem>,
    /// How many the answer listed, readable or not; withdrawn ones too.
    pub count: usize,
}

impl Page {
    /// Reads the items of an XML document, each by `read`; `None` stands for one that says nothing, such as that a record is gone.
    pub(super) fn of_xml(document: &Document<'_>, read: impl Fn(&Element) -> Result<Option<Item>, String>) -> Self {
        let mut page = Self::default();
        for item in &document.items {
            let found = item.element.as_ref().map_err(Clone::clone).and_then(&read);
            page.add(item.raw, found);
        }
        page
    }

    /// Lists all under `day`, and hands over what is news of papers listed before. Nothing listed is an answer too.
    pub(super) fn list_on(self, day: NaiveDate, fetched: &mut Fetched) {
        self.list_by(fetched, Some(day), |_| day);
    }

    /// Lists each under the day that `day` gives for it; `always` is listed even without a paper.
    pub(super) fn list_by(self, fetched: &mut Fetched, always: Option<NaiveDate>, day: impl Fn(&Item) -> NaiveDate) {
        fetched.problems.extend(self.problems);
        let mut days: BTreeMap<NaiveDate, Vec<Paper>> =
            std::mem::take(&mut fetched.days).into_iter().map(|day| (day.day, day.papers)).collect();
        if let Some(day) = always {
            days.entry(day).or_default();
        }
        for item in self.items {
            match item.is_update {
                true => fetched.updates.push(item.paper),
                false => days.entry(day(&item)).or_default().push(item.paper),
            }
        }
        fetched.days = days.into_iter().map(|(day, papers)| DayPapers { day, papers }).collect();
    }

    /// Names a document's early end as a problem; where it ends inside an item, that one tells it.
    pub(super) fn note_end(&mut self, document: &Document<'_>) {
        let told = document.items.last().is_some_and(|item| item.element.is_err());
        if let Some(reason) = document.broken.as_ref().filter(|_| !told) {
            self.problems.push(Problem { place: "the end".into(), reason: reason.clone(), payload: None });
        }
    }

    /// Counts an item, and keeps the paper or the problem.
    pub(super) fn add(&mut self, raw: &str, found: Result<Option<Item>, String>) {
        self.count += 1;
        match found {
            Ok(item) => self.items.extend(item),
            Err(reason) => self.problems.push(Problem::of(format!("item {}", self.count), reason, raw.as_bytes())),
        }
    }
}
