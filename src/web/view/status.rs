//! The page that says how the sources fare.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{Moment, Page};
use crate::standing::{Standing, State};

/// All sources.
#[derive(Debug, Serialize)]
pub struct StatusPage {
    /// When the page was made.
    pub made: Moment,
    /// One sentence about all of them.
    pub lead: String,
    /// By name.
    pub sources: Vec<SourceRow>,
}

/// One source.
#[derive(Debug, Serialize)]
pub struct SourceRow {
    /// What readers are told of it.
    pub title: String,
    /// Its name, for `source:` in filters.
    pub name: String,
    /// Today's state, as a class of the style sheet.
    pub state: &'static str,
    /// Today's state in words.
    pub says: &'static str,
    /// When it answered last.
    pub answered: Option<Moment>,
    /// When it is asked next.
    pub next: Option<Moment>,
    /// The last days, oldest first.
    pub days: Vec<DayState>,
}

/// One day of a source.
#[derive(Debug, Serialize)]
pub struct DayState {
    /// Such as `Mon 12 January`.
    pub day: String,
    /// A class of the style sheet.
    pub state: &'static str,
}

impl StatusPage {
    /// How `standings` look at `now`, on the clocks of `zone`. Disabled sources are nobody's concern.
    pub fn new(now: DateTime<Utc>, zone: Tz, standings: &[Standing]) -> Self {
        let sources: Vec<SourceRow> =
            standings.iter().filter(|standing| standing.enabled).map(|standing| SourceRow::new(standing, zone)).collect();
        let missing = sources.iter().filter(|row| matches!(row.state, "late" | "failing")).count();
        let lead = match (sources.len(), missing) {
            (0, _) => "No source is set up yet.".to_owned(),
            (_, 0) => "All sources are as they should be.".to_owned(),
            (all, missing) => format!("{missing} of {all} {} missing today.", if missing == 1 { "is" } else { "are" }),
        };
        Self { made: Moment::new(now, zone), lead, sources }
    }
}

impl SourceRow {
    fn new(standing: &Standing, zone: Tz) -> Self {
        let today = standing.days.first().and_then(|(_, state)| *state);
        Self {
            title: standing.title.clone(),
            name: standing.name.clone(),
            state: class(today),
            says: match today {
                Some(State::Listed) => "Today’s papers are here",
                Some(State::Quiet) => "Nothing is listed today",
                Some(State::Late) => "Late: it should have listed its papers by now",
                Some(State::Failing) => "It does not answer",
                None => "Not expected yet today",
            },
            answered: standing.last_success_at.map(|at| Moment::new(at, zone)),
            next: standing.next_check_at.map(|at| Moment::new(at, zone)),
            days: standing
                .days
                .iter()
                .rev()
                .map(|(day, state)| DayState { day: day.format("%a %-d %B").to_string(), state: class(*state) })
                .collect(),
        }
    }
}

fn class(state: Option<State>) -> &'static str {
    state.map_or("unknown", State::as_str)
}

impl Page for StatusPage {
    const TEMPLATE: &'static str = "status";

    fn title(&self) -> String {
        "Sources".to_owned()
    }

    fn description(&self) -> Option<String> {
        Some("Where the papers come from, and whether today's are here.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn each_state_is_said_and_no_error_is_told() {
        let page = sample::status_page();
        let states: Vec<&str> = page.sources.iter().map(|row| row.state).collect();
        assert_eq!(states, ["listed", "quiet", "late", "failing", "unknown"], "the one that is off is left out");
        assert_eq!(page.lead, "2 of 5 are missing today.");
        assert_eq!(page.sources[0].days.last().map(|day| day.day.as_str()), Some("Thu 7 August"));
        assert!(!serde_json::to_string(&page).unwrap().contains("secret"));
    }
}
