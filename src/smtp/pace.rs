//! How fast mails may go to a relay, and by it to one domain: token buckets. Pure.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config;

/// So long a mail is held for its turn at the relay; longer, and it had better go back into the queue.
const LONGEST_HOLD: TimeDelta = TimeDelta::seconds(10);

/// Mails of so much time may come at once after a pause.
const BURST: TimeDelta = TimeDelta::seconds(1);

/// Domains remembered before those at rest are forgotten.
const MAX_DOMAINS: usize = 10_000;

/// The pace of one relay, in this process.
#[derive(Debug)]
pub(super) struct Pace {
    relay: Option<Bucket>,
    domain_interval: Option<TimeDelta>,
    domains: HashMap<String, Bucket>,
}

/// A token bucket, told by times (GCRA): tokens come one by one at `interval`, and a full bucket holds those of [`BURST`].
#[derive(Debug, Clone)]
struct Bucket {
    interval: TimeDelta,
    /// When the bucket would be full again.
    full: DateTime<Utc>,
    /// The last time promised to a mail that was sent away: the next is asked back after it.
    promised: DateTime<Utc>,
}

impl Bucket {
    fn new(interval: TimeDelta) -> Self {
        Self { interval, full: DateTime::UNIX_EPOCH, promised: DateTime::UNIX_EPOCH }
    }

    /// How long until there is a token.
    fn wait(&self, now: DateTime<Utc>) -> TimeDelta {
        let tolerance = (BURST - self.interval).max(TimeDelta::zero());
        (self.full - tolerance - now).max(TimeDelta::zero())
    }

    fn take(&mut self, now: DateTime<Utc>) {
        self.full = self.full.max(now) + self.interval;
    }

    /// A time of its own to come back, so that not all who wait come back at once.
    fn promise(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.promised = (self.promised + self.interval).max(now + self.wait(now));
        self.promised
    }
}

impl Pace {
    pub(super) fn new(settings: &config::Relay) -> Self {
        let interval = |rate: Option<config::Rate>| rate.and_then(|rate| TimeDelta::from_std(rate.interval()).ok());
        Self { relay: interval(settings.rate).map(Bucket::new), domain_interval: interval(settings.domain_rate), domains: HashMap::new() }
    }

    /// See [`super::Relay::admit`].
    pub(super) fn admit(&mut self, now: DateTime<Utc>, domain: &str) -> Result<Duration, DateTime<Utc>> {
        if self.domains.len() >= MAX_DOMAINS {
            self.domains.retain(|_, bucket| bucket.full > now || bucket.promised > now);
        }
        let mut domain =
            self.domain_interval.map(|interval| self.domains.entry(domain.to_ascii_lowercase()).or_insert_with(|| Bucket::new(interval)));
        // Held here, mails for a slow domain would soon fill all places, and keep out those for others.
        if let Some(bucket) = domain.as_mut().filter(|bucket| bucket.wait(now) > TimeDelta::zero()) {
            return Err(bucket.promise(now));
        }
        let wait = self.relay.as_ref().map_or(TimeDelta::zero(), |bucket| bucket.wait(now));
        if let Some(bucket) = self.relay.as_mut().filter(|_| wait > LONGEST_HOLD) {
            return Err(bucket.promise(now));
        }
        [self.relay.as_mut(), domain].into_iter().flatten().for_each(|bucket| bucket.take(now));
        Ok(wait.to_std().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(relay: Option<i64>, domain: Option<i64>) -> Pace {
        Pace {
            relay: relay.map(|millis| Bucket::new(TimeDelta::milliseconds(millis))),
            domain_interval: domain.map(TimeDelta::milliseconds),
            domains: HashMap::new(),
        }
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(millis)
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let mut pace = pace(None, None);
        assert!((0..10_000).all(|_| pace.admit(at(0), "example.org") == Ok(Duration::ZERO)));
    }

    #[test]
    fn a_relay_gets_its_burst_then_one_mail_an_interval_then_no_more_are_held() {
        let mut pace = pace(Some(250), None);
        let waits: Vec<_> = (0..44).map(|_| pace.admit(at(0), "example.org").map(|wait| wait.as_millis())).collect();
        assert_eq!(waits[..7], [Ok(0), Ok(0), Ok(0), Ok(0), Ok(250), Ok(500), Ok(750)]);
        assert_eq!(waits[43], Ok(10_000));
        assert_eq!(pace.admit(at(0), "example.org"), Err(at(10_250)));
        assert_eq!(pace.admit(at(0), "example.org"), Err(at(10_500)), "each is asked back at a time of its own");
        assert_eq!(pace.admit(at(10_250), "example.org"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_slow_domain_keeps_nobody_else_waiting() {
        let mut pace = pace(None, Some(2_000));
        assert_eq!(pace.admit(at(0), "slow.example"), Ok(Duration::ZERO));
        let later: Vec<_> = (0..3).map(|_| pace.admit(at(0), "SLOW.example")).collect();
        assert_eq!(later, [Err(at(2_000)), Err(at(4_000)), Err(at(6_000))]);
        assert_eq!(pace.admit(at(0), "other.example"), Ok(Duration::ZERO));
        for back in [2_000, 4_000, 6_000] {
            assert_eq!(pace.admit(at(back), "slow.example"), Ok(Duration::ZERO), "the promise is kept");
        }
    }

    #[test]
    fn domains_at_rest_are_forgotten() {
        let mut pace = pace(None, Some(1_000));
        for number in 0..3 * MAX_DOMAINS {
            let _ = pace.admit(at(i64::try_from(number).unwrap() * 10), &format!("{number}.example"));
        }
        assert!(pace.domains.len() <= MAX_DOMAINS);
    }
}
