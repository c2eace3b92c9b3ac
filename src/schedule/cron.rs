//! Schedules of sources: crontab(5) expressions in a time zone.
//!
//! The `cron` crate does the calendar, in naive local time; this file gives its notation the meaning of
//! crontab(5), and its times the right instants around changes of the clock.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use cron::{Schedule, TimeUnitSpec};

use super::{local_time, resolve_local};

/// The longest expression taken, in bytes: every minute of an hour written out still fits.
const MAX_EXPRESSION_BYTES: usize = 512;
/// How far clocks are looked back over for hours they show twice: crontab(5) takes greater changes for corrections.
const LONGEST_FOLD: TimeDelta = TimeDelta::hours(3);

const DAY_NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A crontab(5) expression, in force in a time zone.
#[derive(Debug, Clone)]
pub struct CronSchedule {
    zone: Tz,
    /// Two where day of month and day of week are both restricted: either may match.
    alternatives: Vec<Schedule>,
    runs_every_hour: bool,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not five fields.
    #[error("a schedule has five fields (minute, hour, day of month, month, day of week), such as \"30 6 * * 1-5\"; this one has {0}")]
    FieldCount(usize),
    /// A field that cannot be read.
    #[error("{text:?} is no {field}: write {expected}")]
    Field {
        /// Which of the five.
        field: &'static str,
        /// What stands there, shortened.
        text: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A word with `@` that is none of those known.
    #[error("{0:?} is unknown: write @hourly, @daily, @weekly, @monthly, @yearly, or five fields such as \"30 6 * * 1-5\"")]
    Nickname(String),
    /// A day such as 30 February.
    #[error("this schedule never comes due: no such day of the month exists in the months given")]
    Never,
    /// Far beyond any sensible expression.
    #[error("this schedule is longer than {MAX_EXPRESSION_BYTES} characters: write ranges (1-5) and steps (*/10) for lists")]
    TooLong,
}

impl CronSchedule {
    /// Reads the five fields of crontab(5), or `@hourly` and its like, as local time in `zone`.
    ///
    /// Sunday is 0 or 7. Where day of month and day of week are both restricted (neither begins with `*`), a day matches
    /// by either.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, CronError> {
        if expression.len() > MAX_EXPRESSION_BYTES {
            return Err(CronError::TooLong);
        }
        let expression = expression.trim();
        let expression = if expression.starts_with('@') { nickname(expression)? } else { expression };
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else { return Err(CronError::FieldCount(fields.len())) };
        check_numeric("minute", minute, |field| format!("0 {field} * * * *"), "0 to 59, a list (0,30), a range (10-20) or a step (*/15)")?;
        check_numeric("hour", hour, |field| format!("0 0 {field} * * *"), "0 to 23, a list (6,18), a range (8-17) or a step (*/4)")?;
        check_numeric(
            "day of month",
            day,
            |field| format!("0 0 0 {field} * *"),
            "1 to 31, a list (1,15), a range (1-7), a step (*/2) or *",
        )?;
        check_numeric("month", month, |field| format!("0 0 0 1 {field} *"), "1 to 12 or jan to dec, a list, a range, a step or *")?;
        let weekdays = weekday_list(weekday)?;

        let either_day = !day.starts_with('*') && !weekday.starts_with('*');
        let expressions = if either_day {
            vec![format!("0 {minute} {hour} {day} {month} *"), format!("0 {minute} {hour} * {month} {weekdays}")]
        } else {
            vec![format!("0 {minute} {hour} {day} {month} {weekdays}")]
        };
        let alternatives = expressions.iter().map(|text| Schedule::from_str(text)).collect::<Result<Vec<_>, _>>();
        let alternatives = alternatives.expect("every field was read on its own");
        let runs_every_hour = alternatives[0].hours().iter().count() == 24;
        let schedule = Self { zone, alternatives, runs_every_hour };
        schedule.next_after(DateTime::UNIX_EPOCH).map(|_| schedule).ok_or(CronError::Never)
    }

    /// The first run strictly after `after`; `None` past the year 2100.
    ///
    /// Runs at a fixed hour come once a day whatever the clock does: at the end of the gap if clocks skip their time, at
    /// the first of two if clocks show it twice. Runs of every hour go by elapsed time, so none is missing when
    /// an hour comes twice.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let now = local_time(self.zone, after);
        if !self.runs_every_hour {
            return self.local_times_after(now).map(|time| resolve_local(self.zone, time)).find(|instant| *instant > after);
        }
        let mut repeated: Option<DateTime<Utc>> = None;
        for time in self.local_times_after(now.checked_sub_signed(LONGEST_FOLD)?) {
            let instants = self.zone.from_local_datetime(&time).map(|instant| instant.to_utc());
            let Some(first) = instants.earliest() else { continue };
            if first > after {
                return Some(repeated.map_or(first, |repeated| repeated.min(first)));
            }
            let second = instants.latest().filter(|second| *second > after);
            repeated = repeated.into_iter().chain(second).min();
        }
        repeated
    }

    /// The matching times on a clock that never changes, in order.
    fn local_times_after(&self, time: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        // The crate counts years from 1970, without sign.
        let start = time.and_utc().max(DateTime::UNIX_EPOCH);
        let mut current = start;
        std::iter::from_fn(move || {
            current = self.alternatives.iter().filter_map(|schedule| schedule.after(&current).next()).min()?;
            Some(current.naive_utc())
        })
    }
}

fn nickname(text: &str) -> Result<&'static str, CronError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return Err(CronError::Nickname(text.chars().take(40).collect())),
    })
}

fn field_error(field: &'static str, text: &str, expected: &'static str) -> CronError {
    CronError::Field { field, text: text.chars().take(40).collect(), expected }
}

/// Asks the crate whether it can read `field`, standing alone in an expression.
fn check_numeric(name: &'static str, field: &str, alone: impl Fn(&str) -> String, expected: &'static str) -> Result<(), CronError> {
    // `?` and a zero step are the crate's own; crontab(5) has neither.
    let is_standard =
        !field.contains('?') && !field.split(',').any(|item| item.split_once('/').is_some_and(|(_, step)| step.parse() == Ok(0)));
    if is_standard && Schedule::from_str(&alone(field)).is_ok() { Ok(()) } else { Err(field_error(name, field, expected)) }
}

/// The day-of-week field in the crate's numbers, 1 for Sunday to 7 for Saturday.
fn weekday_list(field: &str) -> Result<String, CronError> {
    let expected = "0 to 7 (0 and 7 are Sunday) or sun to sat, a list (1,3), a range (mon-fri), a step (*/2) or *";
    let days = field.split(',').map(weekday_item).collect::<Option<Vec<_>>>().ok_or_else(|| field_error("day of week", field, expected))?;
    let days: BTreeSet<usize> = days.into_iter().flatten().map(|day| day % 7 + 1).collect();
    Ok(days.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
}

/// The days, 0 to 7, of one item of a list: `*`, a day or a range, with or without a step.
fn weekday_item(item: &str) -> Option<Vec<usize>> {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, number(step).filter(|step| (1..=7).contains(step))?),
        None => (item, 1),
    };
    let (first, last) = match range.split_once('-') {
        _ if range == "*" => (0, 6),
        Some((first, last)) => (weekday(first)?, weekday(last)?),
        None if step > 1 => return None,
        None => (weekday(range)?, weekday(range)?),
    };
    // "sat-sun" and "fri-mon" run over the end of the week.
    let last = if last < first { last + 7 } else { last };
    Some((first..=last).step_by(step).collect())
}

fn weekday(text: &str) -> Option<usize> {
    let name = text.to_ascii_lowercase();
    DAY_NAMES.iter().position(|day| *day == name).or_else(|| number(text).filter(|day| *day <= 7))
}

fn number(text: &str) -> Option<usize> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
