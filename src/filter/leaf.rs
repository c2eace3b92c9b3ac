//! Makes one atom of a field and the text behind it.

use super::category::CategoryPattern;
use super::error::{Fault, Problem};
use super::field::FieldName;
use super::lexer::Quoted;
use super::syntax::{Atom, Comparison, Feature, Order, Phrase, Scope, Word};
use super::words::{FoundWord, fold_case, stands_alone, words};
use super::{MAX_DISTANCE, MIN_PREFIX, foreign};

/// The atom of a run without spaces that begins at `at`.
pub(super) fn of_bare(field: FieldName, text: &str, at: usize) -> Result<Atom, Fault> {
    let fault = |problem| Fault::new(at, problem);
    match field {
        FieldName::Text(scope) => {
            let found = match text.strip_prefix('=') {
                Some(exact) => exact_words(exact, at + 1)?,
                None => bare_words(text, at)?,
            };
            if is_fuzzy(text) {
                return Err(fault(Problem::Fuzzy));
            }
            Ok(Atom::Text(scope, Phrase { words: found, order: Order::InSequence }))
        }
        FieldName::Upvotes => upvotes(text).ok_or_else(|| fault(Problem::BadNumber(text.to_owned()))),
        _ => value(field, text).map_err(fault),
    }
}

/// The atom of a quoted text whose quotes begin at `at`.
pub(super) fn of_quoted(field: FieldName, quoted: &Quoted, at: usize) -> Result<Atom, Fault> {
    let FieldName::Text(scope) = field else {
        return match (&quoted.distance, quoted.exact) {
            (None, false) => value(field, &quoted.text).map_err(|problem| Fault::new(at, problem)),
            _ => Err(Fault::new(at, Problem::BadDistance)),
        };
    };
    let found = if quoted.exact { exact_words(&quoted.text, at + 2)? } else { stemmed_words(&quoted.text, at + 1)? };
    let order = match &quoted.distance {
        None => Order::InSequence,
        Some(_) if found.len() < 2 => return Err(Fault::new(at, Problem::BadDistance)),
        Some(digits) => match digits.parse() {
            Ok(distance) if distance <= MAX_DISTANCE => Order::Within(distance),
            _ => return Err(Fault::new(at, Problem::BadDistance)),
        },
    };
    Ok(Atom::Text(scope, Phrase { words: found, order }))
}

/// The one phrase of several runs: an entry such as `large language model` in a list of keywords.
pub(super) fn of_entry<'a>(scope: Scope, runs: impl Iterator<Item = (&'a str, usize)>) -> Result<Atom, Fault> {
    let mut all = Vec::new();
    for (text, at) in runs {
        all.extend(bare_words(text, at)?);
    }
    Ok(Atom::Text(scope, Phrase { words: all, order: Order::InSequence }))
}

/// The words of a run outside quotes, where other search languages have their signs.
fn bare_words(text: &str, at: usize) -> Result<Vec<Word>, Fault> {
    match foreign::in_word(text) {
        Some(problem) => Err(Fault::new(at, problem)),
        None => stemmed_words(text, at),
    }
}

/// The words of `text`, which begins at `at`; a `*` behind one makes it a prefix.
fn stemmed_words(text: &str, at: usize) -> Result<Vec<Word>, Fault> {
    let found = some_words(text, at)?;
    let mut stars = text.match_indices('*').map(|(star, _)| star).peekable();
    let mut result = Vec::with_capacity(found.len());
    for (i, word) in found.iter().enumerate() {
        let star_at = |star: usize| at + text[..star].chars().count();
        if let Some(&star) = stars.peek().filter(|&&star| star < word.range.end) {
            return Err(Fault::new(star_at(star), Problem::MisplacedStar));
        }
        let is_prefix = stars.next_if_eq(&word.range.end).is_some();
        if is_prefix && found.get(i + 1).is_some_and(|next| next.range.start == word.range.end + 1) {
            return Err(Fault::new(star_at(word.range.end), Problem::MisplacedStar));
        }
        if is_prefix && word.folded.chars().count() < MIN_PREFIX && !word.folded.starts_with(stands_alone) {
            return Err(Fault::new(star_at(word.range.end), Problem::PrefixTooShort));
        }
        // A character of a script without spaces is a whole word: what follows it does so anyway.
        let is_prefix = is_prefix && !word.folded.starts_with(stands_alone);
        result.push(if is_prefix { Word::Prefix(word.folded.clone()) } else { Word::Stem(word.folded.clone()) });
    }
    match stars.next() {
        Some(star) => Err(Fault::new(at + text[..star].chars().count(), Problem::MisplacedStar)),
        None => Ok(result),
    }
}

/// The words of `text` as they are written; folded where they hold no capital letter.
fn exact_words(text: &str, at: usize) -> Result<Vec<Word>, Fault> {
    if text.contains('*') {
        return Err(Fault::new(at, Problem::ExactPrefix));
    }
    let exact = |word: FoundWord| Word::Exact(if word.cased.contains(char::is_uppercase) { word.cased } else { word.folded });
    Ok(some_words(text, at)?.into_iter().map(exact).collect())
}

fn some_words(text: &str, at: usize) -> Result<Vec<FoundWord>, Fault> {
    let found = words(text);
    if found.is_empty() {
        let star_only = !text.is_empty() && text.chars().all(|c| c == '*');
        let problem = if star_only { Problem::MisplacedStar } else { Problem::NoWord(text.chars().take(40).collect()) };
        return Err(Fault::new(at, problem));
    }
    Ok(found)
}

/// `word~` or `word~2`.
fn is_fuzzy(text: &str) -> bool {
    text.rsplit_once('~').is_some_and(|(word, digits)| word.ends_with(char::is_alphanumeric) && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn value(field: FieldName, text: &str) -> Result<Atom, Problem> {
    let shown = || text.chars().take(40).collect::<String>();
    match field {
        FieldName::Category => CategoryPattern::parse(text).map(Atom::Category).ok_or_else(|| Problem::BadCategory(shown())),
        FieldName::Has => match fold_case(text.trim()).as_str() {
            "code" => Ok(Atom::Has(Feature::Code)),
            "project" => Ok(Atom::Has(Feature::Project)),
            "thumbnail" => Ok(Atom::Has(Feature::Thumbnail)),
            _ => Err(Problem::UnknownFeature(shown())),
        },
        FieldName::Source if text.contains(char::is_alphanumeric) => Ok(Atom::Source(source_name(text))),
        FieldName::Source => Err(Problem::NoWord(shown())),
        FieldName::Upvotes => upvotes(text).ok_or_else(|| Problem::BadNumber(shown())),
        FieldName::Text(_) => Err(Problem::NoWord(shown())),
    }
}

/// A source's name as it is compared: in folded case, without spaces around it.
pub(crate) fn source_name(text: &str) -> String {
    fold_case(text.trim())
}

/// `>=10`, `>10`, `<=10`, `<10`, `=10`; a bare number is the least.
fn upvotes(text: &str) -> Option<Atom> {
    use Comparison::{AtLeast, AtMost, Exactly, LessThan, MoreThan};
    let signs =
        [(">=", AtLeast), ("≥", AtLeast), ("<=", AtMost), ("≤", AtMost), (">", MoreThan), ("<", LessThan), ("=", Exactly), ("", AtLeast)];
    let (comparison, number) = signs.iter().find_map(|&(sign, comparison)| Some((comparison, text.trim().strip_prefix(sign)?)))?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    Some(Atom::Upvotes(comparison, number.parse().ok().filter(|_| is_number)?))
}
