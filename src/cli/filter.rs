//! `paperlark filter check|import`.

mod import;

use clap::Subcommand;
use serde_json::json;

use super::{Usage, output};
use crate::config::Config;
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
    /// Read the filters of a file, say how each is understood, and add them to a reader
    ///
    /// Takes the keywords of an arXiv-daily page, lists in JSON or YAML, a filter a line, and the numbered lines of an Ovid or PubMed
    /// search, which make one filter. Without --for nothing is changed.
    Import(import::Import),
}

impl Filter {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let (query, json) = match self {
            Self::Check { query, json } => (query, json),
            Self::Import(command) => return command.run(config).await,
        };
        match filter::Filter::read(&query) {
            Ok(Reading { filter, notes }) if json => {
                let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
                output::json(
                    &json!({ "ok": true, "canonical": filter.to_string(), "explanation": filter.explain().to_string(), "notes": notes }),
                )
            }
            Ok(Reading { filter, notes }) => {
                let notes: String = notes.iter().map(|note| format!("Note: {note}\n")).collect();
                output::print(&format!("Understood as: {filter}\nIt finds {}.\n{notes}", filter.explain()))
            }
            Err(error) if json => {
                output::json(&json!({ "ok": false, "column": error.column(), "message": error.to_string() }))?;
                Err(Usage(error.to_string()).into())
            }
            Err(error) => Err(Usage(format!("the filter is not understood\n{}\n{error}", error.caret(&query))).into()),
        }
    }
}
