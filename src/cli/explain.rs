//! `paperlark explain`.

use chrono::NaiveDate;
use clap::Args;

use super::{Usage, output, subscriber as readers};
use crate::App;
use crate::books;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The reader's address
    address: String,
    /// The reader's own day [default: today]
    #[arg(long, value_name = "DAY", value_parser = crate::cli::day)]
    date: Option<NaiveDate>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let id = readers::find(app, &self.address).await?;
        let explained = books::explain(&app.db, app.clock.now(), id, self.date).await?;
        let explained = explained.ok_or_else(|| Usage("that reader has just left".into()))?;
        if self.json {
            return output::json(&explained);
        }
        let mut text = format!("{} on {}\n", self.address, explained.day);
        explained.story.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        if !explained.papers.is_empty() {
            text.push_str("\nIts papers\n");
        }
        for (place, paper) in explained.papers.iter().enumerate() {
            let hidden = if paper.shown { "" } else { " (on the web copy only)" };
            text.push_str(&format!("  {:>3}. {} ({}){hidden}\n       {}\n", place + 1, paper.title, paper.id, paper.why));
        }
        output::print(&text)
    }
}
