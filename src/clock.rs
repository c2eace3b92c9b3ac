//! The one place that reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time to whoever starts a step; the steps themselves take `now` as an argument.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Shifted(TimeDelta),
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own time.
    pub fn system() -> Self {
        Self(Kind::Shifted(TimeDelta::zero()))
    }

    /// Runs at the machine's pace from `start`, as if that were the time now.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self(Kind::Shifted(start - read()))
    }

    /// Stands still until [`Clock::set`] moves it.
    pub fn manual(now: DateTime<Utc>) -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(now.timestamp_micros()))))
    }

    /// Moves a manual clock, for all its clones; another kind stays as it is.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Kind::Manual(micros) = &self.0 {
            micros.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The time, in whole microseconds: what PostgreSQL can store, so that a time read back equals
    /// the one written.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::Shifted(offset) => whole_micros(read() + *offset),
            Kind::Manual(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock is read here and nowhere else")]
fn read() -> DateTime<Utc> {
    Utc::now()
}

fn whole_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// Measures how long something takes, for metrics; nothing is decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
