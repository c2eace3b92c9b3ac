//! `paperlark filter check`.

use clap::Subcommand;
use serde_json::json;

use super::{Usage, output};
use crate::filter::{self, Reading};

#[derive(Debug, Subcommand)]
pub(super) enum Filter {
    /// Say how a filter is understood, or what is wrong with it
    Check {
        /// The filter, such as 'title:diffusion NOT cat:cs.CV'
        #[arg(allow_hyphen_values = true)]
        query: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Filter {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::Check { query, json } = self;
        match filter::Filter::read(&query) {
            Ok(Reading { filter, notes }) if json => {
                let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
                output::json(&json!({ "ok": true, "canonical": filter.to_string(), "notes": notes }))
            }
            Ok(Reading { filter, notes }) => {
                let notes: String = notes.iter().map(|note| format!("Note: {note}\n")).collect();
                output::print(&format!("Understood as: {filter}\n{notes}"))
            }
            Err(error) if json => {
                output::json(&json!({ "ok": false, "column": error.column(), "message": error.to_string() }))?;
                Err(Usage(error.to_string()).into())
            }
            Err(error) => Err(Usage(format!("the filter is not understood\n{}\n{error}", error.caret(&query))).into()),
        }
    }
}
