//! Signs mails (RFC 6376; RFC 8463 for Ed25519): relaxed/relaxed, the whole body, `From` twice, so that no second one
//! can be slipped in. The same mail, key and date give the same signature, so that a mail sent again is the same bytes.
//!
//! RSA is done by AWS-LC: signing takes longer than all else that happens to a mail, and pure Rust several times as long.

mod canonical;
mod key;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};

pub use key::{Key, KeyError, KeyKind};

use canonical::{header, split};

/// The headers a signature covers, where the mail has them: what readers see and what their mail programs act on.
const SIGNED: [&str; 10] =
    ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"];

/// Base64 characters of a signature on one line: short of the 78 columns of RFC 5322 § 2.1.1.
const SIGNATURE_COLUMNS: usize = 72;

/// Why a mail cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It has no blank line between headers and body, or a header without a colon.
    #[error("the mail cannot be signed: it is no message")]
    Malformed,
    /// The library refused.
    #[error("the mail cannot be signed with the key of selector {selector}")]
    Key { selector: String },
}

/// Signs for a domain, with one key or two.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<Key>,
}

impl Signer {
    /// Signs as `domain`, once with each of `keys`.
    pub fn new(domain: impl Into<String>, keys: Vec<Key>) -> Self {
        Self { domain: domain.into(), keys }
    }

    /// The domain that vouches.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Its keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// `message`, which has CRLF line ends, with its signatures in front. `date` is the mail's own.
    ///
    /// # Errors
    /// When it is no message; a key that was read well signs.
    pub fn sign(&self, message: &[u8], date: DateTime<Utc>) -> Result<Vec<u8>, SignError> {
        let (fields, body) = split(message).ok_or(SignError::Malformed)?;
        let body_hash = BASE64.encode(digest::digest(&digest::SHA256, &canonical::body(body)));
        let (mut names, mut signed) = (vec!["From"], Vec::new());
        for name in SIGNED {
            if let Some(field) = fields.iter().rev().find(|field| field.is_called(name)) {
                names.push(name);
                signed.extend(header(field.name, field.value));
                signed.extend(b"\r\n");
            }
        }
        let names = names.join(":");
        let mut out = Vec::with_capacity(message.len() + 1024 * self.keys.len());
        for key in &self.keys {
            let (domain, selector, time) = (&self.domain, key.selector(), date.timestamp());
            let value = format!(
                " v=1; a={}; c=relaxed/relaxed; d={domain};\r\n s={selector}; t={time};\r\n h={names};\r\n bh={body_hash};\r\n b=",
                key.algorithm()
            );
            let own = header(b"DKIM-Signature", value.as_bytes());
            let signature = key.sign(&[&signed[..], &own].concat()).ok_or_else(|| SignError::Key { selector: selector.to_owned() })?;
            out.extend(b"DKIM-Signature:");
            out.extend(value.as_bytes());
            out.extend(folded(&BASE64.encode(signature)).as_bytes());
            out.extend(b"\r\n");
        }
        out.extend(message);
        Ok(out)
    }
}

fn folded(base64: &str) -> String {
    let mut text = String::with_capacity(base64.len() + base64.len() / 16);
    let mut rest = base64;
    while rest.len() > SIGNATURE_COLUMNS {
        let (line, more) = rest.split_at(SIGNATURE_COLUMNS);
        text.push_str(line);
        text.push_str("\r\n ");
        rest = more;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] =
        b"From: Lark <digest@example.org>\r\nTo: ann@example.org\r\nSubject: a\r\n b\r\nList-Id: x\r\nX-Other: 1\r\n\r\nHello\r\n";

    fn signer(kinds: &[KeyKind]) -> Signer {
        let keys = kinds.iter().map(|kind| Key::from_pem("s1", Key::generate(*kind).unwrap().as_bytes()).unwrap());
        Signer::new("example.org", keys.collect())
    }

    #[test]
    fn the_same_mail_is_signed_the_same_and_stays_as_it_was_below() {
        let signer = signer(&[KeyKind::Rsa, KeyKind::Ed25519]);
        let date = "2026-01-12T06:00:00Z".parse().unwrap();
        let signed = signer.sign(MAIL, date).unwrap();
        assert_eq!(signed, signer.sign(MAIL, date).unwrap());
        assert!(signed.ends_with(MAIL));
        let text = String::from_utf8(signed).unwrap();
        for part in ["a=rsa-sha256;", "a=ed25519-sha256;", "t=1768197600;", "h=From:From:To:Subject:List-Id;"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.lines().all(|line| line.len() <= 78));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let signer = signer(&[KeyKind::Ed25519]);
        for bad in [&b""[..], b"From: a@example.org\r\n", b"From a@example.org\r\n\r\nx"] {
            assert!(matches!(signer.sign(bad, DateTime::UNIX_EPOCH), Err(SignError::Malformed)), "{}", bad.escape_ascii());
        }
    }
}
