//! JSON answers, item by item.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::clean;

/// Reads a value; lone surrogates in its texts become U+FFFD.
pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str(&whole_characters(json)).map_err(|error| error.to_string())
}

/// A count that some servers write as a number and some as a text.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Text, or nothing; what is no text is nothing too.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Why `body` is not what was expected: what the server itself says, where it says something.
pub(super) fn refusal(body: &str, error: &serde_json::Error) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let keys = ["error", "message", "ERROR"];
    match value.and_then(|value| keys.iter().find_map(|key| value.get(key)?.as_str().map(str::to_owned))) {
        Some(said) => format!("the server says: {}", clean::prose(&said)),
        None => error.to_string(),
    }
}

/// What a server says in a value of no particular shape.
pub(super) fn said(json: &str) -> String {
    format!("the server says: {}", clean::prose(json))
}

/// `json` with `\ufffd` for each escaped surrogate that has no partner: half a character, left by a text that was cut
/// in the middle of one, must not cost the whole paper.
fn whole_characters(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut whole = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        let unit = unit(bytes, at);
        let pairs = unit.is_some_and(|unit| (0xd800..0xdc00).contains(&unit))
            && self::unit(bytes, at + 6).is_some_and(|next| (0xdc00..0xe000).contains(&next));
        match unit {
            Some(_) if pairs => at += 12,
            Some(0xd800..0xe000) => {
                whole.push_str(&json[copied..at]);
                whole.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            _ => at += 2,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    whole.push_str(&json[copied..]);
    Cow::Owned(whole)
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`, if one stands there.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_costs_no_more_than_itself() {
        let check = |json: &str, expect: &str| assert_eq!(read::<String>(json).as_deref(), Ok(expect), "{json}");
        check(r#""a\ud83d\ude00b""#, "a😀b");
        check(r#""a\ud83db""#, "a\u{fffd}b");
        check(r#""\udc00""#, "\u{fffd}");
        check(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀");
        check(r#""\\ud83d""#, r"\ud83d");
        check(r#""\\\ud83d\n""#, "\\\u{fffd}\n");
        check("\"é\\ud83d\u{e9}\"", "é\u{fffd}é");
        assert!(read::<String>(r#""\ud8"#).is_err());
        assert!(read::<String>("\"\\").is_err());
    }
}
