//! The commonest filters, taken apart without parsing: plain words and phrases joined by `OR`.

/// The parts of `text` between its `OR`s, if there are several and each is one word of ASCII letters, digits and hyphens, or such
/// words in quotes. Reading the parts one by one then means the same as reading the text.
pub(super) fn of(text: &str) -> Option<Parts<'_>> {
    let parts = Parts(Some(text));
    let mut count = 0;
    for part in parts.clone() {
        if !is_plain(part) {
            return None;
        }
        count += 1;
    }
    (count > 1).then_some(parts)
}

/// Iterates over the parts.
#[derive(Clone)]
pub(super) struct Parts<'a>(Option<&'a str>);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.take()?;
        let quoted = rest
            .strip_prefix('"')
            .map_or(0, |inside| inside.bytes().position(|byte| byte == b'"').map_or(rest.len(), |closing| closing + 2));
        let end = quoted + rest[quoted..].bytes().position(|byte| byte == b' ').unwrap_or(rest.len() - quoted);
        self.0 = rest[end..].strip_prefix(" OR ");
        // What follows without an OR makes the part one that is not plain.
        let end = if self.0.is_none() { rest.len() } else { end };
        Some(&rest[..end])
    }
}

fn is_plain(part: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.bytes().all(|byte| is_letter(byte) || byte == b' '),
        None => part.starts_with(|first: char| first.is_ascii_alphabetic()) && part.bytes().all(is_letter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filter::{Expression, Filter};

    #[test]
    fn only_plain_alternatives_are_taken_apart() {
        let check = |text: &str, expect: Option<&[&str]>| {
            assert_eq!(of(text).map(Iterator::collect::<Vec<_>>).as_deref(), expect, "{text}");
        };
        check("\"graph network\" OR real-to-sim OR LLM", Some(&["\"graph network\"", "real-to-sim", "LLM"]));
        check("\"this OR that\" OR b", Some(&["\"this OR that\"", "b"]));
        for other in [
            "",
            "a",
            "\"a OR b\"",
            "a OR b c",
            "a OR (b)",
            "a OR -b",
            "a OR 1",
            "a OR b*",
            "a OR title:b",
            "a OR \"b\"~2",
            "a OR  b",
            "a OR \"b",
            "a OR b\nc",
            "ä OR b",
            "a OR b, c",
            "a OR",
            "OR a",
            "a OR OR b",
        ] {
            check(other, None);
        }
    }

    proptest! {
        #[test]
        fn the_parts_mean_what_the_text_means(text in r#"([a-c]{1,2}-?|"[a-c -]{1,4}"|and|AND|NOT|adj3|[a-z"~*:,() 0-9])( OR ([a-c-]{1,3}|"[a-c ]{1,4}"| |[a-z0-9"~,]{1,3}|NOT a)){0,3}"#) {
            let Some(parts) = of(&text) else { return Ok(()) };
            let read: Result<Vec<_>, _> = parts.map(Filter::parse).collect();
            if let Ok(filters) = read {
                let joined = Expression::or(filters.iter().map(|filter| filter.expression().clone()).collect());
                prop_assert_eq!(Filter::parse(&text).map(|filter| filter.expression().clone()), Ok(joined));
            }
        }
    }
}
