//! Telling formulas between dollar signs from money.

/// Letters in a row that make a word of prose, unless they are a function's name.
const WORD_LETTERS: usize = 3;

const FUNCTIONS: [&str; 16] =
    ["log", "exp", "min", "max", "sin", "cos", "tan", "mod", "deg", "dim", "det", "gcd", "inf", "sup", "lim", "poly"];

/// The byte offset of the first unescaped `delimiter` in `text`.
pub(super) fn closing(text: &str, delimiter: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && text[at..].starts_with(delimiter) {
            return Some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Whether `body`, found between two dollar signs with `next` after the second, is a formula.
pub(super) fn is_formula(body: &str, next: Option<char>) -> bool {
    if body.trim().is_empty() || body.contains("\n\n") {
        return false;
    }
    // `$>$3%`, `and$/$or`
    if body.trim().chars().all(|c| "<>=+-/*|~±×".contains(c)) {
        return true;
    }
    let opens_with_number = body.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let is_tight = !body.starts_with(char::is_whitespace) && !body.ends_with(char::is_whitespace);
    if body.contains(['\\', '^', '_', '{']) {
        return is_tight || !(opens_with_number && has_prose(body));
    }
    if is_tight {
        let ends_open = opens_with_number && body.ends_with(['/', '-', '–', '(', ',']);
        !ends_open && !next.is_some_and(|c| c.is_ascii_digit()) && !has_prose(body)
    } else {
        !opens_with_number && !body.split_whitespace().any(is_word)
    }
}

/// The first word may be a product of variables.
fn has_prose(body: &str) -> bool {
    body.split_whitespace().skip(1).any(is_word)
}

fn is_word(text: &str) -> bool {
    let letters = text.trim_matches(|c: char| !c.is_alphabetic());
    letters.chars().count() >= WORD_LETTERS
        && letters.chars().all(char::is_alphabetic)
        && !text.contains('\\')
        && !FUNCTIONS.contains(&letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_money() {
        for formula in ["x", "3", "0.05", "n log n", " n^2 ", "10 \\times 10", "a + b", "O(n)", " f ", "B(G) ", "r,", "G-", ">", " - "] {
            assert!(is_formula(formula, Some(' ')), "{formula:?}");
        }
        for (prose, next) in [
            ("5 and ", '1'),
            ("5-", '1'),
            ("AP and Ke", 'h'),
            ("AAPL, ", 'T'),
            ("5/", 'h'),
            ("5 for model_name and ", '6'),
            ("", ' '),
            ("  ", ' '),
        ] {
            assert!(!is_formula(prose, Some(next)), "{prose:?}");
        }
    }

    #[test]
    fn an_escaped_dollar_closes_nothing() {
        assert_eq!(closing(r"a \$ b$", "$"), Some(6));
        assert_eq!(closing(r"a \\$", "$"), Some(4));
        assert_eq!(closing("a $ b$$", "$$"), Some(5));
        assert_eq!(closing("a", "$"), None);
    }
}
