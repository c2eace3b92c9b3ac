//! Words with letters left open: `tumo?r`, `randomi#ed`, `h?emorrhag*`, `cancer*1`.
//!
//! In a pattern `?` is one letter or none, `#` exactly one, and a `*` at the end any number of letters; with a number behind it, at
//! most so many. Everything else stands for itself. A pattern begins with a letter and holds at most [`MAX_SIGNS`] `?` and `#`.

/// The most letters left open inside one word: British and American spellings differ in one or two.
pub const MAX_SIGNS: usize = 4;

/// What every word of this shape begins with.
pub fn beginning(pattern: &str) -> &str {
    // The letter before a `?` is there in any case; the sign itself may stand for none.
    &pattern[..pattern.find(['?', '#', '*']).unwrap_or(pattern.len())]
}

/// Whether `word`, in folded case, has this shape.
pub fn covers(pattern: &str, word: &str) -> bool {
    let (mut signs, mut letters) = (pattern.chars(), word.chars());
    loop {
        let (rest, word) = (signs.as_str(), letters.as_str());
        match signs.next() {
            None => return word.is_empty(),
            Some('*') => return signs.as_str().parse().map_or(true, |most: usize| letters.nth(most).is_none()),
            Some('?') if covers(&rest[1..], word) => return true,
            Some('?' | '#') if letters.next().is_some() => {}
            Some(letter) if letters.next() == Some(letter) => {}
            Some(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_the_words_of_its_shape() {
        let check = |pattern: &str, word: &str, expect: bool| assert_eq!(covers(pattern, word), expect, "{pattern} {word}");
        check("tumo?r", "tumor", true);
        check("tumo?r", "tumour", true);
        check("tumo?r", "tumors", false);
        check("tumo?r*", "tumours", true);
        check("h?ematuria", "haematuria", true);
        check("h?ematuria", "hematuria", true);
        check("randomi#ed", "randomized", true);
        check("randomi#ed", "randomied", false);
        check("cancer*1", "cancer", true);
        check("cancer*1", "cancers", true);
        check("cancer*1", "cancerous", false);
        check("é?a", "éza", true);
        check("é#a", "éa", false);
        check("ab?", "abé", true);
    }

    #[test]
    fn its_beginning_is_what_stands_before_the_first_sign() {
        assert_eq!((beginning("tumo?r*"), beginning("cancer*1"), beginning("é#")), ("tumo", "cancer", "é"));
    }
}
