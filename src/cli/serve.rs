//! `paperlark serve`.

use std::net::SocketAddr;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;

use crate::App;
use crate::config::Config;
use crate::database::{Database, Sharing};
use crate::run::{self, Work};
use crate::standing;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// What this process does; hosts with one database can share the work
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Serves the pages
    Web,
    /// Asks sources, composes digests, sends mails
    Worker,
    /// Both
    All,
}

impl Serve {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        // Before the private PostgreSQL starts, so that no signal ends us without ending it.
        let stop = run::stop_on_signal()?;
        let work = Work {
            pages: listen("web.listen", Some(config.web.listen).filter(|_| self.role != Role::Worker)).await?,
            monitor: listen("metrics.listen", config.metrics.listen).await?,
            worker: self.role != Role::Web,
        };
        let database = tokio::select! {
            database = Database::open(&config, Sharing::Exclusive) => database?,
            () = stop.cancelled() => return Ok(()),
        };
        let result = match App::new(config, database.pool.clone()).await {
            Ok(app) => {
                let address = work.pages.as_ref().map(TcpListener::local_addr).transpose()?;
                tracing::info!(role = ?self.role, address = address.map(tracing::field::display), base_url = %app.config.site.base_url, "serving");
                if let Some(advice) = standing::untold_holidays(&app.config, app.clock.now()).filter(|_| work.worker) {
                    tracing::warn!("{advice}");
                }
                tokio::select! {
                    served = run::serve(&app, work, stop) => served,
                    error = database.failed() => Err(error.into()),
                }
            }
            Err(error) => Err(error),
        };
        database.close().await?;
        result
    }
}

async fn listen(key: &str, address: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else { return Ok(None) };
    TcpListener::bind(address).await.map(Some).with_context(|| format!("cannot listen on {key} = {address}"))
}
