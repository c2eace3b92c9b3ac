//! Every distinct word of a window, and where it stands.

use std::ops::Range;
use std::sync::Arc;

use crate::filter::pattern;
use crate::filter::words::SeenWord;

use super::both::both;
use super::grouped::Grouped;
use super::interner::{Interner, Texts};
use super::text::{Wanted, stem};

/// A word as it is written, by its place in the sorted vocabulary: words that begin alike are neighbours.
pub(super) type WordId = u32;
/// What stands between two texts.
pub(super) const BREAK: WordId = WordId::MAX;
/// The stem of words, by its place in order of appearance; [`BREAK`] has itself.
pub(super) type StemId = u32;

/// The words of a window while its texts are read.
#[derive(Default)]
pub(super) struct Gathering {
    /// Each word in order of appearance.
    cased: Interner,
    /// Its folded form.
    folded: Texts,
    /// All texts as one row of words, with a [`BREAK`] behind each.
    row: Vec<WordId>,
}

impl Gathering {
    pub fn word(&mut self, word: &SeenWord<'_>) {
        let number = self.cased.number(word.cased);
        if number as usize == self.folded.len() {
            self.folded.push(word.folded);
        }
        self.row.push(number);
    }

    pub fn end_text(&mut self) {
        self.row.push(BREAK);
    }

    /// The number of words and breaks so far.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Adds the words of `other` behind these.
    pub fn append(&mut self, other: Gathering) {
        let number = |number| {
            let own = self.cased.number(other.cased.texts().get(number));
            if own as usize == self.folded.len() {
                self.folded.push(other.folded.get(number));
            }
            own
        };
        let number_of: Vec<u32> = (0..other.cased.len() as u32).map(number).collect();
        self.row.extend(other.row.iter().map(|word| number_of.get(*word as usize).copied().unwrap_or(BREAK)));
    }

    /// The vocabulary, the row in its numbers, and what `others` gives; on `two` threads or one.
    pub fn finish<T: Send>(self, two: bool, others: impl FnOnce() -> T + Send) -> (Vocabulary, Vec<WordId>, T) {
        let Gathering { cased, folded, mut row } = self;
        let word = |number| (folded.get(number), cased.texts().get(number));
        let mut order: Vec<(u64, u32)> = (0..folded.len() as u32).map(|number| (beginning(folded.get(number)), number)).collect();
        order.sort_unstable_by(|(first, a), (second, b)| first.cmp(second).then_with(|| word(*a).cmp(&word(*b))));
        let sorted = || Vocabulary::new(order.iter().map(|(_, number)| word(*number)));
        let placed = || {
            let mut place_of = vec![0; order.len()];
            (0..).zip(&order).for_each(|(place, (_, number))| place_of[*number as usize] = place);
            row.iter_mut().filter(|word| **word != BREAK).for_each(|word| *word = place_of[*word as usize]);
            let places = Grouped::of(order.len(), (0..).zip(row.iter().copied()).filter(|&(_, word)| word != BREAK));
            (places, row, others())
        };
        let (vocabulary, (places, row, others)) = both(two, sorted, placed);
        (Vocabulary { places, ..vocabulary }, row, others)
    }
}

/// The first letters as a number that sorts like them, which spares comparing most words.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
    u64::from_be_bytes(bytes)
}

/// The sorted words of a window.
pub(super) struct Vocabulary {
    folded: Texts,
    cased: Texts,
    /// The folded forms, each once, and the first word of each; one more than there are.
    forms: Interner,
    first_of_form: Vec<WordId>,
    stems: Interner,
    stem_of: Vec<StemId>,
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
    Stem(StemId),
    /// These, ascending.
    Several(Arc<[WordId]>),
}

impl WordSet {
    pub const NONE: WordSet = WordSet::Range(0, 0);
}

impl Vocabulary {
    /// The sorted `words`, folded and as they are written, which stand nowhere yet.
    fn new<'a>(words: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Vocabulary {
        let (mut folded, mut cased) = (Texts::default(), Texts::default());
        let (mut forms, mut stems) = (Interner::with_room(words.len()), Interner::with_room(words.len()));
        let (mut first_of_form, mut stem_of) = (Vec::new(), Vec::new());
        for (id, (form, word)) in (0..).zip(words) {
            folded.push(form);
            cased.push(word);
            if forms.number(form) as usize == first_of_form.len() {
                first_of_form.push(id);
                stem_of.push(stems.number(&stem(form)));
            } else {
                stem_of.push(stem_of[id as usize - 1]);
            }
        }
        first_of_form.push(folded.len() as WordId);
        let words_of_stem = Grouped::of(stems.len(), (0..).zip(stem_of.iter().copied()));
        Vocabulary { folded, cased, forms, first_of_form, stems, stem_of, words_of_stem, places: Grouped::default() }
    }

    /// The words that `wanted` stands for.
    pub fn find(&self, wanted: &Wanted<'_>) -> WordSet {
        match wanted {
            Wanted::Stem(stem) => self.stems.find(stem).map_or(WordSet::NONE, WordSet::Stem),
            Wanted::Folded(text) => self.form(text),
            Wanted::Cased(text) => match self.form(&crate::filter::words::fold_case(text)) {
                WordSet::Range(from, to) => {
                    let at = (from..to).find(|&id| self.cased.get(id) == *text);
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
                let found: Vec<WordId> = (from..to).filter(|&id| pattern::covers(text, self.folded(id))).collect();
                if found.is_empty() { WordSet::NONE } else { WordSet::Several(found.into()) }
            }
        }
    }

    /// The word in folded case.
    pub fn folded(&self, word: WordId) -> &str {
        self.folded.get(word)
    }

    /// The words of `range`, which share their first `shared` bytes, that go on behind them, and with `text`.
    pub fn going_on(&self, range: (WordId, WordId), shared: usize, text: &str) -> (WordId, WordId) {
        let rest = |word| &self.folded(word)[shared..];
        let from = first_where(range, |word| !rest(word).is_empty() && rest(word) >= text);
        (from, first_where((from, range.1), |word| !rest(word).starts_with(text)))
    }

    /// The words of `set` that lie in `range`.
    pub fn within(&self, set: &WordSet, range: (WordId, WordId)) -> WordSet {
        let found: Vec<WordId> = (range.0..range.1).filter(|&word| self.holds(set, word)).collect();
        if found.is_empty() { WordSet::NONE } else { WordSet::Several(found.into()) }
    }

    /// The words that begin with `text`, from and up to.
    pub fn beginning_with(&self, text: &str) -> (WordId, WordId) {
        self.going_on((0, self.folded.len() as WordId), 0, text)
    }

    fn form(&self, folded: &str) -> WordSet {
        self.forms.find(folded).map_or(WordSet::NONE, |form| {
            let (from, to) = self.words_of_form(form);
            WordSet::Range(from, to)
        })
    }

    fn words_of_form(&self, form: u32) -> (WordId, WordId) {
        (self.first_of_form[form as usize], self.first_of_form[form as usize + 1])
    }

    /// The stem of `word` of the row.
    pub fn stem_of(&self, word: WordId) -> StemId {
        self.stem_of.get(word as usize).copied().unwrap_or(BREAK)
    }

    /// Whether `word` of the row is one of `set`.
    pub fn holds(&self, set: &WordSet, word: WordId) -> bool {
        match set {
            WordSet::Range(from, to) => *from <= word && word < *to,
            WordSet::Stem(stem) => self.stem_of(word) == *stem,
            WordSet::Several(words) => words.binary_search(&word).is_ok(),
        }
    }

    /// Where the words of `set` stand: lists of places, each ascending.
    pub fn places<'a>(&'a self, set: &'a WordSet) -> impl Iterator<Item = &'a [u32]> {
        let (range, words) = self.words(set);
        range.chain(words.iter().copied()).map(|word| self.places.members(word, word + 1))
    }

    /// The places of the words of `set` as stretches of all places, which are in the order of their words.
    pub fn spans<'a>(&'a self, set: &'a WordSet) -> impl Iterator<Item = Range<usize>> + 'a {
        let (range, words) = self.words(set);
        let of_range = self.places.span(range.start, range.end);
        std::iter::once(of_range).chain(words.iter().map(|word| self.places.span(*word, word + 1)))
    }

    /// The words of `set`: those of a range, and single ones.
    fn words<'a>(&'a self, set: &'a WordSet) -> (Range<WordId>, &'a [WordId]) {
        match set {
            WordSet::Range(from, to) => (*from..*to, &[]),
            WordSet::Stem(stem) => (0..0, self.words_of_stem.members(*stem, stem + 1)),
            WordSet::Several(words) => (0..0, words),
        }
    }

    /// The places of one such stretch.
    pub fn places_of(&self, span: Range<usize>) -> &[u32] {
        self.places.at(span)
    }

    /// How often the words of `set` stand in the row.
    pub fn count(&self, set: &WordSet) -> usize {
        self.spans(set).map(|span| span.len()).sum()
    }

    /// Every distinct word in folded case, with how often it stands in the row.
    pub fn forms(&self) -> impl Iterator<Item = (&str, usize)> {
        (0..self.forms.len() as u32).map(|form| {
            let (from, to) = self.words_of_form(form);
            (self.forms.texts().get(form), self.places.members(from, to).len())
        })
    }
}

/// The first of `range` from which on `holds` is true, or its end.
fn first_where(range: (WordId, WordId), holds: impl Fn(WordId) -> bool) -> WordId {
    let (mut from, mut to) = range;
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    from
}
