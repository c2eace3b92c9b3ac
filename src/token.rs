//! Tokens in links and envelope addresses: signed, bound to one purpose, readable by nobody but us. Pure.
//!
//! A token is `key id (1 byte) ‖ subscriber (varint) ‖ payload ‖ truncated HMAC-SHA256 (RFC 2104)`. It says who
//! it belongs to and that we made it; whether it may still be used is for the caller to decide.

mod base32;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// As long as the hash itself: RFC 2104 § 3 discourages shorter keys.
const MIN_KEY_BYTES: usize = 32;
/// What is left of the MAC in links: 128 bits, far beyond guessing.
const MAC_BYTES: usize = 16;
/// What is left of it in envelope addresses, so that the prefix, a subscriber and a UUID fit the 64 octets of a
/// local part (RFC 5321 § 4.5.3.1.1): 96 bits, above the 80 that RFC 2104 § 5 asks for.
const BOUNCE_MAC_BYTES: usize = 12;
/// The longest token looked at: ours have less than 100 characters.
const MAX_TOKEN_CHARS: usize = 512;
/// The longest payload that fits such a token, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 256;
/// The fewest bytes a token can hold besides its MAC: a key id and a subscriber.
const MIN_HEAD_BYTES: usize = 2;
/// Bytes of a key's hash that are shown to tell keys apart.
const FINGERPRINT_BYTES: usize = 8;

/// What a token lets its holder do. A token for one purpose never verifies for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Confirm a subscription.
    Confirm,
    /// See and change preferences.
    Preferences,
    /// Leave, by one click.
    Unsubscribe,
    /// Read a digest in the browser.
    Digest,
    /// Report a bounce: part of an envelope address, so written in lower-case letters and digits only.
    Bounce,
}

impl Purpose {
    /// What the MAC covers. These words are for ever: changing one voids every token of that purpose.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Confirm => b"paperlark/1/confirm\0",
            Self::Preferences => b"paperlark/1/preferences\0",
            Self::Unsubscribe => b"paperlark/1/unsubscribe\0",
            Self::Digest => b"paperlark/1/digest\0",
            Self::Bounce => b"paperlark/1/bounce\0",
        }
    }

    const fn mac_bytes(self) -> usize {
        match self {
            Self::Bounce => BOUNCE_MAC_BYTES,
            _ => MAC_BYTES,
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Bounce => base32::encode(bytes),
            _ => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn decode(self, token: &str) -> Option<Vec<u8>> {
        match self {
            Self::Bounce => base32::decode(token),
            _ => URL_SAFE_NO_PAD.decode(token).ok(),
        }
    }
}

/// Why a set of keys is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short to be safe.
    #[error("a signing key of {0} bytes is too short: use at least {MIN_KEY_BYTES} random bytes, such as from `openssl rand -hex 32`")]
    TooShort(usize),
    /// Certainly not random.
    #[error(
        "a signing key of one repeated byte is no secret: use at least {MIN_KEY_BYTES} random bytes, such as from `openssl rand -hex 32`"
    )]
    Repetitive,
}

/// A token that is not ours, not for this purpose, or damaged. Which of them is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this link is not valid: open it again from the newest mail, whole and unchanged")]
pub struct TokenError;

/// The keys in force: the current one signs; it and the previous ones verify.
#[derive(Clone)]
pub struct Keys {
    current: Key,
    previous: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    /// A hint in the token that saves trying every key.
    id: u8,
    fingerprint: String,
    mac: Hmac<Sha256>,
}

impl Keys {
    /// Takes keys of at least 32 random bytes. Keep a replaced key among `previous` while its links should work.
    pub fn new(current: &[u8], previous: &[&[u8]]) -> Result<Self, KeyError> {
        Ok(Self { current: Key::new(current)?, previous: previous.iter().map(|key| Key::new(key)).collect::<Result<_, _>>()? })
    }

    /// Names the current key without revealing it.
    pub fn fingerprint(&self) -> String {
        self.current.fingerprint.clone()
    }

    /// Names every key in force, the current one first.
    pub fn fingerprints(&self) -> Vec<String> {
        self.all().map(|key| key.fingerprint.clone()).collect()
    }

    /// A token for `subscriber` that carries `payload`, at most [`MAX_PAYLOAD_BYTES`]. The same input gives the same token.
    pub fn sign(&self, purpose: Purpose, subscriber: i64, payload: &[u8]) -> String {
        debug_assert!(payload.len() <= MAX_PAYLOAD_BYTES, "a longer token would not verify");
        let mut bytes = vec![self.current.id];
        write_varint(&mut bytes, subscriber);
        bytes.extend_from_slice(payload);
        let mac = self.current.mac(purpose, &bytes);
        bytes.extend_from_slice(&mac[..purpose.mac_bytes()]);
        purpose.encode(&bytes)
    }

    /// The subscriber and payload of a token that one of the keys signed for `purpose`. Takes constant time in the MAC.
    pub fn verify(&self, purpose: Purpose, token: &str) -> Result<(i64, Vec<u8>), TokenError> {
        if token.len() > MAX_TOKEN_CHARS {
            return Err(TokenError);
        }
        let bytes = purpose.decode(token).ok_or(TokenError)?;
        let head_bytes = bytes.len().checked_sub(purpose.mac_bytes()).filter(|length| *length >= MIN_HEAD_BYTES).ok_or(TokenError)?;
        let (head, mac) = bytes.split_at(head_bytes);
        let signed = self.all().filter(|key| key.id == head[0]).any(|key| key.mac(purpose, head)[..mac.len()].ct_eq(mac).into());
        if !signed {
            return Err(TokenError);
        }
        let (subscriber, payload) = read_varint(&head[1..]).ok_or(TokenError)?;
        Ok((subscriber, payload.to_vec()))
    }

    /// The subscriber and the mail that a bounce address names by its token.
    pub fn mail(&self, token: &str) -> Option<(i64, Uuid)> {
        let (subscriber, payload) = self.verify(Purpose::Bounce, token).ok()?;
        Some((subscriber, Uuid::from_slice(&payload).ok()?))
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("fingerprints", &self.fingerprints()).finish_non_exhaustive()
    }
}

impl Key {
    fn new(key: &[u8]) -> Result<Self, KeyError> {
        if key.len() < MIN_KEY_BYTES {
            return Err(KeyError::TooShort(key.len()));
        }
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(KeyError::Repetitive);
        }
        let hash = Sha256::new().chain_update(b"paperlark/1/fingerprint\0").chain_update(key).finalize();
        let fingerprint = hash[..FINGERPRINT_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Ok(Self { id: hash[0], fingerprint, mac })
    }

    fn mac(&self, purpose: Purpose, head: &[u8]) -> [u8; 32] {
        self.mac.clone().chain_update(purpose.label()).chain_update(head).finalize().into_bytes().into()
    }
}

/// LEB128: seven bits a byte, the low ones first, so that small ids take little room.
fn write_varint(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = number.cast_unsigned();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn read_varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number: u64 = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number.cast_signed(), &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests;
