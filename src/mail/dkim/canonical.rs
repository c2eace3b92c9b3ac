//! The relaxed canonical form of headers and bodies (RFC 6376 § 3.4.2, § 3.4.4).

/// A header field as it stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    /// What follows the colon, folds and all, without the last line end.
    pub(super) value: &'a [u8],
}

impl Field<'_> {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The header fields of a message in their order, and its body.
pub(super) fn split(message: &[u8]) -> Option<(Vec<Field<'_>>, &[u8])> {
    let end = memchr::memmem::find(message, b"\r\n\r\n")?;
    let (head, body) = (&message[..end], &message[end + 4..]);
    let mut fields = Vec::new();
    let mut start = 0;
    let ends = memchr::memmem::find_iter(head, b"\r\n").filter(|at| !matches!(head.get(at + 2), Some(b' ' | b'\t')));
    for end in ends.chain([head.len()]) {
        let field = &head[start..end];
        let colon = memchr::memchr(b':', field)?;
        fields.push(Field { name: &field[..colon], value: &field[colon + 1..] });
        start = end + 2;
    }
    Some((fields, body))
}

/// A header: name in small letters, unfolded, white space single; without a line end.
pub(super) fn header(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut line = name.trim_ascii_end().to_ascii_lowercase();
    line.push(b':');
    let words = value.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        if number > 0 {
            line.push(b' ');
        }
        line.extend_from_slice(word);
    }
    line
}

/// A body: white space single, none at the end of a line, no empty lines at the end.
pub(super) fn body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut blank_lines = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memmem::find(rest, b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[], |end| &rest[end + 2..]);
        if line.iter().all(|byte| is_blank(*byte)) {
            blank_lines += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", std::mem::take(&mut blank_lines)).flatten());
        if is_relaxed(line) {
            out.extend_from_slice(line);
        } else {
            let mut words = line.split(|byte| is_blank(*byte));
            out.extend_from_slice(words.next().unwrap_or_default());
            for word in words.filter(|word| !word.is_empty()) {
                out.push(b' ');
                out.extend_from_slice(word);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a line is as it should be already, as nearly all are. Looks at every byte, for that takes many at a step.
fn is_relaxed(line: &[u8]) -> bool {
    let pairs = line.iter().zip(line.get(1..).unwrap_or_default());
    let has_runs = pairs.fold(false, |found, (first, second)| found | (is_blank(*first) & is_blank(*second)));
    let has_tabs = line.iter().fold(false, |found, byte| found | (*byte == b'\t'));
    !has_runs && !has_tabs && !line.ends_with(b" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6376 § 3.4.5, examples 1 and 2, and the corners of § 3.4.4.
    #[test]
    fn a_body_is_relaxed() {
        let check = |text: &str, expect: &str| assert_eq!(String::from_utf8(body(text.as_bytes())).unwrap(), expect, "{text:?}");
        check(" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
        check("", "");
        check("\r\n", "");
        check("\r\n\r\n \t\r\n", "");
        check("a", "a\r\n");
        check("a\r\n", "a\r\n");
        check("\r\n\r\na", "\r\n\r\na\r\n");
        check("a\r\n \r\n\t\r\nb", "a\r\n\r\n\r\nb\r\n");
        check("\t\ta\t \tb\t\r\n", " a b\r\n");
        check(" \t a", " a\r\n");
        check("a\nb\r\n", "a\nb\r\n");
    }

    #[test]
    fn a_header_is_relaxed() {
        let check = |name: &str, value: &str, expect: &str| {
            assert_eq!(String::from_utf8(header(name.as_bytes(), value.as_bytes())).unwrap(), expect, "{name}:{value:?}");
        };
        check("A", " X", "a:X");
        check("B ", " Y\t\r\n\tZ  ", "b:Y Z");
        check("SUBJect", "", "subject:");
        check("Subject", " \r\n  one\r\n two\t three ", "subject:one two three");
    }

    #[test]
    fn headers_are_told_apart_however_they_are_folded() {
        let (fields, body) = split(b"A: X\r\nB : Y\t\r\n\tZ  \r\nC:\r\n\r\n C \r\n\r\n").unwrap();
        let field = |name, value| Field { name, value };
        assert_eq!(fields, [field(&b"A"[..], &b" X"[..]), field(b"B ", b" Y\t\r\n\tZ  "), field(b"C", b"")]);
        assert_eq!(body, b" C \r\n\r\n");
        assert!(fields[1].is_called("b"));
    }
}
