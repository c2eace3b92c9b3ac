//! `paperlark dkim generate|check`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use super::{Usage, output};
use crate::config::Config;
use crate::mail::dkim::{Key, KeyKind};

#[derive(Debug, Subcommand)]
pub(super) enum Dkim {
    /// Make a key: writes it to a file, prints what to set and the DNS record to publish
    ///
    /// Publish the record first, wait until DNS has it everywhere, then set the key: mails signed with a key
    /// that receivers cannot find count as unsigned. To change keys, take a new selector each time.
    Generate(Generate),
    /// Say whether the keys that are set can sign, and print the DNS records they need
    ///
    /// With --record, compare one with what DNS has:
    /// paperlark dkim check --record "$(dig +short TXT lark._domainkey.example.org)"
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Generate {
    /// A name for the key, such as lark2026: the record stands at SELECTOR._domainkey.DOMAIN
    #[arg(long, value_parser = selector)]
    selector: String,
    /// The file to write; it must not be there yet, and only you can read it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// RSA is verified by every receiver; Ed25519 can be a second signature
    #[arg(long, value_enum, default_value_t = Kind::Rsa)]
    kind: Kind,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The TXT record as DNS has it; one of the keys must be in it
    #[arg(long, value_name = "TEXT")]
    record: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Rsa,
    Ed25519,
}

/// A label of DNS, or several with dots between.
fn selector(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len()) && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    match text.split('.').all(is_label) {
        true => Ok(text.to_owned()),
        false => Err("a selector is made of letters, digits and hyphens, such as lark2026".into()),
    }
}

impl Dkim {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<()> {
        match self {
            Self::Generate(generate) => generate.run(config),
            Self::Check(check) => check.run(config),
        }
    }
}

impl Generate {
    fn run(self, config: &Config) -> anyhow::Result<()> {
        let (kind, prefix) = match self.kind {
            Kind::Rsa => (KeyKind::Rsa, ""),
            Kind::Ed25519 => (KeyKind::Ed25519, "ed25519_"),
        };
        let pem = Key::generate(kind)?;
        let key = Key::from_pem(&self.selector, pem.as_bytes())?;
        write_private(&self.out, &pem)?;
        let file = std::path::absolute(&self.out).unwrap_or_else(|_| self.out.clone());
        output::print(&format!(
            "The private key is in {file}; only its owner can read it.\n\n\
             Publish this DNS record:\n\n{record}\n\n\
             When DNS has it, set:\n\n[dkim]\n{prefix}selector = \"{selector}\"\n{prefix}key_file = \"{file}\"\n",
            file = file.display(),
            record = key.zone_line(&config.dkim_domain()),
            selector = self.selector,
        ))
    }
}

/// A new file, readable by its owner alone from the first moment.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow::Error::from(Usage(format!("{} is there already, and a key is never overwritten: name another file", path.display())))
        }
        _ => anyhow::Error::from(error).context(format!("cannot write {}", path.display())),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("cannot write {}", path.display()))
}

impl Check {
    fn run(self, config: &Config) -> anyhow::Result<()> {
        let Some(signer) = crate::app::signer(config)? else {
            anyhow::bail!("mails are not signed: set dkim.selector and dkim.key_file (`paperlark dkim generate` makes a key)");
        };
        if let Some(key) = signer.keys().iter().find(|key| !key.fits_itself()) {
            anyhow::bail!("the key of selector {} does not verify what it signs: make a new one", key.selector());
        }
        if let Some(record) = &self.record {
            return match signer.keys().iter().find(|key| key.is_published_in(record)) {
                Some(key) => output::print(&format!("The record is that of selector {}.\n", key.selector())),
                None => anyhow::bail!("the record holds none of the keys that are set: publish what `paperlark dkim check` prints"),
            };
        }
        let lines: Vec<String> = signer.keys().iter().map(|key| key.zone_line(signer.domain())).collect();
        output::print(&format!("Mails are signed as {}. DNS must have:\n\n{}\n", signer.domain(), lines.join("\n\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_a_name_in_dns() {
        for good in ["lark2026", "a", "s1.mail", "a-b"] {
            assert!(selector(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "lärk", "-a", "a-", "a..b", "a_b", "s;d=x", &"x".repeat(64)] {
            assert!(selector(bad).is_err(), "{bad}");
        }
    }
}
