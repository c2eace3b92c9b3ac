//! Other search languages: which one a text is written in, and its pieces.
//!
//! A dialect makes the tokens of the one grammar, so that `(robot* adj3 grasp$).ti,ab.` becomes the same tree as
//! `(robot* NEAR/2 =grasp*)`. What papers here cannot be asked for becomes a note, or a refusal that names it.

pub(super) mod address;
mod field;
pub(super) mod lines;
pub(super) mod ovid;
pub(super) mod pubmed;

use super::syntax::Word;
use super::term::Form;
use super::token::{Kind, Token};

/// The language a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Our own, which arXiv's is a part of.
    Plain,
    Ovid,
    PubMed,
}

impl Dialect {
    /// Recognises a language by what only it writes.
    pub fn of(text: &str) -> Dialect {
        // Most filters hold none of these and are done with.
        if !text.bytes().any(|b| matches!(b, b'[' | b'/' | b'.' | b'$')) && !has_adj(text) {
            return Dialect::Plain;
        }
        let pieces = pieces(text);
        if pieces.iter().any(|piece| matches!(piece.kind, PieceKind::Bracket(tag) if pubmed::is_tag(tag))) {
            return Dialect::PubMed;
        }
        let is_ovid = pieces.iter().enumerate().any(|(i, piece)| match piece.kind {
            PieceKind::Word(word) => ovid::is_marked(word, i.checked_sub(1).and_then(|i| pieces.get(i)), pieces.get(i + 1)),
            _ => false,
        });
        if is_ovid { Dialect::Ovid } else { Dialect::Plain }
    }
}

fn has_adj(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"')).any(is_adj)
}

/// `adj`, `adj3`.
fn is_adj(word: &str) -> bool {
    word.get(..3).is_some_and(|adj| adj.eq_ignore_ascii_case("adj")) && word[3..].bytes().all(|b| b.is_ascii_digit())
}

/// A piece of a text in Ovid's or PubMed's language.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece<'a> {
    /// In bytes.
    at: usize,
    kind: PieceKind<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum PieceKind<'a> {
    Open,
    Close,
    LineBreak,
    /// What stands between quotes.
    Quoted(&'a str),
    /// What stands between `[` and `]`.
    Bracket(&'a str),
    /// A run without spaces.
    Word(&'a str),
}

impl Piece<'_> {
    fn end(&self) -> usize {
        self.at
            + match self.kind {
                PieceKind::Open | PieceKind::Close | PieceKind::LineBreak => 1,
                PieceKind::Quoted(text) | PieceKind::Bracket(text) => text.len() + 2,
                PieceKind::Word(text) => text.len(),
            }
    }
}

/// The pieces of `text`. A quote or bracket that is never closed is part of a word.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let behind = &text[at + c.len_utf8()..];
        let kind = match c {
            '(' => PieceKind::Open,
            ')' => PieceKind::Close,
            '\n' => PieceKind::LineBreak,
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' if behind.contains('"') => PieceKind::Quoted(&behind[..behind.find('"').unwrap_or(0)]),
            '[' if behind.contains(']') => PieceKind::Bracket(&behind[..behind.find(']').unwrap_or(0)]),
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '[');
                PieceKind::Word(&text[at..at + c.len_utf8() + behind.find(ends).unwrap_or(behind.len())])
            }
        };
        let piece = Piece { at, kind };
        at = piece.end();
        pieces.push(piece);
    }
    pieces
}

/// The operator a word is, whatever its case.
fn operator<'a>(word: &str) -> Option<Kind<'a>> {
    if word.eq_ignore_ascii_case("and") {
        Some(Kind::And)
    } else if word.eq_ignore_ascii_case("or") {
        Some(Kind::Or)
    } else if word.eq_ignore_ascii_case("not") {
        Some(Kind::Not("NOT"))
    } else {
        super::foreign::near(word)
    }
}

/// Adds the end of a line, unless an expression goes on there.
fn push_line_break(tokens: &mut Vec<Token>, at: usize, depth: usize) {
    let goes_on = tokens.last().is_none_or(|last| last.kind.goes_on() || last.kind == Kind::LineBreak);
    if depth == 0 && !goes_on {
        tokens.push(Token { at, kind: Kind::LineBreak });
    }
}

/// Adds an operator, which goes on behind the end of a line.
fn push_operator<'a>(tokens: &mut Vec<Token<'a>>, at: usize, kind: Kind<'a>) {
    if tokens.last().is_some_and(|last| last.kind == Kind::LineBreak) {
        tokens.pop();
    }
    tokens.push(Token { at, kind });
}

/// The words of a subject heading in the order of speech: `Heart Defects, Congenital` is `congenital heart defects`.
fn heading_words(name: &str, at: usize) -> Result<Vec<Word>, super::error::Fault> {
    let parts: Vec<&str> = name.split(',').map(str::trim).rev().collect();
    super::term::words_of(&parts.join(" ").replace(['*', '?', '#'], " "), at, Form::Stem)
}
