//! `paperlark suppression list|add|remove`.

use clap::Subcommand;

use super::{Usage, output};
use crate::App;
use crate::address::EmailAddress;
use crate::subscriber;

#[derive(Debug, Subcommand)]
pub(super) enum Suppression {
    /// List the addresses that get no mail, and why
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Never write to an address again
    Add {
        /// The address
        address: String,
    },
    /// Let an address get mail again, once its owner signs up anew
    Remove {
        /// The address
        address: String,
    },
}

impl Suppression {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::List { json } => list(app, json).await,
            Self::Add { address } => {
                subscriber::shut_out(&app.db, app.clock.now(), &parse(&address)?).await?;
                output::print("Nothing will be sent to that address any more.\n")
            }
            Self::Remove { address } => match subscriber::let_in(&app.db, &parse(&address)?).await? {
                true => output::print("That address may get mail again. Its owner has to sign up anew.\n"),
                false => Err(Usage("that address is not suppressed; `paperlark suppression list` shows all that are".into()).into()),
            },
        }
    }
}

fn parse(address: &str) -> Result<EmailAddress, Usage> {
    EmailAddress::parse(address).map_err(|error| Usage(error.to_string()))
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let suppressed = subscriber::suppressions(&app.db).await?;
    if json {
        return output::json(&suppressed);
    }
    if suppressed.is_empty() {
        return output::print("No address is suppressed.\n");
    }
    let row =
        |one: &subscriber::Suppressed| vec![one.address.clone(), one.reason.clone(), one.since.format("%Y-%m-%d %H:%M UTC").to_string()];
    output::print(&output::table(&["ADDRESS", "REASON", "SINCE"], &suppressed.iter().map(row).collect::<Vec<_>>()))
}
