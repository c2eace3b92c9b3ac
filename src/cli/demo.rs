//! `paperlark demo`.

use clap::Args;

use crate::config::Config;
use crate::{demo, run};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End when the digests have arrived; the exit code tells whether every step worked
    #[arg(long)]
    once: bool,
    /// Take the papers from the real hub instead of the sample
    #[arg(long)]
    live: bool,
}

impl Demo {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let stop = run::stop_on_signal()?;
        demo::run(config, &demo::Options { once: self.once, live: self.live }, stop).await
    }
}
