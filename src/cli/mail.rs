//! `paperlark mail held|settle`.

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::{Usage, output};
use crate::App;
use crate::mail::queue;

#[derive(Debug, Subcommand)]
pub(super) enum Mail {
    /// List the mails that wait for your decision
    ///
    /// The relay may have them: their worker died, or the connection broke, after the last byte. With
    /// delivery.uncertain = "hold", or where the same bytes cannot be made again, nothing more is done
    /// without you. The relay's log tells by Message-ID.
    Held {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Decide on them: they were accepted, or they are to be sent again
    Settle(Settle),
}

#[derive(Debug, Args)]
pub(super) struct Settle {
    /// A Message-ID from `mail held`, or `all`
    mail: String,
    /// What became of it
    #[arg(value_enum)]
    fate: Fate,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fate {
    /// The relay has it: nothing more is sent
    Accepted,
    /// The relay does not have it: send it, as it is rendered now
    Resend,
}

impl Mail {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Held { json } => held(app, json).await,
            Self::Settle(command) => command.run(app).await,
        }
    }
}

async fn held(app: &App, json: bool) -> anyhow::Result<()> {
    let held = queue::held(&app.db).await?;
    if json {
        return output::json(&held);
    }
    if held.is_empty() {
        return output::print("No mail waits for a decision.\n");
    }
    let rows: Vec<Vec<String>> = held
        .iter()
        .map(|mail| {
            let sent = mail.transmitted_at.map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
            let why = mail.note.clone().unwrap_or_default();
            vec![format!("{}.{}", &mail.kind[..1], mail.id), mail.address.clone(), sent, mail.relay.clone().unwrap_or_default(), why]
        })
        .collect();
    output::print(&output::table(&["MESSAGE-ID", "READER", "SENT", "RELAY", "WHY"], &rows))
}

impl Settle {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let one: Option<Uuid> = match self.mail.as_str() {
            "all" => None,
            text => {
                let named = queue::mail_named(text).or_else(|| Uuid::try_parse(text).ok());
                Some(named.ok_or_else(|| Usage(format!("{text:?} is no Message-ID of ours; `paperlark mail held` lists them")))?)
            }
        };
        let accepted = matches!(self.fate, Fate::Accepted);
        let settled = queue::release_held(&app.db, app.clock.now(), one, accepted).await?;
        if settled == 0 && one.is_some() {
            return Err(Usage("no such mail waits for a decision; `paperlark mail held` lists them".into()).into());
        }
        let mails = if settled == 1 { "mail" } else { "mails" };
        let how = if accepted { "settled as accepted" } else { "will be sent again" };
        output::print(&format!("{settled} {mails} {how}.\n"))
    }
}
