//! When to try again, and when to leave the relay alone. Owns the table route.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::App;
use crate::mail::queue::MAX_NOTE_CHARS;

/// A mail that cannot be rendered so often will not mend itself.
pub(super) const MAX_RENDER_FAILURES: i32 = 3;

/// Minutes until the next try after the first, second, … failure; the last one repeats.
const BACK_OFF_MINUTES: [i64; 5] = [1, 5, 15, 60, 240];

/// The first pause of a route, doubled with every failure in a row.
const FIRST_PAUSE_SECONDS: i64 = 5;
const LONGEST_PAUSE_SECONDS: i64 = 300;
/// After so many failures in a row the pause is at its longest.
const MOST_PAUSES: i32 = 6;

/// How long a mail rests that failed `attempts` times before: 1, 5, 15, 60, 240 minutes ± 20 %. The
/// spread comes from the mail's id, so that one outage's mails do not all come back at once.
pub(super) fn back_off(attempts: i32, id: Uuid) -> TimeDelta {
    let step = usize::try_from(attempts).unwrap_or(0).min(BACK_OFF_MINUTES.len() - 1);
    let spread = i64::from(id.as_bytes()[15]) * 400 / 255 - 200;
    TimeDelta::milliseconds(BACK_OFF_MINUTES[step] * 60 * (1000 + spread))
}

/// How long a mail of unknown fate rests that was tried `attempts` times before: doubled each time, up to 32-fold. A relay
/// that never answers, but delivers, shall not fill its reader's inbox.
pub(super) fn doubt(wait: Duration, attempts: i32) -> Duration {
    wait * (1 << attempts.clamp(0, 5))
}

fn pause_length(failures: i32) -> TimeDelta {
    let doubled = FIRST_PAUSE_SECONDS << failures.clamp(0, 10);
    TimeDelta::seconds(doubled.min(LONGEST_PAUSE_SECONDS))
}

/// The relays that are left alone at `now`.
pub(super) async fn paused(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select relay from route where paused_until > $1", now).fetch_all(db).await
}

/// Leaves a relay alone for a while, for all workers; one that rests already is not told off again for the same trouble.
pub(super) async fn pause(app: &App, relay: &str, problem: &str) -> sqlx::Result<()> {
    let (now, problem) = (app.clock.now(), without_addresses(problem));
    let until: Vec<DateTime<Utc>> = (0..=MOST_PAUSES).map(|failures| now + pause_length(failures)).collect();
    let until = sqlx::query_scalar!(
        "insert into route (relay, failures, paused_until, last_error) values ($1, 1, ($2::timestamptz[])[1], $3)
         on conflict (relay) do update
         set failures = route.failures + 1, paused_until = ($2::timestamptz[])[least(route.failures, $5) + 1], last_error = excluded.last_error
         where route.paused_until <= $4
         returning paused_until",
        relay,
        &until,
        problem,
        now,
        MOST_PAUSES
    )
    .fetch_optional(&app.db)
    .await?;
    if let Some(until) = until {
        tracing::error!(relay, problem, %until, "the relay cannot be used and rests; mails wait, or go by another");
    }
    Ok(())
}

/// The relay works, or is used again after a rest: it has no past. What happened to it meanwhile stays.
pub(super) async fn clear(db: &PgPool, now: DateTime<Utc>, relay: &str) -> sqlx::Result<()> {
    sqlx::query!("delete from route where relay = $1 and paused_until <= $2", relay, now).execute(db).await?;
    Ok(())
}

/// What a relay said, for logs and notes: relays like to repeat the recipient, which neither needs, and may say
/// anything at any length, also what no database keeps.
pub(super) fn without_addresses(text: &str) -> String {
    let tells = |word: &str| word.contains('@') || word.contains("%40") || word.contains("://");
    let hide = |word: &str| if tells(word) { "…".to_owned() } else { word.to_owned() };
    let words: String = text.split_whitespace().map(hide).collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(MAX_NOTE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_rests_longer_with_every_failure_within_a_fifth() {
        for byte in [0u8, 1, 127, 128, 255] {
            let id = Uuid::from_bytes([byte; 16]);
            for (attempts, minutes) in [(0, 1), (1, 5), (2, 15), (3, 60), (4, 240), (50, 240), (-1, 1)] {
                let seconds = back_off(attempts, id).num_seconds();
                assert!((minutes * 48..=minutes * 72).contains(&seconds), "{attempts}: {seconds} s");
            }
        }
        assert_ne!(back_off(0, Uuid::from_bytes([0; 16])), back_off(0, Uuid::from_bytes([255; 16])));
    }

    #[test]
    fn a_doubt_lasts_longer_each_time_up_to_a_bound() {
        let minutes: Vec<u64> = (-1..8).map(|attempts| doubt(Duration::from_secs(600), attempts).as_secs() / 60).collect();
        assert_eq!(minutes, [10, 10, 20, 40, 80, 160, 320, 320, 320]);
    }

    #[test]
    fn a_route_rests_longer_with_every_failure_up_to_a_bound() {
        let seconds: Vec<i64> = (0..9).map(|failures| pause_length(failures).num_seconds()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn no_address_stays_in_a_note() {
        assert_eq!(without_addresses("5.1.1 <ann@example.org>: no such user"), "5.1.1 … no such user");
    }

    #[test]
    fn a_note_is_short_and_printable() {
        assert_eq!(without_addresses("4.2.1 nul\0\r\n and\tescape\u{1b}"), "4.2.1 nul and escape");
        assert_eq!(without_addresses(&"x".repeat(100_000)).len(), MAX_NOTE_CHARS);
    }
}
