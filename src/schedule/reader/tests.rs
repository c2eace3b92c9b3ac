use super::*;
use chrono::{TimeDelta, Timelike};
use proptest::prelude::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_digest_is_due_at_the_next_local_hour() {
    let check = |zone: Tz, hour: u8, days: &str, after: &str, expect: &str| {
        let schedule = ReaderSchedule { zone, hour: Hour::new(hour).unwrap(), weekdays: Weekdays::parse(days).unwrap() };
        assert_eq!(next_due(&schedule, utc(after)), utc(expect), "{schedule:?} after {after}");
    };
    // Strictly after, across the two changes of the clock, a gap and a fold.
    check(Tz::Europe__Berlin, 7, "daily", "2025-03-29T06:00:00Z", "2025-03-30T05:00:00Z");
    check(Tz::Europe__Berlin, 7, "daily", "2025-10-25T05:00:00Z", "2025-10-26T06:00:00Z");
    check(Tz::Europe__Berlin, 2, "daily", "2025-03-29T12:00:00Z", "2025-03-30T01:00:00Z");
    check(Tz::Europe__Berlin, 2, "daily", "2025-03-30T01:00:00Z", "2025-03-31T00:00:00Z");
    check(Tz::Europe__Berlin, 2, "daily", "2025-10-26T00:00:00Z", "2025-10-27T01:00:00Z");
    check(Tz::Europe__London, 1, "daily", "2025-10-26T00:30:00Z", "2025-10-27T01:00:00Z");
    check(Tz::America__New_York, 7, "mon", "2025-03-03T12:00:00Z", "2025-03-10T11:00:00Z");
    check(Tz::America__New_York, 7, "weekdays", "2025-03-07T12:00:00Z", "2025-03-10T11:00:00Z");
    check(Tz::Australia__Lord_Howe, 2, "daily", "2025-10-04T00:00:00Z", "2025-10-04T15:30:00Z");
    check(Tz::Africa__Casablanca, 2, "daily", "2025-04-05T12:00:00Z", "2025-04-06T02:00:00Z");
    check(Tz::Asia__Kathmandu, 0, "sun", "2025-06-01T00:00:00Z", "2025-06-07T18:15:00Z");
    check(Tz::America__Sao_Paulo, 0, "sun", "2018-11-03T12:00:00Z", "2018-11-04T03:00:00Z");
    // 30 December 2011, a Friday, does not exist in Samoa.
    check(Tz::Pacific__Apia, 7, "fri", "2011-12-29T00:00:00Z", "2011-12-30T10:00:00Z");
    check(Tz::Pacific__Apia, 7, "fri", "2011-12-30T10:00:00Z", "2012-01-05T17:00:00Z");
}

#[test]
fn the_end_of_the_calendar_is_harmless() {
    for zone in [Tz::UTC, Tz::Pacific__Apia, Tz::America__New_York] {
        let schedule = ReaderSchedule { zone, hour: Hour::new(7).unwrap(), weekdays: Weekdays::DAILY };
        assert_eq!(next_due(&schedule, DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC);
        assert!(next_due(&schedule, DateTime::<Utc>::MIN_UTC) > DateTime::<Utc>::MIN_UTC);
    }
}

/// Looks at every quarter of an hour: due is the first at which the clock has come to, or jumped over, a wanted time.
fn by_scanning(schedule: &ReaderSchedule, after: DateTime<Utc>) -> DateTime<Utc> {
    let quarter = TimeDelta::minutes(15);
    let mut reached = local_time(schedule.zone, after);
    let mut instant = DateTime::from_timestamp(after.timestamp().div_euclid(900) * 900, 0).unwrap();
    // The time reached so far only grows, so what a fold repeats is not due again: look back past any fold.
    for back in 1..=200 {
        reached = reached.max(local_time(schedule.zone, after - quarter * back));
    }
    loop {
        instant += quarter;
        let shown = local_time(schedule.zone, instant);
        let wanted = |date: NaiveDate| schedule.weekdays.contains(date.weekday()) && (reached.date()..=shown.date()).contains(&date);
        let passes = reached.date().iter_days().take(3).filter(|date| wanted(*date)).any(|date| {
            let time = date.and_time(schedule.hour.start());
            reached < time && time <= shown
        });
        if passes {
            return instant;
        }
        reached = reached.max(shown);
    }
}

fn schedules() -> impl Strategy<Value = ReaderSchedule> {
    let zones = vec![
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Africa__Casablanca,
        Tz::Asia__Kathmandu,
        Tz::Pacific__Apia,
        Tz::America__Sao_Paulo,
        Tz::Europe__London,
    ];
    (prop::sample::select(zones), 0u8..24, 1u8..=Weekdays::DAILY.bits()).prop_map(|(zone, hour, bits)| ReaderSchedule {
        zone,
        hour: Hour::new(hour).unwrap(),
        weekdays: Weekdays::from_bits(bits).unwrap(),
    })
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    let near_changes = prop::sample::select(vec![
        1_325_239_200i64,
        1_743_296_400,
        1_761_440_400,
        1_741_503_600,
        1_759_591_800,
        1_743_865_200,
        1_541_300_400,
        1_743_904_800,
    ]);
    prop_oneof![0i64..2_500_000_000, (near_changes, -200_000i64..200_000).prop_map(|(change, seconds)| change + seconds)]
        .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
}

proptest! {
    #[test]
    fn nothing_is_skipped_and_nothing_comes_twice(schedule in schedules(), after in instants()) {
        let due = next_due(&schedule, after);
        prop_assert!(due > after);
        prop_assert_eq!(due, by_scanning(&schedule, after));
    }

    #[test]
    fn the_clock_shows_the_hour_asked_for_or_the_end_of_a_gap(schedule in schedules(), after in instants()) {
        let due = next_due(&schedule, after);
        let shown = local_time(schedule.zone, due);
        let before = local_time(schedule.zone, due - TimeDelta::seconds(1));
        let as_asked = schedule.weekdays.contains(shown.weekday()) && shown.hour() == u32::from(schedule.hour.get()) && shown.minute() == 0;
        prop_assert!(as_asked || shown - before > TimeDelta::seconds(1), "{schedule:?}: {shown}");
    }

    #[test]
    fn a_later_question_has_no_earlier_answer(schedule in schedules(), after in instants(), later in 0i64..1_000_000) {
        prop_assert!(next_due(&schedule, after) <= next_due(&schedule, after + TimeDelta::seconds(later)));
    }
}
