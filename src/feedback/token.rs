//! Our own signed names, found in what others send back.

/// A name that is ours if its signature holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Mention {
    /// The token of `bounce+TOKEN@…`: one mail.
    Mail(String),
    /// The token of a link or address to unsubscribe: one reader.
    Reader(String),
}

/// More than any report holds of ours; each costs a check of its signature.
const MAX_MENTIONS: usize = 8;

/// The longest token looked at; ours have less than 100 characters.
const MAX_TOKEN_CHARS: usize = 200;

impl Mention {
    /// What `address` names, where it is one of ours: `bounce+TOKEN@domain` or `unsubscribe+TOKEN@domain`.
    ///
    /// The operator may have called the second one otherwise (`unsubscribe`, here its part before the `@`).
    pub fn of_address(address: &str, unsubscribe: Option<&str>) -> Option<Mention> {
        let (local, _) = address.rsplit_once('@')?;
        let (name, token) = local.split_once('+')?;
        let token = (!token.is_empty() && token.len() <= MAX_TOKEN_CHARS).then(|| token.to_owned())?;
        if name.eq_ignore_ascii_case("bounce") {
            // Some systems write local parts in capitals; these tokens have none.
            Some(Mention::Mail(token.to_ascii_lowercase()))
        } else {
            unsubscribe.filter(|own| name.eq_ignore_ascii_case(own)).map(|_| Mention::Reader(token))
        }
    }

    /// The mail whose envelope had this id: it is its token (RFC 3461, section 4.4), which reports repeat (RFC 3464, section 2.2.1).
    fn of_envelope_id(line: &str) -> Option<Mention> {
        let (name, value) = line.split_once(':')?;
        let token = value.trim();
        let is_token = !token.is_empty() && token.len() <= MAX_TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_id = name.trim().eq_ignore_ascii_case("Original-Envelope-Id") && is_token;
        is_id.then(|| Mention::Mail(token.to_ascii_lowercase()))
    }

    /// All names in a message; those that its system was given to report by come first.
    pub fn find_all(message: &[u8]) -> Vec<Mention> {
        // A token may be cut by a soft line break of quoted-printable.
        let text = String::from_utf8_lossy(message).replace("=\r\n", "").replace("=\n", "");
        let mut found = Vec::new();
        let mut add = |mention: Mention| {
            if found.len() < MAX_MENTIONS && !found.contains(&mention) {
                found.push(mention);
            }
        };
        text.lines().filter_map(Self::of_envelope_id).for_each(&mut add);
        for token in after(&text, "bounce+", |c| c.is_ascii_alphanumeric()) {
            add(Mention::Mail(token.to_ascii_lowercase()));
        }
        for token in after(&text, "/unsubscribe/", |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            add(Mention::Reader(token.to_owned()));
        }
        found
    }
}

/// What stands behind each `sign`, as far as `holds`.
fn after<'a>(text: &'a str, sign: &'a str, holds: fn(char) -> bool) -> impl Iterator<Item = &'a str> {
    text.match_indices(sign).filter_map(move |(at, _)| {
        let rest = &text[at + sign.len()..];
        let token = &rest[..rest.find(|c| !holds(c)).unwrap_or(rest.len())];
        (!token.is_empty() && token.len() <= MAX_TOKEN_CHARS).then_some(token)
    })
}
