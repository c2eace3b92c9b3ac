//! When a word of a text is a word of a filter.

use rust_stemmers::{Algorithm, Stemmer};

use crate::filter::pattern;
use crate::filter::syntax::Word;
use crate::filter::words::FoundWord;

/// The stem of a word in folded case, by Snowball's English rules (<https://snowballstem.org>). Words with other letters or
/// with digits are their own stem.
pub(super) fn stem(folded: &str) -> String {
    if folded.bytes().all(|b| b.is_ascii_lowercase()) {
        let word = abbreviation_of_plural(folded).unwrap_or(folded);
        Stemmer::create(Algorithm::English).stem(word).into_owned()
    } else {
        folded.to_owned()
    }
}

/// `llm` of `llms`: plurals that Snowball leaves alone, since it sees no vowel that makes the rest a word. From four
/// letters on, so that `gps` is no plural of `gp`.
fn abbreviation_of_plural(folded: &str) -> Option<&str> {
    let singular = folded.strip_suffix('s').filter(|singular| singular.len() >= 3 && !singular.ends_with('s'))?;
    let has_vowel = singular[..singular.len() - 1].contains(['a', 'e', 'i', 'o', 'u', 'y']);
    (!has_vowel).then_some(singular)
}

/// A filter's word, ready to be compared with many words of texts.
pub(super) enum Wanted<'a> {
    Stem(String),
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

    /// Whether `found` is such a word. `found_stem` is its stem.
    pub fn is(&self, found: &FoundWord, found_stem: &str) -> bool {
        match self {
            Wanted::Stem(stem) => found_stem == stem,
            Wanted::Folded(text) => found.folded == *text,
            Wanted::Cased(text) => found.cased == *text,
            Wanted::Prefix(text) => found.folded.starts_with(text),
            Wanted::Pattern(text) => pattern::covers(text, &found.folded),
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
