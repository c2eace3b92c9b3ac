//! The commonest filters, translated without parsing: words, phrases and values joined as the canonical form joins them.

use crate::filter::plain_phrase;
use crate::filter::syntax::{Phrase, Scope};

use super::program::Step;

/// Longer texts are parsed, and so are those with a `~` from [`MAX_BESIDE`] bytes on: shorter ones hold too little to be out of the
/// bounds for a whole filter.
const MAX_BYTES: usize = 1_000;
const MAX_BESIDE: usize = 250;
/// How deep groups may stand inside one another before the text is parsed.
const MAX_DEPTH: usize = 8;

/// The program of `text`, if it is pieces such as `word`, `word*`, `title:"some words"` or `"some words"~3`, joined by `OR`, `AND`
/// and `NOT`, with parentheses around what is joined otherwise. Reading its pieces one by one then means the same as reading it.
/// `append` adds the steps of one piece, for an empty set on top, if the piece means something alone.
pub(super) fn translate(text: &str, append: impl FnMut(Piece<'_>, &mut Vec<Step>) -> Option<()>) -> Option<Vec<Step>> {
    let longest = if text.contains('~') { MAX_BESIDE } else { MAX_BYTES };
    if text.len() > longest {
        return None;
    }
    let mut translation = Translation { rest: text, steps: Vec::with_capacity(16), append };
    translation.group(0)?;
    translation.rest.is_empty().then_some(translation.steps)
}

struct Translation<'a, F> {
    rest: &'a str,
    steps: Vec<Step>,
    append: F,
}

/// What joins two parts, and the steps for the second, which is one atom or a set.
struct Joint {
    sign: &'static str,
    with_atom: fn(u32) -> Step,
    with_set: Step,
}

const OR: &str = " OR ";
const JOINTS: [Joint; 3] = [
    Joint { sign: OR, with_atom: Step::Or, with_set: Step::PopOr },
    Joint { sign: " AND ", with_atom: Step::And, with_set: Step::PopAnd },
    Joint { sign: " NOT ", with_atom: Step::AndNot, with_set: Step::PopAndNot },
];

impl<'a, F: FnMut(Piece<'a>, &mut Vec<Step>) -> Option<()>> Translation<'a, F> {
    /// Parts up to a parenthesis that closes, or the end; for an empty set on top.
    fn group(&mut self, depth: usize) -> Option<()> {
        self.part(depth)?;
        let mut is_or = None;
        while !self.rest.is_empty() && !self.rest.starts_with(')') {
            let Joint { sign, with_atom, with_set } = JOINTS.iter().find(|joint| self.rest.starts_with(joint.sign))?;
            // Which binds tighter is the parser's to say.
            if *is_or.get_or_insert(*sign == OR) != (*sign == OR) {
                return None;
            }
            self.rest = &self.rest[sign.len()..];
            let from = self.steps.len();
            self.steps.push(Step::Push);
            self.part(depth)?;
            if let [Step::Push, Step::Or(atom)] = self.steps[from..] {
                self.steps.truncate(from);
                self.steps.push(with_atom(atom));
            } else {
                self.steps.push(*with_set);
            }
        }
        Some(())
    }

    /// One piece or group.
    fn part(&mut self, depth: usize) -> Option<()> {
        let Some(inside) = self.rest.strip_prefix('(') else {
            let piece = Piece::first_of(self.rest)?;
            self.rest = &self.rest[piece.text.len()..];
            return (self.append)(piece, &mut self.steps);
        };
        if depth == MAX_DEPTH {
            return None;
        }
        self.rest = inside;
        self.group(depth + 1)?;
        self.rest = self.rest.strip_prefix(')')?;
        Some(())
    }
}

/// What is joined: words of ASCII letters and digits, so that nothing else can be meant.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub text: &'a str,
    quoted: Option<Quoted<'a>>,
}

/// The parts of `field:"words"~distance`.
#[derive(Clone, Copy)]
struct Quoted<'a> {
    field: &'a str,
    words: &'a str,
    distance: Option<&'a str>,
}

impl<'a> Piece<'a> {
    /// The piece that `text` begins with.
    fn first_of(text: &'a str) -> Option<Piece<'a>> {
        let bytes = text.as_bytes();
        let run =
            |from: usize, holds: fn(u8) -> bool| bytes[from..].iter().position(|&byte| !holds(byte)).map_or(bytes.len(), |at| from + at);
        let name = run(0, |byte| byte.is_ascii_lowercase());
        let (field, start) = if name > 0 && bytes.get(name) == Some(&b':') { (&text[..name], name + 1) } else { ("", 0) };
        if bytes.get(start) != Some(&b'"') {
            bytes.get(start)?.is_ascii_alphabetic().then_some(())?;
            let end = run(start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
            let end = if bytes.get(end) == Some(&b'*') { end + 1 } else { end };
            // `word.ti` would make Ovid's language of all the rest.
            if field.is_empty() && text[..end].contains('.') {
                return None;
            }
            return Some(Piece { text: &text[..end], quoted: None });
        }
        let closing = run(start + 1, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'));
        (bytes.get(closing) == Some(&b'"')).then_some(())?;
        let (words, mut end, mut distance) = (&text[start + 1..closing], closing + 1, None);
        if bytes.get(end) == Some(&b'~') {
            let digits = end + 1;
            end = run(digits, |byte| byte.is_ascii_digit());
            distance = Some(&text[digits..end]);
        }
        Some(Piece { text: &text[..end], quoted: Some(Quoted { field, words, distance }) })
    }

    /// The phrase it is, if it can be read without a copy.
    pub fn phrase(&self) -> Option<(Scope, Phrase<&'a str>)> {
        let Quoted { field, words, distance } = self.quoted?;
        if words.bytes().any(|byte| byte.is_ascii_uppercase()) { None } else { plain_phrase(field, words, distance) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filter::Filter;
    use crate::matching::Catalogue;
    use crate::matching::program::takes;

    fn translated(text: &str, catalogue: &Catalogue) -> Option<Vec<Step>> {
        translate(text, |piece, steps| {
            match piece.phrase() {
                Some((scope, phrase)) => steps.push(Step::Or(catalogue.number_of_phrase(scope, &phrase))),
                None => steps.extend_from_slice(&catalogue.add(&Filter::parse(piece.text).ok()?).steps),
            }
            Some(())
        })
    }

    #[test]
    fn only_what_is_plain_is_taken_apart() {
        let check = |text: &str, expect: Option<&[Step]>| {
            assert_eq!(translated(text, &Catalogue::default()).as_deref(), expect, "{text}");
        };
        use Step::{And, AndNot, Or, PopAndNot, PopOr, Push};
        check("LLM", Some(&[Or(0)]));
        check("\"graph network\" OR real-to-sim OR LLM", Some(&[Or(0), Or(1), Or(2)]));
        check("\"this OR that\" OR b OR b", Some(&[Or(0), Or(1), Or(1)]));
        check("(a OR title:\"b\") AND cc* NOT \"d e\"~3", Some(&[Or(0), Or(1), And(2), AndNot(3)]));
        check("a NOT (b OR cat:cs.LG)", Some(&[Or(0), Push, Or(1), Or(2), PopAndNot]));
        check("a OR (b NOT (c))", Some(&[Or(0), Push, Or(1), AndNot(2), PopOr]));
        for other in [
            "",
            "a OR b AND c",
            "a b",
            "a OR b c",
            "a OR -b",
            "NOT a",
            "a OR NOT b",
            "a OR 1",
            "a OR b?",
            "a OR  b",
            "a OR \"b",
            "a OR b\nc",
            "ä OR b",
            "a OR b, c",
            "a OR",
            "OR a",
            "a OR OR b",
            "(a OR b",
            "a)",
            "title:(a OR b)",
            "nothing:a OR b",
            "\"a b\"~99 OR b",
        ] {
            check(other, None);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_mean_what_the_text_means(text in text()) {
            let catalogue = Catalogue::default();
            if let Some(steps) = translated(&text, &catalogue) {
                let filter = Filter::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
                let whole = catalogue.add(&filter);
                prop_assume!(catalogue.len() <= 10);
                (0..1 << catalogue.len()).try_for_each(|atoms| {
                    prop_assert_eq!(takes(&steps, atoms), takes(&whole.steps, atoms), "{}", text);
                    Ok(())
                })?;
            }
        }
    }

    /// Filters in canonical form, and what nearly is.
    fn text() -> impl Strategy<Value = String> {
        let piece = r#"([a-c]{1,2}-?|[a-c]\.(ti|ab|cs)\.?|"[a-c -]{1,4}"|(title|cat|au|has|upvotes|[a-z]{1,2}):([a-c.]{1,3}|"[a-c ]{1,3}"|code)|"[a-c] [a-c]"~[0-9]|[a-c]{1,2}\*|and|AND|NOT|adj3|[a-z"~*:,.() 0-9]{1,2})"#;
        let joint = r"( OR | AND | NOT | OR \(| AND \(| NOT \(|\) OR |\) AND |\) NOT |, | )";
        let anything = format!("\\(?{piece}({joint}{piece}){{0,5}}\\)?");
        let canonical = crate::filter::arbitrary::filter().prop_map(|filter| filter.to_string());
        prop_oneof![proptest::string::string_regex(&anything).unwrap(), canonical]
    }
}
