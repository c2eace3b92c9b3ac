use chrono::{Datelike, Timelike};
use proptest::prelude::*;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn check(expression: &str, zone: Tz, after: &str, expect: &[&str]) {
    let schedule = CronSchedule::parse(expression, zone).unwrap();
    let runs = std::iter::successors(schedule.next_after(utc(after)), |run| schedule.next_after(*run));
    let runs: Vec<DateTime<Utc>> = runs.take(expect.len()).collect();
    assert_eq!(runs, expect.iter().map(|text| utc(text)).collect::<Vec<_>>(), "{expression} in {zone}");
}

#[test]
fn a_skipped_time_runs_at_the_end_of_the_gap_and_a_repeated_one_once() {
    check("30 2 * * *", Tz::Europe__Berlin, "2025-03-29T02:00:00Z", &["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"]);
    check("30 2 * * *", Tz::Europe__Berlin, "2025-10-25T12:00:00Z", &["2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z"]);
    check("0,30 2 * * *", Tz::Europe__Berlin, "2025-03-29T12:00:00Z", &["2025-03-30T01:00:00Z", "2025-03-31T00:00:00Z"]);
    check("15 2 * * *", Tz::Australia__Lord_Howe, "2025-10-04T00:00:00Z", &["2025-10-04T15:30:00Z", "2025-10-05T15:15:00Z"]);
    check(
        "0 12 * * *",
        Tz::Pacific__Apia,
        "2011-12-29T00:00:00Z",
        &["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"],
    );
    check("0 0 * * 0", Tz::America__Sao_Paulo, "2018-11-01T00:00:00Z", &["2018-11-04T03:00:00Z", "2018-11-11T02:00:00Z"]);
}

#[test]
fn runs_of_every_hour_go_by_elapsed_time() {
    check(
        "0 * * * *",
        Tz::Europe__Berlin,
        "2025-10-25T23:30:00Z",
        &["2025-10-26T00:00:00Z", "2025-10-26T01:00:00Z", "2025-10-26T02:00:00Z"],
    );
    check(
        "*/30 * * * *",
        Tz::Europe__Berlin,
        "2025-03-30T00:00:00Z",
        &["2025-03-30T00:30:00Z", "2025-03-30T01:00:00Z", "2025-03-30T01:30:00Z"],
    );
    check(
        "*/30 * * * *",
        Tz::Australia__Lord_Howe,
        "2025-04-05T14:30:00Z",
        &["2025-04-05T15:00:00Z", "2025-04-05T15:30:00Z", "2025-04-05T16:00:00Z"],
    );
}

#[test]
fn days_of_the_week_are_numbered_as_in_crontab() {
    for sunday in ["0", "7", "sun", "SUN", "7-7", "0,7"] {
        check(&format!("0 6 * * {sunday}"), Tz::UTC, "2025-06-02T00:00:00Z", &["2025-06-08T06:00:00Z", "2025-06-15T06:00:00Z"]);
    }
    check("0 6 * * 1-5", Tz::UTC, "2025-06-06T07:00:00Z", &["2025-06-09T06:00:00Z"]);
    check(
        "0 6 * * fri-mon",
        Tz::UTC,
        "2025-06-06T07:00:00Z",
        &["2025-06-07T06:00:00Z", "2025-06-08T06:00:00Z", "2025-06-09T06:00:00Z", "2025-06-13T06:00:00Z"],
    );
    check("0 6 * * 5-7", Tz::UTC, "2025-06-06T07:00:00Z", &["2025-06-07T06:00:00Z", "2025-06-08T06:00:00Z", "2025-06-13T06:00:00Z"]);
    check(
        "0 6 * * mon-fri/2",
        Tz::UTC,
        "2025-06-08T07:00:00Z",
        &["2025-06-09T06:00:00Z", "2025-06-11T06:00:00Z", "2025-06-13T06:00:00Z", "2025-06-16T06:00:00Z"],
    );
}

#[test]
fn a_day_matches_by_month_or_week_where_both_are_restricted() {
    check(
        "0 0 13 * fri",
        Tz::UTC,
        "2025-06-09T00:00:00Z",
        &[
            "2025-06-13T00:00:00Z",
            "2025-06-20T00:00:00Z",
            "2025-06-27T00:00:00Z",
            "2025-07-04T00:00:00Z",
            "2025-07-11T00:00:00Z",
            "2025-07-13T00:00:00Z",
        ],
    );
    check("0 0 */2 * fri", Tz::UTC, "2025-06-09T00:00:00Z", &["2025-06-13T00:00:00Z", "2025-06-27T00:00:00Z", "2025-07-11T00:00:00Z"]);
}

#[test]
fn nicknames_and_names_of_months_are_known() {
    check("@daily", Tz::Europe__Berlin, "2025-06-01T00:00:00Z", &["2025-06-01T22:00:00Z"]);
    check(" @Hourly ", Tz::UTC, "2025-06-01T00:00:00Z", &["2025-06-01T01:00:00Z"]);
    check("@weekly", Tz::UTC, "2025-06-02T00:00:00Z", &["2025-06-08T00:00:00Z"]);
    check("@monthly", Tz::UTC, "2025-06-02T00:00:00Z", &["2025-07-01T00:00:00Z"]);
    check("@yearly", Tz::UTC, "2025-06-02T00:00:00Z", &["2026-01-01T00:00:00Z"]);
    check("0 0 29 feb *", Tz::UTC, "2025-06-02T00:00:00Z", &["2028-02-29T00:00:00Z"]);
    check("0 6 1 1 *", Tz::UTC, "1903-06-02T00:00:00Z", &["1970-01-01T06:00:00Z"]);
}

#[test]
fn errors_say_what_to_write() {
    let check = |expression: &str, advice: &str| {
        let error = CronSchedule::parse(expression, Tz::UTC).unwrap_err().to_string();
        assert!(error.contains(advice), "{expression:?}: {error}");
    };
    check("", "this one has 0");
    check("* * * *", "this one has 4");
    check("0 30 6 * * 1", "this one has 6");
    check("60 * * * *", "is no minute: write 0 to 59");
    check("* 24 * * *", "is no hour: write 0 to 23");
    check("* * 0 * *", "is no day of month: write 1 to 31");
    check("* * ? * *", "is no day of month");
    check("* * * 13 *", "is no month: write 1 to 12");
    check("* * * * 8", "is no day of week: write 0 to 7");
    check("* * * * mon-", "is no day of week");
    check("* * * * mon/2", "is no day of week");
    check("*/0 * * * *", "is no minute");
    check("-1 * * * *", "is no minute");
    check("@reboot", "write @hourly");
    check("0 0 30 2 *", "never comes due");
    check(&"1,".repeat(1000), "longer than");
}

/// Whether crontab(5) would start the job at local minute `time`, for the expressions of the property below.
fn matches(minutes: u32, hours: &[u32], time: NaiveDateTime, weekday: Option<u32>) -> bool {
    time.minute() == minutes && hours.contains(&time.hour()) && weekday.is_none_or(|day| time.weekday().num_days_from_sunday() == day)
}

proptest! {
    #[test]
    fn runs_agree_with_a_scan_of_every_minute(
        zone in prop::sample::select(vec![Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe, Tz::Africa__Casablanca, Tz::Asia__Kathmandu, Tz::Europe__London]),
        start in 1_735_689_600i64..1_767_225_600, minute in prop::sample::select(vec![0u32, 15, 30, 45]), hour in 0u32..24, every_hour: bool,
        weekday in prop::option::of(0u32..7),
    ) {
        let hours: Vec<u32> = if every_hour { (0..24).collect() } else { vec![hour] };
        let hour_field = if every_hour { "*".to_owned() } else { hour.to_string() };
        let day_field = weekday.map_or("*".to_owned(), |day| day.to_string());
        let schedule = CronSchedule::parse(&format!("{minute} {hour_field} * * {day_field}"), zone).unwrap();
        let after = DateTime::from_timestamp(start, 0).unwrap();
        let next = schedule.next_after(after).unwrap();
        prop_assert!(next > after);

        let mut instant = DateTime::from_timestamp(start.div_euclid(60) * 60, 0).unwrap();
        let mut reached = (0..240).map(|back| local_time(zone, instant - TimeDelta::minutes(back))).max().unwrap();
        let expected = loop {
            instant += TimeDelta::minutes(1);
            let shown = local_time(zone, instant);
            let passed = (1..=(shown - reached).num_minutes()).map(|step| reached + TimeDelta::minutes(step)).any(|time| matches(minute, &hours, time, weekday));
            if if every_hour { matches(minute, &hours, shown, weekday) } else { passed } {
                break instant;
            }
            reached = reached.max(shown);
        };
        prop_assert_eq!(next, expected);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[0-9*,/@a-z? -]{0,40}|\\PC{0,20}") {
        if let Ok(schedule) = CronSchedule::parse(&text, Tz::Europe__Berlin) {
            let run = schedule.next_after(utc("2025-10-26T00:10:00Z"));
            prop_assert!(run.is_none_or(|run| run > utc("2025-10-26T00:10:00Z")));
        }
    }
}
