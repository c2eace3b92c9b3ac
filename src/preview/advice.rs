//! What about a filter is probably not as its writer meant it.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use super::Preview;
use crate::filter::syntax::{Atom, Expression, Word};
use crate::filter::words::words;
use crate::filter::{Filter, source_name};

/// One thing to know. A filter is taken all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Advice {
    /// A word that no paper has, though a similar one is frequent.
    Misspelt {
        /// As the filter has it.
        word: String,
        /// What may be meant.
        suggestion: String,
    },
    /// Words that no paper has.
    Unseen {
        /// The first of them.
        words: Vec<String>,
        /// How many others there are.
        more: usize,
    },
    /// Something is wanted and left out at once.
    Contradiction {
        /// In canonical form.
        part: String,
    },
    /// A category is wanted where no paper has any.
    NoCategories {
        /// In canonical form.
        part: String,
    },
    /// No paper comes from this source.
    UnknownSource {
        /// In canonical form.
        part: String,
        /// The sources there are.
        known: Vec<String>,
    },
    /// This part alone keeps everything out.
    EmptyPart {
        /// In canonical form.
        part: String,
    },
    /// Each part finds papers, but none has all of them.
    NeverTogether,
    /// It hardly chooses.
    Broad {
        /// Such as `41 %`.
        percent: String,
    },
}

/// A piece of a sentence: our words, or something from a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The piece.
    pub text: String,
    /// Whether it is from a filter, to be set apart from our words.
    pub code: bool,
}

/// The most words of one filter that are spoken of one by one, and the most parts.
const MOST_TOLD: usize = 3;
/// The most unseen words that are named.
const MOST_NAMED: usize = 5;

/// The advice on one filter; none where there is nothing to compare it with.
pub(super) fn advice(preview: &Preview<'_>) -> Vec<Advice> {
    if preview.breadth.papers == 0 {
        return Vec::new();
    }
    let look = Look { preview };
    let expression = preview.filter.expression();
    let mut advice: Vec<Advice> = contradiction(expression).into_iter().collect();
    let unseen = look.unseen_words();
    advice.extend(look.spelling(&unseen));
    advice.extend(look.facts());
    if preview.breadth.hits == 0 && advice.is_empty() {
        advice.extend(look.empty_parts(expression));
    }
    if preview.breadth.is_broad() {
        advice.push(Advice::Broad { percent: preview.breadth.percent() });
    }
    advice
}

/// A part of a conjunction that the same conjunction leaves out.
fn contradiction(expression: &Expression) -> Option<Advice> {
    let Expression::And(parts) = expression else { return None };
    let left_out = parts.iter().filter_map(|part| if let Expression::Not(inner) = part { Some(&**inner) } else { None });
    let alternatives = left_out.flat_map(|inner| match inner {
        Expression::Or(parts) => parts.iter().collect(),
        one => vec![one],
    });
    let excluded: HashSet<&Expression> = alternatives.collect();
    let part = parts.iter().find(|part| excluded.contains(part))?;
    Some(Advice::Contradiction { part: part.to_string() })
}

struct Look<'a> {
    preview: &'a Preview<'a>,
}

impl Look<'_> {
    /// Whether an expression finds any paper. Every part of a filter is a filter when written out, except
    /// one that only leaves out: that one finds nearly all.
    fn finds(&self, expression: &Expression) -> bool {
        let filter = Filter::parse(&expression.to_string());
        filter.map_or(true, |filter| !self.preview.corpus.index().matches(&filter).is_empty())
    }

    /// The words that stand nowhere in any text, which is why no paper has their atoms.
    fn unseen_words(&self) -> Vec<Word> {
        let index = self.preview.corpus.index();
        let mut seen = HashSet::new();
        let phrases = self.preview.trial.empty.iter().filter_map(|atom| if let Atom::Text(_, phrase) = atom { Some(phrase) } else { None });
        let words = phrases.flat_map(|phrase| &phrase.words).filter(|word| seen.insert(*word));
        words.filter(|word| !index.has(word)).cloned().collect()
    }

    fn spelling(&self, unseen: &[Word]) -> Vec<Advice> {
        let lexicon = self.preview.corpus.lexicon();
        let nearest = |word: &Word| match word {
            Word::Stem(text) => lexicon.nearest(text),
            _ => None,
        };
        let mut advice = Vec::new();
        let mut others = Vec::new();
        for word in unseen {
            match nearest(word).filter(|_| advice.len() < MOST_TOLD) {
                Some(suggestion) => advice.push(Advice::Misspelt { word: word.to_string(), suggestion: suggestion.to_owned() }),
                None => others.push(word.to_string()),
            }
        }
        let more = others.len().saturating_sub(MOST_NAMED);
        others.truncate(MOST_NAMED);
        if !others.is_empty() {
            advice.push(Advice::Unseen { words: others, more });
        }
        advice
    }

    /// Facts that no paper here can have.
    fn facts(&self) -> Vec<Advice> {
        let corpus = self.preview.corpus;
        let known = || corpus.sources().iter().map(|name| source_name(name)).collect::<Vec<_>>();
        let told = self.preview.trial.empty.iter().filter_map(|atom| match atom {
            Atom::Category(_) if !corpus.has_categories() => Some(Advice::NoCategories { part: atom.to_string() }),
            Atom::Source(_) => Some(Advice::UnknownSource { part: atom.to_string(), known: known() }),
            _ => None,
        });
        told.take(MOST_TOLD).collect()
    }

    /// Why a conjunction finds nothing.
    fn empty_parts(&self, expression: &Expression) -> Vec<Advice> {
        let Expression::And(parts) = expression else { return Vec::new() };
        let empty: Vec<Advice> = parts
            .iter()
            .filter(|part| !matches!(part, Expression::Not(_)) && !self.finds(part))
            .map(|part| Advice::EmptyPart { part: part.to_string() })
            .take(MOST_TOLD)
            .collect();
        if empty.is_empty() { vec![Advice::NeverTogether] } else { empty }
    }
}

impl Advice {
    /// The sentence in pieces.
    pub fn pieces(&self) -> Vec<Piece> {
        let plain = |text: &str| Piece { text: text.to_owned(), code: false };
        let code = |text: &str| Piece { text: text.to_owned(), code: true };
        match self {
            Self::Misspelt { word, suggestion } => {
                vec![code(word), plain(" occurs nowhere: did you mean "), code(suggestion), plain("?")]
            }
            Self::Unseen { words, more } => {
                let mut pieces = listed(words, *more);
                let verb = if words.len() + more == 1 { " occurs nowhere in these papers" } else { " occur nowhere in these papers" };
                pieces.push(plain(verb));
                pieces
            }
            Self::Contradiction { part } => {
                vec![plain("This can never match: "), code(part), plain(" is both wanted and left out")]
            }
            Self::NoCategories { part } => {
                vec![code(part), plain(" finds nothing: the sources of these papers give no categories")]
            }
            Self::UnknownSource { part, known } => {
                let mut pieces = vec![code(part), plain(" finds nothing: these papers come from ")];
                pieces.extend(listed(known, 0));
                pieces
            }
            Self::EmptyPart { part } => vec![code(part), plain(" alone matches none of these papers")],
            Self::NeverTogether => vec![plain("Each part finds papers, but no paper has all of them: OR between alternatives finds more")],
            Self::Broad { percent } => {
                vec![plain(&format!("This matches {percent} of these papers: one more word, or title: in front, makes it choose"))]
            }
        }
    }

    /// What to write in the place of what: a word in folded case, and the proposal.
    pub fn correction(&self) -> Option<(&str, &str)> {
        match self {
            Self::Misspelt { word, suggestion } => Some((word, suggestion)),
            _ => None,
        }
    }
}

/// `query` with every `word` (in folded case) replaced.
pub fn corrected(query: &str, word: &str, by: &str) -> String {
    let mut text = String::with_capacity(query.len());
    let mut done = 0;
    for found in words(query).into_iter().filter(|found| found.folded == word) {
        text.push_str(&query[done..found.range.start]);
        text.push_str(by);
        done = found.range.end;
    }
    text + &query[done..]
}

fn listed(texts: &[String], more: usize) -> Vec<Piece> {
    let plain = |text: &str| Piece { text: text.to_owned(), code: false };
    let mut pieces = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let last = place + 1 == texts.len() && more == 0;
        match place {
            0 => {}
            _ if last => pieces.push(plain(" and ")),
            _ => pieces.push(plain(", ")),
        }
        pieces.push(Piece { text: text.clone(), code: true });
    }
    if more > 0 {
        pieces.push(plain(&format!(" and {more} more")));
    }
    pieces
}

impl fmt::Display for Advice {
    /// The sentence, with what is from a filter between backticks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().iter().try_for_each(|piece| if piece.code { write!(f, "`{}`", piece.text) } else { f.write_str(&piece.text) })
    }
}
