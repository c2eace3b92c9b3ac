//! `paperlark digest status`.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use super::super::output;
use crate::App;
use crate::books::{self, Balance};

#[derive(Debug, Args)]
pub(super) struct Status {
    /// The day, as the readers' clocks had it [default: today in site.time_zone]
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    date: Option<NaiveDate>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    balance: &'a Balance,
    unexplained: i64,
    balanced: bool,
    closed: bool,
}

impl Status {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        let day = self.date.unwrap_or_else(|| now.with_timezone(&app.config.site.time_zone).date_naive());
        let balance = books::balance(&app.db, now, day).await?;
        let unexplained = balance.unexplained();
        if self.json {
            output::json(&Report { balance: &balance, unexplained, balanced: unexplained == 0, closed: balance.is_closed() })?;
        } else {
            output::print(&in_words(&balance))?;
        }
        if unexplained == 0 {
            return Ok(());
        }
        let mut text = format!("THE BOOKS OF {day} DO NOT BALANCE: {unexplained} of {} readers are in no column, or in two", balance.due);
        for odd in books::odd(&app.db, day).await? {
            let state = odd.state.map_or_else(|| "without a mail".to_owned(), |state| format!("whose mail is {state}"));
            text.push_str(&format!("\n  reader {}, digest {} of {} papers {state}", odd.subscriber_id, odd.digest_id, odd.papers));
        }
        anyhow::bail!(text)
    }
}

fn in_words(balance: &Balance) -> String {
    let columns = [
        ("accepted", balance.accepted, "the relay has the mail"),
        ("waiting", balance.waiting, "to be composed or sent"),
        ("nothing to say", balance.nothing_to_say, "nothing matched, so no mail"),
        ("superseded", balance.superseded, "the next digest took over"),
        ("failed", balance.failed, "refused for good"),
        ("suppressed", balance.suppressed, "the reader left before it went out"),
        ("dead", balance.dead, "could not be rendered"),
        ("uncertain", balance.uncertain, "the relay may have the mail"),
    ];
    let mut text = format!("{}\n  {:<16}{:>9}\n", balance.day, "due", balance.due);
    for (name, count, meaning) in columns {
        text.push_str(&format!("  {name:<16}{count:>9}   {meaning}\n"));
    }
    if balance.held > 0 {
        text.push_str(&format!("{} uncertain mails wait for you: `paperlark mail held`.\n", balance.held));
    }
    text.push_str(match (balance.unexplained() == 0, balance.is_closed()) {
        _ if balance.due == 0 => "Nobody was due on that day, so far.\n",
        (false, _) => "The books do not balance.\n",
        (true, true) => "The books balance, and the day is closed.\n",
        (true, false) => "The books balance; the day is not closed yet.\n",
    });
    text
}
