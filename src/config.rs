//! The configuration: one validated struct, from the built-in defaults, a file and the environment.

mod hooks;
mod load;
mod relay;
mod secret;
mod source;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

pub use hooks::Hooks;
pub use load::{ConfigError, DEFAULTS, load};
pub use relay::{Dkim, LoginKind, Rate, Relay, Tls};
pub use secret::Secret;
pub use source::{Preprints, Service, Source, SourceKind};

use crate::address::EmailAddress;
use crate::schedule::Hour;

/// Everything an operator can set. The meaning of each key stands in `config/default.toml`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub site: Site,
    pub web: Web,
    pub database: Database,
    pub secret: SecretKeys,
    pub relay: Relay,
    #[serde(default)]
    pub relays: BTreeMap<String, Relay>,
    pub dkim: Dkim,
    pub delivery: Delivery,
    pub report: Report,
    pub metrics: Metrics,
    pub alert: Alert,
    pub bounce: Bounce,
    pub hooks: Hooks,
    pub digest: Digest,
    pub signup: Signup,
    pub fetch: Fetch,
    pub source: BTreeMap<String, Source>,
    pub log: Log,
    pub clock: ClockSettings,
}

/// `[site]`: what readers see.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub name: String,
    pub base_url: Url,
    #[serde(deserialize_with = "unless_empty")]
    pub from_name: Option<String>,
    pub from_address: EmailAddress,
    #[serde(deserialize_with = "unless_empty")]
    pub bounce_domain: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub unsubscribe_address: Option<EmailAddress>,
    #[serde(deserialize_with = "unless_empty")]
    pub contact: Option<String>,
    pub time_zone: Tz,
    pub hour: Hour,
}

/// `[web]`: the HTTP server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    pub listen: SocketAddr,
    pub trust_forwarded_for: bool,
    pub searches_per_minute: std::num::NonZeroU32,
    #[serde(deserialize_with = "unless_empty")]
    pub templates: Option<PathBuf>,
}

/// `[database]`: which PostgreSQL.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(deserialize_with = "unless_empty")]
    pub url: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub url_file: Option<PathBuf>,
    pub max_connections: u32,
    #[serde(deserialize_with = "unless_empty")]
    pub data_dir: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub binaries: Option<PathBuf>,
}

/// `[secret]`: the keys that sign links.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SecretKeys {
    #[serde(deserialize_with = "unless_empty")]
    pub key: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub key_file: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub previous_key: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub previous_key_file: Option<PathBuf>,
}

/// `[delivery]`: how mails are sent.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    #[serde(with = "humantime_serde")]
    pub uncertain_wait: Duration,
    pub uncertain: Uncertain,
    #[serde(with = "humantime_serde")]
    pub spread: Duration,
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
}

/// `[report]`: who may say what became of a mail.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    #[serde(deserialize_with = "unless_empty")]
    pub token: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub token_file: Option<PathBuf>,
}

/// `[metrics]`: what Prometheus may see.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    #[serde(deserialize_with = "unless_empty")]
    pub listen: Option<SocketAddr>,
    #[serde(deserialize_with = "unless_empty")]
    pub token: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub token_file: Option<PathBuf>,
}

/// `[alert]`: who is told that a morning's books do not close.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    #[serde(deserialize_with = "unless_empty")]
    pub url: Option<Secret>,
    #[serde(with = "humantime_serde")]
    pub after: Duration,
}

/// `[bounce]`: what comes back.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bounce {
    #[serde(deserialize_with = "unless_empty")]
    pub listen: Option<SocketAddr>,
    #[serde(deserialize_with = "unless_empty")]
    pub complaint_address: Option<EmailAddress>,
    pub suppress_after: u32,
}

/// `[digest]`: what a digest holds.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    pub curated: Vec<String>,
    pub max_papers: u8,
    #[serde(with = "humantime_serde")]
    pub lookback: Duration,
    pub wait_for: Vec<String>,
    #[serde(with = "humantime_serde")]
    pub wait_limit: Duration,
}

/// `[signup]`: limits on sign-ups.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Signup {
    pub confirmations_per_day: u32,
    pub confirmations_ever: u32,
    pub per_network: u32,
    pub per_domain: u32,
    pub per_hour: u32,
}

/// `[fetch]`: how sources are asked.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    #[serde(deserialize_with = "unless_empty")]
    pub contact: Option<String>,
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub first_byte_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    #[serde(deserialize_with = "unless_empty")]
    pub proxy: Option<Secret>,
    pub max_body: usize,
    pub private_hosts: Vec<String>,
    #[serde(with = "humantime_serde")]
    pub history_after: Duration,
    #[serde(with = "humantime_serde")]
    pub keep_rejects: Duration,
    pub arxiv_no_mail_days: Vec<NaiveDate>,
    pub service: BTreeMap<String, Service>,
}

/// `[log]`: what is logged.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

/// `[clock]`: rehearsals.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSettings {
    #[serde(deserialize_with = "unless_empty")]
    pub start: Option<DateTime<Utc>>,
}

/// What becomes of a mail whose acceptance was not learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Uncertain {
    /// Sent again, byte for byte.
    Resend,
    /// Left for the operator.
    Hold,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object a line.
    Json,
}

/// In the file an empty text stands for "not set", so that every key can be shown with its default.
fn unless_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        text => T::deserialize(text.into_deserializer()).map(Some),
    }
}
