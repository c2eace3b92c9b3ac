//! Compounds, which some write open (`real to sim`), some with hyphens (`real-to-sim`) and some closed (`realtosim`).
//!
//! All three are found by any of them, by three rules that look at one text only:
//! - words that hyphens join are also the word they spell;
//! - a word of a filter is also found as several words that spell it, if these begin and end with words of some content:
//!   `realtosim` as `real to sim`, but not `together` as `to get her`;
//! - words that follow one another in a filter are also found as the one word they spell, on the same condition.
//!
//! The rules hold for plain words, not for prefixes, patterns and exact forms, nor within `"…"~3`.

use std::sync::OnceLock;

use crate::filter::syntax::Word;

use super::dense;
use super::index::DayIndex;
use super::phrase::{Run, Term};
use super::text::{Wanted, stem};
use super::vocabulary::{WordId, WordSet};

/// The most words that spell one: `state of the art`.
pub(super) const MAX_PARTS: usize = 4;
/// The longest word, in bytes, that is taken for a compound; keeps the ways to cut it few.
pub(super) const MAX_CLOSED: usize = 32;

/// English words without content of their own; ascending. Particles such as `over` and `off` begin real compounds and are not
/// among them.
const FUNCTION_WORDS: [&str; 99] = [
    "a", "about", "all", "also", "am", "an", "and", "another", "any", "are", "as", "at", "be", "been", "being", "both", "but", "by", "can",
    "could", "did", "do", "does", "each", "either", "else", "ever", "every", "few", "for", "from", "had", "has", "have", "he", "her",
    "here", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "may", "me", "might", "more", "most", "much", "must", "my",
    "neither", "never", "no", "nor", "not", "now", "of", "one", "or", "our", "own", "shall", "she", "should", "so", "some", "such", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "us", "very", "was", "we", "were",
    "what", "when", "where", "which", "who", "will", "with", "would", "you",
];

/// Where the function words of each letter begin, and where those of the last one end.
const FIRST_OF_LETTER: [usize; 27] = {
    let (mut firsts, mut at) = ([FUNCTION_WORDS.len(); 27], FUNCTION_WORDS.len());
    while at > 0 {
        at -= 1;
        firsts[(FUNCTION_WORDS[at].as_bytes()[0] - b'a') as usize] = at;
    }
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        if firsts[letter] > firsts[letter + 1] {
            firsts[letter] = firsts[letter + 1];
        }
    }
    firsts
};

fn has_content(word: &str) -> bool {
    match word.as_bytes().first() {
        Some(letter @ b'a'..=b'z') => {
            let letter = usize::from(letter - b'a');
            !FUNCTION_WORDS[FIRST_OF_LETTER[letter]..FIRST_OF_LETTER[letter + 1]].contains(&word)
        }
        _ => true,
    }
}

/// Whether several words of a text, of which these are the ends, can be meant as one though nothing joins them. Ends of one or two
/// letters stand beside others by chance: `cos t` is no `cost`.
pub(super) fn may_be_one(first: &str, last: &str) -> bool {
    may_begin(first) && may_end(last)
}

fn may_begin(word: &str) -> bool {
    word.chars().nth(2).is_some() && has_content(word)
}

fn may_end(word: &str) -> bool {
    has_content(word) && (word.chars().nth(2).is_some() || word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether words of a filter, of which these are the ends, can be meant as one.
pub(super) fn may_be_closed(first: &str, last: &str) -> bool {
    has_content(first) && has_content(last)
}

/// What a word that is spelled by others shares with the last of them, whatever their forms. Tells most that spell nothing.
pub(super) fn head(last: &str) -> &str {
    last.char_indices().nth(2).map_or("", |(second, _)| &last[..second])
}

/// A word of a filter as a possible part of a compound.
pub(super) struct Part {
    text: Box<str>,
    whole: bool,
    has_content: bool,
    /// What it begins with, as a bit.
    head: u64,
    /// What begins with it, once that was asked for.
    longer: OnceLock<Longer>,
}

/// What begins with a word.
struct Longer {
    /// The words of the index.
    words: (WordId, WordId),
    /// What they go on with, as bits; if the next word begins with none of that, nothing that begins with the two is in the index.
    /// Spares most look-ups.
    goes_on: u64,
}

impl Part {
    fn new(text: &str, whole: bool) -> Part {
        let head = if head(text).is_empty() { u64::MAX } else { bit(head(text)) };
        Part { text: text.into(), whole, has_content: has_content(text), head, longer: OnceLock::new() }
    }
}

/// The bit of the first two letters.
fn bit(text: &str) -> u64 {
    1 << (text.chars().take(2).fold(0, |hash: u32, letter| hash.wrapping_mul(31).wrapping_add(letter.into())) % 64)
}

/// More words than these are not looked at for what they go on with.
const MAX_LOOKED_AT: u32 = 256;

/// Words of a phrase that together are one word of the index.
pub(super) struct Joint {
    /// The first of them, and their number.
    pub at: usize,
    pub parts: usize,
    pub set: WordSet,
}

impl DayIndex {
    /// `word` looked up, with its compounds; `whole` says that it is no word but a name, which has no other forms.
    pub(super) fn term(&self, word: &Word, whole: bool) -> Term {
        let set = self.vocabulary.find(&Wanted::new(word, whole));
        let Word::Stem(text) = word else {
            return self.term_of(word, set, Vec::new(), None);
        };
        let mut spelled: Vec<Run> = self.hyphenated.find(text, whole).collect();
        if text.len() <= MAX_CLOSED {
            self.spell(text, whole, &mut Vec::new(), &mut spelled);
        }
        spelled.sort_unstable();
        spelled.dedup();
        self.term_of(word, set, spelled, Some(Part::new(text, whole)))
    }

    fn term_of(&self, word: &Word, set: WordSet, spelled: Vec<Run>, part: Option<Part>) -> Term {
        let is_frequent = dense::is_frequent(self.vocabulary.count(&set), self.row.len());
        Term { word: word.clone(), set, spelled, part, is_frequent, dense: OnceLock::new() }
    }

    fn longer(&self, text: &str) -> Longer {
        let (from, to) = self.vocabulary.beginning_with(text);
        let rests = (from..to).map(|word| &self.vocabulary.folded(word)[text.len()..]).filter(|rest| !rest.is_empty());
        let goes_on = match to - from {
            ..=MAX_LOOKED_AT => rests.fold(0, |bits, rest| bits | bit(rest)),
            _ => u64::MAX,
        };
        Longer { words: (from, to), goes_on }
    }

    /// Finds the runs of words that spell `rest` behind the words `before`: each as it is written, the last by its stem.
    fn spell(&self, rest: &str, whole: bool, before: &mut Vec<WordSet>, found: &mut Vec<Run>) {
        for (cut, _) in rest.char_indices().skip(1) {
            let (head, tail) = rest.split_at(cut);
            if before.is_empty() && !may_begin(head) {
                continue;
            }
            let set = self.vocabulary.find(&Wanted::Folded(head));
            if set == WordSet::NONE {
                continue;
            }
            before.push(set);
            let last = self.vocabulary.find(&if whole { Wanted::Folded(tail) } else { Wanted::Stem(stem(tail)) });
            if last != WordSet::NONE {
                let sets: Vec<&WordSet> = before.iter().chain([&last]).collect();
                self.in_sequence(
                    sets.len(),
                    |i| sets[i],
                    |run| {
                        if may_end(self.vocabulary.folded(self.row[run.last as usize])) {
                            found.push(run);
                        }
                    },
                );
            }
            if before.len() + 1 < MAX_PARTS {
                self.spell(tail, whole, before, found);
            }
            before.pop();
        }
    }

    /// The words of the phrase `terms` that are one word somewhere in the index.
    pub(super) fn joints(&self, terms: &[&Term]) -> Vec<Joint> {
        let mut joints = Vec::new();
        for (at, first) in terms.iter().enumerate() {
            let second = terms.get(at + 1).and_then(|term| term.part.as_ref());
            let (Some(first), Some(second)) = (&first.part, second) else { continue };
            if !first.has_content {
                continue;
            }
            let longer = first.longer.get_or_init(|| self.longer(&first.text));
            if longer.goes_on & second.head == 0 {
                continue;
            }
            let mut closed = first.text.to_string();
            let mut beginning = longer.words;
            let following = terms[at + 1..].iter().map_while(|term| term.part.as_ref());
            for (parts, next) in (2..=MAX_PARTS).zip(following) {
                let likely = self.vocabulary.going_on(beginning, closed.len(), head(&next.text));
                if likely.0 == likely.1 || closed.len() + next.text.len() > MAX_CLOSED {
                    break;
                }
                beginning = self.vocabulary.going_on(likely, closed.len(), &next.text);
                closed.push_str(&next.text);
                if next.has_content {
                    let wanted = if next.whole { Wanted::Folded(&closed) } else { Wanted::Stem(stem(&closed)) };
                    let set = self.vocabulary.within(&self.vocabulary.find(&wanted), likely);
                    if set != WordSet::NONE {
                        joints.push(Joint { at, parts, set });
                    }
                }
            }
        }
        joints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_word_is_found_under_its_letter() {
        assert!(FUNCTION_WORDS.is_sorted());
        assert!(FUNCTION_WORDS.iter().all(|word| !has_content(word)));
        assert!(["", "zebra", "abouts", "élan", "7", "wh", "yours"].iter().all(|word| has_content(word)));
    }
}
