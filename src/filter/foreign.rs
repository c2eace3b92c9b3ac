//! Other search languages. What would be silently misread is refused by name instead.

use super::error::Problem;

const OVID: &str = "Ovid's language";
const PUBMED: &str = "PubMed's language";

/// Ovid's names of fields, written behind a term: `.ti,ab.` Those that are arXiv classes too (`cs.SY`, `stat.OT`) are left out.
const OVID_FIELDS: [&str; 19] =
    ["ti", "ab", "tw", "mp", "kw", "kf", "au", "pt", "sh", "fs", "hw", "nm", "rn", "jw", "ui", "tn", "af", "ed", "cm"];

/// Ovid's subheadings, written behind a subject heading: `Dementia/di`. Those that are words or abbreviations too are left out.
const SUBHEADINGS: [&str; 24] = [
    "exp", "de", "di", "du", "an", "us", "ri", "et", "pa", "bl", "pc", "dt", "ae", "th", "tu", "dg", "ep", "su", "mt", "pp", "px", "rt",
    "ut", "ul",
];

/// The construct of another language that the run `word` holds.
pub(super) fn in_word(word: &str) -> Option<Problem> {
    let lower = word.to_lowercase();
    let found = |found: &str, dialect, instead| Some(Problem::Foreign { found: found.to_owned(), dialect, instead });
    if let Some(suffix) = ovid_suffix(&lower) {
        return found(suffix, OVID, "plain words search title and abstract; for one of them write title:(…) or abstract:(…)");
    }
    if is_operator_with_number(&lower) {
        return found(word, "another search language", "write \"graph network\"~3 for words near each other");
    }
    if lower == "exp"
        || lower.len() > 1 && lower.rsplit_once('/').is_some_and(|(_, behind)| behind.is_empty() || SUBHEADINGS.contains(&behind))
    {
        return found(word, "a subject heading of Ovid or Embase", "write the heading as \"words in quotes\"");
    }
    if ["or/", "and/"]
        .iter()
        .any(|combined| lower.strip_prefix(combined).is_some_and(|lines| lines.starts_with(|c: char| c.is_ascii_digit())))
    {
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
    if let Some((name, _)) =
        lower.split_once('=').filter(|(name, _)| matches!(*name, "ti" | "ts" | "ab" | "au" | "kw" | "ed" | "so" | "py" | "ak"))
    {
        return found(
            &format!("{}=", name.to_uppercase()),
            "Web of Science's or Ovid's language",
            "write title:(…), abstract:(…) or author:(…)",
        );
    }
    None
}

/// The construct that a `[` outside quotes begins.
pub(super) fn bracket(rest: &[char]) -> Problem {
    let tag: String = rest.iter().copied().take(30).take_while(|&c| c != ']').chain([']']).collect();
    Problem::Foreign {
        found: tag,
        dialect: PUBMED,
        instead: "plain words search title and abstract; write title:… for [ti], author:… for [au], and headings as \"words in quotes\"",
    }
}

/// The problem of `1 or 2`: lines of a numbered search.
pub(super) fn line_numbers(found: String) -> Problem {
    Problem::Foreign {
        found,
        dialect: "a reference to numbered lines",
        instead: "write the lines themselves in parentheses, or the numbers in quotes",
    }
}

/// The construct of `limit 7 to …` and `remove duplicates from 7`, if `rest` begins so.
pub(super) fn command(rest: &[char]) -> Option<Problem> {
    let line: String = rest.iter().take(30).collect::<String>().to_lowercase();
    let command = ["limit ", "remove duplicates from "]
        .into_iter()
        .find(|command| line.strip_prefix(command).is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit())))?;
    Some(Problem::Foreign { found: command.trim_end().to_owned(), dialect: OVID, instead: "leave the line out" })
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

/// Whether a bare `word` means something in another language, so that it can only be meant as a word in quotes.
pub(super) fn needs_quotes(word: &str) -> bool {
    is_operator_with_number(word)
        || word.bytes().all(|b| b.is_ascii_digit())
        || matches!(word, "and" | "or" | "not" | "andnot" | "limit" | "remove" | "exp")
}

/// `adj`, `adj3`, `near3`, `near/3`, `w/3`, `pre/3`.
fn is_operator_with_number(word: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let some_digits = |text: &str| !text.is_empty() && digits(text);
    word.strip_prefix("adj").is_some_and(digits)
        || word.strip_prefix("near").is_some_and(|rest| some_digits(rest.strip_prefix('/').unwrap_or(rest)))
        || ["w/", "pre/", "pre"].iter().any(|operator| word.strip_prefix(operator).is_some_and(some_digits))
}

/// The `.ti` of `word.ti` or `word.ti.`
fn ovid_suffix(word: &str) -> Option<&str> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let dot = word.rfind('.')?;
    OVID_FIELDS.contains(&&word[dot + 1..]).then(|| &word[dot..])
}

/// `$` at the end of a word.
fn inner_wildcard(word: &str) -> Option<&'static str> {
    let chars: Vec<char> = word.chars().collect();
    let letter = |i: usize| chars.get(i).is_some_and(|c| c.is_alphabetic());
    chars.iter().enumerate().skip(1).find_map(|(i, c)| match c {
        '$' if letter(i - 1) && i + 1 == chars.len() => Some("$"),
        _ => None,
    })
}
