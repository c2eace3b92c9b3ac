//! Email addresses, parsed at the edge: what is accepted here can be put on an envelope. Pure.

use std::fmt;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::text::is_invisible;

/// What fits the path of RFC 5321 § 4.5.3.1.3 (256 octets) with its angle brackets.
const MAX_ADDRESS_BYTES: usize = 254;
/// RFC 5321 § 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;

/// An email address that mail can be sent to.
///
/// Keeps what was written; two spellings are the same reader's if their [`key`](Self::key) is the same. `Debug` masks it,
/// because addresses do not belong in logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    written: String,
    local: String,
    /// Lower case, in ASCII (IDNA).
    domain: String,
}

/// Why a text is no address that we can write to; each says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was typed.
    #[error("type an email address, such as ann@example.org")]
    Empty,
    /// Line breaks, control or invisible characters.
    #[error("the address contains invisible characters: type it by hand instead of pasting it")]
    Invisible,
    /// White space inside.
    #[error("an email address has no spaces in it: write it like ann@example.org")]
    Space,
    /// `Ann <ann@example.org>`.
    #[error("give only the address, without a name or angle brackets: ann@example.org, not Ann <ann@example.org>")]
    DisplayName,
    /// Two addresses, or a second `@`.
    #[error("give one email address with one @ in it, such as ann@example.org")]
    SeveralAts,
    /// No `@`.
    #[error("an email address has an @ between name and domain, such as ann@example.org")]
    NoAt,
    /// Nothing before the `@`.
    #[error("the name before the @ is missing: write it like ann@example.org")]
    NoLocalPart,
    /// More than 64 bytes before the `@`.
    #[error("the part before the @ is too long: mail servers take at most {MAX_LOCAL_BYTES} characters there")]
    LongLocalPart,
    /// `"ann smith"@example.org`.
    #[error("addresses with quotes before the @ are not supported: give another address")]
    QuotedLocalPart,
    /// Letters beyond ASCII before the `@`.
    #[error(
        "letters such as é or ü before the @ need a mail system (SMTPUTF8) that few servers have: give an address in plain letters a to z"
    )]
    UnicodeLocalPart,
    /// `.ann@`, `ann.@`, `a..b@`.
    #[error("before the @, a dot may not come first, last or twice in a row: check the spelling")]
    Dots,
    /// A sign that needs quotes.
    #[error("the sign {0:?} may not stand before the @: check the spelling")]
    Sign(char),
    /// `ann@[127.0.0.1]` or `ann@127.0.0.1`.
    #[error("write a domain name after the @, not a network address: ann@example.org")]
    NetworkAddress,
    /// `ann@localhost`.
    #[error("the domain after the @ is not complete: write it like example.org, with a dot")]
    NoDot,
    /// A domain that cannot exist.
    #[error("the domain after the @ is misspelt: write it like example.org")]
    Domain,
    /// More than 254 bytes in all.
    #[error("the address is too long: mail servers take at most {MAX_ADDRESS_BYTES} characters")]
    TooLong,
}

impl EmailAddress {
    /// Reads one bare address; spaces around it, `mailto:` before it and one full stop, comma or semicolon after it, as come
    /// with pasting, are not part of it.
    ///
    /// The local part is a dot-atom of RFC 5321 § 4.1.2; the domain is a name with a dot, internationalised or not.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let written = without_wrapping(text);
        check_characters(written)?;
        let (local, domain) = written.rsplit_once('@').ok_or(AddressError::NoAt)?;
        check_local(local)?;
        let domain = ascii_domain(domain)?;
        if local.len() + 1 + domain.len() > MAX_ADDRESS_BYTES {
            return Err(AddressError::TooLong);
        }
        Ok(Self { written: written.to_owned(), local: local.to_owned(), domain })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What makes a reader unique: lower case, the domain in ASCII; plus-tags count.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_ascii_lowercase(), self.domain)
    }

    /// For SMTP: the local part as written, because its case may matter to the receiver, and the domain in ASCII.
    pub fn for_envelope(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The domain in lower case and ASCII (`xn--…` where it is internationalised).
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Enough to recognise one's own address by, and too little to write to: `a…@example.org`.
    pub fn masked(&self) -> String {
        let initial: String = self.local.chars().take(1).collect();
        format!("{initial}…@{}", self.domain)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.written
    }
}

fn without_wrapping(text: &str) -> &str {
    // Line breaks at the ends are refused with the others: they are the beginning of a header injection.
    let text = text.trim_matches([' ', '\t', '\u{A0}']);
    let text = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text[7..].trim_start_matches(' '),
        _ => text,
    };
    text.strip_suffix(['.', ',', ';']).unwrap_or(text).trim_end_matches([' ', '\t', '\u{A0}'])
}

/// What may stand nowhere in an address.
fn check_characters(text: &str) -> Result<(), AddressError> {
    // Domains may be longer in Unicode than in ASCII, but not by this much.
    if text.len() > 4 * MAX_ADDRESS_BYTES {
        return Err(AddressError::TooLong);
    }
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.chars().any(|c| is_invisible(c) || matches!(c, '\u{200C}' | '\u{200D}')) {
        return Err(AddressError::Invisible);
    }
    if text.contains(['<', '>']) {
        return Err(AddressError::DisplayName);
    }
    if text.starts_with('"') {
        return Err(AddressError::QuotedLocalPart);
    }
    if text.matches('@').count() > 1 {
        return Err(AddressError::SeveralAts);
    }
    if text.contains(char::is_whitespace) {
        return Err(AddressError::Space);
    }
    Ok(())
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::NoLocalPart);
    }
    if !local.is_ascii() {
        return Err(AddressError::UnicodeLocalPart);
    }
    if local.contains('"') {
        return Err(AddressError::QuotedLocalPart);
    }
    if local.len() > MAX_LOCAL_BYTES {
        return Err(AddressError::LongLocalPart);
    }
    if local.split('.').any(str::is_empty) {
        return Err(AddressError::Dots);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    local.chars().find(|c| !is_allowed(*c)).map_or(Ok(()), |sign| Err(AddressError::Sign(sign)))
}

/// The domain as DNS has it (UTS #46, RFC 5891).
fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    if domain.starts_with('[') || domain.parse::<std::net::IpAddr>().is_ok() {
        return Err(AddressError::NetworkAddress);
    }
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ascii = ascii.map_err(|_| AddressError::Domain)?.into_owned();
    let (_, top) = ascii.rsplit_once('.').ok_or(AddressError::NoDot)?;
    if top.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::NetworkAddress);
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests;
