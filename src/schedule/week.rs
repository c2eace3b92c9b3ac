//! The parts of a reader's schedule that are typed, stored and shown: weekdays and hours.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LONG_NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const DAILY: u8 = 0b111_1111;
const WORKING_DAYS: u8 = 0b001_1111;
const WEEKEND: u8 = 0b110_0000;

/// A non-empty set of weekdays. Written `daily`, `weekdays` or `mon,thu`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weekdays(u8);

/// Why a text is no set of weekdays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeekdaysError {
    /// Nothing was named.
    #[error("no weekday is chosen: write daily, weekdays, or days such as mon,thu")]
    Empty,
    /// A part of the list is no day.
    #[error("{0:?} is no weekday: write daily, weekdays, or days such as mon,thu")]
    Unknown(String),
}

impl Weekdays {
    /// Every day.
    pub const DAILY: Self = Self(DAILY);
    /// Monday to Friday.
    pub const WORKING_DAYS: Self = Self(WORKING_DAYS);

    /// The set with bit 0 for Monday up to bit 6 for Sunday; `None` if it is empty or has other bits.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits == 0 || bits > DAILY { None } else { Some(Self(bits)) }
    }

    /// Bit 0 stands for Monday, bit 6 for Sunday.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether `day` is in the set.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.num_days_from_monday() != 0
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun]
            .into_iter()
            .filter(move |day| self.contains(*day))
    }

    /// Reads names in any case, short or long, separated by commas or spaces, with ranges: `Mon-Wed, saturday`.
    pub fn parse(text: &str) -> Result<Self, WeekdaysError> {
        let mut bits = 0;
        for part in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()) {
            bits |= days(&part.to_lowercase()).ok_or_else(|| WeekdaysError::Unknown(part.chars().take(40).collect()))?;
        }
        Self::from_bits(bits).ok_or(WeekdaysError::Empty)
    }
}

/// The bits of one lower-case day, range of days, or name for several.
fn days(text: &str) -> Option<u8> {
    match text {
        "daily" | "everyday" | "all" => return Some(DAILY),
        "weekdays" | "weekday" | "workdays" => return Some(WORKING_DAYS),
        "weekend" | "weekends" => return Some(WEEKEND),
        _ => {}
    }
    let day = |name: &str| {
        (0..7).find(|&day| {
            name.strip_suffix('.').unwrap_or(name) == NAMES[day]
                || name == LONG_NAMES[day]
                || name.strip_suffix('s') == Some(LONG_NAMES[day])
        })
    };
    let (first, last) = match text.split_once(['-', '–']) {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    let length = (last + 7 - first) % 7;
    Some((0..=length).fold(0, |bits, step| bits | 1 << ((first + step) % 7)))
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DAILY => f.write_str("daily"),
            WORKING_DAYS => f.write_str("weekdays"),
            _ => f.write_str(&self.iter().map(|day| NAMES[day.num_days_from_monday() as usize]).collect::<Vec<_>>().join(",")),
        }
    }
}

impl fmt::Debug for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weekdays({self})")
    }
}

impl FromStr for Weekdays {
    type Err = WeekdaysError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Weekdays {
    type Error = WeekdaysError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Weekdays> for String {
    fn from(days: Weekdays) -> Self {
        days.to_string()
    }
}

/// A full hour of the day, 0 to 23. Written `07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Hour(u8);

/// Why something is no hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no hour of the day: write a full hour from 0 to 23, such as 7 or 07:00")]
pub struct HourError(String);

impl Hour {
    /// The hour, if it is one of a day's 24.
    pub fn new(hour: u8) -> Result<Self, HourError> {
        if hour < 24 { Ok(Self(hour)) } else { Err(HourError(hour.to_string())) }
    }

    /// 0 to 23.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The time of day at which the hour begins.
    pub(super) fn start(self) -> NaiveTime {
        NaiveTime::from_hms_opt(u32::from(self.0), 0, 0).expect("an Hour is below 24")
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:00", self.0)
    }
}

impl FromStr for Hour {
    type Err = HourError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || HourError(text.trim().chars().take(40).collect());
        let digits = text.trim();
        let digits = digits.strip_suffix(":00").unwrap_or(digits);
        if digits.len() > 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        digits.parse().ok().and_then(|hour| Self::new(hour).ok()).ok_or_else(refuse)
    }
}

impl TryFrom<u8> for Hour {
    type Error = HourError;
    fn try_from(hour: u8) -> Result<Self, Self::Error> {
        Self::new(hour)
    }
}

impl From<Hour> for u8 {
    fn from(hour: Hour) -> Self {
        hour.0
    }
}

#[cfg(test)]
mod tests;
