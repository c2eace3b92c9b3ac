//! `paperlark filter import`.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{Usage, output, subscriber, with_app};
use crate::config::Config;
use crate::filter::{Format, Imported, NamedFilter, Reading, import_filters};
use crate::subscriber::AddFiltersError;

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// A JSON or YAML file (`keywords:` of an arXiv-daily page, lists, maps of names to filters), or a text with a filter a line;
    /// - reads the standard input
    file: PathBuf,
    /// Add the filters to those of this reader; nothing is added unless all are understood
    #[arg(long = "for", value_name = "ADDRESS")]
    reader: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let name = self.file.display().to_string();
        let text = read(&self.file).with_context(|| format!("cannot read {name}"))?;
        let imported = import_filters(Format::of(&name, &text), &text).map_err(|error| Usage(error.to_string()))?;
        match self.json {
            true => output::json(&imported.iter().map(as_json).collect::<Vec<_>>())?,
            false => output::print(&imported.iter().map(in_words).collect::<Vec<_>>().join("\n"))?,
        }
        let wrong = imported.iter().filter(|filter| filter.reading.is_err()).count();
        if wrong > 0 {
            let nothing = if self.reader.is_some() { "; nothing was added" } else { "" };
            return Err(Usage(format!("{wrong} of {} filters are not understood{nothing}", imported.len())).into());
        }
        let Some(address) = self.reader else { return Ok(()) };
        let filters: Vec<NamedFilter> = imported.into_iter().map(|filter| filter.named).collect();
        let added = filters.len();
        with_app(config, async |app| {
            let id = subscriber::find(app, &address).await?;
            match crate::subscriber::add_filters(&app.db, id, filters).await {
                Ok(all) => Ok(all),
                Err(error @ AddFiltersError::TooMany { .. }) => Err(Usage(error.to_string()).into()),
                Err(error) => Err(error.into()),
            }
        })
        .await
        .and_then(|all: usize| match self.json {
            true => Ok(()),
            false => output::print(&format!("\nAdded {added} filters; the reader has {all} now.\n")),
        })
    }
}

fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn in_words(Imported { named, reading }: &Imported) -> String {
    match reading {
        Ok(Reading { filter, notes }) => {
            let notes: String = notes.iter().map(|note| format!("  note      {note}\n")).collect();
            format!("{}\n  read as   {filter}\n  finds     {}\n{notes}", named.name, filter.explain())
        }
        Err(error) => {
            let caret = error.caret(&named.query).replace('\n', "\n    ");
            format!("{}\n  problem   {error} (line {}, column {})\n    {caret}\n", named.name, error.line(), error.column())
        }
    }
}

fn as_json(Imported { named, reading }: &Imported) -> Value {
    match reading {
        Ok(Reading { filter, notes }) => {
            let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
            let explanation = filter.explain().to_string();
            json!({ "ok": true, "name": named.name, "query": named.query, "canonical": filter.to_string(), "explanation": explanation, "notes": notes })
        }
        Err(error) => {
            let message = error.to_string();
            json!({ "ok": false, "name": named.name, "query": named.query, "line": error.line(), "column": error.column(), "message": message })
        }
    }
}
