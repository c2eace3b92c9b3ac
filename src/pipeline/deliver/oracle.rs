//! How a doubt ends: by what a log or a report says of the mail, else by the operator's rule.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::postfix::{Log, Sighting};
use crate::App;
use crate::config::Uncertain;
use crate::feedback::Mention;
use crate::mail::queue::{self, Doubt, Fate, Reported};
use crate::token::Keys;

/// A witness who cannot answer yet is asked again for this many times `delivery.uncertain_wait`; then the rule decides.
const PATIENCE: u32 = 6;
/// One that does not run is waited for so long: its mails could not go by it meanwhile, and the next digest is due by then.
const UNTIL_IT_RUNS: TimeDelta = TimeDelta::days(1);

/// What a witness says of a mail that it does not report as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The relay has it.
    Accepted,
    /// The relay never had it.
    Absent,
    /// Cannot be told, or not yet.
    Unknown,
    /// Can be told once the relay runs again.
    Down,
}

/// Settles the mails of unknown fate that are to be decided on at `now`; says how many.
pub(super) async fn settle(app: &App, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let doubts = queue::doubts(&app.db, now).await?;
    if doubts.is_empty() {
        return Ok(0);
    }
    let logs = logs(app, &doubts, now).await;
    let webhook = match app.config.report.token {
        Some(_) => Some(queue::last_webhook(&app.db).await?),
        None => None,
    };
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut fates = Vec::with_capacity(doubts.len());
    for doubt in doubts {
        let log = doubt.relay.as_ref().and_then(|relay| logs.get(relay)).map(|log| ask(log.as_ref(), &doubt));
        // Its silence tells something only if it has spoken since.
        let heard = |last: Option<DateTime<Utc>>| {
            if last.is_some_and(|last| last >= doubt.transmitted_at) { Answer::Absent } else { Answer::Unknown }
        };
        let witnesses: Vec<Answer> = log.into_iter().chain(webhook.map(heard)).collect();
        let fate = fate(app, now, &doubt, &witnesses);
        *counts.entry(name(fate)).or_default() += 1;
        fates.push((doubt, fate));
    }
    tracing::info!(?counts, "mails of unknown fate looked at");
    queue::settle(&app.db, now, &fates).await
}

fn fate(app: &App, now: DateTime<Utc>, doubt: &Doubt, witnesses: &[Answer]) -> Fate {
    let settings = &app.config.delivery;
    let rule = if settings.uncertain == Uncertain::Resend { Fate::Resend } else { Fate::Hold };
    match doubt.reported {
        Some(Reported::Accepted) => return Fate::Accepted,
        Some(Reported::Failed) => return Fate::Failed,
        None => {}
    }
    if witnesses.contains(&Answer::Accepted) {
        Fate::Accepted
    } else if witnesses.is_empty() {
        rule
    } else if witnesses.iter().all(|answer| *answer == Answer::Absent) {
        Fate::Resend
    } else {
        let patience = match witnesses.contains(&Answer::Down) {
            true => UNTIL_IT_RUNS,
            false => TimeDelta::from_std(settings.uncertain_wait * PATIENCE).unwrap_or_default(),
        };
        if now - doubt.transmitted_at < patience { Fate::Ask(now + settings.uncertain_wait) } else { rule }
    }
}

fn name(fate: Fate) -> &'static str {
    match fate {
        Fate::Accepted => "accepted",
        Fate::Failed => "failed",
        Fate::Resend => "resend",
        Fate::Hold => "held",
        Fate::Ask(_) => "unknown",
    }
}

fn ask(log: Option<&Log>, doubt: &Doubt) -> Answer {
    let Some(log) = log else { return Answer::Unknown };
    match log.mail(doubt.id) {
        Some(Sighting::Accepted) => Answer::Accepted,
        _ if log.is_down() => Answer::Down,
        Some(Sighting::Begun) => Answer::Unknown,
        None if log.covers(doubt.transmitted_at) => Answer::Absent,
        None => Answer::Unknown,
    }
}

/// The mail whose envelope has `sender`.
fn mail_of(keys: &Keys, sender: &str) -> Option<Uuid> {
    match Mention::of_address(sender, None)? {
        Mention::Mail(token) => keys.mail(&token).map(|(_, mail)| mail),
        Mention::Reader(_) => None,
    }
}

/// The logs of the relays these mails went to, where one is configured; none of a log that cannot be read.
async fn logs(app: &App, doubts: &[Doubt], now: DateTime<Utc>) -> HashMap<String, Option<Log>> {
    let mut logs = HashMap::new();
    for relay in doubts.iter().filter_map(|doubt| doubt.relay.as_ref()) {
        if logs.contains_key(relay) {
            continue;
        }
        let Some(path) = app.relays.log(relay) else { continue };
        let keys = app.keys.clone();
        let read = move || Log::read(&path, now, |sender| mail_of(&keys, sender)).map_err(|error| (path, error));
        let read = tokio::task::spawn_blocking(read).await;
        let log = match read {
            Ok(Ok(log)) => Some(log),
            Ok(Err((path, error))) => {
                tracing::warn!(path = %path.display(), %error, "the relay's log cannot be read, so it settles no doubt");
                None
            }
            Err(_) => None,
        };
        logs.insert(relay.clone(), log);
    }
    logs
}
