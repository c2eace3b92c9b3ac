//! Words that hyphens join, which are also the word they spell.

use crate::filter::words::SeenWord;

use super::closed::{MAX_CLOSED, MAX_PARTS};
use super::grouped::Grouped;
use super::interner::Interner;
use super::phrase::Run;
use super::text::stem;

/// Whether `gap` is all that stands between two words and joins them.
pub(super) fn is_hyphen(gap: &str) -> bool {
    matches!(gap, "-" | "\u{2010}" | "\u{2011}" | "\u{2013}" | "\u{2212}" | "\u{ff0d}")
}

/// The words that hyphens spell in a window, while its texts are read.
#[derive(Default)]
pub(super) struct Hyphenating {
    forms: Interner,
    /// Each place, with the number of the form that is spelled there.
    found: Vec<(u32, Run)>,
    /// The words of the text being read that are joined so far.
    joined: String,
    starts: Vec<usize>,
    end: usize,
}

impl Hyphenating {
    /// Reads the next word of `text`, which stands at `place`.
    pub fn read(&mut self, text: &str, word: &SeenWord<'_>, place: u32) {
        if !text.get(self.end..word.start).is_some_and(is_hyphen) {
            self.end_text();
            // Most words are joined to none.
            if !text.as_bytes().get(word.end).is_some_and(|byte| *byte == b'-' || !byte.is_ascii()) {
                return;
            }
        }
        self.starts.push(self.joined.len());
        self.joined.push_str(word.folded);
        self.end = word.end;
        for (parts, start) in (2..=MAX_PARTS).zip(self.starts.iter().rev().skip(1)) {
            let closed = &self.joined[*start..];
            if closed.len() > MAX_CLOSED {
                break;
            }
            self.found.push((self.forms.number(closed), Run { first: place + 1 - parts as u32, last: place }));
        }
    }

    /// Ends the text: nothing joins the next one.
    pub fn end_text(&mut self) {
        self.joined.clear();
        self.starts.clear();
        self.end = usize::MAX;
    }

    /// Adds those of `other`, whose texts begin at `place`.
    pub fn append(&mut self, other: &Hyphenating, place: u32) {
        let number_of: Vec<u32> = other.forms.texts().iter().map(|form| self.forms.number(form)).collect();
        let shifted = |&(form, run): &(u32, Run)| (number_of[form as usize], Run { first: place + run.first, last: place + run.last });
        self.found.extend(other.found.iter().map(shifted));
    }

    pub fn finish(self) -> Hyphenated {
        let Hyphenating { forms, found, .. } = self;
        let mut stems = Interner::default();
        let stem_of: Vec<u32> = forms.texts().iter().map(|form| stems.number(&stem(form))).collect();
        Hyphenated {
            places: Grouped::of(forms.len(), (0..).zip(found.iter().map(|(form, _)| *form))),
            forms_of_stem: Grouped::of(stems.len(), (0..).zip(stem_of)),
            runs: found.into_iter().map(|(_, run)| run).collect(),
            forms,
            stems,
        }
    }
}

/// The words that hyphens spell in a window.
pub(super) struct Hyphenated {
    forms: Interner,
    stems: Interner,
    forms_of_stem: Grouped,
    runs: Vec<Run>,
    /// Which of the runs spell each form.
    places: Grouped,
}

impl Hyphenated {
    /// Where hyphens spell `text`; any form of it, unless it stands for itself as a `whole`.
    pub fn find(&self, text: &str, whole: bool) -> impl Iterator<Item = Run> {
        let (form, stem) = if whole { (self.forms.find(text), None) } else { (None, self.stems.find(&stem(text))) };
        let of_stem = stem.into_iter().flat_map(|stem| self.forms_of_stem.members(stem, stem + 1)).copied();
        let places = form.into_iter().chain(of_stem).flat_map(|form| self.places.members(form, form + 1));
        places.map(|place| self.runs[*place as usize])
    }
}
