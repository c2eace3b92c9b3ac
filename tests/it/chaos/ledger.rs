//! What is counted in a storm, and the table of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::relay::Arrival;

pub struct Ledger {
    relay: &'static str,
    /// Each reader's papers so far.
    had: Vec<BTreeSet<String>>,
    pub mornings: usize,
    pub worker_kills: usize,
    pub postgres_kills: usize,
    pub postgres_stops: usize,
    pub restarts: usize,
    pub relay_faults: usize,
    pub network_faults: usize,
    /// Different digests that arrived.
    pub digests: usize,
    /// Papers that a reader should have had, and had not.
    pub lost: usize,
    pub repeated_papers: usize,
    /// Digests refused for good by a faulty relay: they stand in the books as failed.
    pub failed: usize,
    /// Transmissions whose end was not learnt: workers killed in them, replies lost.
    pub doubts: usize,
    /// Mails that were given to the relay again.
    pub copies: usize,
    /// Copies that the relay made itself, of a mail it was given once.
    pub relays_own: usize,
    /// Those of them that had no doubt of their own.
    pub unexplained: usize,
    /// Copies that differ from the first.
    pub other_bytes: usize,
}

impl Ledger {
    pub fn new(readers: usize, relay: &'static str) -> Self {
        Self {
            relay,
            had: vec![BTreeSet::new(); readers],
            mornings: 0,
            worker_kills: 0,
            postgres_kills: 0,
            postgres_stops: 0,
            restarts: 0,
            relay_faults: 0,
            network_faults: 0,
            digests: 0,
            lost: 0,
            repeated_papers: 0,
            failed: 0,
            doubts: 0,
            copies: 0,
            relays_own: 0,
            unexplained: 0,
            other_bytes: 0,
        }
    }

    pub fn kills(&self) -> usize {
        self.worker_kills + self.postgres_kills
    }

    /// A morning's arrivals, against what each reader should have and how often each mail was in doubt.
    pub fn note(
        &mut self,
        arrivals: Vec<Arrival>,
        doubts: &HashMap<String, usize>,
        expected: impl Fn(usize) -> BTreeSet<String>,
        failed: &BTreeSet<usize>,
    ) {
        let mut mails: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
        for arrival in arrivals {
            mails.entry(arrival.message_id.clone()).or_default().push(arrival);
        }
        let mut got: Vec<BTreeSet<String>> = vec![BTreeSet::new(); self.had.len()];
        for (id, copies) in &mails {
            let given: BTreeSet<&str> = copies.iter().filter_map(|copy| copy.queue_id.as_deref()).collect();
            let own = if given.is_empty() { 0 } else { copies.len() - given.len() };
            let again = copies.len() - own - 1;
            (self.copies, self.relays_own) = (self.copies + again, self.relays_own + own);
            self.unexplained += again.saturating_sub(doubts.get(id).copied().unwrap_or(0));
            self.other_bytes += copies.iter().filter(|copy| copy.hash != copies[0].hash).count();
            let reader = reader(&copies[0].to);
            for paper in &copies[0].papers {
                if !self.had[reader].insert(paper.clone()) {
                    self.repeated_papers += 1;
                }
                got[reader].insert(paper.clone());
            }
        }
        self.digests += mails.len();
        self.failed += failed.len();
        self.doubts += doubts.values().sum::<usize>();
        for (reader, got) in got.iter().enumerate().filter(|(reader, _)| !failed.contains(reader)) {
            self.lost += expected(reader).difference(got).count();
        }
    }

    pub fn line(&self) -> String {
        format!(
            "{} mornings, {} kills, {} digests, {} papers lost, {} repeated, {} mails in doubt, {} sent again",
            self.mornings,
            self.kills(),
            self.digests,
            self.lost,
            self.repeated_papers,
            self.doubts,
            self.copies
        )
    }

    pub fn table(&self, time: Duration) -> String {
        let rows = [
            ("relay", self.relay.to_owned()),
            ("time", format!("{:.0} s", time.as_secs_f64())),
            ("readers", self.had.len().to_string()),
            ("mornings", self.mornings.to_string()),
            ("kill -9 of workers", self.worker_kills.to_string()),
            ("kill -9 of PostgreSQL", self.postgres_kills.to_string()),
            ("PostgreSQL stopped and started", self.postgres_stops.to_string()),
            ("workers restarted in order", self.restarts.to_string()),
            ("relay faults", self.relay_faults.to_string()),
            ("network faults", self.network_faults.to_string()),
            ("digests that arrived", self.digests.to_string()),
            ("digests refused for good, and shown so", self.failed.to_string()),
            ("papers lost", self.lost.to_string()),
            ("papers a reader got twice", self.repeated_papers.to_string()),
            ("transmissions in doubt", self.doubts.to_string()),
            ("mails that were given to the relay again", self.copies.to_string()),
            ("… without a doubt of their own", self.unexplained.to_string()),
            ("… with other bytes", self.other_bytes.to_string()),
            ("copies that the relay made itself", self.relays_own.to_string()),
        ];
        rows.map(|(name, value)| format!("| {name:<40} | {value:>20} |")).join("\n")
    }
}

/// The reader's number in `reader7@example.org`.
pub fn reader(address: &str) -> usize {
    address.trim_start_matches("reader").split('@').next().and_then(|number| number.parse().ok()).expect("an address of ours")
}
