//! How all sources stand, for whoever asks: the status page, the command line, a digest about to be composed.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use super::{Expectation, State, expectation, today};
use crate::config::{Config, Source, SourceKind};
use crate::schedule::arxiv_year_untold;

/// One source.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// Its name in the configuration.
    pub name: String,
    /// What readers are told of it.
    pub title: String,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// When it answered last.
    pub last_success_at: Option<DateTime<Utc>>,
    /// When it is asked next.
    pub next_check_at: Option<DateTime<Utc>>,
    /// How often in a row it failed.
    pub failures: i32,
    /// Why, the last time; for the operator only.
    pub last_error: Option<String>,
    /// Today and the days before it, latest first; a day is nothing while it is too early to tell.
    pub days: Vec<(NaiveDate, Option<State>)>,
}

/// A source whose listing should be there and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name in the configuration.
    pub source: String,
    /// What readers are told of it.
    pub title: String,
    /// Which day of it.
    pub day: NaiveDate,
    /// Late or failing; nothing where it has not been asked yet.
    pub state: Option<State>,
}

/// How many days a look back shows.
const DAYS_SHOWN: u64 = 14;

/// How far back the last day with a listing is looked for: over the longest row of holidays.
const DAYS_LOOKED_AT: u64 = 7;

fn title(source: &Source) -> String {
    source.title.clone().unwrap_or_else(|| source.kind.title().to_owned())
}

/// Every source of the configuration, by name.
pub async fn overview(db: &PgPool, config: &Config, now: DateTime<Utc>) -> sqlx::Result<Vec<Standing>> {
    let days = days(db, now).await?;
    let states =
        sqlx::query!("select source, next_check_at, last_success_at, failures, last_error from source_state").fetch_all(db).await?;
    let standings = config.source.iter().map(|(name, source)| {
        let row = states.iter().find(|row| row.source == *name);
        let today = today(source, now);
        let back = (0..DAYS_SHOWN).filter_map(|back| today.checked_sub_days(Days::new(back)));
        Standing {
            name: name.clone(),
            title: title(source),
            enabled: source.enabled,
            last_success_at: row.and_then(|row| row.last_success_at),
            next_check_at: row.and_then(|row| row.next_check_at).filter(|_| source.enabled),
            failures: row.map_or(0, |row| row.failures),
            last_error: row.and_then(|row| row.last_error.clone()),
            days: back.map(|day| (day, days.get(&(name.clone(), day)).copied())).collect(),
        }
    });
    Ok(standings.collect())
}

/// The enabled sources whose latest listing should be there at `now` and is not.
pub async fn missing(db: &PgPool, config: &Config, now: DateTime<Utc>) -> sqlx::Result<Vec<Missing>> {
    let days = days(db, now).await?;
    let missing = config.source.iter().filter(|(_, source)| source.enabled).filter_map(|(name, source)| {
        let (day, expected) = last_expected(source, &config.fetch.arxiv_no_mail_days, now)?;
        let state = days.get(&(name.clone(), day)).copied();
        let is_missing = match state {
            Some(State::Late | State::Failing) => true,
            Some(State::Listed | State::Quiet) => false,
            None => expected != Expectation::Open,
        };
        is_missing.then(|| Missing { source: name.clone(), title: title(source), day, state })
    });
    Ok(missing.collect())
}

/// What the operator has to add to the configuration, so that no holiday of arXiv's passes for a late listing.
pub fn untold_holidays(config: &Config, now: DateTime<Utc>) -> Option<String> {
    let arxiv = config.source.values().find(|source| source.enabled && source.kind == SourceKind::Arxiv)?;
    let year = arxiv_year_untold(&config.fetch.arxiv_no_mail_days, today(arxiv, now))?;
    Some(format!(
        "fetch.arxiv_no_mail_days names no day of {year}, so arXiv's holidays in it will be taken for late listings: \
         add those that https://info.arxiv.org/help/availability.html gives"
    ))
}

/// What a digest composed at the reader's `time` says of the sources that are missing.
pub fn note(missing: &[Missing], time: NaiveTime) -> Option<String> {
    let told = |state: State, what: &str| {
        let mut titles: Vec<&str> = missing.iter().filter(|one| one.state == Some(state)).map(|one| one.title.as_str()).collect();
        titles.dedup();
        let (last, others) = titles.split_last()?;
        let all = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
        Some(format!("{all} {what} by {}.", time.format("%H:%M")))
    };
    let notes = [told(State::Late, "had not published"), told(State::Failing, "could not be reached")];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// The latest day whose listing should be there at `now`.
fn last_expected(source: &Source, no_mail: &[NaiveDate], now: DateTime<Utc>) -> Option<(NaiveDate, Expectation)> {
    let today = today(source, now);
    let back = (0..DAYS_LOOKED_AT).filter_map(|back| today.checked_sub_days(Days::new(back)));
    back.map(|day| (day, expectation(source, no_mail, day))).find(|(_, expected)| match expected {
        Expectation::Nothing => false,
        Expectation::By(time) => *time <= now,
        Expectation::Open => true,
    })
}

async fn days(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<HashMap<(String, NaiveDate), State>> {
    let since = (now - chrono::TimeDelta::days(i64::try_from(DAYS_SHOWN + 2).unwrap_or_default())).date_naive();
    let rows = sqlx::query!("select source, day, state from source_day where day >= $1", since).fetch_all(db).await?;
    Ok(rows.into_iter().filter_map(|row| Some(((row.source, row.day), State::parse(&row.state)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_names_each_missing_source_once() {
        let one = |title: &str, state| Missing { source: "s".into(), title: title.into(), day: NaiveDate::MIN, state };
        let check = |missing: &[Missing], expect: Option<&str>| {
            assert_eq!(note(missing, NaiveTime::from_hms_opt(7, 0, 9).unwrap()).as_deref(), expect);
        };
        let (late, failing) = (Some(State::Late), Some(State::Failing));
        check(&[], None);
        check(&[one("arXiv", None)], None);
        check(&[one("arXiv", late), one("arXiv", late)], Some("arXiv had not published by 07:00."));
        check(
            &[one("A", late), one("B", failing), one("C", late), one("D", late)],
            Some("A, C and D had not published by 07:00. B could not be reached by 07:00."),
        );
    }

    #[test]
    fn what_is_missing_is_looked_for_on_the_last_day_with_a_listing() {
        let arxiv: Source = toml::from_str("kind = \"arxiv\"\ncategories = [\"cs\"]\nschedule = \"@hourly\"").unwrap();
        let check = |now: &str, expect: &str| {
            let (day, _) = last_expected(&arxiv, &["2026-01-19".parse().unwrap()], now.parse().unwrap()).unwrap();
            assert_eq!(day.to_string(), expect, "{now}");
        };
        check("2026-01-12T06:00:00Z", "2026-01-12");
        // Too early for Monday: Friday's.
        check("2026-01-12T05:30:00Z", "2026-01-09");
        check("2026-01-17T07:00:00Z", "2026-01-16");
        // No mailing on Monday evening, so none on Tuesday.
        check("2026-01-20T07:00:00Z", "2026-01-19");
    }
}
