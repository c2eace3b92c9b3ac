//! `[relay]`, `[relays.NAME]` and `[dkim]`: the way out for mails.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Config, Secret, unless_empty};

/// `[relay]`: the SMTP server that takes the mails.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    #[serde(deserialize_with = "unless_empty")]
    pub ca_file: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub user: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub password: Option<Secret>,
    #[serde(deserialize_with = "unless_empty")]
    pub password_file: Option<PathBuf>,
    pub auth: LoginKind,
    #[serde(deserialize_with = "unless_empty")]
    pub hello: Option<String>,
    pub connections: usize,
    pub mails_per_connection: u32,
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub command_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub data_timeout: Duration,
    #[serde(with = "humantime_serde")]
    pub dot_timeout: Duration,
    pub weight: u32,
    #[serde(deserialize_with = "unless_empty")]
    pub rate: Option<Rate>,
    #[serde(deserialize_with = "unless_empty")]
    pub domain_rate: Option<Rate>,
    pub daily_quota: u32,
    pub report_success: bool,
    #[serde(deserialize_with = "unless_empty")]
    pub log: Option<PathBuf>,
}

/// `[dkim]`: how mails are signed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    #[serde(deserialize_with = "unless_empty")]
    pub domain: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub selector: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub key_file: Option<PathBuf>,
    #[serde(deserialize_with = "unless_empty")]
    pub ed25519_selector: Option<String>,
    #[serde(deserialize_with = "unless_empty")]
    pub ed25519_key_file: Option<PathBuf>,
}

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Plain text.
    None,
    /// RFC 3207, required.
    Starttls,
    /// RFC 8314 implicit TLS.
    Tls,
}

/// How to log in to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginKind {
    /// PLAIN where the relay offers it, else LOGIN.
    Auto,
    /// RFC 4616.
    Plain,
    /// The older form that some relays offer alone.
    Login,
    /// An OAuth 2 access token in place of the password.
    Xoauth2,
}

/// So many mails in so much time: `10/s`, `600/min`, `20000/h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    mails: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

const UNITS: [(&str, Unit, u64); 4] =
    [("s", Unit::Second, 1), ("min", Unit::Minute, 60), ("h", Unit::Hour, 3_600), ("d", Unit::Day, 86_400)];

impl Rate {
    /// The time from one mail to the next.
    pub fn interval(self) -> Duration {
        let seconds = UNITS.iter().find(|(_, unit, _)| *unit == self.unit).map_or(1, |(_, _, seconds)| *seconds);
        Duration::from_secs(seconds) / self.mails
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(mails, unit)| {
            let mails: u32 = mails.trim().parse().ok().filter(|mails| *mails > 0)?;
            let (_, unit, _) = UNITS.iter().find(|(name, ..)| *name == unit.trim())?;
            Some(Self { mails, unit: *unit })
        });
        parsed.ok_or_else(|| format!("{text:?} is no rate: write it as \"10/s\", \"600/min\", \"20000/h\" or \"50000/d\""))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(_, unit, _)| *unit == self.unit).map_or("s", |(name, ..)| name);
        write!(f, "{}/{name}", self.mails)
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl Relay {
    /// The name of a relay that has none: host and port.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Config {
    /// The relays by name: those of `[relays.NAME]`, else the one of `[relay]`.
    pub fn all_relays(&self) -> Vec<(String, &Relay)> {
        match self.relays.is_empty() {
            true => vec![(self.relay.place(), &self.relay)],
            false => self.relays.iter().map(|(name, relay)| (name.clone(), relay)).collect(),
        }
    }

    /// What is wrong with the relays: the key and how to mend it.
    pub(super) fn check_relays(&self) -> Result<(), (String, String)> {
        let wrong = |key: String, problem: &str| Err((key, problem.to_owned()));
        let single = &self.relay;
        if !self.relays.is_empty() && (single.host != "127.0.0.1" || single.user.is_some() || single.password.is_some()) {
            return wrong(
                "relay.host".to_owned(),
                "beside [relays.NAME], [relay] holds only what all of them share: give host, user and password to each of them",
            );
        }
        for name in self.relays.keys() {
            let is_plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
            if !is_plain {
                return wrong(format!("relays.{name}"), "a relay's name is made of a–z, 0–9, - and _");
            }
        }
        for (name, relay) in self.all_relays() {
            let key = |last: &str| if self.relays.is_empty() { format!("relay.{last}") } else { format!("relays.{name}.{last}") };
            let at_least_one = [
                ("connections", relay.connections),
                ("mails_per_connection", relay.mails_per_connection as usize),
                ("weight", relay.weight as usize),
            ];
            if let Some((last, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
                return wrong(key(last), "must be at least 1");
            }
            if relay.user.is_some() != relay.password.is_some() {
                return wrong(key("user"), "needs relay.password (or relay.password_file), and the other way round");
            }
        }
        Ok(())
    }

    /// What is wrong with the keys' settings: the key and how to mend it.
    pub(super) fn check_dkim(&self) -> Result<(), (&'static str, &'static str)> {
        let dkim = &self.dkim;
        let pairs = [
            ("dkim.key_file", &dkim.selector, &dkim.key_file, "goes with dkim.selector: set both, or none"),
            ("dkim.ed25519_key_file", &dkim.ed25519_selector, &dkim.ed25519_key_file, "goes with dkim.ed25519_selector: set both, or none"),
        ];
        if let Some((key, _, _, problem)) = pairs.iter().find(|(_, selector, file, _)| selector.is_some() != file.is_some()) {
            return Err((key, problem));
        }
        if dkim.ed25519_selector.is_some() && dkim.selector.is_none() {
            return Err(("dkim.ed25519_selector", "is for a second signature: many receivers verify RSA only, so set dkim.selector too"));
        }
        let is_name = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let names = [("dkim.selector", dkim.selector.as_ref()), ("dkim.ed25519_selector", dkim.ed25519_selector.as_ref())];
        if let Some((key, _)) = names.iter().find(|(_, name)| name.is_some_and(|name| !is_name(name))) {
            return Err((key, "is made of letters, digits and hyphens, such as lark2026"));
        }
        if !is_name(&self.dkim_domain()) {
            return Err(("dkim.domain", "must be a domain such as example.org"));
        }
        let from = self.site.from_address.for_envelope();
        let (from, signing) = (from.rsplit('@').next().unwrap_or_default().to_owned(), self.dkim_domain());
        let is_below = |name: &str, domain: &str| name == domain || name.ends_with(&format!(".{domain}"));
        match is_below(&from, &signing) || is_below(&signing, &from) {
            true => Ok(()),
            false => {
                Err(("dkim.domain", "must be the domain of site.from_address, or one above or below it: others do not count for DMARC"))
            }
        }
    }

    /// The domain that signs.
    pub fn dkim_domain(&self) -> String {
        let domain = self.dkim.domain.as_deref().unwrap_or(self.site.from_address.domain());
        idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_mails_by_a_unit_of_time() {
        let check = |text: &str, expect: Option<u64>| {
            let found = text.parse::<Rate>().ok();
            assert_eq!(found.map(|rate| rate.interval().as_micros()), expect.map(u128::from), "{text}");
        };
        check("10/s", Some(100_000));
        check(" 600 / min ", Some(100_000));
        check("3600/h", Some(1_000_000));
        check("86400/d", Some(1_000_000));
        for bad in ["", "10", "10/", "/s", "0/s", "-1/s", "1.5/s", "10/week", "10/s/s"] {
            check(bad, None);
        }
        assert_eq!("600/min".parse::<Rate>().unwrap().to_string(), "600/min");
    }
}
