//! PubMed's language: `("Robotics"[Mesh] OR robot*[tiab]) AND grasping` (<https://pubmed.ncbi.nlm.nih.gov/help/>).

use super::field::{Meaning, of_pubmed};
use super::lines::Lines;
use super::{Piece, PieceKind, heading_words, operator, pieces, push_line_break, push_operator};
use crate::filter::MAX_DISTANCE;
use crate::filter::error::{Fault, Problem};
use crate::filter::note::Note;
use crate::filter::syntax::{Order, Scope};
use crate::filter::term::{Form, author_words, exact_words, words_of};
use crate::filter::token::{Kind, Term, Token};

/// Whether `[tag]` is one of PubMed's.
pub(super) fn is_tag(tag: &str) -> bool {
    of_pubmed(tag).is_some()
}

/// The tokens of `text`, which stands at `base`. A number may be a line of `lines`.
pub(in crate::filter) fn tokens<'a>(text: &str, base: usize, lines: &mut Lines<'a>) -> Result<Vec<Token<'a>>, Fault> {
    let mut reader = Reader { text, base, lines, tokens: Vec::new(), run: Vec::new(), depth: 0 };
    for piece in pieces(text) {
        reader.take(piece)?;
    }
    reader.end_run()?;
    if reader.tokens.last().is_some_and(|last| last.kind == Kind::LineBreak) {
        reader.tokens.pop();
    }
    Ok(reader.tokens)
}

struct Reader<'a, 'b> {
    text: &'b str,
    base: usize,
    lines: &'b mut Lines<'a>,
    tokens: Vec<Token<'a>>,
    /// The pieces since the last operator, which a tag may follow.
    run: Vec<Piece<'b>>,
    depth: usize,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn take(&mut self, piece: Piece<'b>) -> Result<(), Fault> {
        let at = self.base + piece.at;
        match piece.kind {
            PieceKind::Bracket(tag) => return self.tag(tag, at),
            PieceKind::Quoted(_) => {
                self.run.push(piece);
                return Ok(());
            }
            // Between two dates: `2010/01/01[dp] : 3000[dp]`.
            PieceKind::Word(":") => {
                self.end_run()?;
                self.push(at, Kind::Or);
            }
            // Behind a tag it can only be the rest of another language.
            PieceKind::Word("/") if self.run.is_empty() => {}
            PieceKind::Word(word) => match operator(word) {
                None => self.run.push(piece),
                Some(kind) => {
                    self.end_run()?;
                    if matches!(kind, Kind::Not(_)) { self.push(at, kind) } else { push_operator(&mut self.tokens, at, kind) }
                }
            },
            PieceKind::Open => {
                self.end_run()?;
                self.depth += 1;
                self.push(at, Kind::Open);
            }
            PieceKind::Close => {
                self.end_run()?;
                self.depth = self.depth.saturating_sub(1);
                self.push(at, Kind::Close);
            }
            PieceKind::LineBreak => {
                self.end_run()?;
                push_line_break(&mut self.tokens, at, self.depth);
            }
        }
        Ok(())
    }

    fn push(&mut self, at: usize, kind: Kind<'a>) {
        self.tokens.push(Token { at, kind });
    }

    /// Words without a tag: PubMed looks for each of them, whatever operators stand around.
    fn end_run(&mut self) -> Result<(), Fault> {
        let Some(start) = self.run.first().map(|first| self.base + first.at) else { return Ok(()) };
        let is_group = self.run.len() > 1;
        if is_group {
            self.push(start, Kind::Open);
        }
        self.untagged()?;
        if is_group {
            self.push(start, Kind::Close);
        }
        Ok(())
    }

    fn untagged(&mut self) -> Result<(), Fault> {
        for (i, piece) in std::mem::take(&mut self.run).into_iter().enumerate() {
            let at = self.base + piece.at;
            let words = match piece.kind {
                PieceKind::Word(word) => {
                    if i == 0
                        && let Some(line) = self.lines.reference(word, at)?
                    {
                        self.tokens.extend(line);
                        continue;
                    }
                    words_of(word, at, Form::Stem)?
                }
                PieceKind::Quoted(text) => exact_words(text, at + 1)?,
                _ => continue,
            };
            self.push(at, Kind::Term(Term { scope: None, words, order: Order::InSequence, heading: None }));
        }
        Ok(())
    }

    /// What the tag at `at` says of the words before it.
    fn tag(&mut self, tag: &str, at: usize) -> Result<(), Fault> {
        let fault = |problem| Fault::new(at, problem);
        let Some(meaning) = of_pubmed(tag) else { return Err(fault(Problem::UnknownTag(tag.chars().take(40).collect()))) };
        let (Some(first), Some(last)) = (self.run.first().copied(), self.run.last().copied()) else {
            return Err(fault(Problem::LoneTag(tag.to_owned())));
        };
        self.run.clear();
        let (run, start) = (&self.text[first.at..last.end()], self.base + first.at);
        let kind = match meaning {
            Meaning::Unknown => Kind::Dropped(Note::Dropped(vec![format!("{run}[{tag}]")])),
            Meaning::Heading => {
                // `Sepsis/diagnosis` is a heading with a subheading.
                let name = run.split('/').next().unwrap_or(run).trim_matches('"').trim();
                let words = heading_words(name, start)?;
                Kind::Term(Term { scope: None, words, order: Order::InSequence, heading: Some(name.to_owned()) })
            }
            Meaning::Texts(scope, note) => {
                note.into_iter().for_each(|note| self.lines.notes.add(note));
                let words = if scope == Scope::Author {
                    let (words, note) = author_words(run, start)?;
                    note.into_iter().for_each(|note| self.lines.notes.add(note));
                    words
                } else {
                    exact_words(run, start)?
                };
                let order = distance(tag).filter(|_| words.len() > 1).map_or(Order::InSequence, Order::Within);
                if matches!(order, Order::Within(distance) if distance > MAX_DISTANCE) {
                    return Err(fault(Problem::BadDistance));
                }
                Kind::Term(Term { scope: Some(scope), words, order, heading: None })
            }
        };
        self.push(start, kind);
        Ok(())
    }
}

/// The `3` of `[tiab:~3]`.
fn distance(tag: &str) -> Option<u32> {
    tag.split_once(":~")?.1.trim().parse().ok()
}
