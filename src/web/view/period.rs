//! The span of time a list of papers covers, its name and its address.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A day, an ISO week or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// One day.
    Day(NaiveDate),
    /// The ISO 8601 week (Monday to Sunday) that holds this day.
    Week(NaiveDate),
    /// The month that holds this day.
    Month(NaiveDate),
}

impl Period {
    /// Its name in two parts, the first one large: `Thursday` and `7 August 2025`.
    pub fn heading(self) -> (String, String) {
        match self {
            Self::Day(day) => (day.format("%A").to_string(), day.format("%-d %B %Y").to_string()),
            Self::Week(day) => (format!("Week {}", day.iso_week().week()), week_span(day)),
            Self::Month(day) => (day.format("%B").to_string(), day.format("%Y").to_string()),
        }
    }

    /// Its name in one line: `Thursday, 7 August 2025`.
    pub fn name(self) -> String {
        let (first, second) = self.heading();
        match self {
            Self::Month(_) => format!("{first} {second}"),
            _ => format!("{first}, {second}"),
        }
    }

    /// Its short name, for links: `Thu 7 Aug`.
    pub fn short(self) -> String {
        match self {
            Self::Day(day) => day.format("%a %-d %b").to_string(),
            Self::Week(day) => format!("Week {}", day.iso_week().week()),
            Self::Month(day) => day.format("%b %Y").to_string(),
        }
    }

    /// The value of `datetime` in HTML: `2025-08-07`, `2025-W32`, `2025-08`.
    pub fn iso(self) -> String {
        match self {
            Self::Day(day) => day.format("%Y-%m-%d").to_string(),
            Self::Week(day) => day.format("%G-W%V").to_string(),
            Self::Month(day) => day.format("%Y-%m").to_string(),
        }
    }

    /// The path of its page.
    pub fn href(self) -> String {
        let kind = match self {
            Self::Day(_) => "date",
            Self::Week(_) => "week",
            Self::Month(_) => "month",
        };
        format!("/papers/{kind}/{}", self.iso())
    }

    /// The word for a span of its length.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Day(_) => "day",
            Self::Week(_) => "week",
            Self::Month(_) => "month",
        }
    }

    /// Whether it is a Saturday or a Sunday, when curated lists rest.
    pub fn is_weekend(self) -> bool {
        matches!(self, Self::Day(day) if matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
    }
}

/// `4–10 August 2025`, or `28 July – 3 August 2025` across months.
fn week_span(day: NaiveDate) -> String {
    let from_monday = u64::from(day.weekday().num_days_from_monday());
    let first = day.checked_sub_days(Days::new(from_monday)).unwrap_or(NaiveDate::MIN);
    let last = first.checked_add_days(Days::new(6)).unwrap_or(NaiveDate::MAX);
    let end = last.format("%-d %B %Y");
    if first.month() == last.month() {
        format!("{}–{end}", first.day())
    } else if first.year() == last.year() {
        format!("{} – {end}", first.format("%-d %B"))
    } else {
        format!("{} – {end}", first.format("%-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_has_a_name_and_an_address() {
        let check = |period: Period, name: &str, short: &str, href: &str| {
            assert_eq!((period.name().as_str(), period.short().as_str(), period.href().as_str()), (name, short, href));
        };
        check(Period::Day(day("2025-08-07")), "Thursday, 7 August 2025", "Thu 7 Aug", "/papers/date/2025-08-07");
        check(Period::Week(day("2025-08-07")), "Week 32, 4–10 August 2025", "Week 32", "/papers/week/2025-W32");
        check(Period::Week(day("2025-08-01")), "Week 31, 28 July – 3 August 2025", "Week 31", "/papers/week/2025-W31");
        check(Period::Week(day("2027-01-01")), "Week 53, 28 December 2026 – 3 January 2027", "Week 53", "/papers/week/2026-W53");
        check(Period::Month(day("2025-08-07")), "August 2025", "Aug 2025", "/papers/month/2025-08");
    }

    #[test]
    fn the_edges_of_the_calendar_have_names_too() {
        for edge in [NaiveDate::MIN, NaiveDate::MAX] {
            assert!(Period::Week(edge).name().starts_with("Week "));
        }
    }

    #[test]
    fn only_saturday_and_sunday_are_the_weekend() {
        let weekend = |text| Period::Day(day(text)).is_weekend();
        assert_eq!(["2025-08-08", "2025-08-09", "2025-08-10", "2025-08-11"].map(weekend), [false, true, true, false]);
        assert!(!Period::Month(day("2025-08-09")).is_weekend());
    }
}
