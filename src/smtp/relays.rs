//! The relays there are.

use std::path::PathBuf;
use std::sync::Arc;

use super::Relay;
use super::connect::RelayError;
use crate::config::Config;

/// All ways out for mails: at least one.
#[derive(Debug)]
pub struct Relays(Vec<Arc<Relay>>);

impl Relays {
    /// Prepares the ways that `config` names; `hello` is the name for EHLO unless one is set.
    ///
    /// # Errors
    /// When a certificate file is unreadable.
    pub fn new(config: &Config, hello: &str) -> Result<Self, RelayError> {
        let relays = config.all_relays().into_iter().map(|(name, settings)| Ok(Arc::new(Relay::new(name, settings, hello)?)));
        relays.collect::<Result<_, _>>().map(Self)
    }

    /// Each of them.
    pub fn all(&self) -> &[Arc<Relay>] {
        &self.0
    }

    /// Where the relay called `name` logs, if that can be read here.
    pub fn log(&self, name: &str) -> Option<PathBuf> {
        self.0.iter().find(|relay| relay.name() == name)?.settings().log.clone()
    }

    /// Says goodbye on all idle connections.
    pub async fn close(&self) {
        futures::future::join_all(self.0.iter().map(|relay| relay.close())).await;
    }
}
