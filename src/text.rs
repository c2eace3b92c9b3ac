//! Cleaning of the texts that sources send, and shortening of what is shown. Pure.

mod markup;
mod tex;

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use markup::markup_to_text;
pub use tex::tex_to_unicode;

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const ELLIPSIS: char = '…';
/// A word is dropped whole up to this length; what is longer is an address or a script without spaces.
const LONGEST_WORD_CHARS: usize = 30;

/// A title or a name as one trimmed line of visible text.
///
/// Composes to NFC, makes each run of white space one space, and drops control characters, bidirectional
/// controls, invisible fillers and non-characters. Joiners stay between non-ASCII characters, where Persian,
/// the Indic scripts and emoji need them. Idempotent.
pub fn one_line(text: &str) -> String {
    let line = if is_composed(text) { visible(text) } else { visible(&text.nfc().collect::<String>()) };
    // What was taken out may have kept a letter and its accent apart.
    if is_composed(&line) { line } else { line.nfc().collect() }
}

/// Whether NFC would leave `text` as it is; composing takes far longer than seeing that there is nothing to compose.
fn is_composed(text: &str) -> bool {
    // No character before U+0300, whose first byte in UTF-8 is 0xCC, is changed or joins another (UAX #15 § 9).
    text.bytes().all(|byte| byte < 0xCC) || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// A composed text on one line, without what cannot be seen.
fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (plain, after) = rest.split_at(rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len()));
        line.push_str(plain);
        let Some(c) = after.chars().next() else { break };
        rest = &after[c.len_utf8()..];
        if is_blank(c) {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
        } else if is_joiner(c) {
            let joins = |c: char| !c.is_ascii() && !is_blank(c) && !is_joiner(c);
            let next = rest.chars().find(|c| is_blank(*c) || !is_invisible(*c));
            if line.chars().next_back().is_some_and(joins) && next.is_some_and(joins) {
                line.push(c);
            }
        } else if !is_invisible(c) {
            line.push(c);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// An abstract as one paragraph: cleaned like [`one_line`], and words that were broken after their hyphen
/// at the end of a line (`data-⏎driven`) are joined again. Idempotent.
pub fn paragraph(text: &str) -> String {
    if !text.contains('\n') {
        return one_line(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        joined.push_str(line);
        if lines.peek().is_some_and(|next| !breaks_compound(line, next)) {
            joined.push(' ');
        }
    }
    one_line(&joined)
}

/// Whether the hyphen at the end of `line` belongs to the first word of `next`: not in `pre- and post-training`.
fn breaks_compound(line: &str, next: &str) -> bool {
    let after_letter = line.strip_suffix('-').is_some_and(|head| head.ends_with(char::is_alphanumeric));
    let first_word = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    after_letter && !first_word.is_empty() && !matches!(first_word, "and" | "or" | "to" | "und" | "et" | "y" | "e")
}

/// At most `max_chars` characters of `text`: whole words, with an ellipsis where something is left out.
///
/// A single word that is too long (or a script without spaces) is cut between characters, never between a letter
/// and its accents.
pub fn cut(text: &str, max_chars: usize) -> Cow<'_, str> {
    let Some((limit, _)) = text.char_indices().nth(max_chars) else { return Cow::Borrowed(text) };
    let Some(room) = max_chars.checked_sub(1) else { return Cow::Borrowed("") };
    let hard = text[..limit].char_indices().nth(room).map_or(limit, |(at, _)| at);
    let kept = if text[hard..].starts_with(char::is_whitespace) { &text[..hard] } else { whole_words(text, hard) };
    let kept = kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.' | '-' | '–' | '—' | '('));
    Cow::Owned(format!("{kept}{ELLIPSIS}"))
}

/// The words of `text` that end before byte `hard`; of an endless word, the characters.
fn whole_words(text: &str, hard: usize) -> &str {
    let head = &text[..hard];
    if let Some(space) = head.rfind(char::is_whitespace)
        && head[space..].chars().count() <= LONGEST_WORD_CHARS
    {
        return &head[..space];
    }
    let extends = |c: char| is_combining_mark(c) || is_joiner(c) || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}');
    let boundary = head.char_indices().map(|(at, _)| at).chain([hard]).rev().find(|at| {
        let after_joiner = text[..*at].ends_with(ZERO_WIDTH_JOINER);
        !after_joiner && !text[*at..].starts_with(extends)
    });
    &head[..boundary.unwrap_or(0)]
}

fn is_joiner(c: char) -> bool {
    matches!(c, ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER)
}

/// White space, and the blank pattern of Braille that is used to feign an empty name.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Whether `c` has no place in a text for people: a control, a bidirectional control (UAX #9), a filler without
/// width, or a code point that is no character. Joiners are not among them.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}' | '\u{E0000}'..='\u{E0FFF}')
        || (c as u32) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_holds_only_what_can_be_seen() {
        let check = |input: &str, expect: &str| assert_eq!(one_line(input), expect, "{input:?}");
        check("  Attention \n\t is  all\u{A0}you\u{2003}need\r\n", "Attention is all you need");
        check("a\u{0}b\u{7}c\u{1B}[31m\u{9B}d\u{7F}", "abc[31md");
        check("\u{202E}evil\u{202C} \u{2066}x\u{2069}\u{61C}\u{200E}\u{200F}", "evil x");
        check("zero\u{200B}width\u{FEFF}\u{2060} so\u{AD}ft", "zerowidth soft");
        check("Erdo\u{30B}s", "Erdős");
        check("e\u{200B}\u{301}", "é");
        check("می\u{200C}خواهم", "می\u{200C}خواهم");
        check("क्\u{200D}ष", "क्\u{200D}ष");
        check("👩\u{200D}🔬", "👩\u{200D}🔬");
        check("pa\u{200C}per\u{200D} ok", "paper ok");
        check("\u{200D}é\u{200D}", "é");
        check("a\u{2028}b\u{2029}c\u{85}d", "a b c d");
        check("\u{3164}\u{2800}", "");
        check("x\u{FFFE}y\u{FDD0}\u{10FFFF}", "xy");
        check("", "");
    }

    #[test]
    fn a_paragraph_joins_its_lines() {
        let check = |input: &str, expect: &str| assert_eq!(paragraph(input), expect, "{input:?}");
        check("We show\nthat it\r\nholds.\n\n  Code is open.", "We show that it holds. Code is open.");
        check("a data-\ndriven way", "a data-driven way");
        check("pre-\nand post-training", "pre- and post-training");
        check("a dash -\nand --\nmore", "a dash - and -- more");
        check("one\u{0}\ntwo", "one two");
    }

    #[test]
    fn a_cut_keeps_whole_words() {
        let check = |input: &str, max: usize, expect: &str| assert_eq!(cut(input, max), expect, "{input:?} to {max}");
        check("graph networks", 14, "graph networks");
        check("graph networks", 13, "graph…");
        check("graph networks", 6, "graph…");
        check("graph, networks", 8, "graph…");
        check("Überlänge", 5, "Über…");
        check("日本語の論文", 4, "日本語…");
        check("ab", 1, "…");
        check("ab", 0, "");
        check("", 0, "");
        check("xe\u{301}\u{302}y", 4, "x…");
        check("a 👩\u{200D}🔬👩\u{200D}🔬", 5, "a…");
    }

    #[test]
    fn a_cut_of_a_fitting_text_costs_nothing() {
        assert!(matches!(cut("short", 5), Cow::Borrowed("short")));
    }

    fn odd_text() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(vec![
            '\u{200D}', '\u{200C}', '\u{301}', '\u{200B}', ' ', '\n', '-', 'e', 'é', '\u{37E}', '\u{212A}', '\u{1FEF}', '\u{3099}', 'か',
            '\u{1100}', '\u{1161}', '\u{115F}', '\u{85}',
        ]);
        prop_oneof![any::<String>(), prop::collection::vec(odd, 0..24).prop_map(String::from_iter)]
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in odd_text()) {
            let line = one_line(&text);
            prop_assert_eq!(one_line(&line), line.clone());
            let once = paragraph(&text);
            prop_assert_eq!(paragraph(&once), once);
        }

        #[test]
        fn a_clean_text_has_no_controls_and_no_outer_space(text in odd_text()) {
            for clean in [one_line(&text), paragraph(&text)] {
                prop_assert!(!clean.chars().any(|c| is_invisible(c) || (c.is_whitespace() && c != ' ')));
                prop_assert_eq!(clean.trim(), &clean);
                prop_assert_eq!(clean.nfc().collect::<String>(), clean.clone());
                prop_assert!(!clean.contains("  "));
            }
        }

        #[test]
        fn a_cut_fits_and_begins_as_the_text_does(text in odd_text(), max in 0usize..30) {
            let short = cut(&text, max);
            prop_assert!(short.chars().count() <= max);
            if short != text {
                prop_assert!(text.starts_with(short.trim_end_matches(ELLIPSIS)));
            }
        }
    }
}
