//! Signs of life of the loops, so that a process whose work stands still says so.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A loop that has not come round for so long stands still: the slowest step, a relay that hangs in each phase, takes less.
const STALLED: TimeDelta = TimeDelta::minutes(15);

/// The loops of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Asks sources.
    Fetching,
    /// Makes digests.
    Composing,
    /// Sends mails.
    Delivering,
}

/// When each loop last came round; those of another process are not watched.
#[derive(Debug, Default)]
pub struct Vitals([AtomicI64; 3]);

const NAMES: [&str; 3] = ["fetching", "composing", "delivering"];

impl Vitals {
    /// A loop has come round at `now`, or starts.
    pub fn beat(&self, part: Part, now: DateTime<Utc>) {
        self.0[part as usize].store(now.timestamp().max(1), Ordering::Relaxed);
    }

    /// The first loop of this process that stands still at `now`.
    pub fn stalled(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let is_stalled = |last: &AtomicI64| {
            let last = last.load(Ordering::Relaxed);
            last != 0 && now.timestamp() - last > STALLED.num_seconds()
        };
        self.0.iter().zip(NAMES).find(|(last, _)| is_stalled(last)).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_does_not_come_round_is_told_unless_it_runs_elsewhere() {
        let start: DateTime<Utc> = "2026-01-12T07:00:00Z".parse().unwrap();
        let vitals = Vitals::default();
        assert_eq!(vitals.stalled(start), None);
        vitals.beat(Part::Composing, start);
        vitals.beat(Part::Delivering, start);
        assert_eq!(vitals.stalled(start + TimeDelta::minutes(15)), None);
        vitals.beat(Part::Composing, start + TimeDelta::minutes(10));
        assert_eq!(vitals.stalled(start + TimeDelta::minutes(16)), Some("delivering"));
    }
}
