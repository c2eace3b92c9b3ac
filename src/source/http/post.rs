//! The other direction: telling somebody something.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use serde::Serialize;

use super::{Http, HttpError};
use crate::config::Config;

/// What a hook is told is the operator's, and so is its address: no rule for sources holds for it.
pub(super) fn client(config: &Config) -> Result<Client, HttpError> {
    let client = Client::builder().connect_timeout(config.fetch.connect_timeout).timeout(config.fetch.timeout);
    client.redirect(redirect::Policy::none()).build().map_err(HttpError::Setup)
}

impl Http {
    /// POSTs `value` as JSON; any answer but success is an error, which does not name the address: that may hold a secret.
    ///
    /// # Errors
    /// In words for the log.
    pub async fn post_json(&self, url: &str, value: &impl Serialize) -> Result<(), String> {
        let body = serde_json::to_vec(value).map_err(|error| error.to_string())?;
        let request = self.hooks.post(url).header(CONTENT_TYPE, "application/json").body(body);
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("it answered {}", response.status())),
            Err(error) => Err(error.without_url().to_string()),
        }
    }
}
