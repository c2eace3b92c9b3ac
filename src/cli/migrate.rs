//! `paperlark migrate`.

use clap::Args;

use super::output;
use crate::config::Config;
use crate::database::{Database, MIGRATIONS, Sharing};

#[derive(Debug, Args)]
pub(super) struct Migrate {}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let database = Database::open(&config, Sharing::Attach).await?;
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        database.close().await?;
        output::print(&format!("The schema is at version {newest}.\n"))
    }
}
