//! What a source should have on a day, and what the day is when it answers. Pure.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use super::State;
use crate::config::{Source, SourceKind};
use crate::schedule::{ARXIV_ZONE, arxiv_listing, resolve_local};

/// What a day of a source should bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing.
    Nothing,
    /// A listing, by then.
    By(DateTime<Utc>),
    /// Papers or none: the source has no fixed days.
    Open,
}

/// From midnight in New York until arXiv's feeds are usually whole.
const ARXIV_GRACE: TimeDelta = TimeDelta::hours(1);

/// By noon in the source's zone the hub's list of the day has begun.
const HUB_EXPECTED_BY: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("noon");

/// The day it is for `source`: arXiv's days begin at midnight in New York, wherever its operator is.
pub fn today(source: &Source, now: DateTime<Utc>) -> NaiveDate {
    let zone = if source.kind == SourceKind::Arxiv { ARXIV_ZONE } else { source.zone };
    now.with_timezone(&zone).date_naive()
}

/// What `source` should have on `day`; `no_mail` are arXiv's holidays.
pub fn expectation(source: &Source, no_mail: &[NaiveDate], day: NaiveDate) -> Expectation {
    if source.quiet_days.contains(&day) {
        return Expectation::Nothing;
    }
    let by = |time: NaiveTime| Expectation::By(resolve_local(source.zone, day.and_time(time)));
    match source.kind {
        SourceKind::Arxiv => match arxiv_listing(day, no_mail) {
            Some(midnight) => source.expected_by.map_or(Expectation::By(midnight + ARXIV_GRACE), by),
            None => Expectation::Nothing,
        },
        SourceKind::Huggingface if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => Expectation::Nothing,
        SourceKind::Huggingface => by(source.expected_by.unwrap_or(HUB_EXPECTED_BY)),
        _ => source.expected_by.map_or(Expectation::Open, by),
    }
}

/// What a day is after the source answered at `now`; `listed` when the day has papers that the source had not
/// listed before it. `None` while it is too early to tell.
pub fn settled(expectation: Expectation, listed: bool, now: DateTime<Utc>) -> Option<State> {
    match (listed, expectation) {
        (true, _) => Some(State::Listed),
        (false, Expectation::Nothing | Expectation::Open) => Some(State::Quiet),
        (false, Expectation::By(time)) => (now >= time).then_some(State::Late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(table: &str) -> Source {
        toml::from_str(&format!("schedule = \"@hourly\"\n{table}")).unwrap()
    }

    #[test]
    fn a_day_is_listed_quiet_late_or_not_yet_decided() {
        let arxiv = "kind = \"arxiv\"\ncategories = [\"cs\"]\nzone = \"Europe/Berlin\"";
        let hub = "kind = \"huggingface\"\nbase_url = \"https://huggingface.co\"";
        let feed = "kind = \"feed\"\nurl = \"https://a.org/feed\"";
        let no_mail = ["2026-01-19".parse().unwrap()];
        let check = |table: &str, now: &str, listed: bool, expect: Option<State>| {
            let (source, now) = (source(table), now.parse().unwrap());
            let day = today(&source, now);
            assert_eq!(settled(expectation(&source, &no_mail, day), listed, now), expect, "{table} {now} {listed}");
        };
        // Monday, 12 January: made at 05:00 UTC, expected an hour later.
        check(arxiv, "2026-01-12T05:59:59Z", false, None);
        check(arxiv, "2026-01-12T06:00:00Z", false, Some(State::Late));
        check(arxiv, "2026-01-12T05:10:00Z", true, Some(State::Listed));
        check(arxiv, "2026-01-17T12:00:00Z", false, Some(State::Quiet));
        // Before midnight in New York it is still Friday there.
        check(arxiv, "2026-01-17T04:59:59Z", false, Some(State::Late));
        check(arxiv, "2026-01-20T12:00:00Z", false, Some(State::Quiet));
        check(&format!("{arxiv}\nexpected_by = \"08:00\""), "2026-01-12T06:59:59Z", false, None);
        check(&format!("{arxiv}\nexpected_by = \"08:00\""), "2026-01-12T07:00:00Z", false, Some(State::Late));
        check(hub, "2026-01-12T11:59:59Z", false, None);
        check(hub, "2026-01-12T12:00:00Z", false, Some(State::Late));
        check(hub, "2026-01-17T12:00:00Z", false, Some(State::Quiet));
        check(&format!("{hub}\nquiet_days = [\"2026-01-12\"]"), "2026-01-12T12:00:00Z", false, Some(State::Quiet));
        check(feed, "2026-01-12T12:00:00Z", false, Some(State::Quiet));
        check(feed, "2026-01-12T12:00:00Z", true, Some(State::Listed));
        check(&format!("{feed}\nexpected_by = \"09:30\""), "2026-01-12T12:00:00Z", false, Some(State::Late));
    }

    #[test]
    fn a_days_end_in_summer_time_is_new_yorks() {
        let arxiv = source("kind = \"arxiv\"\ncategories = [\"cs\"]");
        assert_eq!(today(&arxiv, "2026-07-14T03:59:59Z".parse().unwrap()).to_string(), "2026-07-13");
        assert_eq!(today(&arxiv, "2026-07-14T04:00:00Z".parse().unwrap()).to_string(), "2026-07-14");
        let day = "2026-07-14".parse().unwrap();
        assert_eq!(expectation(&arxiv, &[], day), Expectation::By("2026-07-14T05:00:00Z".parse().unwrap()));
    }
}
