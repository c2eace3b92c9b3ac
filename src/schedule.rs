//! When things are due: digests at a reader's local hour, sources by cron expressions. Pure.

mod announce;
mod cron;
mod reader;
mod week;

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};

pub use announce::{ARXIV_ZONE, arxiv_announces, arxiv_listing, arxiv_submissions, arxiv_year_untold};
pub use cron::{CronError, CronSchedule};
pub use reader::{ReaderSchedule, next_due};
pub use week::{Hour, HourError, Weekdays, WeekdaysError};

/// The longest text compared with zone names: above any name, and the comparison takes quadratic time.
const MAX_ZONE_CHARS: usize = 64;
/// Letters of the longest common abbreviation of a zone (`NZDT`, `ChST`, `AKDT`), with one to spare.
const LONGEST_ABBREVIATION: usize = 5;
/// How alike (0 to 1, Jaro-Winkler) a zone's name must be to be suggested.
const SUGGESTION_SIMILARITY: f64 = 0.8;

/// Why a text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Something is alike.
    #[error("{text:?} is no time zone; did you mean {suggestion}?")]
    Misspelt {
        /// What was given, shortened.
        text: String,
        /// The zone that comes nearest.
        suggestion: Tz,
    },
    /// Nothing is alike, or an offset such as `UTC+2` was given, which knows no summer time.
    #[error("{text:?} is no time zone; write a name of the IANA list, such as Europe/Berlin, America/New_York or UTC")]
    Unknown {
        /// What was given, shortened.
        text: String,
    },
}

/// Reads an IANA time zone, whatever its case and with spaces for underscores: `europe/berlin`, `America/New York`.
pub fn parse_zone(text: &str) -> Result<Tz, ZoneError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join("_");
    let name = name.replace("_/_", "/");
    if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&name)) {
        return Ok(*zone);
    }
    let text: String = text.trim().chars().take(MAX_ZONE_CHARS).collect();
    match nearest_zone(&name) {
        Some(suggestion) => Err(ZoneError::Misspelt { text, suggestion }),
        None => Err(ZoneError::Unknown { text }),
    }
}

/// The zone of a region that is spelled most like `name`, by its whole name or its city alone.
fn nearest_zone(name: &str) -> Option<Tz> {
    // Abbreviations (CEST, PST) and offsets resemble cities by chance only.
    let is_abbreviation = name.len() <= LONGEST_ABBREVIATION && name.bytes().all(|b| b.is_ascii_uppercase());
    if is_abbreviation || name.chars().count() > MAX_ZONE_CHARS || name.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let wanted = name.to_lowercase();
    let similarity = |zone: &Tz| {
        let full = zone.name().to_lowercase();
        let (_, city) = full.rsplit_once('/').unwrap_or(("", &full));
        if wanted.contains('/') { strsim::jaro_winkler(&wanted, &full) } else { strsim::jaro_winkler(&wanted, city) }
    };
    let regional = TZ_VARIANTS.iter().filter(|zone| zone.name().contains('/') && !zone.name().starts_with("Etc/"));
    let (best, similarity) = regional.map(|zone| (*zone, similarity(zone))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (similarity >= SUGGESTION_SIMILARITY).then_some(best)
}

/// The instant at which clocks in `zone` show `local`.
///
/// A time that clocks skip falls on the first instant after the gap; a time they show twice, on the first of the two.
/// Never goes back as `local` goes forward.
pub fn resolve_local(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    if let Some(first) = zone.from_local_datetime(&local).earliest() {
        return first.to_utc();
    }
    let end = GapInfo::new(&local, &zone).and_then(|gap| gap.end);
    end.map_or_else(|| local.and_utc(), |end| end.to_utc())
}

/// What clocks in `zone` show at `instant`; at the ends of the calendar, the nearest time that can be written.
fn local_time(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    let utc = instant.naive_utc();
    let offset = i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc());
    let edge = if offset < 0 { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
    utc.checked_add_signed(TimeDelta::seconds(offset)).unwrap_or(edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ODD_ZONES: [Tz; 9] = [
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Africa__Casablanca,
        Tz::Asia__Kathmandu,
        Tz::Pacific__Apia,
        Tz::America__Sao_Paulo,
        Tz::Europe__London,
        Tz::Africa__Monrovia,
    ];

    #[test]
    fn zones_are_read_as_people_write_them() {
        let check = |input: &str, expect: Tz| assert_eq!(parse_zone(input), Ok(expect), "{input:?}");
        check("Europe/Berlin", Tz::Europe__Berlin);
        check("europe/berlin", Tz::Europe__Berlin);
        check(" AMERICA/NEW YORK ", Tz::America__New_York);
        check("America / New_York", Tz::America__New_York);
        check("utc", Tz::UTC);
    }

    #[test]
    fn a_misspelt_zone_gets_a_suggestion() {
        let check = |input: &str, expect: Tz| match parse_zone(input) {
            Err(ZoneError::Misspelt { suggestion, .. }) => assert_eq!(suggestion, expect, "{input:?}"),
            other => panic!("{input:?}: {other:?}"),
        };
        check("Europe/Berln", Tz::Europe__Berlin);
        check("Berlin", Tz::Europe__Berlin);
        check("new york", Tz::America__New_York);
        check("Asia/Katmandoo", Tz::Asia__Katmandu);
        assert_eq!(parse_zone("Europe/Berln").unwrap_err().to_string(), "\"Europe/Berln\" is no time zone; did you mean Europe/Berlin?");
    }

    #[test]
    fn what_is_like_no_zone_gets_examples() {
        for input in ["", "UTC+2", "GMT-5", "+02:00", "CEST", "🕰", &"x".repeat(100_000), "a\0b"] {
            let error = parse_zone(input).unwrap_err();
            assert!(matches!(error, ZoneError::Unknown { .. }), "{input:?}: {error}");
            assert!(error.to_string().contains("such as Europe/Berlin") && error.to_string().len() < 400);
        }
    }

    #[test]
    fn skipped_times_fall_on_the_end_of_the_gap_and_repeated_ones_on_the_first() {
        let check = |zone: Tz, local: &str, expect: &str| {
            let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
            assert_eq!(resolve_local(zone, local), expect.parse::<DateTime<Utc>>().unwrap(), "{zone} {local}");
        };
        check(Tz::Europe__Berlin, "2025-03-30 02:30", "2025-03-30T01:00:00Z");
        check(Tz::Europe__Berlin, "2025-10-26 02:30", "2025-10-26T00:30:00Z");
        check(Tz::America__New_York, "2025-03-09 02:00", "2025-03-09T07:00:00Z");
        check(Tz::America__New_York, "2025-11-02 01:59", "2025-11-02T05:59:00Z");
        check(Tz::Australia__Lord_Howe, "2025-10-05 02:15", "2025-10-04T15:30:00Z");
        check(Tz::Australia__Lord_Howe, "2025-04-06 01:45", "2025-04-05T14:45:00Z");
        check(Tz::Africa__Casablanca, "2025-02-23 02:30", "2025-02-23T01:30:00Z");
        check(Tz::Africa__Casablanca, "2025-04-06 02:30", "2025-04-06T02:00:00Z");
        check(Tz::Asia__Kathmandu, "2025-06-01 07:00", "2025-06-01T01:15:00Z");
        check(Tz::Pacific__Apia, "2011-12-30 12:00", "2011-12-30T10:00:00Z");
        check(Tz::Pacific__Apia, "2011-12-29 23:59", "2011-12-30T09:59:00Z");
        check(Tz::America__Sao_Paulo, "2018-11-04 00:00", "2018-11-04T03:00:00Z");
        check(Tz::Europe__London, "2025-10-26 01:30", "2025-10-26T00:30:00Z");
    }

    #[test]
    fn the_ends_of_the_calendar_are_harmless() {
        for zone in ODD_ZONES {
            for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
                assert!((resolve_local(zone, local).naive_utc() - local).num_hours().abs() <= 24);
                assert!((local_time(zone, local.and_utc()) - local).num_hours().abs() <= 24);
            }
        }
    }

    proptest! {
        #[test]
        fn local_times_resolve_to_themselves_and_never_go_back(
            zone in prop::sample::select(ODD_ZONES.to_vec()), seconds in -2_000_000_000i64..4_000_000_000, step in 0i64..200_000,
        ) {
            let local = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let instant = resolve_local(zone, local);
            prop_assert!(instant <= resolve_local(zone, local + TimeDelta::seconds(step)));
            let shown = local_time(zone, instant);
            let before = local_time(zone, instant - TimeDelta::seconds(1));
            prop_assert!(shown == local || (before < local && local < shown), "{} shows {} after {}, wanted {}", zone, shown, before, local);
        }
    }
}
