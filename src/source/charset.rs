//! Which characters the bytes of an answer mean.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How much of a document is searched for the encoding its XML declaration names, in bytes.
const PROLOG_BYTES: usize = 200;

/// The text of `body`.
///
/// A byte order mark decides; else the charset of the Content-Type, else that of the XML declaration (RFC 7303 § 3).
/// But what is valid UTF-8 is UTF-8, whatever single-byte encoding was declared: servers put `charset=ISO-8859-1`
/// on everything, and no text in that encoding reads as UTF-8 by chance. What fits no declaration is taken for
/// Windows-1252, so that one stray byte costs one character.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(&body[mark..]).0;
    }
    let declared = content_type.and_then(charset).or_else(|| declaration(body));
    match (declared, std::str::from_utf8(body)) {
        (Some(encoding), _) if !encoding.is_single_byte() && encoding != UTF_8 => encoding.decode_without_bom_handling(body).0,
        (_, Ok(text)) => Cow::Borrowed(text),
        (Some(encoding), Err(_)) if encoding != UTF_8 => encoding.decode_without_bom_handling(body).0,
        (_, Err(_)) => mostly_utf8(body),
    }
}

/// UTF-8 where it is that, and Windows-1252 for each byte that is not.
fn mostly_utf8(body: &[u8]) -> Cow<'_, str> {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    Cow::Owned(text)
}

/// From `text/xml; charset="utf-8"`.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1);
    let value = parameters.filter_map(|parameter| parameter.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    Encoding::for_label(value?.1.trim().trim_matches(['"', '\'']).as_bytes())
}

/// From `<?xml version="1.0" encoding="…"?>`. UTF-16 cannot be read from a prolog that was read byte by byte.
fn declaration(body: &[u8]) -> Option<&'static Encoding> {
    let prolog = String::from_utf8_lossy(&body[..body.len().min(PROLOG_BYTES)]);
    let inside = prolog.trim_start().strip_prefix("<?xml")?.split("?>").next()?.to_owned();
    let value = inside.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start().to_owned();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_meant_are_found_whatever_is_declared() {
        let check = |body: &[u8], kind: Option<&str>, expect: &str| assert_eq!(decode(body, kind), expect, "{body:?} {kind:?}");
        check("naïve".as_bytes(), None, "naïve");
        check(b"na\xefve", Some("text/xml; charset=ISO-8859-1"), "naïve");
        check(b"na\xefve", Some("text/xml; Charset=\"latin1\""), "naïve");
        check(b"<?xml version='1.0' encoding='ISO-8859-1'?>na\xefve", Some("text/xml"), "<?xml version='1.0' encoding='ISO-8859-1'?>naïve");
        // Declared wrongly, the usual way.
        check("naïve".as_bytes(), Some("text/xml; charset=ISO-8859-1"), "naïve");
        check(b"na\xefve \x93q\x94", Some("application/xml; charset=utf-8"), "naïve “q”");
        check("é".as_bytes(), Some("text/xml; charset=nonsense"), "é");
        check(b"mixed \xe9 and \xc3\xa9", None, "mixed é and é");
        // Byte order marks.
        check(b"\xef\xbb\xbfa", Some("text/xml; charset=ISO-8859-1"), "a");
        check(b"\xff\xfea\x00\xe9\x00", Some("text/xml; charset=utf-8"), "aé");
        check(b"\xfe\xff\x00a\x00\xe9", None, "aé");
        // Encodings whose text is valid UTF-8 by chance, or always.
        check(b"\x1b$B$\"\x1b(B", Some("text/xml; charset=iso-2022-jp"), "あ");
        check(b"\xcf\xf2\xea", Some("text/xml; charset=windows-1251"), "Птк");
        check(b"\x82\xa0", Some("application/xml;charset=Shift_JIS"), "あ");
    }
}
