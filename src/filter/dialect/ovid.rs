//! Ovid's language: `exp Sleep/ or (sleep* adj3 apn?ea$).ti,ab.` (<https://ospguides.ovid.com>).

use super::field::{Meaning, of_ovid};
use super::lines::Lines;
use super::{Piece, PieceKind, heading_words, is_adj, operator, pieces, push_line_break, push_operator};
use crate::filter::error::Fault;
use crate::filter::note::Note;
use crate::filter::syntax::{Order, Scope, Word};
use crate::filter::term::{author_words, exact_words};
use crate::filter::token::{Kind, Term, Token};

/// Subheadings, written behind a subject heading: `Dementia/di`.
const SUBHEADINGS: &str = " ab ac ad ae ag ah ai an aa bi bl bs cf ch ci cl cn co ct cy de df dg di dt du ec ed eh em en ep es et ge gd he hi \
    im in ip ir is it lj ma me mi mo mt nu og pa pc pd pe pf ph pk po pp ps px py ra rc re rh ri rt sc sd se sn sp st su sv tb td th \
    tm to tr ts tu ul um up ur us ut ve vi vn xs s exp all ";

/// Fields that are no ends of names and addresses: Ovid is recognised by them also where no full stop follows.
const COMMON_FIELDS: [&str; 11] = ["ti", "ab", "tw", "mp", "kw", "kf", "sh", "fs", "hw", "nm", "pt"];

/// Whether only Ovid writes `word`, which stands between `before` and `next`.
pub(super) fn is_marked(word: &str, before: Option<&Piece>, next: Option<&Piece>) -> bool {
    let ends_line = next.is_none_or(|next| matches!(next.kind, PieceKind::LineBreak | PieceKind::Bracket(_) | PieceKind::Close));
    let is_truncated = word.split_once('$').is_some_and(|(before, behind)| {
        before.ends_with(char::is_alphabetic) && behind.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
    });
    let follows_quote = before.is_some_and(|before| matches!(before.kind, PieceKind::Quoted(_)));
    let is_heading = (word.len() > 1 || follows_quote)
        && word.split_once('/').is_some_and(|(before, behind)| {
            let (name, goes_on) = behind.strip_suffix(',').map_or((behind, false), |name| (name, true));
            !before.contains(':') && (behind.is_empty() || (ends_line || goes_on) && name.len() > 1 && is_subheadings(name))
        });
    let has_field = suffix(word).is_some_and(|(_, names)| word.ends_with('.') || names.contains(',') || COMMON_FIELDS.contains(&names));
    let is_apart = word == "." && next.is_some_and(|next| matches!(next.kind, PieceKind::Word(names) if is_field(names)));
    !word.contains(':') && has_field || is_truncated || is_heading || is_apart || is_adj(word)
}

fn is_field(names: &str) -> bool {
    of_ovid(names.strip_suffix('.').unwrap_or(names)).is_some()
}

fn is_subheadings(text: &str) -> bool {
    text.split(',').all(|name| {
        let name = name.trim();
        SUBHEADINGS.contains(&format!(" {} ", if name.len() == 2 { name.to_owned() } else { name.to_lowercase() })) && !name.contains(' ')
    })
}

/// The part of a word before its fields, and the names of these: `imag*` and `ti,ab` of `imag*.ti,ab.`
fn suffix(word: &str) -> Option<(&str, &str)> {
    let (before, names) = word.strip_suffix('.').unwrap_or(word).rsplit_once('.')?;
    // Behind a capital it is an abbreviation or a class of arXiv's: `U.S.`, `cs.IS`.
    let is_small = names.bytes().all(|b| !b.is_ascii_uppercase());
    (is_small && of_ovid(names).is_some()).then_some((before, names))
}

/// The tokens of `text`, which stands at `base`. A number may be a line of `lines`.
pub(in crate::filter) fn tokens<'a>(text: &str, base: usize, lines: &mut Lines<'a>) -> Result<Vec<Token<'a>>, Fault> {
    let mut reader = Reader { text, base, lines, tokens: Vec::new(), run: Vec::new(), open: Vec::new(), closed: None };
    if let Some(whole) = reader.lines.whole_line(text, base)? {
        return Ok(whole);
    }
    let mut next = pieces(text).into_iter().peekable();
    while let Some(mut piece) = next.next() {
        // `). tw.`
        if piece.kind == PieceKind::Word(".")
            && let Some(names) = next.next_if(|names| matches!(names.kind, PieceKind::Word(names) if is_field(names)))
        {
            piece.kind = PieceKind::Word(&text[piece.at..names.end()]);
        }
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
    /// The pieces of the phrase that is being read.
    run: Vec<Piece<'b>>,
    /// The tokens where open groups begin.
    open: Vec<usize>,
    /// The token where the group begins that was closed just now.
    closed: Option<usize>,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn take(&mut self, piece: Piece<'b>) -> Result<(), Fault> {
        let at = self.base + piece.at;
        match piece.kind {
            PieceKind::Open => {
                self.end_run()?;
                self.open.push(self.tokens.len());
                self.push(at, Kind::Open);
            }
            PieceKind::Close => {
                self.end_run()?;
                self.push(at, Kind::Close);
                self.closed = self.open.pop();
                return Ok(());
            }
            PieceKind::LineBreak => {
                self.end_run()?;
                push_line_break(&mut self.tokens, at, self.open.len());
            }
            // Ovid writes what an abbreviation stands for in brackets.
            PieceKind::Bracket(_) => return Ok(()),
            PieceKind::Quoted(_) => self.run.push(piece),
            PieceKind::Word(word) => self.word(piece, word)?,
        }
        self.closed = None;
        Ok(())
    }

    fn word(&mut self, piece: Piece<'b>, word: &'b str) -> Result<(), Fault> {
        let at = self.base + piece.at;
        if let Some(kind) = operator(word) {
            self.end_run()?;
            if matches!(kind, Kind::Not(_)) {
                self.push(at, kind)
            } else {
                push_operator(&mut self.tokens, at, kind)
            }
            return Ok(());
        }
        let Some((before, names)) = suffix(word) else {
            self.run.push(piece);
            return Ok(());
        };
        let Some(meaning) = of_ovid(names) else { return Ok(()) };
        if before.is_empty() && self.run.is_empty() {
            if self.closed.is_some() {
                self.mean_group(&meaning, at, word);
            }
            return Ok(());
        }
        if !before.is_empty() {
            self.run.push(Piece { at: piece.at, kind: PieceKind::Word(before) });
        }
        self.mean_run(&meaning, names)
    }

    fn push(&mut self, at: usize, kind: Kind<'a>) {
        self.tokens.push(Token { at, kind });
    }

    /// What was read since the last operator, and where it begins.
    fn take_run(&mut self) -> Option<(&'b str, usize)> {
        let (first, last) = (*self.run.first()?, *self.run.last()?);
        self.run.clear();
        Some((&self.text[first.at..last.end()], self.base + first.at))
    }

    /// A phrase without a field of its own: a heading, a line, or words.
    fn end_run(&mut self) -> Result<(), Fault> {
        let pieces = self.run.len();
        let Some((run, at)) = self.take_run() else { return Ok(()) };
        if let Some(expanded) = self.lines.reference(run, at)?.filter(|_| pieces == 1) {
            self.tokens.extend(expanded);
            return Ok(());
        }
        if let Some(name) = heading(run) {
            return self.push_heading(name, at);
        }
        self.push_words(run, at, None)
    }

    fn mean_run(&mut self, meaning: &Meaning, names: &str) -> Result<(), Fault> {
        let Some((run, at)) = self.take_run() else { return Ok(()) };
        match meaning {
            Meaning::Texts(scope, note) => {
                note.iter().for_each(|note| self.lines.notes.add(note.clone()));
                self.push_words(run, at, Some(*scope))
            }
            Meaning::Heading => self.push_heading(heading(run).unwrap_or(run), at),
            Meaning::Unknown => {
                self.push(at, Kind::Dropped(Note::Dropped(vec![format!("{run}.{names}.")])));
                Ok(())
            }
        }
    }

    fn push_words(&mut self, run: &str, at: usize, scope: Option<Scope>) -> Result<(), Fault> {
        let words = if scope == Some(Scope::Author) { self.author(run, at)? } else { exact_words(&plain_truncation(run), at)? };
        self.push(at, Kind::Term(Term { scope, words, order: Order::InSequence, heading: None }));
        Ok(())
    }

    fn author(&mut self, run: &str, at: usize) -> Result<Vec<Word>, Fault> {
        let (words, note) = author_words(&plain_truncation(run), at)?;
        note.into_iter().for_each(|note| self.lines.notes.add(note));
        Ok(words)
    }

    fn push_heading(&mut self, name: &str, at: usize) -> Result<(), Fault> {
        let name = name.trim_start_matches('*').trim_matches('"').trim();
        let words = heading_words(name, at)?;
        self.push(at, Kind::Term(Term { scope: None, words, order: Order::InSequence, heading: Some(name.to_owned()) }));
        Ok(())
    }

    /// Gives the field behind a group to what stands in it without one.
    fn mean_group(&mut self, meaning: &Meaning, at: usize, written: &str) {
        let Some(open) = self.closed else { return };
        if let Meaning::Unknown = meaning {
            let begin = self.tokens[open].at;
            self.tokens.truncate(open);
            let found = self.text.get(begin - self.base..at - self.base).unwrap_or_default();
            self.push(begin, Kind::Dropped(Note::Dropped(vec![format!("{found}{written}")])));
            return;
        }
        if let Meaning::Texts(_, Some(note)) = meaning {
            self.lines.notes.add(note.clone());
        }
        for token in &mut self.tokens[open..] {
            let Kind::Term(term) = &mut token.kind else { continue };
            match meaning {
                Meaning::Texts(scope, _) => term.scope = term.scope.or(Some(*scope).filter(|_| term.heading.is_none())),
                _ if term.scope.is_none() && term.heading.is_none() => {
                    term.heading = Some(term.words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
                }
                _ => {}
            }
        }
    }
}

/// The name in `exp Heart Failure/`, `"Wounds and Injuries"/dg` and `*Sleep/`.
fn heading(run: &str) -> Option<&str> {
    let exploded = run.get(..4).filter(|exp| exp.eq_ignore_ascii_case("exp ")).map(|_| run[4..].trim());
    let name = exploded.unwrap_or(run);
    match name.rsplit_once('/') {
        Some((name, behind)) if behind.trim().is_empty() || is_subheadings(behind) => Some(name.trim_end_matches('/')),
        _ => exploded,
    }
}

/// Ovid's signs for endings as ours: `$`, `:` and, for one letter more at most, `?`.
fn plain_truncation(run: &str) -> String {
    let mut plain = String::with_capacity(run.len());
    let mut chars = run.chars().peekable();
    while let Some(c) = chars.next() {
        let (behind_letter, before_letter) =
            (plain.ends_with(char::is_alphanumeric), chars.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '*' | '$')));
        match c {
            '$' => plain.push('*'),
            ':' if behind_letter && !before_letter => plain.push('*'),
            '?' if behind_letter && !before_letter => plain.push_str("*1"),
            c => plain.push(c),
        }
    }
    plain
}
