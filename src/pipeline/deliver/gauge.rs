//! What is counted while mails go out; served as `/metrics`.

use crate::clock::Stopwatch;
use crate::mail::queue::Outcome;

/// How an attempt ended, and the class of the relay's answer (RFC 5321 § 4.2.1).
pub(super) fn sent(outcome: &Outcome, code: Option<i16>) {
    let outcome = match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Deferred(_) => "deferred",
        Outcome::Failed => "failed",
        Outcome::Uncertain(_) | Outcome::Held => "uncertain",
        Outcome::Unrenderable(_) => "unrenderable",
    };
    let class = match code {
        Some(200..=299) => "2xx",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        _ => "none",
    };
    metrics::counter!("paperlark_attempts_total", "outcome" => outcome, "code" => class).increment(1);
}

/// How long it took to commit that the relay may have a mail from here on, between its envelope and DATA.
pub(super) fn commit(watch: &Stopwatch) {
    metrics::histogram!("paperlark_commit_seconds").record(watch.elapsed().as_secs_f64());
}
