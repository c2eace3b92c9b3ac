//! `paperlark subscriber add|list|show|remove|export`.

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::{Usage, output};
use crate::App;
use crate::address::EmailAddress;
use crate::filter::Filter;
use crate::schedule::{Hour, Weekdays, parse_zone};
use crate::subscriber::{self, AddError, Export, SignUp};

#[derive(Debug, Subcommand)]
pub(super) enum Subscriber {
    /// Add a reader who asked you for it
    Add(Add),
    /// List all readers
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one reader: choices, filters, mails
    Show(One),
    /// Delete a reader with all that is kept of them
    Remove {
        /// The address
        address: String,
    },
    /// Print all that is kept of a reader as JSON
    Export {
        /// The address
        address: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The address
    address: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The address
    address: String,
    /// A filter such as 'title:diffusion NOT cat:cs.CV'; repeat for several, none for trending papers
    #[arg(long = "filter", value_name = "QUERY", allow_hyphen_values = true)]
    filters: Vec<String>,
    /// An IANA time zone such as Europe/Berlin [default: site.time_zone]
    #[arg(long)]
    zone: Option<String>,
    /// The local hour, 0 to 23 [default: site.hour]
    #[arg(long)]
    hour: Option<u8>,
    /// Such as mon,thu or weekdays
    #[arg(long, default_value = "daily")]
    weekdays: String,
    /// Send the confirmation mail and wait for the answer, instead of taking your word
    #[arg(long, conflicts_with = "weekdays")]
    ask: bool,
}

impl Subscriber {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Add(command) => command.run(app).await,
            Self::List { json } => list(app, json).await,
            Self::Show(One { address, json }) => {
                let export = export(app, &address).await?;
                if json { output::json(&export) } else { output::print(&in_words(&export)) }
            }
            Self::Export { address } => output::json(&export(app, &address).await?),
            Self::Remove { address } => {
                let id = find(app, &address).await?;
                subscriber::remove(&app.db, id).await?;
                output::print("Removed, with all that was kept.\n")
            }
        }
    }
}

impl Add {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let usage = |error: &dyn std::fmt::Display| Usage(error.to_string());
        for query in &self.filters {
            if let Err(error) = Filter::parse(query) {
                return Err(Usage(format!("--filter is not understood\n{}\n{error}", error.caret(query))).into());
            }
        }
        if self.filters.len() > subscriber::MAX_FILTERS {
            return Err(Usage(format!("at most {} filters, please", subscriber::MAX_FILTERS)).into());
        }
        let site = &app.config.site;
        let zone: Tz = self.zone.as_deref().map_or(Ok(site.time_zone), parse_zone).map_err(|error| usage(&error))?;
        let wish = SignUp {
            address: EmailAddress::parse(&self.address).map_err(|error| usage(&error))?,
            queries: self.filters,
            zone,
            hour: self.hour.map_or(Ok(site.hour), Hour::new).map_err(|error| usage(&error))?,
        };
        let weekdays = Weekdays::parse(&self.weekdays).map_err(|error| usage(&error))?;
        match subscriber::add(app, app.clock.now(), &wish, weekdays, self.ask).await {
            Ok(()) if self.ask => output::print("A confirmation mail is on its way; digests start when it is answered.\n"),
            Ok(()) => output::print("Subscribed. A welcome mail is on its way; `paperlark digest --to ADDRESS` sends a digest now.\n"),
            Err(error @ (AddError::Active | AddError::Suppressed)) => Err(Usage(error.to_string()).into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The row of an address from the command line.
pub(super) async fn find(app: &App, address: &str) -> anyhow::Result<i64> {
    let parsed = EmailAddress::parse(address).map_err(|error| Usage(error.to_string()))?;
    let found = subscriber::find(&app.db, &parsed).await?;
    Ok(found.ok_or_else(|| Usage(format!("there is no reader {parsed}; `paperlark subscriber list` shows all")))?)
}

async fn export(app: &App, address: &str) -> anyhow::Result<Export> {
    let id = find(app, address).await?;
    Ok(subscriber::export(&app.db, id).await?.ok_or_else(|| Usage("that reader has just left".into()))?)
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let readers = subscriber::list(&app.db).await?;
    if json {
        return output::json(&readers);
    }
    let rows: Vec<Vec<String>> = readers
        .iter()
        .map(|reader| {
            let status = if reader.paused { format!("{}, paused", reader.status) } else { reader.status.clone() };
            let next = reader.next_due_at.map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
            vec![reader.address.clone(), status, reader.filters.to_string(), next]
        })
        .collect();
    match rows.is_empty() {
        true => output::print("No readers yet. They come by the page, or by `paperlark subscriber add`.\n"),
        false => output::print(&output::table(&["ADDRESS", "STATUS", "FILTERS", "NEXT DIGEST"], &rows)),
    }
}

fn in_words(reader: &Export) -> String {
    let mut text = format!(
        "{}\n  status     {}{}\n  digest at  {:02}:00 {} on {}\n  papers     at most {}, by {}{}\n",
        reader.address,
        reader.status,
        if reader.paused { ", paused" } else { "" },
        reader.hour,
        reader.time_zone,
        reader.weekdays,
        reader.max_papers,
        reader.ranking,
        if reader.send_when_empty { ", and a mail when nothing matched" } else { "" },
    );
    if let Some(next) = reader.next_due_at {
        text.push_str(&format!("  next       {}\n", next.format("%Y-%m-%d %H:%M UTC")));
    }
    match reader.filters.is_empty() {
        true => text.push_str("  filters    none: the trending papers\n"),
        false => reader.filters.iter().for_each(|filter| text.push_str(&format!("  filter     {}: {}\n", filter.name, filter.query))),
    }
    for mail in &reader.mails {
        let papers = mail.papers.map(|papers| format!(", {papers} papers")).unwrap_or_default();
        let note = mail.last_note.as_deref().filter(|note| !note.is_empty()).map(|note| format!(" ({note})")).unwrap_or_default();
        text.push_str(&format!("  mail       {} {}{papers}: {}{note}\n", mail.dated.format("%Y-%m-%d %H:%M"), mail.kind, mail.state));
    }
    text
}
