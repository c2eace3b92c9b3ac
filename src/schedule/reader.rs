//! A reader's own mornings: which weekdays, at which hour, in which time zone.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Hour, Weekdays, local_time, resolve_local};

/// When a reader wants the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReaderSchedule {
    /// Where the reader's clock hangs.
    pub zone: Tz,
    /// The local hour.
    pub hour: Hour,
    /// The local days.
    pub weekdays: Weekdays,
}

/// The first instant strictly after `after` at which the reader's digest is due.
///
/// Where clocks skip the hour, or the whole day, it is due at the end of the gap; where they show it twice, at the
/// first. At the end of the calendar (the year 262142) it is the last instant there is.
pub fn next_due(schedule: &ReaderSchedule, after: DateTime<Utc>) -> DateTime<Utc> {
    let today = local_time(schedule.zone, after).date();
    // A day skipped by the calendar ends after the local date has moved on, so its digest is looked for one day back.
    let first = today.pred_opt().unwrap_or(today);
    let due = |day: NaiveDate| resolve_local(schedule.zone, day.and_time(schedule.hour.start()));
    let days = first.iter_days().filter(|day| schedule.weekdays.contains(day.weekday()));
    days.map(due).find(|instant| *instant > after).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
