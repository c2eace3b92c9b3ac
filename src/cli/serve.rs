//! `paperlark serve`.

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;

use crate::App;
use crate::config::Config;
use crate::database::{Database, Sharing};
use crate::run;

#[derive(Debug, Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        // Before the private PostgreSQL starts, so that no signal ends us without ending it.
        let stop = run::stop_on_signal()?;
        let listen = config.web.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on web.listen = {listen}"))?;
        let database = tokio::select! {
            database = Database::open(&config, Sharing::Exclusive) => database?,
            () = stop.cancelled() => return Ok(()),
        };
        let result = match App::new(config, database.pool.clone()).await {
            Ok(app) => {
                tracing::info!(address = %listener.local_addr()?, base_url = %app.config.site.base_url, "serving");
                tokio::select! {
                    served = run::serve(&app, listener, stop) => served,
                    error = database.failed() => Err(error.into()),
                }
            }
            Err(error) => Err(error),
        };
        database.close().await?;
        result
    }
}
