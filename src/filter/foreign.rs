//! What other search languages write and nothing here can mean: it would be silently misread, and is refused by name instead.

use super::error::Problem;
use super::token::Kind;

const PUBMED: &str = "no tag of PubMed's language";

/// The construct of another language that the run `word` holds.
pub(super) fn in_word(word: &str) -> Option<Problem> {
    let found = |found: &str, dialect, instead| Some(Problem::Foreign { found: found.to_owned(), dialect, instead });
    if is_word_operator(word) {
        return found(word, "an operator of another search language", "write NEAR/3 for words near each other, in any order");
    }
    if word.eq_ignore_ascii_case("exp") {
        return found(word, "the beginning of a subject heading of Ovid or Embase", "write the heading as \"words in quotes\"");
    }
    if word.strip_prefix('#').is_some_and(is_number) {
        return Some(Problem::LineReference(word.to_owned()));
    }
    let field = word.split_once('=').map(|(name, _)| name.to_ascii_lowercase()).unwrap_or_default();
    if matches!(field.as_str(), "ti" | "ts" | "ab" | "au" | "kw" | "ed" | "so" | "py" | "ak") {
        let name = format!("{}=", field.to_uppercase());
        return found(&name, "Web of Science's or Ovid's language", "write title:(…), abstract:(…) or author:(…)");
    }
    None
}

/// The problem that a `[` outside quotes begins.
pub(super) fn bracket(rest: &str) -> Problem {
    let tag: String = rest.chars().take(30).take_while(|&c| c != ']').chain([']']).collect();
    Problem::Foreign { found: tag, dialect: PUBMED, instead: "put what stands in brackets in quotes to look for it, or leave it out" }
}

/// The construct of `TITLE-ABS-KEY(…)` or `TS=(…)`, of which `word` is what stands before the parenthesis.
pub(super) fn before_group(word: &str) -> Option<Problem> {
    let is_scopus = matches!(word, "TITLE" | "ABS" | "KEY" | "AUTH" | "TITLE-ABS" | "TITLE-ABS-KEY" | "TITLE-ABS-KEY-AUTH");
    let scopus = is_scopus.then(|| Problem::Foreign {
        found: format!("{word}("),
        dialect: "Scopus's language",
        instead: "plain words search title and abstract; for one of them write title:(…) or abstract:(…)",
    });
    scopus.or_else(|| in_word(word))
}

/// Whether a bare `word` means something here or in another language, so that it can only be meant as a word in quotes.
pub(super) fn needs_quotes(word: &str) -> bool {
    near(word).is_some()
        || is_word_operator(word)
        || is_number(word)
        || ["and", "or", "not", "andnot", "limit", "remove", "exp"].iter().any(|sign| word.eq_ignore_ascii_case(sign))
}

/// `NEAR/3`, `near3`, `adj4` (up to three between) and `adj` (none, and in this order).
pub(super) fn near(word: &str) -> Option<Kind<'static>> {
    let number = |text: &str| is_number(text).then(|| text.parse().unwrap_or(u64::MAX));
    let behind = |name: &str| word.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &word[name.len()..]);
    match (behind("adj"), behind("near")) {
        (Some(""), _) => Some(Kind::Adjacent),
        (Some(rest), _) => number(rest).map(|number: u64| Kind::Near(number.saturating_sub(1))),
        (_, Some(rest)) => number(rest.strip_prefix('/').unwrap_or(rest)).map(Kind::Near),
        _ => None,
    }
}

/// Whether `run`, of ASCII letters, digits and hyphens and in a list of keywords, is nothing but words.
pub(crate) fn is_mere_word(run: &str) -> bool {
    near(run).is_none()
        && in_word(run).is_none()
        && !matches!(run, "AND" | "OR" | "NOT" | "ANDNOT")
        && !["limit", "remove"].iter().any(|sign| run.eq_ignore_ascii_case(sign))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `w/3`, `pre/3`, `next/3`: operators that ask for an order, or mean different things in different places.
fn is_word_operator(word: &str) -> bool {
    word.split_once('/').is_some_and(|(name, number)| {
        is_number(number) && ["w", "n", "pre", "next", "within"].iter().any(|operator| name.eq_ignore_ascii_case(operator))
    })
}

/// The length of the `[…]` of arXiv's `submittedDate:[… TO …]`, if `name` and `behind` (the colon) are that.
pub(super) fn date_range(name: &str, behind: &str) -> Option<usize> {
    let is_date = ["submittedDate", "lastUpdatedDate"].iter().any(|date| name.eq_ignore_ascii_case(date));
    let end = if behind.starts_with('[') { behind.find(']').map(|end| end + 1) } else { None };
    end.filter(|_| is_date)
}
