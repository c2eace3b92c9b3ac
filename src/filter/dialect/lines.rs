//! Numbered searches, whose lines refer to one another: `1 or 2`, `or/1-5`, `#3 NOT #4`, `limit 7 to humans`.

use std::ops::RangeInclusive;

use super::{Dialect, ovid, pubmed};
use crate::filter::error::{Fault, Problem};
use crate::filter::note::{Note, Notes};
use crate::filter::token::{Kind, Token};

/// The most tokens a search may have after its lines were put in: far more than the words of the longest filter.
const MAX_TOKENS: usize = 20_000;

/// The lines of a numbered search that were read so far; without any, where a text is no such search.
#[derive(Default)]
pub(in crate::filter) struct Lines<'a> {
    known: Vec<Line<'a>>,
    pub notes: Notes,
}

struct Line<'a> {
    label: String,
    text: &'a str,
    tokens: Vec<Token<'a>>,
    used: bool,
}

/// Whether the lines of `text` refer to one another.
pub(in crate::filter) fn is_numbered(text: &str) -> bool {
    let lines: Vec<_> = labelled(text);
    lines.len() > 1 && lines.iter().skip(1).any(|(_, line, _)| refers(line))
}

/// The tokens of the last line, with the lines it refers to in their places.
pub(in crate::filter) fn tokens<'a>(text: &'a str) -> Result<(Vec<Token<'a>>, Notes), Fault> {
    let mut lines = Lines::default();
    for (label, line, at) in labelled(text) {
        let tokens = match Dialect::of(line) {
            Dialect::PubMed => pubmed::tokens(line, at, &mut lines)?,
            Dialect::Ovid | Dialect::Plain => ovid::tokens(line, at, &mut lines)?,
        };
        lines.known.push(Line { label, text: line, tokens, used: false });
    }
    let Some(last) = lines.known.pop() else { return Err(Fault::new(0, Problem::Empty)) };
    let unused: Vec<String> = lines
        .known
        .iter()
        .filter(|line| !line.used)
        .map(|line| format!("{}: {}", line.label, line.text.chars().take(40).collect::<String>()))
        .collect();
    if !unused.is_empty() {
        lines.notes.add(Note::UnusedLines(unused));
    }
    Ok((last.tokens, lines.notes))
}

/// The lines that hold something, with their numbers (written, or counted) and places.
fn labelled(text: &str) -> Vec<(String, &str, usize)> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            lines.push((at + (line.len() - line.trim_start().len()), trimmed));
        }
        at += line.len() + 1;
    }
    let written = |line: &str| -> Option<usize> {
        let digits = line.trim_start_matches('#');
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let behind = &digits[length..];
        let sign = usize::from(behind.starts_with(['.', ')', ':']));
        let is_label = length > 0 && behind[sign..].starts_with(char::is_whitespace) && !refers(line);
        is_label.then(|| line.len() - behind[sign..].trim_start().len())
    };
    let all_are_numbered = lines.len() > 1 && lines.iter().filter(|(_, line)| written(line).is_some()).count() * 2 > lines.len();
    let mut numbered = Vec::with_capacity(lines.len());
    for (i, (at, line)) in lines.into_iter().enumerate() {
        let length = if all_are_numbered { written(line).or_else(|| own_number(line)) } else { None }.unwrap_or(0);
        let label = line[..length].trim_matches(|c: char| !c.is_ascii_digit());
        let label = if label.is_empty() { (i + 1).to_string() } else { label.to_owned() };
        numbered.push((label, &line[length..], at + length));
    }
    numbered
}

/// The number of a line such as `3. 1 or 2`, or `3 1 or 2`, which refers to others.
fn own_number(line: &str) -> Option<usize> {
    let digits = line.trim_start_matches('#');
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &digits[length..];
    let behind = behind.strip_prefix(['.', ')', ':']).unwrap_or(behind);
    let starts = behind.trim_start();
    let goes_on = starts.len() < behind.len() && starts.starts_with(|c: char| c.is_ascii_digit() || c == '#')
        || ["or/", "and/", "limit "].iter().any(|command| starts.to_lowercase().starts_with(command));
    (length > 0 && goes_on).then(|| line.len() - starts.len())
}

/// Whether a line holds nothing but references, operators and parentheses, or begins with a command on another line.
fn refers(line: &str) -> bool {
    let line = line.split('[').next().unwrap_or_default();
    if limited(line).is_some() || spaced_range(line).is_some() {
        return true;
    }
    let (mut references, mut operators) = (0, 0);
    words(line).all(|word| {
        if range(word).is_some() {
            references += 2;
            operators += 1;
        } else if label(word).is_some() {
            references += 1;
        } else if super::operator(word).is_some() {
            operators += 1;
        } else {
            return false;
        }
        true
    }) && references > 0
        && operators > 0
}

/// What stands between spaces and parentheses.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).filter(|word| !word.is_empty())
}

/// `12`, `#12`, `2a`.
fn label(word: &str) -> Option<&str> {
    let number = word.strip_prefix('#').unwrap_or(word);
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let is_label =
        (1..=3).contains(&digits) && (number.len() == digits || number.len() == digits + 1 && number.ends_with(['a', 'b', 'c', 'd']));
    is_label.then_some(number)
}

/// The operator and the numbers of `or/1-4,7`.
fn range(word: &str) -> Option<(Kind<'static>, Vec<RangeInclusive<u32>>)> {
    let (operator, numbers) = word.split_once('/')?;
    let (operator, numbers) = if operator.starts_with(|c: char| c.is_ascii_digit()) { (numbers, operator) } else { (operator, numbers) };
    let kind = super::operator(operator).filter(|kind| matches!(kind, Kind::And | Kind::Or))?;
    let span = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim_start_matches('#').parse().ok()?..=to.trim_start_matches('#').parse().ok()?)
    };
    Some((kind, numbers.split(',').map(span).collect::<Option<_>>()?))
}

/// `or/1-14` of `OR 1-14`.
fn spaced_range(line: &str) -> Option<String> {
    let (operator, numbers) = line.trim().split_once(char::is_whitespace)?;
    let written = format!("{operator}/{}", numbers.trim());
    (numbers.contains('-') && range(&written).is_some()).then_some(written)
}

/// The line in `limit 7 to …` and `remove duplicates from 7`.
fn limited(line: &str) -> Option<&str> {
    let lower = line.to_lowercase();
    let command = ["limit ", "remove duplicates from "].into_iter().find(|command| lower.starts_with(command))?;
    label(line.get(command.len()..)?.split_whitespace().next()?)
}

impl<'a> Lines<'a> {
    /// The line a run refers to, or the lines of `or/1-5`, if it does.
    pub fn reference(&mut self, run: &str, at: usize) -> Result<Option<Vec<Token<'a>>>, Fault> {
        if let Some((operator, spans)) = range(run) {
            let mut tokens = vec![Token { at, kind: Kind::Open }];
            for number in spans.into_iter().flatten().take(1000) {
                if tokens.len() > 1 {
                    tokens.push(Token { at, kind: operator.clone() });
                }
                tokens.extend(self.line(&number.to_string(), run, at)?);
            }
            tokens.push(Token { at, kind: Kind::Close });
            return Ok(Some(tokens));
        }
        match label(run) {
            Some(number) if !self.known.is_empty() || run.starts_with('#') => Ok(Some(self.line(number, run, at)?)),
            _ => Ok(None),
        }
    }

    /// What `OR 1-14` refers to, and the line that a command limits; the limit itself is dropped.
    pub fn whole_line(&mut self, text: &str, at: usize) -> Result<Option<Vec<Token<'a>>>, Fault> {
        if let Some(range) = spaced_range(text) {
            return self.reference(&range, at);
        }
        let Some(number) = limited(text) else { return Ok(None) };
        let mut tokens = self.line(number, text, at)?;
        tokens.push(Token { at, kind: Kind::And });
        tokens.push(Token { at, kind: Kind::Dropped(Note::Dropped(vec![text.to_owned()])) });
        Ok(Some(tokens))
    }

    fn line(&mut self, number: &str, written: &str, at: usize) -> Result<Vec<Token<'a>>, Fault> {
        if self.known.is_empty() {
            let found = written.chars().take(40).collect();
            return Err(Fault::new(at, Problem::LineReference(found)));
        }
        let Some(line) = self.known.iter_mut().rev().find(|line| line.label == number) else {
            return Err(Fault::new(at, Problem::NoSuchLine(number.to_owned())));
        };
        line.used = true;
        if line.tokens.len() > MAX_TOKENS {
            return Err(Fault::new(at, Problem::TooManyTerms));
        }
        let mut tokens = vec![Token { at, kind: Kind::Open }];
        tokens.extend(line.tokens.iter().cloned());
        tokens.push(Token { at, kind: Kind::Close });
        Ok(tokens)
    }
}

/// Refuses `1 or 2` alone, which means the results of lines that are not here. `2d or 3d` alone are words.
pub(in crate::filter) fn refuse_reference(text: &str) -> Result<(), Fault> {
    let line = text.trim();
    let begins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '#' | '(');
    let can_be_a_word =
        |word: &str| super::operator(word).is_some() || !word.starts_with('#') && word.ends_with(|c: char| c.is_ascii_alphabetic());
    if !line.contains('\n') && line.starts_with(begins) && refers(line) && !words(line).all(can_be_a_word) {
        let at = text.len() - text.trim_start().len();
        return Err(Fault::new(at, Problem::LineReference(line.chars().take(40).collect())));
    }
    Ok(())
}
