//! What keeps one filter's evaluation over a large day within milliseconds: the words it may compare place by place, and the shapes
//! it may hold against every word of the day.

use std::fmt::Display;

use super::error::Problem;
use super::pattern;
use super::syntax::{Atom, Expression, Near, Order, Phrase, Stretch, Word};
use super::{MAX_NEAR_WORDS, MAX_PATTERNS, MAX_PROXIMITIES, MAX_WITHIN, MIN_NEAR_PREFIX};

/// Words that stand in a quarter of all abstracts and more, though they are about nothing; ascending.
const EVERYWHERE: [&str; 44] = [
    "a", "also", "an", "and", "are", "as", "at", "be", "been", "between", "both", "but", "by", "can", "for", "from", "has", "have", "in",
    "into", "is", "it", "its", "more", "not", "of", "on", "or", "our", "such", "than", "that", "the", "their", "these", "this", "through",
    "to", "was", "we", "were", "which", "while", "with",
];

/// Refuses an atom that would compare too many places.
pub(super) fn check_atom(atom: &Atom) -> Result<(), Problem> {
    match atom {
        Atom::Text(_, phrase) => check_phrase(phrase),
        Atom::Near(_, near) => check_near(near),
        _ => Ok(()),
    }
}

/// The same of an atom that is a phrase.
pub(super) fn check_phrase<T: AsRef<str> + Display>(phrase: &Phrase<T>) -> Result<(), Problem> {
    match phrase.order {
        Order::InSequence => Ok(()),
        Order::Within(_) if phrase.words.len() > MAX_WITHIN => Err(Problem::LongProximity),
        Order::Within(_) => phrase.words.chunks(1).try_for_each(telling),
    }
}

/// Refuses an expression whose atoms, each fine by itself, would cost too much together.
pub(super) fn check_total(expression: &Expression) -> Result<(), Problem> {
    let (mut proximities, mut near_words, mut patterns) = (0, 0, 0);
    for (atom, _) in expression.atoms() {
        match atom {
            Atom::Text(_, Phrase { words, order: Order::Within(_) }) => {
                proximities += words.len() / 2;
                near_words += words.len();
            }
            Atom::Near(_, near) => {
                proximities += near.count();
                near_words += near.compared();
            }
            _ => {}
        }
        patterns += atom.words().iter().filter(|word| matches!(word, Word::Pattern(_))).count();
    }
    match () {
        () if proximities > MAX_PROXIMITIES => Err(Problem::TooManyProximities),
        () if near_words > MAX_NEAR_WORDS => Err(Problem::TooManyNearWords),
        () if patterns > MAX_PATTERNS => Err(Problem::TooManyPatterns),
        () => Ok(()),
    }
}

fn check_near(near: &Near) -> Result<(), Problem> {
    check_stretch(&near.left)?;
    check_stretch(&near.right)
}

fn check_stretch(stretch: &Stretch) -> Result<(), Problem> {
    match stretch {
        Stretch::Words(words) => telling(words),
        Stretch::AnyOf(parts) => parts.iter().try_for_each(check_stretch),
        Stretch::Near(near) => check_near(near),
    }
}

/// Whether words that are to be near others stand in few places enough: one of them does.
fn telling<T: AsRef<str> + Display>(words: &[Word<T>]) -> Result<(), Problem> {
    let is_everywhere = |word: &Word<T>| match word.map(T::as_ref) {
        Word::Stem(text) | Word::Exact(text) => EVERYWHERE.binary_search(&text).is_ok(),
        Word::Cased(text) => EVERYWHERE.binary_search(&text.to_lowercase().as_str()).is_ok(),
        Word::Prefix(text) => EVERYWHERE.iter().any(|word| word.starts_with(text)),
        Word::Pattern(text) => EVERYWHERE.iter().any(|word| pattern::covers(text, word)),
    };
    let begins_too_many = |word: &Word<T>| match word.map(T::as_ref) {
        Word::Prefix(text) => text.chars().count() < MIN_NEAR_PREFIX,
        Word::Pattern(text) => pattern::beginning(text).chars().count() < MIN_NEAR_PREFIX && text.ends_with('*'),
        _ => false,
    };
    match words.iter().find(|word| !is_everywhere(word) && !begins_too_many(word)) {
        Some(_) => Ok(()),
        None if words.iter().all(is_everywhere) => Err(Problem::NearEverything(text(words))),
        None => Err(Problem::ShortNearPrefix(text(words))),
    }
}

fn text(words: &[Word<impl Display>]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        assert!(EVERYWHERE.is_sorted());
    }
}
