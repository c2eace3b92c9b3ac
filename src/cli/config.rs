//! `paperlark config check|show`.

use clap::{Args, Subcommand};

use super::output;
use crate::config::{self, DEFAULTS};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say whether the configuration is right, and what is wrong
    Check,
    /// Print the configuration in force, secrets hidden
    Show(Show),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Print the built-in configuration instead: every key with its meaning
    #[arg(long, conflicts_with = "json")]
    pub(super) defaults: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Config {
    /// Whoever comes here has a configuration that loaded.
    pub(super) fn run(self, config: &config::Config) -> anyhow::Result<()> {
        match self {
            Self::Check => output::print("The configuration is right.\n"),
            Self::Show(show) if show.json => output::json(config),
            Self::Show(_) => output::print(&toml::to_string(config)?),
        }
    }
}

impl Show {
    pub(super) fn print_defaults(&self) -> anyhow::Result<()> {
        output::print(DEFAULTS)
    }
}
