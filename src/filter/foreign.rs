//! Other search languages. What would be silently misread is refused by name instead.

use super::error::Problem;

const OVID: &str = "Ovid's language";
const PUBMED: &str = "PubMed's language";

/// Ovid's names of fields, written behind a term: `.ti,ab.` Those that are arXiv classes too (`cs.SY`, `stat.OT`) are left out.
const OVID_FIELDS: [&str; 17] = ["ti", "ab", "tw", "mp", "kw", "kf", "au", "pt", "sh", "fs", "hw", "nm", "rn", "jw", "ui", "tn", "af"];

/// The construct of another language that begins the text `rest`, whose first word is `word` (without quotes or parentheses).
pub(super) fn in_word(word: &str, rest: &str) -> Option<Problem> {
    let lower = word.to_lowercase();
    let found = |found: &str, dialect, instead| Some(Problem::Foreign { found: found.to_owned(), dialect, instead });
    if let Some(suffix) = ovid_suffix(&lower, rest) {
        return found(&suffix, OVID, "plain words search title and abstract; for one of them write title:(…) or abstract:(…)");
    }
    if is_operator_with_number(&lower) {
        return found(word, "another search language", "write \"graph network\"~3 for words near each other");
    }
    if lower.ends_with('/') && lower.len() > 1 || ends_with_any(&lower, &["/exp", "/de"]) {
        return found(word, "a subject heading of Ovid or Embase", "write the heading as \"words in quotes\"");
    }
    if ["or/", "and/"].iter().any(|combined| lower.strip_prefix(combined).is_some_and(|lines| lines.starts_with(|c: char| c.is_ascii_digit()))) {
        return found(word, "a reference to numbered lines", "write the lines themselves, joined by OR");
    }
    if lower.strip_prefix('#').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
        return found(word, "a reference to a numbered line", "write the line itself in parentheses");
    }
    if let Some(sign) = inner_wildcard(&lower) {
        return found(sign, "a wildcard of another search language", "write tumor* for every ending, or the spellings joined by OR");
    }
    if ["%22", "%28", "%3a", "+and+", "+or+", "+andnot+"].iter().any(|code| lower.contains(code)) {
        return found("this", "part of a web address", "write it as it reads: spaces for +, \" for %22, ( for %28");
    }
    if let Some((name, _)) = lower.split_once('=').filter(|(name, _)| matches!(*name, "ti" | "ts" | "ab" | "au" | "kw" | "ed" | "so" | "py" | "ak")) {
        return found(&format!("{}=", name.to_uppercase()), "Web of Science's or Ovid's language", "write title:(…), abstract:(…) or author:(…)");
    }
    None
}

/// The construct that a `[` outside quotes begins.
pub(super) fn bracket(rest: &str) -> Problem {
    let tag: String = rest.chars().take(30).take_while(|&c| c != ']').chain([']']).collect();
    Problem::Foreign { found: tag, dialect: PUBMED, instead: "plain words search title and abstract; write title:… for [ti], author:… for [au], and headings as \"words in quotes\"" }
}

/// The problem of `1 or 2`: lines of a numbered search.
pub(super) fn line_numbers(found: String) -> Problem {
    Problem::Foreign { found, dialect: "a reference to numbered lines", instead: "write the lines themselves in parentheses, or the numbers in quotes" }
}

/// The problem of `limit 7 to …`.
pub(super) fn limit() -> Problem {
    Problem::Foreign { found: "limit … to".to_owned(), dialect: OVID, instead: "leave the line out" }
}

/// The problem of `TITLE-ABS-KEY(…)`.
pub(super) fn scopus(word: &str) -> Option<Problem> {
    let is_scopus = matches!(word, "TITLE" | "ABS" | "KEY" | "AUTH" | "TITLE-ABS" | "TITLE-ABS-KEY" | "TITLE-ABS-KEY-AUTH");
    is_scopus.then(|| Problem::Foreign { found: format!("{word}("), dialect: "Scopus's language", instead: "plain words search title and abstract; for one of them write title:(…) or abstract:(…)" })
}

/// Whether a bare `word` means something in another language, so that it can only be meant as a word in quotes.
pub(super) fn needs_quotes(word: &str) -> bool {
    is_operator_with_number(word) || word.bytes().all(|b| b.is_ascii_digit()) || matches!(word, "and" | "or" | "not" | "andnot" | "limit")
}

/// `adj`, `adj3`, `near3`, `near/3`, `w/3`, `pre/3`.
fn is_operator_with_number(word: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let some_digits = |text: &str| !text.is_empty() && digits(text);
    word.strip_prefix("adj").is_some_and(digits)
        || word.strip_prefix("near").is_some_and(|rest| some_digits(rest.strip_prefix('/').unwrap_or(rest)))
        || ["w/", "pre/", "pre"].iter().any(|operator| word.strip_prefix(operator).is_some_and(some_digits))
}

/// `.ti,ab.` behind a term, as far as it goes in `rest`.
fn ovid_suffix(word: &str, rest: &str) -> Option<String> {
    let (before, last) = word.strip_suffix('.').unwrap_or(word).rsplit_once('.')?;
    if !OVID_FIELDS.contains(&last) {
        return None;
    }
    let suffix = rest.chars().skip(before.chars().count()).take_while(|&c| c.is_ascii_alphanumeric() || c == ',' || c == '.');
    Some(suffix.take(40).collect())
}

/// `$` at the end of a word, `?` or `#` inside it.
fn inner_wildcard(word: &str) -> Option<&'static str> {
    let chars: Vec<char> = word.chars().collect();
    let letter = |i: usize| chars.get(i).is_some_and(|c| c.is_alphabetic());
    chars.iter().enumerate().skip(1).find_map(|(i, c)| match c {
        '$' if letter(i - 1) && i + 1 == chars.len() => Some("$"),
        '?' if letter(i - 1) && letter(i + 1) => Some("?"),
        '#' if letter(i - 1) && letter(i + 1) => Some("#"),
        _ => None,
    })
}

fn ends_with_any(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| word.ends_with(ending))
}
