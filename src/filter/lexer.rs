//! Cuts a filter's text into operators, fields, parentheses and pieces of text.

use std::borrow::Cow;

use super::error::{Fault, Problem};
use super::field::{FieldName, unknown_field};
use super::foreign;
use super::note::Note;
use super::term::Form;
use super::token::{Kind, Quoted, Token};

/// The tokens of `text`, whose signs are plain, without the line breaks that mean nothing.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { text, next: 0, tokens: Vec::with_capacity(text.len() / 6 + 4), depth: 0 };
    while let Some(c) = lexer.rest().chars().next() {
        lexer.take(c)?;
    }
    if lexer.tokens.last().is_some_and(|last| last.kind == Kind::LineBreak) {
        lexer.tokens.pop();
    }
    Ok(lexer.tokens)
}

/// Typographic, full-width and invisible characters as the plain signs they stand for, one for one, so that columns stay.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let is_plain = |b: u8| b == b'\n' || (b' '..0x7f).contains(&b);
    if text.bytes().all(is_plain) { Cow::Borrowed(text) } else { Cow::Owned(text.chars().map(plain_sign).collect()) }
}

fn plain_sign(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '「' | '」' | '『' | '』' | '″' | '〝' | '〞' | '〟' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        '、' => ',',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        '\u{200b}' | '\u{feff}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c if c.is_control() && c != '\n' => ' ',
        c => c,
    }
}

struct Lexer<'a> {
    text: &'a str,
    next: usize,
    tokens: Vec<Token<'a>>,
    depth: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.next..]
    }

    fn take(&mut self, c: char) -> Result<(), Fault> {
        let (at, rest) = (self.next, self.rest());
        match c {
            '\n' => self.line_break(),
            c if c.is_whitespace() => self.next += c.len_utf8(),
            '(' => {
                self.depth += 1;
                self.sign(1, Kind::Open);
            }
            ')' => {
                self.depth = self.depth.saturating_sub(1);
                self.sign(1, Kind::Close);
            }
            ',' | ';' => self.sign(1, Kind::Separator),
            '|' => self.sign(if rest.starts_with("||") { 2 } else { 1 }, Kind::Or),
            '&' if rest.starts_with("&&") => self.sign(2, Kind::And),
            '"' => self.quoted(at, Form::Stem)?,
            '=' if rest.starts_with("=\"") => self.quoted(at, Form::Exact)?,
            '=' if rest.starts_with("==\"") => self.quoted(at, Form::Cased)?,
            '[' => return Err(Fault::new(at, foreign::bracket(rest))),
            _ if self.at_line_start() && self.bullet_length() > 0 => self.next += self.bullet_length(),
            '-' => self.dash(at)?,
            '!' if rest[1..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '(' | '=')) => self.sign(1, Kind::Not("!")),
            _ => self.bare(at)?,
        }
        Ok(())
    }

    fn push(&mut self, at: usize, kind: Kind<'a>) {
        // An operator goes on behind the end of a line.
        if matches!(kind, Kind::And | Kind::Or | Kind::Near(_) | Kind::Adjacent)
            && self.tokens.last().is_some_and(|last| last.kind == Kind::LineBreak)
        {
            self.tokens.pop();
        }
        self.tokens.push(Token { at, kind });
    }

    fn sign(&mut self, length: usize, kind: Kind<'a>) {
        self.push(self.next, kind);
        self.next += length;
    }

    /// An end of line separates, unless an expression goes on: in parentheses and behind an operator.
    fn line_break(&mut self) {
        let goes_on = |last: &Token| last.kind.goes_on() || last.kind == Kind::LineBreak;
        if self.depth == 0 && !self.tokens.last().is_none_or(goes_on) {
            self.push(self.next, Kind::LineBreak);
        }
        self.next += 1;
    }

    fn at_line_start(&self) -> bool {
        self.text[..self.next].trim_end_matches([' ', '\t']).bytes().next_back().is_none_or(|b| b == b'\n')
    }

    /// The length of the bullet of a list (`- `, `• `, `* `, and `1. ` where the text has several lines), or 0.
    fn bullet_length(&self) -> usize {
        let rest = self.rest();
        let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
        let Some(sign) = rest[digits..].chars().next() else { return 0 };
        let is_bullet = match digits {
            0 => matches!(sign, '-' | '*' | '•' | '·' | '◦' | '‣' | '▪'),
            _ => matches!(sign, '.' | ')') && self.text.contains('\n'),
        };
        let length = digits + sign.len_utf8();
        if is_bullet && rest[length..].starts_with(char::is_whitespace) { length } else { 0 }
    }

    /// `-word` leaves the word out; other dashes outside a word have no clear meaning.
    fn dash(&mut self, at: usize) -> Result<(), Fault> {
        let behind = self.rest().trim_start_matches('-');
        let follows_directly = self.text[..at].ends_with([')', '"']);
        if follows_directly || behind.is_empty() || behind.starts_with(|c: char| c.is_whitespace() || matches!(c, ')' | ',' | ';' | '|')) {
            return Err(Fault::new(at, Problem::LoneDash));
        }
        self.sign(self.rest().len() - behind.len(), Kind::Not("-"));
        Ok(())
    }

    /// A phrase; `self.next` is at its sign or its opening quote.
    fn quoted(&mut self, at: usize, form: Form) -> Result<(), Fault> {
        let start = at + form.sign().len() + 1;
        let length = self.text[start..].find('"').ok_or(Fault::new(start - 1, Problem::OpenQuote))?;
        let text = &self.text[start..start + length];
        self.next = start + length + 1;
        let distance =
            self.rest().strip_prefix('~').map(|behind| &behind[..behind.find(|c: char| !c.is_alphanumeric()).unwrap_or(behind.len())]);
        self.next += distance.map_or(0, |digits| 1 + digits.len());
        self.push(at, Kind::Quoted(Quoted { text, form, distance }));
        Ok(())
    }

    /// An operator, a field, or a run of text up to the next sign with a meaning.
    fn bare(&mut self, at: usize) -> Result<(), Fault> {
        let mut end = at;
        while let Some(c) = self.text[end..].chars().next().filter(|&c| !self.ends_bare(end, c)) {
            if c == ':' && self.field(at, end)? {
                return Ok(());
            }
            end += c.len_utf8();
        }
        // A sign that nothing else takes is a run of its own.
        if end == at {
            end += self.rest().chars().next().map_or(0, char::len_utf8);
        }
        let text = &self.text[at..end];
        self.next = end;
        let kind = match text {
            "AND" => Kind::And,
            "OR" => Kind::Or,
            "NOT" => Kind::Not("NOT"),
            "ANDNOT" => {
                self.push(at, Kind::And);
                Kind::Not("ANDNOT")
            }
            _ => self.run(at, text)?,
        };
        self.push(at, kind);
        Ok(())
    }

    fn run(&mut self, at: usize, text: &'a str) -> Result<Kind<'a>, Fault> {
        if let Some(near) = foreign::near(text) {
            return Ok(near);
        }
        if self.rest().starts_with('(') {
            return Err(Fault::new(at, foreign::before_group(text).unwrap_or(Problem::WordBeforeGroup)));
        }
        Ok(Kind::Bare(self.with_number(text)))
    }

    fn ends_bare(&self, at: usize, c: char) -> bool {
        match c {
            '"' | '(' | ')' | '|' | ';' | '[' => true,
            '&' => self.text[at..].starts_with("&&"),
            // `1,000` and `2,4-D` are no lists.
            ',' => {
                !(self.text[..at].ends_with(|c: char| c.is_ascii_digit()) && self.text[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
            }
            c => c.is_whitespace(),
        }
    }

    /// Takes `name:` where the run from `at` to `colon` is a field. A colon that ends a word is punctuation.
    fn field(&mut self, at: usize, colon: usize) -> Result<bool, Fault> {
        let (name, behind) = (&self.text[at..colon], &self.text[colon + 1..]);
        if let Some(length) = foreign::date_range(name, behind) {
            let found = &self.text[at..colon + 1 + length];
            self.next = at + found.len();
            self.push(at, Kind::Dropped(Note::Dropped(vec![found.to_owned()])));
            return Ok(true);
        }
        if let Some(field) = FieldName::parse(name) {
            self.next = colon + 1;
            self.push(at, Kind::Field(field, name));
            return Ok(true);
        }
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        let has_value = behind.chars().next().is_some_and(|c| matches!(c, '"' | '(' | '[') || !self.ends_bare(colon + 1, c));
        if is_name && has_value { Err(Fault::new(at, unknown_field(name))) } else { Ok(false) }
    }

    /// `>=` and its like take the number behind a space with them.
    fn with_number(&mut self, text: &'a str) -> Cow<'a, str> {
        if !text.chars().all(|c| matches!(c, '<' | '>' | '=' | '≤' | '≥')) {
            return Cow::Borrowed(text);
        }
        let behind = self.rest().trim_start_matches(' ');
        let from = self.text.len() - behind.len();
        let length = behind.char_indices().find(|&(i, c)| self.ends_bare(from + i, c)).map_or(behind.len(), |(i, _)| i);
        self.next = from + length;
        Cow::Owned(format!("{text}{}", &behind[..length]))
    }
}
