//! Words that hyphens join, which are also the word they spell.

use crate::filter::words::SeenWord;

use super::closed::{MAX_CLOSED, MAX_PARTS};
use super::phrase::Run;
use super::text::stem;
use super::vocabulary::Table;

/// Whether `gap` is all that stands between two words and joins them.
pub(super) fn is_hyphen(gap: &str) -> bool {
    matches!(gap, "-" | "\u{2010}" | "\u{2011}" | "\u{2013}" | "\u{2212}" | "\u{ff0d}")
}

/// The words that hyphens spell in a window.
#[derive(Default)]
pub(super) struct Hyphenated {
    found: Compounds,
    /// The words of the text being read that are joined so far.
    joined: String,
    starts: Vec<usize>,
    end: usize,
}

impl Hyphenated {
    /// Reads the next word of `text`, which stands at `place`.
    pub fn read(&mut self, text: &str, word: &SeenWord<'_>, place: u32) {
        if !text.get(self.end..word.start).is_some_and(is_hyphen) {
            self.end_text();
        }
        self.starts.push(self.joined.len());
        self.joined.push_str(word.folded);
        self.end = word.end;
        for (parts, start) in (2..=MAX_PARTS).zip(self.starts.iter().rev().skip(1)) {
            let closed = &self.joined[*start..];
            if closed.len() > MAX_CLOSED {
                break;
            }
            self.found.add(closed, Run { first: place + 1 - parts as u32, last: place });
        }
    }

    /// Ends the text: nothing joins the next one.
    pub fn end_text(&mut self) {
        self.joined.clear();
        self.starts.clear();
        self.end = usize::MAX;
    }

    /// Adds those of `other`, whose texts begin at `place`.
    pub fn append(&mut self, other: &Hyphenated, place: u32) {
        for (closed, runs) in &other.found.forms {
            runs.iter().for_each(|run| self.found.add(closed, Run { first: place + run.first, last: place + run.last }));
        }
    }

    /// Where hyphens spell `text`; any form of it, unless it stands for itself as a `whole`.
    pub fn find(&self, text: &str, whole: bool) -> impl Iterator<Item = Run> {
        let Compounds { forms, stems } = &self.found;
        let (form, stem) = if whole { (forms.get(text), None) } else { (None, stems.get(&*stem(text))) };
        let of_stem = stem.into_iter().flatten().filter_map(|form| forms.get(form));
        form.into_iter().chain(of_stem).flatten().copied()
    }
}

/// Where compounds stand, by what they spell; and the forms of each stem.
#[derive(Default)]
struct Compounds {
    forms: Table<Box<str>, Vec<Run>>,
    stems: Table<Box<str>, Vec<Box<str>>>,
}

impl Compounds {
    fn add(&mut self, closed: &str, run: Run) {
        match self.forms.get_mut(closed) {
            Some(runs) => runs.push(run),
            None => {
                self.stems.entry(stem(closed).into()).or_default().push(closed.into());
                self.forms.insert(closed.into(), vec![run]);
            }
        }
    }
}
