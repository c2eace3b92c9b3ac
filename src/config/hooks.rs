//! `[hooks.…]`: providers that report by webhooks.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::{Config, Secret, unless_empty};
use crate::feedback::provider::{sendgrid, sns};

/// `[hooks]`: each is off until it is set.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    pub ses: Ses,
    pub postmark: Postmark,
    pub sendgrid: Sendgrid,
    pub mailgun: Mailgun,
}

/// `[hooks.ses]`: Amazon SES by way of SNS.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ses {
    pub topics: Vec<sns::Topic>,
    #[serde(deserialize_with = "unless_empty")]
    pub endpoint: Option<Url>,
}

/// `[hooks.postmark]`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Postmark {
    #[serde(deserialize_with = "unless_empty")]
    pub token: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub token_file: Option<PathBuf>,
}

/// `[hooks.sendgrid]`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sendgrid {
    #[serde(deserialize_with = "key_unless_empty", serialize_with = "written")]
    pub public_key: Option<sendgrid::VerificationKey>,
}

/// `[hooks.mailgun]`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mailgun {
    #[serde(deserialize_with = "unless_empty")]
    pub signing_key: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub signing_key_file: Option<PathBuf>,
}

fn key_unless_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<sendgrid::VerificationKey>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

fn written<S: Serializer>(key: &Option<sendgrid::VerificationKey>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&key.as_ref().map(ToString::to_string).unwrap_or_default())
}

impl Config {
    /// What is wrong with the providers' settings: the key and how to mend it.
    pub(super) fn check_hooks(&self) -> Result<(), (&'static str, &'static str)> {
        let endpoint = self.hooks.ses.endpoint.as_ref();
        match endpoint.is_none_or(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            true => Ok(()),
            false => Err(("hooks.ses.endpoint", "must begin with http:// or https://")),
        }
    }
}
