//! When a word of a text is a word of a filter.

use std::borrow::Cow;
use std::cell::RefCell;

use rust_stemmers::{Algorithm, Stemmer};

use crate::filter::syntax::Word;

use super::interner::Interner;

/// The stem of a word in folded case, by Snowball's English rules (<https://snowballstem.org>). Words with other letters or
/// with digits are their own stem.
pub fn stem(folded: &str) -> Cow<'_, str> {
    if !folded.bytes().all(|b| b.is_ascii_lowercase()) {
        return Cow::Borrowed(folded);
    }
    STEMS.with_borrow_mut(|known| {
        if let Some(number) = known.words.find(folded) {
            return known.stems[number as usize].of(folded);
        }
        if known.stems.len() == MAX_STEMS {
            *known = Stems::default();
        }
        let word = abbreviation_of_plural(folded).unwrap_or(folded);
        let stem = Stemmer::create(Algorithm::English).stem(word);
        known.stems.push(if folded.starts_with(&*stem) { Stem::Beginning(stem.len()) } else { Stem::Other(stem.into()) });
        let number = known.words.number(folded);
        known.stems[number as usize].of(folded)
    })
}

/// The stems a thread remembers, about four megabytes: days have the same words again and again, and Snowball takes many times as long.
const MAX_STEMS: usize = 1 << 16;

thread_local! {
    static STEMS: RefCell<Stems> = RefCell::default();
}

#[derive(Default)]
struct Stems {
    words: Interner,
    stems: Vec<Stem>,
}

enum Stem {
    /// So many bytes of the word itself.
    Beginning(usize),
    Other(Box<str>),
}

impl Stem {
    fn of<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match self {
            Stem::Beginning(length) => Cow::Borrowed(&word[..*length]),
            Stem::Other(stem) => Cow::Owned(stem.to_string()),
        }
    }
}

/// `llm` of `llms`: plurals that Snowball leaves alone, since it sees no vowel that makes the rest a word. From four
/// letters on, so that `gps` is no plural of `gp`.
fn abbreviation_of_plural(folded: &str) -> Option<&str> {
    let singular = folded.strip_suffix('s').filter(|singular| singular.len() >= 3 && !singular.ends_with('s'))?;
    let has_vowel = singular[..singular.len() - 1].contains(['a', 'e', 'i', 'o', 'u', 'y']);
    (!has_vowel).then_some(singular)
}

/// What a filter's word asks of the words of texts.
pub(super) enum Wanted<'a> {
    Stem(Cow<'a, str>),
    Folded(&'a str),
    Cased(&'a str),
    Prefix(&'a str),
    Pattern(&'a str),
}

impl<'a> Wanted<'a> {
    /// In names (`whole`), a stem stands for the word itself.
    pub fn new(word: &'a Word, whole: bool) -> Wanted<'a> {
        match word {
            Word::Stem(text) if whole => Wanted::Folded(text),
            Word::Stem(text) => Wanted::Stem(stem(text)),
            Word::Prefix(text) => Wanted::Prefix(text),
            Word::Pattern(text) => Wanted::Pattern(text),
            Word::Exact(text) => Wanted::Folded(text),
            Word::Cased(text) => Wanted::Cased(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let check = |a: &str, b: &str, expect: bool| assert_eq!(stem(a) == stem(b), expect, "{a} {b}");
        check("model", "models", true);
        check("llm", "llms", true);
        check("gpu", "gpus", true);
        check("pde", "pdes", true);
        check("vla", "vlas", true);
        check("gan", "gans", true);
        check("gp", "gps", false);
        check("segmenting", "segmentation", true);
        check("train", "brain", false);
        check("diffusion", "diffusions", true);
        check("gpt4", "gpt4s", false);
        check("елка", "елки", false);
        check("c++", "c", false);
    }
}
