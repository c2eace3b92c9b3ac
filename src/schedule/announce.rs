//! When arXiv announces: Sunday to Thursday at 20:00 in New York, but for days without mailing. What is
//! announced in the evening is listed under the next day, in feeds that are made at midnight
//! (<https://info.arxiv.org/help/availability.html>).

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::{America, Tz};

use super::resolve_local;

/// Where arXiv's clocks are.
pub const ARXIV_ZONE: Tz = America::New_York;

/// Whether arXiv announces in the evening of `day`; `no_mail` are its holidays.
pub fn arxiv_announces(day: NaiveDate, no_mail: &[NaiveDate]) -> bool {
    !matches!(day.weekday(), Weekday::Fri | Weekday::Sat) && !no_mail.contains(&day)
}

/// When the listing of `day` is made, if there is one: papers announced the evening before.
pub fn arxiv_listing(day: NaiveDate, no_mail: &[NaiveDate]) -> Option<DateTime<Utc>> {
    let evening = day.checked_sub_days(Days::new(1))?;
    arxiv_announces(evening, no_mail).then(|| resolve_local(ARXIV_ZONE, day.and_time(NaiveTime::MIN)))
}

/// So long before a year begins its holidays are known.
const KNOWN_AHEAD: Days = Days::new(31);

/// The year, this one or one about to begin, of which `no_mail` names no day. arXiv tells its holidays year by year, and
/// no rule gives them.
pub fn arxiv_year_untold(no_mail: &[NaiveDate], today: NaiveDate) -> Option<i32> {
    let years = [Some(today), today.checked_add_days(KNOWN_AHEAD)].into_iter().flatten().map(|day| day.year());
    years.into_iter().find(|year| no_mail.iter().all(|day| day.year() != *year))
}

/// The longest row of days without an announcement that is reckoned with.
const MAX_DAYS_BETWEEN: usize = 14;

/// When the papers listed on `day` were submitted, if there is a listing: from the first instant on and before the second. A paper
/// is announced with the first deadline after its submission; deadlines are at 14:00 in New York on working days.
pub fn arxiv_submissions(day: NaiveDate, no_mail: &[NaiveDate]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let evening = day.checked_sub_days(Days::new(1)).filter(|evening| arxiv_announces(*evening, no_mail))?;
    let earlier = evening.iter_days().rev().skip(1).take(MAX_DAYS_BETWEEN);
    let before = earlier.into_iter().find(|evening| arxiv_announces(*evening, no_mail))?;
    Some((deadline(before)?, deadline(evening)?))
}

/// The deadline for what is announced in the evening of `day`: on Sundays that of Friday.
fn deadline(day: NaiveDate) -> Option<DateTime<Utc>> {
    let back = if day.weekday() == Weekday::Sun { 2 } else { 0 };
    let day = day.checked_sub_days(Days::new(back))?;
    Some(resolve_local(ARXIV_ZONE, day.and_time(NaiveTime::from_hms_opt(14, 0, 0)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_on_a_day_was_submitted_between_two_deadlines() {
        let no_mail: Vec<NaiveDate> = ["2026-01-19", "2026-11-26"].map(|day| day.parse().unwrap()).into();
        let check = |day: &str, expect: Option<(&str, &str)>| {
            let expect = expect.map(|(from, to)| (from.parse::<DateTime<Utc>>().unwrap(), to.parse::<DateTime<Utc>>().unwrap()));
            assert_eq!(arxiv_submissions(day.parse().unwrap(), &no_mail), expect, "{day}");
        };
        // The table of https://info.arxiv.org/help/availability.html, from Monday to Friday.
        check("2026-01-12", Some(("2026-01-08T19:00:00Z", "2026-01-09T19:00:00Z")));
        check("2026-01-13", Some(("2026-01-09T19:00:00Z", "2026-01-12T19:00:00Z")));
        check("2026-01-14", Some(("2026-01-12T19:00:00Z", "2026-01-13T19:00:00Z")));
        check("2026-01-15", Some(("2026-01-13T19:00:00Z", "2026-01-14T19:00:00Z")));
        check("2026-01-16", Some(("2026-01-14T19:00:00Z", "2026-01-15T19:00:00Z")));
        check("2026-01-17", None);
        check("2026-01-18", None);
        // No mailing on a Monday: the next one has two days' papers.
        check("2026-01-20", None);
        check("2026-01-21", Some(("2026-01-16T19:00:00Z", "2026-01-20T19:00:00Z")));
        // Nor on a Thursday: Sunday's has them.
        check("2026-11-30", Some(("2026-11-25T19:00:00Z", "2026-11-27T19:00:00Z")));
        // Over the change to summer time.
        check("2026-03-10", Some(("2026-03-06T19:00:00Z", "2026-03-09T18:00:00Z")));
        check("-262143-01-01", None);
    }

    #[test]
    fn each_instant_belongs_to_one_listing() {
        let first: NaiveDate = "2026-01-01".parse().unwrap();
        let no_mail: Vec<NaiveDate> = ["2026-01-19", "2026-06-19", "2026-11-26", "2026-12-25"].map(|day| day.parse().unwrap()).into();
        let spans: Vec<_> = first.iter_days().take(400).filter_map(|day| arxiv_submissions(day, &no_mail)).collect();
        assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0), "{spans:?}");
    }

    #[test]
    fn arxiv_lists_on_mondays_to_fridays_at_midnight_in_new_york_whatever_its_clocks_do() {
        let no_mail: Vec<NaiveDate> = ["2026-01-19", "2026-11-26", "2026-12-31"].map(|day| day.parse().unwrap()).into();
        let check = |day: &str, expect: Option<&str>| {
            let expect = expect.map(|instant| instant.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(arxiv_listing(day.parse().unwrap(), &no_mail), expect, "{day}");
        };
        // A week, from Monday.
        check("2026-01-12", Some("2026-01-12T05:00:00Z"));
        check("2026-01-13", Some("2026-01-13T05:00:00Z"));
        check("2026-01-16", Some("2026-01-16T05:00:00Z"));
        check("2026-01-17", None);
        check("2026-01-18", None);
        // The holiday is the evening without mailing; the day after it lacks its listing.
        check("2026-01-19", Some("2026-01-19T05:00:00Z"));
        check("2026-01-20", None);
        check("2026-01-21", Some("2026-01-21T05:00:00Z"));
        check("2026-11-26", Some("2026-11-26T05:00:00Z"));
        check("2026-11-27", None);
        check("2027-01-01", None);
        // Clocks go forward on 8 March and back on 1 November 2026.
        check("2026-03-06", Some("2026-03-06T05:00:00Z"));
        check("2026-03-09", Some("2026-03-09T04:00:00Z"));
        check("2026-10-30", Some("2026-10-30T04:00:00Z"));
        check("2026-11-02", Some("2026-11-02T05:00:00Z"));
    }

    #[test]
    fn a_year_without_holidays_is_noticed_before_it_begins() {
        let no_mail: Vec<NaiveDate> = ["2026-01-01", "2026-12-31"].map(|day| day.parse().unwrap()).into();
        let check = |today: &str, expect: Option<i32>| assert_eq!(arxiv_year_untold(&no_mail, today.parse().unwrap()), expect, "{today}");
        check("2026-11-30", None);
        check("2026-12-01", Some(2027));
        check("2027-07-01", Some(2027));
        check("2025-12-31", Some(2025));
        assert_eq!(arxiv_year_untold(&[], NaiveDate::MAX), Some(NaiveDate::MAX.year()));
    }

    #[test]
    fn arxiv_announces_from_sunday_to_thursday() {
        let days: Vec<bool> = (10..17).map(|day| arxiv_announces(NaiveDate::from_ymd_opt(2026, 5, day).unwrap(), &[])).collect();
        assert_eq!(days, [true, true, true, true, true, false, false]);
    }
}
