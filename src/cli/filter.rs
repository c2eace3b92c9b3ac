//! `paperlark filter`.

mod check;
mod import;

use clap::Subcommand;

use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Filter {
    /// Say how a filter is understood and what it would have brought, or what is wrong with it
    ///
    /// Tries it on the papers of the archive, where there is one: how many match, on which days, the first of them with
    /// what matched, and what about the filter is probably not as meant.
    Check(check::Check),
    /// Read the filters of a file, say how each is understood, and add them to a reader
    ///
    /// Takes the keywords of an arXiv-daily page, lists in JSON or YAML, a filter a line, and the numbered lines of an Ovid or PubMed
    /// search, which make one filter. Without --for nothing is changed.
    Import(import::Import),
}

impl Filter {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        match self {
            Self::Check(check) => check.run(config).await,
            Self::Import(import) => import.run(config).await,
        }
    }
}
