//! The rules of [`super::words`] for a stretch of plain ASCII, which most texts consist of: no copies, one pass.

use super::SeenWord;

/// Hands on each word of `stretch`, which begins at byte `from` of its text. `folded` is working memory.
pub(super) fn each_word(stretch: &str, from: usize, folded: &mut String, take: &mut impl FnMut(SeenWord<'_>)) {
    let bytes = stretch.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() && !is_dot_net(bytes, at) {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        let mut has_capitals = bytes[at].is_ascii_uppercase();
        while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            has_capitals |= bytes[end].is_ascii_uppercase();
            end += 1;
        }
        let signs = if end == at + 1 { signs_of_one_letter(bytes, at) } else { 0 };
        end += signs;
        let cased = &stretch[at..end];
        let past = if signs == 0 { end + possessive(bytes, end) } else { end };
        let lower = if has_capitals {
            folded.clear();
            folded.push_str(cased);
            folded.make_ascii_lowercase();
            folded.as_str()
        } else {
            cased
        };
        take(SeenWord { cased, folded: lower, start: from + at, end: from + past });
        // The sign that ends a word begins none: `ASP.NET` ends in `net`, not in `.net`.
        at = if past == end && signs == 0 { end + 1 } else { past };
    }
}

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(b' ')
}

/// The length of the `'s` at `at`, or 0.
fn possessive(bytes: &[u8], at: usize) -> usize {
    let is_one =
        byte(bytes, at) == b'\'' && byte(bytes, at + 1).eq_ignore_ascii_case(&b's') && !byte(bytes, at + 2).is_ascii_alphanumeric();
    if is_one { 2 } else { 0 }
}

/// How many signs behind the one letter at `at` belong to it: `C++`, `C#`.
fn signs_of_one_letter(bytes: &[u8], at: usize) -> usize {
    match (bytes[at].is_ascii_alphabetic(), byte(bytes, at + 1), byte(bytes, at + 2)) {
        (true, b'+', b'+') => 2,
        (true, b'#', after) if !after.is_ascii_alphanumeric() => 1,
        _ => 0,
    }
}

fn is_dot_net(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'.'
        && bytes.get(at + 1..at + 4).is_some_and(|letters| letters.eq_ignore_ascii_case(b"net"))
        && !byte(bytes, at + 4).is_ascii_alphanumeric()
}
