//! Every distinct word of a window, and where it stands.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::filter::pattern;
use crate::filter::words::SeenWord;

use super::text::{Wanted, stem};

/// Texts and filters come from strangers, so the table's seed is random; Snowball's words are short, so its hash is a fast one.
pub(super) type Table<K, V> = HashMap<K, V, RandomState>;

/// A word as it is written, by its place in the sorted vocabulary: words that begin alike are neighbours.
pub(super) type WordId = u32;
/// What stands between two texts.
pub(super) const BREAK: WordId = WordId::MAX;

/// The words of a window while its texts are read.
#[derive(Default)]
pub(super) struct Gathering {
    /// The number of each word in order of appearance, and its folded form.
    seen: Table<Box<str>, (u32, Box<str>)>,
    /// All texts as one row of words, with a [`BREAK`] behind each.
    row: Vec<WordId>,
}

impl Gathering {
    pub fn word(&mut self, word: &SeenWord<'_>) {
        let number = match self.seen.get(word.cased) {
            Some((number, _)) => *number,
            None => {
                let number = self.seen.len() as u32;
                self.seen.insert(word.cased.into(), (number, word.folded.into()));
                number
            }
        };
        self.row.push(number);
    }

    pub fn end_text(&mut self) {
        self.row.push(BREAK);
    }

    /// The number of words and breaks so far.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// The vocabulary, and the row in its numbers.
    pub fn finish(self) -> (Vocabulary, Vec<WordId>) {
        let Gathering { seen, mut row } = self;
        let mut entries: Vec<_> = seen.into_iter().map(|(cased, (number, folded))| (folded, cased, number)).collect();
        entries.sort_unstable();
        let mut place_of = vec![0; entries.len()];
        (0..).zip(&entries).for_each(|(place, entry)| place_of[entry.2 as usize] = place);
        row.iter_mut().filter(|word| **word != BREAK).for_each(|word| *word = place_of[*word as usize]);
        let places = Grouped::of(entries.len(), (0..).zip(row.iter().copied()).filter(|&(_, word)| word != BREAK));
        (Vocabulary::new(entries.into_iter().map(|(folded, cased, _)| Entry { folded, cased }).collect(), places), row)
    }
}

struct Entry {
    folded: Box<str>,
    cased: Box<str>,
}

/// Numbers in groups, one list after the other.
pub(super) struct Grouped {
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Grouped {
    /// The `(member, group)` pairs by group, in their order.
    fn of(groups: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Grouped {
        let mut starts = vec![0; groups + 1];
        pairs.clone().for_each(|(_, group)| starts[group as usize + 1] += 1);
        for group in 0..groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut members = vec![0; starts[groups] as usize];
        for (member, group) in pairs {
            let free = &mut next[group as usize];
            members[*free as usize] = member;
            *free += 1;
        }
        Grouped { starts, members }
    }

    /// The members of the groups `from` up to `to`.
    fn members(&self, from: u32, to: u32) -> &[u32] {
        &self.members[self.starts[from as usize] as usize..self.starts[to as usize] as usize]
    }
}

/// The sorted words of a window.
pub(super) struct Vocabulary {
    words: Vec<Entry>,
    /// The words of each folded form, from and up to.
    forms: Table<Box<str>, (WordId, WordId)>,
    stems: Table<Box<str>, u32>,
    stem_of: Vec<u32>,
    words_of_stem: Grouped,
    /// Where each word stands in the row of all words, ascending.
    places: Grouped,
}

/// The words of a window that one word of a filter stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WordSet {
    /// All from the one up to the other.
    Range(WordId, WordId),
    /// All of one stem.
    Stem(u32),
    /// These, ascending.
    Several(Arc<[WordId]>),
}

impl WordSet {
    pub const NONE: WordSet = WordSet::Range(0, 0);
}

impl Vocabulary {
    fn new(words: Vec<Entry>, places: Grouped) -> Vocabulary {
        let mut forms: Table<Box<str>, (WordId, WordId)> = Table::default();
        let mut stems: Table<Box<str>, u32> = Table::default();
        let mut stem_of: Vec<u32> = Vec::with_capacity(words.len());
        forms.reserve(words.len());
        for (id, word) in (0..).zip(&words) {
            match forms.get_mut(&word.folded) {
                Some(form) => {
                    form.1 = id + 1;
                    stem_of.push(stem_of[form.0 as usize]);
                }
                None => {
                    forms.insert(word.folded.clone(), (id, id + 1));
                    let next = stems.len() as u32;
                    stem_of.push(*stems.entry(stem(&word.folded).into()).or_insert(next));
                }
            }
        }
        let words_of_stem = Grouped::of(stems.len(), (0..).zip(stem_of.iter().copied()));
        Vocabulary { words, forms, stems, stem_of, words_of_stem, places }
    }

    /// The words that `wanted` stands for.
    pub fn find(&self, wanted: &Wanted<'_>) -> WordSet {
        match wanted {
            Wanted::Stem(stem) => self.stems.get(stem.as_ref()).map_or(WordSet::NONE, |&stem| WordSet::Stem(stem)),
            Wanted::Folded(text) => self.form(text),
            Wanted::Cased(text) => match self.form(&crate::filter::words::fold_case(text)) {
                WordSet::Range(from, to) => {
                    let at = (from..to).find(|&id| *self.words[id as usize].cased == **text);
                    at.map_or(WordSet::NONE, |id| WordSet::Range(id, id + 1))
                }
                stem => stem,
            },
            Wanted::Prefix(text) => {
                let (from, to) = self.beginning_with(text);
                WordSet::Range(from, to)
            }
            Wanted::Pattern(text) => {
                let (from, to) = self.beginning_with(pattern::beginning(text));
                let found: Vec<WordId> = (from..to).filter(|&id| pattern::covers(text, &self.words[id as usize].folded)).collect();
                if found.is_empty() { WordSet::NONE } else { WordSet::Several(found.into()) }
            }
        }
    }

    /// The word in folded case.
    pub fn folded(&self, word: WordId) -> &str {
        &self.words[word as usize].folded
    }

    /// The words of `range`, which share their first `shared` bytes, that go on with `text` behind them.
    pub fn going_on(&self, range: (WordId, WordId), shared: usize, text: &str) -> (WordId, WordId) {
        let words = &self.words[range.0 as usize..range.1 as usize];
        let from = words.partition_point(|word| word.folded[shared..] < *text);
        let length = words[from..].partition_point(|word| word.folded[shared..].starts_with(text));
        (range.0 + from as WordId, range.0 + (from + length) as WordId)
    }

    /// The words of `set` that lie in `range`.
    pub fn within(&self, set: &WordSet, range: (WordId, WordId)) -> WordSet {
        let found: Vec<WordId> = (range.0..range.1).filter(|&word| self.holds(set, word)).collect();
        if found.is_empty() { WordSet::NONE } else { WordSet::Several(found.into()) }
    }

    /// The words that begin with `text`, from and up to.
    pub fn beginning_with(&self, text: &str) -> (WordId, WordId) {
        let from = self.words.partition_point(|word| *word.folded < *text);
        let length = self.words[from..].partition_point(|word| word.folded.starts_with(text));
        (from as WordId, (from + length) as WordId)
    }

    fn form(&self, folded: &str) -> WordSet {
        self.forms.get(folded).map_or(WordSet::NONE, |&(from, to)| WordSet::Range(from, to))
    }

    /// The stem of `word` of the row; a break has none.
    pub fn stem_of(&self, word: WordId) -> Option<u32> {
        self.stem_of.get(word as usize).copied()
    }

    /// Whether `word` of the row is one of `set`.
    pub fn holds(&self, set: &WordSet, word: WordId) -> bool {
        match set {
            WordSet::Range(from, to) => *from <= word && word < *to,
            WordSet::Stem(stem) => self.stem_of(word) == Some(*stem),
            WordSet::Several(words) => words.binary_search(&word).is_ok(),
        }
    }

    /// Where the words of `set` stand: lists of places, each ascending.
    pub fn places<'a>(&'a self, set: &'a WordSet) -> impl Iterator<Item = &'a [u32]> {
        let (range, words) = match set {
            WordSet::Range(from, to) => (*from..*to, &[][..]),
            WordSet::Stem(stem) => (0..0, self.words_of_stem.members(*stem, stem + 1)),
            WordSet::Several(words) => (0..0, &**words),
        };
        range.chain(words.iter().copied()).map(|word| self.places.members(word, word + 1))
    }

    /// How often the words of `set` stand in the row.
    pub fn count(&self, set: &WordSet) -> usize {
        self.places(set).map(<[u32]>::len).sum()
    }

    /// Every distinct word in folded case, with how often it stands in the row.
    pub fn forms(&self) -> impl Iterator<Item = (&str, usize)> {
        self.forms.iter().map(|(form, &(from, to))| (&**form, self.places.members(from, to).len()))
    }
}
