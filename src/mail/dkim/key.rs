//! Keys that sign: from PEM, made anew, and as the DNS record that lets receivers verify.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// Bytes of an RSA modulus: receivers distrust fewer than 2048 bits (RFC 8301 § 3.2).
const MIN_RSA_BYTES: usize = 256;

/// Characters in one string of a TXT record (RFC 1035 § 3.3.14).
const MAX_DNS_STRING: usize = 255;

/// What kind of key. RSA is the one that every receiver verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of 2048 bits.
    Rsa,
    /// RFC 8463; as a second signature at most, since Gmail and others do not know it.
    Ed25519,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or no private key in it.
    #[error("there is no private key in it, in PEM: {0}")]
    Pem(String),
    /// Neither RSA nor Ed25519, or damaged.
    #[error("its key is neither RSA nor Ed25519: `paperlark dkim generate` makes one")]
    Unknown,
    /// Too short.
    #[error("its RSA key has {bits} bits, and receivers want 2048 at least: `paperlark dkim generate` makes one")]
    Short { bits: usize },
    /// The library could make none.
    #[error("no key could be made")]
    Random,
}

impl From<Unspecified> for KeyError {
    fn from(_: Unspecified) -> Self {
        Self::Random
    }
}

/// A private key and the selector under which DNS has its public half.
pub struct Key {
    selector: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("selector", &self.selector).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl Key {
    /// Reads a private key: PKCS #8, or PKCS #1 as `openssl genrsa -traditional` writes it.
    ///
    /// # Errors
    /// When there is none in `pem`, or one that receivers would not verify.
    pub fn from_pem(selector: impl Into<String>, pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|error| KeyError::Pem(error.to_string()))?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
            _ => None,
        };
        let pair = match (rsa, &der) {
            (Some(pair), _) if pair.public_modulus_len() < MIN_RSA_BYTES => {
                return Err(KeyError::Short { bits: pair.public_modulus_len() * 8 });
            }
            (Some(pair), _) => Pair::Rsa(Box::new(pair)),
            (None, PrivateKeyDer::Pkcs8(der)) => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
                Pair::Ed25519(pair.map_err(|_| KeyError::Unknown)?)
            }
            _ => return Err(KeyError::Unknown),
        };
        Ok(Self { selector: selector.into(), pair })
    }

    /// Makes a new private key, in PEM (PKCS #8).
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate(kind: KeyKind) -> Result<String, KeyError> {
        let pkcs8 = match kind {
            KeyKind::Rsa => AsDer::<Pkcs8V1Der<'_>>::as_der(&RsaKeyPair::generate(KeySize::Rsa2048)?)?.as_ref().to_vec(),
            KeyKind::Ed25519 => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        };
        let base64 = BASE64.encode(pkcs8);
        // RFC 7468 § 2: lines of 64 characters.
        let lines: Vec<&str> = (0..base64.len()).step_by(64).map(|at| &base64[at..base64.len().min(at + 64)]).collect();
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
    }

    /// The name below `_domainkey` of the public key.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// What kind it is.
    pub fn kind(&self) -> KeyKind {
        match self.pair {
            Pair::Rsa(_) => KeyKind::Rsa,
            Pair::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The value of the TXT record at `SELECTOR._domainkey.DOMAIN` (RFC 6376 § 3.6.1, RFC 8463 § 3).
    pub fn record(&self) -> String {
        let (name, public) = match &self.pair {
            Pair::Rsa(pair) => ("rsa", AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map(|der| der.as_ref().to_vec())),
            Pair::Ed25519(pair) => ("ed25519", Ok(pair.public_key().as_ref().to_vec())),
        };
        format!("v=DKIM1; k={name}; p={}", BASE64.encode(public.unwrap_or_default()))
    }

    /// The record as a line of a zone file; long values stand in several strings.
    pub fn zone_line(&self, domain: &str) -> String {
        let record = self.record();
        let strings = (0..record.len()).step_by(MAX_DNS_STRING).map(|at| &record[at..record.len().min(at + MAX_DNS_STRING)]);
        let quoted: Vec<String> = strings.map(|part| format!("\"{part}\"")).collect();
        format!("{}._domainkey.{domain}. IN TXT ( {} )", self.selector, quoted.join(" "))
    }

    /// Whether `record`, as DNS has it, holds this key's public half.
    pub fn is_published_in(&self, record: &str) -> bool {
        let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '(' | ')')).collect::<String>();
        let public = |record: &str| squeeze(record).split(';').find_map(|tag| tag.strip_prefix("p=").map(str::to_owned));
        public(record) == public(&self.record())
    }

    /// The name of the algorithm in a signature.
    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Signs `data`: RSA by PKCS #1 v1.5, Ed25519 over the hash (RFC 8463 § 3).
    pub(super) fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Ed25519(pair) => Some(pair.sign(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref()).as_ref().to_vec()),
        }
    }

    /// Whether the public half verifies what the private half signs: false for a damaged key.
    pub fn fits_itself(&self) -> bool {
        const SAMPLE: &[u8] = b"a sample";
        let Some(signed) = self.sign(SAMPLE) else { return false };
        match &self.pair {
            Pair::Rsa(pair) => {
                UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).verify(SAMPLE, &signed).is_ok()
            }
            Pair::Ed25519(pair) => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, SAMPLE);
                UnparsedPublicKey::new(&signature::ED25519, pair.public_key().as_ref()).verify(hash.as_ref(), &signed).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_made_is_read_and_known_in_dns() {
        for (kind, name, length) in [(KeyKind::Rsa, "rsa", 392), (KeyKind::Ed25519, "ed25519", 44)] {
            let key = Key::from_pem("lark", Key::generate(kind).unwrap().as_bytes()).unwrap();
            assert_eq!(key.kind(), kind);
            assert!(key.fits_itself());
            let record = key.record();
            assert!(record.starts_with(&format!("v=DKIM1; k={name}; p=")), "{record}");
            assert_eq!(record.split("p=").nth(1).unwrap().len(), length);
            let line = key.zone_line("example.org");
            assert!(line.starts_with("lark._domainkey.example.org. IN TXT ( \"v=DKIM1; k="), "{line}");
            assert!(line.split('"').all(|part| part.len() <= MAX_DNS_STRING), "{line}");
            assert!(key.is_published_in(&line[line.find('"').unwrap()..]));
            assert!(!key.is_published_in("v=DKIM1; k=rsa; p="), "a revoked key");
            assert!(!format!("{key:?}").contains("BEGIN"));
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_advice() {
        for bad in ["", "hello", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(Key::from_pem("s", bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
