//! Words near one another.

use super::{Word, distinct};

/// Two stretches of words of one text, in any order and without a word in common, with at most `distance` other words between them.
/// Together they are a stretch again, from the first word of the one to the last of the other; of each, only with the nearest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Near {
    pub left: Stretch,
    pub right: Stretch,
    pub distance: u32,
}

/// Words that stand together in one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stretch {
    /// One or more words, directly one after the other.
    Words(Vec<Word>),
    /// Any of these, of which there are two or more distinct ones, none of them an `AnyOf`.
    AnyOf(Vec<Stretch>),
    /// Two that are near one another.
    Near(Box<Near>),
}

impl Near {
    /// How many [`Near`]s stand inside one another.
    pub(in crate::filter) fn nesting(&self) -> usize {
        1 + self.left.nesting().max(self.right.nesting())
    }

    /// How many [`Near`]s it holds, with itself.
    pub(in crate::filter) fn count(&self) -> usize {
        1 + self.left.count_nears() + self.right.count_nears()
    }

    /// How many words are compared: of each [`Near`] its own, and again those of each that stands in it.
    pub(in crate::filter) fn compared(&self) -> usize {
        let mut words = Vec::new();
        self.collect_words(&mut words);
        words.len() + self.left.compared() + self.right.compared()
    }

    pub(super) fn collect_words<'a>(&'a self, words: &mut Vec<&'a Word>) {
        self.left.collect_words(words);
        self.right.collect_words(words);
    }
}

impl Stretch {
    /// Any of `parts`, of which there is at least one.
    pub fn any_of(parts: Vec<Stretch>) -> Stretch {
        let flat = parts.into_iter().flat_map(|part| match part {
            Stretch::AnyOf(inner) => inner,
            other => vec![other],
        });
        match distinct(flat) {
            mut one if one.len() == 1 => one.remove(0),
            several => Stretch::AnyOf(several),
        }
    }

    fn nesting(&self) -> usize {
        match self {
            Stretch::Words(_) => 0,
            Stretch::AnyOf(parts) => parts.iter().map(Stretch::nesting).max().unwrap_or(0),
            Stretch::Near(near) => near.nesting(),
        }
    }

    fn count_nears(&self) -> usize {
        match self {
            Stretch::Words(_) => 0,
            Stretch::AnyOf(parts) => parts.iter().map(Stretch::count_nears).sum(),
            Stretch::Near(near) => near.count(),
        }
    }

    fn compared(&self) -> usize {
        match self {
            Stretch::Words(_) => 0,
            Stretch::AnyOf(parts) => parts.iter().map(Stretch::compared).sum(),
            Stretch::Near(near) => near.compared(),
        }
    }

    fn collect_words<'a>(&'a self, words: &mut Vec<&'a Word>) {
        match self {
            Stretch::Words(own) => words.extend(own),
            Stretch::AnyOf(parts) => parts.iter().for_each(|part| part.collect_words(words)),
            Stretch::Near(near) => near.collect_words(words),
        }
    }
}
