//! From the built-in defaults, a file and the environment to one checked [`Config`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::source::{SERVICE_KEYS, SOURCE_KEYS};
use super::{Config, Secret};
use crate::address::EmailAddress;
use crate::schedule::CronSchedule;
use crate::token::Keys;

/// The built-in configuration: every key with its default and meaning.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Where a file is looked for when none is named.
const USUAL_FILES: [&str; 2] = ["paperlark.toml", "/etc/paperlark/paperlark.toml"];

/// The longest time over which a morning's mails may be spread.
const MAX_SPREAD: Duration = Duration::from_secs(12 * 60 * 60);

/// Tokens that others present: too long to be guessed.
const MIN_TOKEN_BYTES: usize = 16;

const ENVIRONMENT_PREFIX: &str = "PAPERLARK_";

/// Environment variables that are about the command line, not keys of the configuration.
const NOT_KEYS: [&str; 1] = ["PAPERLARK_CONFIG"];

/// What is wrong with the configuration, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file cannot be read.
    #[error("cannot read the configuration file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A key that does not exist.
    #[error("{place} sets {key}, which is no key of the configuration{advice}; `paperlark config show --defaults` lists all keys")]
    UnknownKey {
        /// Where it was found.
        place: String,
        /// What was written.
        key: String,
        /// `; did you mean …?` or nothing.
        advice: String,
    },
    /// A value of the wrong type or form.
    #[error("{}", in_words(.0))]
    Value(Box<figment::Error>),
    /// Values that are well formed but do not work.
    #[error("{key}: {problem}")]
    Invalid {
        /// The key's path.
        key: String,
        /// What is wrong and what to write.
        problem: String,
    },
}

/// Reads the configuration: defaults, then `file` (or a usual one), then `environment`.
///
/// # Errors
/// The first thing that is wrong, in words that name the key and the place.
pub fn load(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    let defaults = known_keys(&figment)?;
    if let Some(path) = file.map(Path::to_owned).or_else(usual_file) {
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        let layer = Figment::from(Toml::string(&text));
        for key in known_keys(&layer).map_err(|error| in_file(error, &path))?.keys() {
            refuse_unknown(key, key, &path.display().to_string(), &defaults)?;
        }
        figment = figment.merge(Toml::string(&text));
    }
    let keys = known_keys(&figment)?;
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
        if NOT_KEYS.contains(&name.as_str()) {
            continue;
        }
        let wanted = squash(rest);
        let Some((path, kind)) = keys.iter().find(|(key, _)| squash(key) == wanted) else {
            let names: Vec<String> = keys.keys().map(|key| environment_name(key)).collect();
            return Err(unknown(&name, "the environment", names.iter().map(String::as_str)));
        };
        figment = figment.merge(Serialized::default(path, typed(kind, &value)));
    }
    let mut config: Config = inherit(&figment)?.extract().map_err(|error| ConfigError::Value(Box::new(error)))?;
    read_secret_files(&mut config)?;
    validate(&config)?;
    Ok(config)
}

/// Each wrong value with its key; figment's own words name places in our source.
fn in_words(error: &figment::Error) -> String {
    let each = error.clone().into_iter().map(|error| match error.path.is_empty() {
        true => error.kind.to_string(),
        false => format!("{}: {}", error.path.join("."), error.kind),
    });
    each.collect::<Vec<_>>().join("; ")
}

fn usual_file() -> Option<PathBuf> {
    USUAL_FILES.iter().map(PathBuf::from).find(|path| path.is_file())
}

fn in_file(error: ConfigError, path: &Path) -> ConfigError {
    ConfigError::Invalid { key: path.display().to_string(), problem: error.to_string() }
}

/// The paths of all keys that are set, with their values: `relay.host`, `source.huggingface.kind`.
fn known_keys(figment: &Figment) -> Result<BTreeMap<String, Value>, ConfigError> {
    fn walk(prefix: &str, dict: &Dict, keys: &mut BTreeMap<String, Value>) {
        for (name, value) in dict {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Dict(_, inner) => walk(&path, inner, keys),
                _ => drop(keys.insert(path, value.clone())),
            }
        }
    }
    let root: Dict = figment.extract().map_err(|error| ConfigError::Value(Box::new(error)))?;
    let mut keys = BTreeMap::new();
    walk("", &root, &mut keys);
    Ok(keys)
}

/// Each `[relays.NAME]` takes from `[relay]` what it does not say itself.
fn inherit(figment: &Figment) -> Result<Figment, ConfigError> {
    let mut root: Dict = figment.extract().map_err(|error| ConfigError::Value(Box::new(error)))?;
    let common = root.get("relay").and_then(Value::as_dict).cloned().unwrap_or_default();
    if let Some(Value::Dict(_, relays)) = root.get_mut("relays") {
        for relay in relays.values_mut() {
            if let Value::Dict(_, own) = relay {
                let inherited = common.iter().filter(|(key, _)| !own.contains_key(*key)).map(|(key, value)| (key.clone(), value.clone()));
                let inherited: Vec<_> = inherited.collect();
                own.extend(inherited);
            }
        }
    }
    Ok(Figment::from(Serialized::defaults(root)))
}

fn refuse_unknown(key: &str, written: &str, place: &str, defaults: &BTreeMap<String, Value>) -> Result<(), ConfigError> {
    if defaults.contains_key(key) {
        return Ok(());
    }
    for (table, known) in [("source", &SOURCE_KEYS[..]), ("fetch.service", &SERVICE_KEYS[..])] {
        let Some((name, last)) = key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')?.split_once('.')) else { continue };
        if known.contains(&last) {
            return Ok(());
        }
        let candidates: Vec<String> = known.iter().map(|key| format!("{table}.{name}.{key}")).collect();
        return Err(unknown(written, place, candidates.iter().map(String::as_str)));
    }
    if let Some((name, last)) = key.strip_prefix("relays.").and_then(|rest| rest.split_once('.')) {
        let known: Vec<&str> = defaults.keys().filter_map(|key| key.strip_prefix("relay.")).collect();
        let candidates: Vec<String> = known.iter().map(|key| format!("relays.{name}.{key}")).collect();
        return match known.contains(&last) {
            true => Ok(()),
            false => Err(unknown(written, place, candidates.iter().map(String::as_str))),
        };
    }
    Err(unknown(written, place, defaults.keys().map(String::as_str)))
}

fn unknown<'a>(key: &str, place: &str, candidates: impl Iterator<Item = &'a str>) -> ConfigError {
    /// How alike a key must be to be worth proposing.
    const ALIKE: f64 = 0.8;
    let best = candidates.map(|candidate| (strsim::jaro_winkler(key, candidate), candidate)).max_by(|a, b| a.0.total_cmp(&b.0));
    let advice = match best {
        Some((score, candidate)) if score >= ALIKE => format!("; did you mean {candidate}?"),
        _ => String::new(),
    };
    ConfigError::UnknownKey { place: place.to_owned(), key: key.to_owned(), advice }
}

fn environment_name(key: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// A key's path without what its spellings differ in: `RELAY__HOST`, `RELAY_HOST`, `relay.host`.
fn squash(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '.')).flat_map(char::to_lowercase).collect()
}

/// The text of a variable as a value of the same type as the key's default.
fn typed(like: &Value, text: &str) -> Value {
    match like {
        Value::Num(..) => text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Value::Bool(..) => text.trim().parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        Value::Array(..) => text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>().into(),
        _ => Value::from(text),
    }
}

/// `key_file` and its kin: the secret is the file's content without surrounding white space.
fn read_secret_files(config: &mut Config) -> Result<(), ConfigError> {
    let pairs = [
        ("database.url", &mut config.database.url, &config.database.url_file),
        ("secret.key", &mut config.secret.key, &config.secret.key_file),
        ("secret.previous_key", &mut config.secret.previous_key, &config.secret.previous_key_file),
        ("relay.password", &mut config.relay.password, &config.relay.password_file),
        ("report.token", &mut config.report.token, &config.report.token_file),
        ("metrics.token", &mut config.metrics.token, &config.metrics.token_file),
        ("hooks.postmark.token", &mut config.hooks.postmark.token, &config.hooks.postmark.token_file),
        ("hooks.mailgun.signing_key", &mut config.hooks.mailgun.signing_key, &config.hooks.mailgun.signing_key_file),
    ];
    let pairs = pairs.into_iter().map(|(key, secret, file)| (key.to_owned(), secret, file));
    let of_sources =
        config.source.iter_mut().map(|(name, source)| (format!("source.{name}.api_key"), &mut source.api_key, &source.api_key_file));
    let of_relays =
        config.relays.iter_mut().map(|(name, relay)| (format!("relays.{name}.password"), &mut relay.password, &relay.password_file));
    for (key, secret, file) in pairs.chain(of_sources).chain(of_relays) {
        let Some(path) = file else { continue };
        if secret.is_some() {
            let problem = format!("is set, and so is {key}_file: keep one of them");
            return Err(ConfigError::Invalid { key, problem });
        }
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Invalid {
            key: format!("{key}_file"),
            problem: format!("cannot read {}: {error}", path.display()),
        })?;
        *secret = Some(Secret::from(text.trim().to_owned()));
    }
    Ok(())
}

fn validate(config: &Config) -> Result<(), ConfigError> {
    let check = |ok: bool, key: &str, problem: &str| match ok {
        true => Ok(()),
        false => Err(ConfigError::Invalid { key: key.to_owned(), problem: problem.to_owned() }),
    };
    check(matches!(config.site.base_url.scheme(), "http" | "https"), "site.base_url", "must begin with http:// or https://")?;
    check((1..=100).contains(&config.digest.max_papers), "digest.max_papers", "must be from 1 to 100")?;
    check(config.database.max_connections >= 4, "database.max_connections", "must be at least 4")?;
    let base = &config.site.base_url;
    let plain = base.username().is_empty() && base.password().is_none() && base.query().is_none() && base.fragment().is_none();
    check(plain, "site.base_url", "must be an address without user name, query or fragment, such as https://papers.example.org")?;
    let takes_mail = |domain: &String| EmailAddress::parse(&format!("bounce@{domain}")).is_ok();
    check(config.site.bounce_domain.as_ref().is_none_or(takes_mail), "site.bounce_domain", "must be a domain such as bounces.example.org")?;
    // RFC 5321 § 4.5.3.1.1 allows 64 octets before the @; `+TOKEN` takes up to 37 of them.
    let has_room = |address: &EmailAddress| address.as_str().split('@').next().is_some_and(|local| local.len() <= 25);
    check(
        config.site.unsubscribe_address.as_ref().is_none_or(has_room),
        "site.unsubscribe_address",
        "must have at most 25 characters before the @",
    )?;
    config.check_relays().map_err(|(key, problem)| ConfigError::Invalid { key, problem })?;
    config.check_hooks().map_err(|(key, problem)| ConfigError::Invalid { key: key.to_owned(), problem: problem.to_owned() })?;
    config.check_dkim().map_err(|(key, problem)| ConfigError::Invalid { key: key.to_owned(), problem: problem.to_owned() })?;
    let is_postgres = |url: &Secret| ["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme));
    check(config.database.url.as_ref().is_none_or(is_postgres), "database.url", "must begin with postgres:// or postgresql://")?;
    if let Some(key) = &config.secret.key {
        let previous: Vec<&[u8]> = config.secret.previous_key.iter().map(|key| key.expose().as_bytes()).collect();
        let keys = Keys::new(key.expose().as_bytes(), &previous);
        keys.map_err(|error| ConfigError::Invalid { key: "secret".to_owned(), problem: error.to_string() })?;
    }
    EnvFilter::try_new(&config.log.filter).map_err(|error| ConfigError::Invalid {
        key: "log.filter".to_owned(),
        problem: format!("{:?} is no filter, such as \"info\" or \"paperlark=debug,warn\": {error}", config.log.filter),
    })?;
    check(!config.delivery.lease.is_zero(), "delivery.lease", "must be longer than nothing")?;
    check(config.delivery.spread <= MAX_SPREAD, "delivery.spread", "must be at most 12h: a morning's mails are for the morning")?;
    let tokens = [
        ("report.token", &config.report.token),
        ("metrics.token", &config.metrics.token),
        ("hooks.postmark.token", &config.hooks.postmark.token),
        ("hooks.mailgun.signing_key", &config.hooks.mailgun.signing_key),
    ];
    for (key, token) in tokens {
        let long = token.as_ref().is_none_or(|token| token.expose().len() >= MIN_TOKEN_BYTES);
        check(long, key, "must have at least 16 characters, such as `openssl rand -hex 16` makes")?;
    }
    let web = |url: &Secret| Url::parse(url.expose()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    check(config.alert.url.as_ref().is_none_or(web), "alert.url", "must begin with http:// or https://")?;
    let takes_requests = |url: &Secret| {
        Url::parse(url.expose()).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host())
    };
    let advice = "must begin with http://, https://, socks5:// or socks5h:// and name a host, such as http://proxy.example.org:3128";
    check(config.fetch.proxy.as_ref().is_none_or(takes_requests), "fetch.proxy", advice)?;
    for (name, source) in &config.source {
        let key = |last: &str| format!("source.{name}.{last}");
        let name_is_plain =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        check(name_is_plain, &format!("source.{name}"), "a source's name is made of a–z, 0–9, - and _")?;
        CronSchedule::parse(&source.schedule, source.zone)
            .map_err(|error| ConfigError::Invalid { key: key("schedule"), problem: error.to_string() })?;
        source.check().map_err(|(last, problem)| ConfigError::Invalid { key: key(last), problem })?;
    }
    for (key, names) in [("digest.curated", &config.digest.curated), ("digest.wait_for", &config.digest.wait_for)] {
        for name in names {
            check(config.source.contains_key(name), key, &format!("names {name:?}, but there is no [source.{name}]"))?;
        }
    }
    Ok(())
}
