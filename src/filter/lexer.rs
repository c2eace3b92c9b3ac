//! Cuts a filter's text into operators, fields, parentheses and pieces of text.

use super::error::{Fault, Problem};
use super::field::{FieldName, unknown_field};
use super::foreign;
use super::term::Form;

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// Where it begins, in characters from 0.
    pub at: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    /// With the most other words in between, as written.
    Near(String),
    /// With the sign or word it was written as.
    Not(&'static str),
    /// A comma or semicolon.
    Separator,
    /// The end of a line.
    LineBreak,
    Field(FieldName, String),
    /// A run without spaces, as written.
    Bare(String),
    Quoted(Quoted),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quoted {
    pub text: String,
    pub form: Form,
    /// What stands between `~` and the next space, if there is a `~`.
    pub distance: Option<String>,
}

/// The tokens of `text`, without the line breaks that mean nothing.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { chars: text.chars().map(plain_sign).collect(), next: 0, tokens: Vec::new() };
    while lexer.next < lexer.chars.len() {
        lexer.take()?;
    }
    Ok(settle_line_breaks(lexer.tokens))
}

/// Typographic, full-width and invisible characters as the plain signs they stand for, one for one, so that columns stay.
fn plain_sign(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '「' | '」' | '『' | '』' | '″' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        '、' => ',',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        '\u{200b}' | '\u{feff}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c if c.is_control() && c != '\n' => ' ',
        c => c,
    }
}

struct Lexer {
    chars: Vec<char>,
    next: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn take(&mut self) -> Result<(), Fault> {
        let at = self.next;
        let c = self.chars[at];
        match c {
            '\n' => self.sign(1, Kind::LineBreak),
            c if c.is_whitespace() => self.next += 1,
            '(' => self.sign(1, Kind::Open),
            ')' => self.sign(1, Kind::Close),
            ',' | ';' => self.sign(1, Kind::Separator),
            '|' => self.sign(if self.char(at + 1) == '|' { 2 } else { 1 }, Kind::Or),
            '&' if self.char(at + 1) == '&' => self.sign(2, Kind::And),
            '"' => self.quoted(at, Form::Stem)?,
            '=' if self.char(at + 1) == '"' => {
                self.next += 1;
                self.quoted(at, Form::Exact)?;
            }
            '=' if self.char(at + 1) == '=' && self.char(at + 2) == '"' => {
                self.next += 2;
                self.quoted(at, Form::Cased)?;
            }
            '[' => return Err(Fault::new(at, foreign::bracket(&self.chars[at..]))),
            _ if self.at_line_start() && self.bullet_length() > 0 => self.next += self.bullet_length(),
            '-' => self.dash(at)?,
            '!' if self.char(at + 1).is_alphanumeric() || matches!(self.char(at + 1), '"' | '(' | '=') => self.sign(1, Kind::Not("!")),
            _ => self.bare(at)?,
        }
        Ok(())
    }

    fn sign(&mut self, length: usize, kind: Kind) {
        self.tokens.push(Token { at: self.next, kind });
        self.next += length;
    }

    /// The character at `at`; a space beyond the end.
    fn char(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or(' ')
    }

    fn at_line_start(&self) -> bool {
        matches!(self.tokens.last(), None | Some(Token { kind: Kind::LineBreak, .. }))
    }

    /// The length of the bullet of a list (`- `, `• `, `* `, and `1. ` where the text has several lines), or 0.
    fn bullet_length(&self) -> usize {
        let digits = self.chars[self.next..].iter().take(3).take_while(|c| c.is_ascii_digit()).count();
        let sign = self.char(self.next + digits);
        let is_bullet = match digits {
            0 => matches!(sign, '-' | '*' | '•' | '·' | '◦' | '‣' | '▪'),
            _ => matches!(sign, '.' | ')') && self.chars.contains(&'\n'),
        };
        if is_bullet && self.char(self.next + digits + 1).is_whitespace() { digits + 1 } else { 0 }
    }

    /// `-word` leaves the word out; other dashes outside a word have no clear meaning.
    fn dash(&mut self, at: usize) -> Result<(), Fault> {
        let mut after = at;
        while self.char(after) == '-' {
            after += 1;
        }
        let follows_directly = at > 0 && matches!(self.chars[at - 1], ')' | '"');
        if follows_directly || self.char(after).is_whitespace() || matches!(self.char(after), ')' | ',' | ';' | '|') {
            return Err(Fault::new(at, Problem::LoneDash));
        }
        self.sign(after - at, Kind::Not("-"));
        Ok(())
    }

    /// A phrase; `self.next` is at its opening quote.
    fn quoted(&mut self, at: usize, form: Form) -> Result<(), Fault> {
        let start = self.next + 1;
        let length = self.chars[start..].iter().position(|&c| c == '"').ok_or(Fault::new(self.next, Problem::OpenQuote))?;
        let text = self.chars[start..start + length].iter().collect();
        self.next = start + length + 1;
        let distance = (self.char(self.next) == '~').then(|| {
            let digits: String = self.chars[self.next + 1..].iter().take_while(|c| c.is_alphanumeric()).collect();
            self.next += 1 + digits.chars().count();
            digits
        });
        self.tokens.push(Token { at, kind: Kind::Quoted(Quoted { text, form, distance }) });
        Ok(())
    }

    /// An operator, a field, or a run of text up to the next sign with a meaning.
    fn bare(&mut self, at: usize) -> Result<(), Fault> {
        let mut end = at;
        while end < self.chars.len() && !self.ends_bare(end) {
            if self.chars[end] == ':' && self.field(at, end)? {
                return Ok(());
            }
            end += 1;
        }
        // A sign that nothing else takes is a run of its own.
        end = end.max(at + 1);
        let text: String = self.chars[at..end].iter().collect();
        self.next = end;
        let kind = match text.as_str() {
            "AND" => Kind::And,
            "OR" => Kind::Or,
            "NOT" => Kind::Not("NOT"),
            "ANDNOT" => {
                self.tokens.push(Token { at, kind: Kind::And });
                Kind::Not("ANDNOT")
            }
            _ => {
                if let Some(distance) = near_distance(&text) {
                    self.tokens.push(Token { at, kind: Kind::Near(distance) });
                    return Ok(());
                }
                if self.char(end) == '(' {
                    return Err(Fault::new(at, foreign::before_group(&text).unwrap_or(Problem::WordBeforeGroup)));
                }
                if let Some(problem) = foreign::command(&self.chars[at..]).filter(|_| self.at_line_start()) {
                    return Err(Fault::new(at, problem));
                }
                Kind::Bare(self.with_number(text))
            }
        };
        self.tokens.push(Token { at, kind });
        Ok(())
    }

    fn ends_bare(&self, at: usize) -> bool {
        match self.chars[at] {
            '"' | '(' | ')' | '|' | ';' | '[' => true,
            '&' => self.char(at + 1) == '&',
            // `1,000` and `2,4-D` are no lists.
            ',' => at == 0 || !(self.chars[at - 1].is_ascii_digit() && self.char(at + 1).is_ascii_digit()),
            c => c.is_whitespace(),
        }
    }

    /// Takes `name:` where the run from `at` to `colon` is a field. A colon that ends a word is punctuation.
    fn field(&mut self, at: usize, colon: usize) -> Result<bool, Fault> {
        let name: String = self.chars[at..colon].iter().collect();
        match FieldName::parse(&name) {
            Some(field) => {
                self.tokens.push(Token { at, kind: Kind::Field(field, name) });
                self.next = colon + 1;
                Ok(true)
            }
            None => {
                let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
                let has_value =
                    colon + 1 < self.chars.len() && !self.ends_bare(colon + 1) || matches!(self.char(colon + 1), '"' | '(' | '[');
                if is_name && has_value { Err(Fault::new(at, unknown_field(&name))) } else { Ok(false) }
            }
        }
    }

    /// `>=` and its like take the number behind a space with them.
    fn with_number(&mut self, mut text: String) -> String {
        if text.chars().all(|c| matches!(c, '<' | '>' | '=' | '≤' | '≥')) {
            while self.char(self.next) == ' ' && self.next < self.chars.len() {
                self.next += 1;
            }
            while self.next < self.chars.len() && !self.ends_bare(self.next) {
                text.push(self.chars[self.next]);
                self.next += 1;
            }
        }
        text
    }
}

/// The most words between, of `NEAR/3`, `near3`, `adj4` (up to three between) and `adj` (none).
fn near_distance(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = lower.strip_prefix("adj") {
        let number = rest.parse::<u64>().unwrap_or(1);
        return (rest.is_empty() || is_number(rest)).then(|| number.saturating_sub(1).to_string());
    }
    let rest = lower.strip_prefix("near")?;
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    is_number(rest).then(|| rest.to_owned())
}

/// Drops the line breaks inside parentheses and beside operators, where an expression goes on.
fn settle_line_breaks(tokens: Vec<Token>) -> Vec<Token> {
    let mut depth = 0_usize;
    let mut settled: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::LineBreak => {
                let goes_on = settled
                    .last()
                    .is_none_or(|last| matches!(last.kind, Kind::And | Kind::Or | Kind::Near(_) | Kind::Not(_) | Kind::Field(..)))
                    || rest.peek().is_none_or(|next| matches!(next.kind, Kind::And | Kind::Or | Kind::Near(_) | Kind::LineBreak));
                if depth == 0 && !goes_on {
                    settled.push(Token { at: token.at, kind: Kind::Separator });
                }
                continue;
            }
            _ => {}
        }
        settled.push(token);
    }
    settled
}
