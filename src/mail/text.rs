//! Words made fit to print: cleaned of what could deceive or break, cut, joined, wrapped.

use super::model::Span;

/// Longest address of a page kept, in bytes: browsers and mail programs agree up to about here.
const MAX_URL_BYTES: usize = 2_000;

/// Most marked places shown in one text. Beyond that the marks are noise and swell the mail.
const MAX_MARKS: usize = 24;

/// How many characters are looked at for each one shown, so that a megabyte of white space or of
/// what nobody can see costs no time.
const LOOKED_AT_PER_SHOWN: usize = 16;

/// How far back a cut looks for the end of a word, in bytes.
const CUT_BACK_BYTES: usize = 40;

/// One clean line of at most `max_chars` characters, and an ellipsis where it was cut.
///
/// White space becomes single spaces; control characters, bidirectional controls and code points
/// that are no characters vanish.
pub fn clean(text: &str, max_chars: usize) -> String {
    clean_spans(&[Span::plain(text)], max_chars).into_iter().map(|span| span.text).collect()
}

/// As [`clean`], for a text in pieces: adjoining pieces of a kind are joined, empty ones go.
pub fn clean_spans(spans: &[Span], max_chars: usize) -> Vec<Span> {
    let mut line = Line::default();
    let pieces = spans.iter().flat_map(|span| span.text.chars().map(|c| (c, span.marked)));
    for (c, marked) in pieces.take(LOOKED_AT_PER_SHOWN.saturating_mul(max_chars)) {
        if c.is_whitespace() {
            line.space_due = true;
        } else if !is_unprintable(c) {
            if line.chars >= max_chars {
                line.cut();
                break;
            }
            line.push(c, marked);
        }
    }
    line.spans
}

#[derive(Default)]
struct Line {
    spans: Vec<Span>,
    chars: usize,
    marks: usize,
    space_due: bool,
}

impl Line {
    fn push(&mut self, c: char, marked: bool) {
        if std::mem::take(&mut self.space_due) && self.chars > 0 {
            // The space between a marked and a plain word belongs to neither mark.
            let inside_mark = marked && self.spans.last().is_some_and(|span| span.marked);
            self.append(' ', inside_mark);
        }
        self.append(c, marked);
    }

    fn append(&mut self, c: char, marked: bool) {
        self.chars += 1;
        let last_is_marked = self.spans.last().map(|span| span.marked);
        let starts_mark = marked && last_is_marked != Some(true);
        self.marks += usize::from(starts_mark);
        let marked = marked && self.marks <= MAX_MARKS;
        match self.spans.last_mut() {
            Some(span) if span.marked == marked => span.text.push(c),
            _ => self.spans.push(Span { text: c.into(), marked }),
        }
    }

    fn cut(&mut self) {
        let Some(last) = self.spans.last_mut() else { return };
        if !self.space_due
            && let Some(end) = last.text.rfind(' ')
            && last.text.len() - end <= CUT_BACK_BYTES
        {
            last.text.truncate(end);
        }
        if last.marked {
            self.spans.push(Span::plain("…"));
        } else {
            last.text.push('…');
        }
    }
}

fn is_unprintable(c: char) -> bool {
    let is_bidi_control = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_invisible = matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    let is_noncharacter = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    c.is_control() || is_bidi_control || is_invisible || is_noncharacter
}

/// `text` as an http(s) address in ASCII, or nothing where it is anything else or names a user,
/// which only serves to look like another host.
pub fn web_url(text: &str) -> Option<String> {
    if text.len() > MAX_URL_BYTES {
        return None;
    }
    let url = url::Url::parse(text).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && is_plain && url.as_str().len() <= MAX_URL_BYTES).then(|| url.into())
}

/// "A", "A and B", "A, B and C"; with `rest`, "A, B and 12 more".
pub fn enumerate(items: &[String], rest: usize) -> String {
    let more = (rest > 0).then(|| format!("{rest} more"));
    let mut words: Vec<&str> = items.iter().map(String::as_str).chain(more.as_deref()).collect();
    match words.pop() {
        Some(last) if words.is_empty() => last.to_owned(),
        Some(last) => format!("{} and {last}", words.join(", ")),
        None => String::new(),
    }
}

/// "1 paper", "7 papers".
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// `text` in lines of at most `width` characters, all but the first after `indent`. A longer word,
/// such as an address, keeps a line for itself.
pub fn wrap(text: &str, indent: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut column = indent.chars().count();
    for (index, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if index > 0 && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.push_str(indent);
            column = indent.chars().count();
        } else if index > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_becomes_one_clean_line() {
        let check = |input: &str, expect: &str| assert_eq!(clean(input, 20), expect, "{input:?}");
        check("  Two\r\n words\t ", "Two words");
        check("a\0b\u{202e}c\u{2066}d\u{7}\u{9b}", "abcd");
        check("\u{feff}x\u{fffe}\u{1ffff}\u{e0041}", "x");
        check("می‌خواهم", "می‌خواهم");
        check("exactly twenty chars", "exactly twenty chars");
        check("exactly twenty chars.", "exactly twenty…");
        check("exactly twenty chars more", "exactly twenty chars…");
        check("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrst…");
        check("\0\0", "");
    }

    #[test]
    fn pieces_join_and_a_mark_holds_no_outer_space() {
        let pieces = [Span::plain("On "), Span::marked(" graph"), Span::marked(" networks "), Span::plain("now"), Span::plain("")];
        assert_eq!(clean_spans(&pieces, 99), [Span::plain("On "), Span::marked("graph networks"), Span::plain(" now")]);
        assert_eq!(clean_spans(&pieces, 8), [Span::plain("On "), Span::marked("graph"), Span::plain("…")]);
    }

    #[test]
    fn no_text_has_more_than_a_few_marks() {
        let pieces: Vec<Span> = (0..500).flat_map(|_| [Span::marked("a"), Span::plain("b")]).collect();
        assert_eq!(clean_spans(&pieces, 5_000).iter().filter(|span| span.marked).count(), MAX_MARKS);
    }

    #[test]
    fn only_plain_web_addresses_are_links() {
        let check = |input: &str, expect: Option<&str>| assert_eq!(web_url(input).as_deref(), expect, "{input:?}");
        check("https://example.org/a b?q=\"x\"#é", Some("https://example.org/a%20b?q=%22x%22#%C3%A9"));
        check("HTTP://EXAMPLE.org", Some("http://example.org/"));
        check("https://bücher.example/", Some("https://xn--bcher-kva.example/"));
        check("https://exa\r\nmple.org/", Some("https://example.org/"));
        for refused in
            ["javascript:alert(1)", "data:text/html,x", "//example.org", "", "https://", "https://arxiv.org@evil.example/", "mailto:a@b.c"]
        {
            check(refused, None);
        }
        check(&format!("https://example.org/{}", "é".repeat(400)), None);
        check(&format!("https://example.org/{}", "a".repeat(1_000_000)), None);
    }

    #[test]
    fn lists_read_like_a_sentence() {
        let check = |items: &[&str], rest, expect: &str| {
            let items: Vec<String> = items.iter().map(|&item| item.to_owned()).collect();
            assert_eq!(enumerate(&items, rest), expect);
        };
        check(&[], 0, "");
        check(&["A"], 0, "A");
        check(&["A", "B"], 0, "A and B");
        check(&["A", "B", "C"], 0, "A, B and C");
        check(&["A", "B"], 12, "A, B and 12 more");
        check(&["A"], 1, "A and 1 more");
    }

    #[test]
    fn lines_wrap_between_words_and_never_inside() {
        assert_eq!(wrap("one two three", "  ", 9), "one two\n  three");
        assert_eq!(wrap("see https://example.org/long/address now", "", 10), "see\nhttps://example.org/long/address\nnow");
    }

    proptest! {
        #[test]
        fn a_clean_text_is_short_printable_and_stays_the_same(text in any::<String>(), max in 1_usize..60) {
            let cleaned = clean(&text, max);
            prop_assert!(cleaned.chars().count() <= max + 1);
            prop_assert!(!cleaned.chars().any(is_unprintable));
            prop_assert_eq!(clean(&cleaned, max + 1), cleaned);
        }

        #[test]
        fn wrapping_changes_nothing_but_white_space(text in any::<String>(), width in 1_usize..90) {
            let wrapped = wrap(&text, "   ", width);
            prop_assert!(wrapped.split_whitespace().eq(text.split_whitespace()));
        }
    }
}
