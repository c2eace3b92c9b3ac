//! The page where a reader changes their mind.

use chrono::Weekday;
use serde::Serialize;

use super::form::{TextField, WhenFields};
use super::preview::PreviewView;
use super::problem::FilterProblem;
use super::search::order_name;
use super::{Moment, Page};
use crate::filter::Ranking;

/// The days in the order readers expect, with the values forms send.
const WEEK: [(Weekday, &str, &str); 7] = [
    (Weekday::Mon, "mon", "Monday"),
    (Weekday::Tue, "tue", "Tuesday"),
    (Weekday::Wed, "wed", "Wednesday"),
    (Weekday::Thu, "thu", "Thursday"),
    (Weekday::Fri, "fri", "Friday"),
    (Weekday::Sat, "sat", "Saturday"),
    (Weekday::Sun, "sun", "Sunday"),
];

/// One filter to edit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilterRow {
    /// Its place among the rows, from 0: what `filter_remove` sends.
    pub index: usize,
    /// Its place as readers count.
    pub number: usize,
    /// What the reader calls it.
    pub name: TextField,
    /// What it looks for, as typed.
    pub query: String,
    /// What is wrong with it.
    pub problem: Option<FilterProblem>,
    /// What it would have brought.
    pub preview: Option<PreviewView>,
    /// Whether it is marked to be removed.
    pub remove: bool,
    /// Whether it is the empty row for a new one.
    pub is_new: bool,
}

impl FilterRow {
    /// A row at `index` (from 0).
    pub fn new(index: usize, name: impl Into<String>, query: impl Into<String>) -> Self {
        let name = TextField::new(name);
        Self { index, number: index + 1, name, query: query.into(), problem: None, preview: None, remove: false, is_new: false }
    }

    /// The empty row at `index` (from 0).
    pub fn empty(index: usize) -> Self {
        Self { is_new: true, ..Self::new(index, "", "") }
    }
}

/// An order of papers to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RankingChoice {
    /// What the form sends.
    pub value: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Whether it is the chosen one.
    pub selected: bool,
}

impl RankingChoice {
    /// All orders, `chosen` selected.
    pub fn all(chosen: Ranking) -> Vec<Self> {
        let choice = |ranking: Ranking| Self { value: ranking.name(), label: order_name(ranking), selected: ranking == chosen };
        Ranking::ALL.map(choice).into()
    }
}

/// A day of the week to tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeekdayChoice {
    /// What the form sends: `mon` to `sun`.
    pub value: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Whether it is ticked.
    pub checked: bool,
}

impl WeekdayChoice {
    /// The whole week from Monday, `chosen` ticked.
    pub fn week(chosen: &[Weekday]) -> Vec<Self> {
        WEEK.iter().map(|(day, value, label)| Self { value, label, checked: chosen.contains(day) }).collect()
    }
}

/// What a reader may change.
#[derive(Debug, Serialize)]
pub struct PreferencesPage {
    /// The path the form is sent to.
    pub action: String,
    /// The reader's address, masked.
    pub address: String,
    /// False for somebody who left.
    pub subscribed: bool,
    /// Whether the last change was just saved.
    pub saved: bool,
    /// Whether the filters are only tried out, nothing being saved.
    pub previewed: bool,
    /// How many fields have errors; nothing was saved then.
    pub errors: usize,
    /// When the next digest comes; none while paused.
    pub next_digest: Option<Moment>,
    /// The filters, an empty row last.
    pub filters: Vec<FilterRow>,
    /// What is wrong with the filters together, such as too many.
    pub filters_error: Option<String>,
    /// Hour and zone.
    pub when: WhenFields,
    /// The seven days.
    pub weekdays: Vec<WeekdayChoice>,
    /// What is wrong with them: none is ticked.
    pub weekdays_error: Option<String>,
    /// Papers in a digest, 1 to 100, as typed.
    pub max_papers: TextField,
    /// In which order the papers of each filter come.
    pub rankings: Vec<RankingChoice>,
    /// Whether a mail comes also when nothing matched.
    pub send_when_empty: bool,
    /// Whether no mail comes until the reader says so.
    pub paused: bool,
    /// The path of the page that asks before deleting everything.
    pub delete: String,
    /// The path of the page to unsubscribe.
    pub unsubscribe: String,
}

impl Page for PreferencesPage {
    const TEMPLATE: &'static str = "preferences";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        let prefix = if self.errors > 0 { "Not saved: " } else { "" };
        format!("{prefix}your preferences")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_begins_on_monday_and_has_the_chosen_days_ticked() {
        let week = WeekdayChoice::week(&[Weekday::Sun, Weekday::Mon]);
        let ticked: Vec<_> = week.iter().filter(|day| day.checked).map(|day| day.value).collect();
        assert_eq!((week.len(), ticked), (7, vec!["mon", "sun"]));
    }
}
