//! Makes one atom of a field and the text behind it.

use super::category::CategoryPattern;
use super::error::{Fault, Problem};
use super::field::FieldName;
use super::syntax::{Atom, Comparison, Feature, Order, Phrase, Scope, Word};
use super::term::{Form, words_of};
use super::token::Quoted;
use super::words::{each_word, fold_case};
use super::{MAX_DISTANCE, bounds, foreign};

/// The atom of a run without spaces that begins at `at`.
pub(super) fn of_bare(field: FieldName, text: &str, at: usize) -> Result<Atom, Fault> {
    let fault = |problem| Fault::new(at, problem);
    if field == FieldName::Authors && text.starts_with(|c: char| c.is_ascii_digit() || "<>=≤≥".contains(c)) {
        return number(text)
            .map(|(comparison, number)| Atom::Authors(comparison, number))
            .ok_or_else(|| fault(Problem::BadAuthors(text.to_owned())));
    }
    let Some(scope) = field.scope() else { return value(field, text).map_err(fault) };
    if is_fuzzy(text) {
        return Err(fault(Problem::Fuzzy));
    }
    let words =
        match text.strip_prefix("==").map(|rest| (rest, Form::Cased, 2)).or(text.strip_prefix('=').map(|rest| (rest, Form::Exact, 1))) {
            Some((rest, form, signs)) => signed_words(rest, at + signs, form)?,
            None => bare_words(text, at)?,
        };
    Ok(Atom::Text(scope, Phrase { words, order: Order::InSequence }))
}

/// The atom of a quoted text whose quotes begin at `at`.
pub(super) fn of_quoted(field: FieldName, quoted: &Quoted, at: usize) -> Result<Atom, Fault> {
    let Some(scope) = field.scope() else {
        return match (&quoted.distance, quoted.form) {
            (None, Form::Stem) => value(field, quoted.text).map_err(|problem| Fault::new(at, problem)),
            _ => Err(Fault::new(at, Problem::BadDistance)),
        };
    };
    let words = signed_words(quoted.text, at + quoted.form.sign().len() + 1, quoted.form)?;
    let order = order(quoted.distance, words.len()).ok_or(Fault::new(at, Problem::BadDistance))?;
    Ok(Atom::Text(scope, Phrase { words, order }))
}

/// The order of so many words in quotes with that behind their `~`.
fn order(distance: Option<&str>, words: usize) -> Option<Order> {
    match distance {
        None => Some(Order::InSequence),
        Some(digits) => digits.parse().ok().filter(|&distance| words > 1 && distance <= MAX_DISTANCE).map(Order::Within),
    }
}

/// What [`of_quoted`] makes of a `text` of small ASCII letters, digits, spaces and hyphens, read without a copy. `field` is
/// empty where there is none.
pub(crate) fn plain_phrase<'a>(field: &str, text: &'a str, distance: Option<&str>) -> Option<(Scope, Phrase<&'a str>)> {
    let scope = if field.is_empty() { Scope::Topic } else { FieldName::parse(field)?.scope()? };
    let mut words = Vec::with_capacity(4);
    each_word(text, |word| words.push(Word::Stem(&text[word.start..word.end])));
    let order = order(distance, words.len()).filter(|_| !words.is_empty())?;
    let phrase = Phrase { words, order };
    bounds::check_phrase(&phrase).is_ok().then_some((scope, phrase))
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
        None => words_of(text, at, Form::Stem),
    }
}

/// The words behind `=` or `==`, of which some must be meant exactly.
fn signed_words(text: &str, at: usize, form: Form) -> Result<Vec<Word>, Fault> {
    let words = words_of(text, at, form)?;
    let is_open = |word: &Word| matches!(word, Word::Prefix(_) | Word::Pattern(_));
    let is_wrong = match form {
        Form::Stem => false,
        Form::Exact => words.iter().all(is_open),
        Form::Cased => words.iter().any(is_open),
    };
    if is_wrong { Err(Fault::new(at, Problem::ExactPrefix)) } else { Ok(words) }
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
        FieldName::Upvotes => {
            number(text).map(|(comparison, number)| Atom::Upvotes(comparison, number)).ok_or_else(|| Problem::BadNumber(shown()))
        }
        FieldName::Text(_) | FieldName::Authors => Err(Problem::NoWord(shown())),
    }
}

/// A source's name as it is compared: in folded case, without spaces around it.
pub(crate) fn source_name(text: &str) -> String {
    fold_case(text).trim().to_owned()
}

/// `>=10`, `>10`, `<=10`, `<10`, `=10`; a bare number is the least.
fn number(text: &str) -> Option<(Comparison, u32)> {
    use Comparison::{AtLeast, AtMost, Exactly, LessThan, MoreThan};
    let signs =
        [(">=", AtLeast), ("≥", AtLeast), ("<=", AtMost), ("≤", AtMost), (">", MoreThan), ("<", LessThan), ("=", Exactly), ("", AtLeast)];
    let (comparison, number) = signs.iter().find_map(|&(sign, comparison)| Some((comparison, text.trim().strip_prefix(sign)?)))?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    Some((comparison, number.parse().ok().filter(|_| is_number)?))
}
