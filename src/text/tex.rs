//! TeX as authors type it into titles and abstracts, shown as Unicode.
//!
//! A renderer for readers, not a TeX: it walks the text once, knows the commands that occur in
//! metadata, and leaves what it does not know legible.

mod commands;
mod dollars;
mod glyphs;
mod prose;
mod symbols;

use std::collections::HashMap;
use std::ops::Range;

pub(super) use glyphs::script;

/// Groups and arguments nested deeper than this stay as they are: bounds recursion and keeps the work linear.
const MAX_DEPTH: usize = 16;
/// How long the `[…]` of a command may be, in bytes: a page number, the degree of a root.
const MAX_OPTION_BYTES: usize = 80;

/// Shows TeX markup as Unicode: `$O(n^2)$` as `O(n²)`, `Poincar\'e` as `Poincaré`, `\emph{x}` as `x`.
///
/// Text without markup stays as it is, money (`$5 and $10`) included; unknown commands keep their
/// name. Takes linear time and accepts any input.
pub fn tex_to_unicode(text: &str) -> String {
    if !text.contains(['\\', '$', '{', '~', '^', '`']) && !text.contains("--") {
        return text.to_owned();
    }
    let source = Source { text, closers: matching_braces(text) };
    source.render(0..text.len(), Mode::Text, 0)
}

/// What the surrounding markup makes of plain characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Text,
    Formula,
    /// Inside a superscript or subscript, where nothing is spaced.
    Script,
}

struct Source<'a> {
    text: &'a str,
    /// From the offset of each opening brace to that of its closing one.
    closers: HashMap<usize, usize>,
}

fn matching_braces(text: &str) -> HashMap<usize, usize> {
    let mut closers = HashMap::new();
    let mut open = Vec::new();
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if !escaped => open.push(at),
            b'}' if !escaped => {
                if let Some(opener) = open.pop() {
                    closers.insert(opener, at);
                }
            }
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    closers
}

impl Source<'_> {
    fn render(&self, span: Range<usize>, mode: Mode, depth: usize) -> String {
        let mut walk =
            Walk { source: self, at: span.start, end: span.end, mode, depth, out: String::new(), double_quotes: 0, single_quotes: 0 };
        while walk.step() {}
        walk.out
    }
}

/// One pass over a span of the source.
struct Walk<'a> {
    source: &'a Source<'a>,
    at: usize,
    end: usize,
    mode: Mode,
    depth: usize,
    out: String,
    double_quotes: usize,
    single_quotes: usize,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        &self.source.text[self.at..self.end]
    }

    fn next_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn last_char(&self) -> Option<char> {
        self.out.chars().next_back()
    }

    fn in_text(&self) -> bool {
        self.mode == Mode::Text
    }

    /// Consumes one construct; `false` at the end of the span.
    fn step(&mut self) -> bool {
        let Some(c) = self.next_char() else { return false };
        match c {
            _ if self.depth >= MAX_DEPTH => self.copy(c.len_utf8()),
            '\\' => self.command(),
            '$' => self.dollar(),
            '{' => self.group(),
            '}' if !self.in_text() => self.at += 1,
            '^' | '_' => self.script(c),
            '~' => self.tie(),
            '-' if self.in_text() => self.dashes(),
            '`' | '\'' => self.quote(c),
            'h' if self.in_text() && (self.rest().starts_with("http://") || self.rest().starts_with("https://")) => self.address(),
            '&' if !self.in_text() => self.space(1),
            _ if c.is_whitespace() && !self.in_text() => self.space(c.len_utf8()),
            _ => self.copy(c.len_utf8()),
        }
        true
    }

    fn copy(&mut self, bytes: usize) {
        self.out.push_str(&self.rest()[..bytes]);
        self.at += bytes;
    }

    /// White space of a formula: kept as typed, but single and never first.
    fn space(&mut self, bytes: usize) {
        self.at += bytes;
        if self.mode != Mode::Script && self.last_char().is_some_and(|c| c != ' ') {
            self.out.push(' ');
        }
    }

    fn skip_whitespace(&mut self) {
        self.at = self.end - self.rest().trim_start().len();
    }

    /// The inside of the brace group that begins here.
    fn group_span(&self) -> Option<Range<usize>> {
        let closer = *self.source.closers.get(&self.at)?;
        (closer < self.end).then_some(self.at + 1..closer)
    }

    /// Takes the next argument as TeX does: a group, a command, or one character.
    fn argument(&mut self, mode: Mode) -> String {
        self.skip_whitespace();
        if let Some(span) = self.group_span() {
            self.at = span.end + 1;
            return self.source.render(span, mode, self.depth + 1).trim().to_owned();
        }
        let mut inner = Walk {
            source: self.source,
            at: self.at,
            end: self.end,
            mode,
            depth: self.depth + 1,
            out: String::new(),
            double_quotes: 0,
            single_quotes: 0,
        };
        inner.step();
        self.at = inner.at;
        inner.out
    }

    /// Takes the group that follows, unread: for labels and addresses.
    fn raw_argument(&mut self) -> &'a str {
        let start = self.at;
        self.skip_whitespace();
        match self.group_span() {
            Some(span) => {
                self.at = span.end + 1;
                &self.source.text[span]
            }
            None => {
                self.at = start;
                ""
            }
        }
    }

    /// Takes the `[…]` that follows, if one does.
    fn option(&mut self) -> Option<Range<usize>> {
        let inside = self.rest().strip_prefix('[')?;
        let window = &inside[..inside.floor_char_boundary(MAX_OPTION_BYTES)];
        let start = self.at + 1;
        let span = start..start + window.find(']')?;
        self.at = span.end + 1;
        Some(span)
    }

    fn group(&mut self) {
        let Some(span) = self.group_span() else {
            return if self.in_text() { self.copy(1) } else { self.at += 1 };
        };
        let keeps_braces = self.in_text() && !groups_prose(&self.source.text[span.clone()]);
        self.at = span.end + 1;
        let inside = self.source.render(span, self.mode, self.depth + 1);
        if keeps_braces {
            self.out.extend(["{", &inside, "}"]);
        } else {
            self.out.push_str(&inside);
        }
    }

    fn dollar(&mut self) {
        let delimiter = if self.rest().starts_with("$$") { "$$" } else { "$" };
        if !self.in_text() {
            self.at += delimiter.len();
            return;
        }
        let start = self.at + delimiter.len();
        let formula = dollars::closing(&self.source.text[start..self.end], delimiter).map(|length| start..start + length).filter(|span| {
            let next = self.source.text[span.end + delimiter.len()..self.end].chars().next();
            dollars::is_formula(&self.source.text[span.clone()], next)
        });
        match formula {
            Some(span) => {
                self.at = span.end + delimiter.len();
                self.out.push_str(self.source.render(span, Mode::Formula, self.depth + 1).trim());
            }
            None => self.copy(1),
        }
    }

    fn script(&mut self, marker: char) {
        if self.in_text() {
            return self.script_in_text(marker);
        }
        self.at += 1;
        let argument = self.argument(Mode::Script);
        self.out.truncate(self.out.trim_end().len());
        self.out.push_str(&glyphs::script(marker, &argument));
    }

    /// Outside formulas only `x^{…}`, `x_{…}` and powers are scripts: `snake_case` and `^_^` are not.
    fn script_in_text(&mut self, marker: char) {
        let has_base = self.last_char().is_some_and(|c| c.is_alphanumeric() || matches!(c, ')' | ']' | '}' | '|' | '⁾' | '₎'));
        let after = &self.rest()[1..];
        let unsigned = after.strip_prefix('-').unwrap_or(after);
        let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
        if has_base && after.starts_with('{') {
            self.at += 1;
            let argument = self.argument(Mode::Script);
            self.out.push_str(&glyphs::script(marker, &argument));
        } else if has_base && marker == '^' && digits > 0 {
            let power = &after[..after.len() - unsigned.len() + digits];
            self.at += 1 + power.len();
            self.out.push_str(&glyphs::script('^', power));
        } else {
            self.copy(1);
        }
    }
}

/// Whether braces around `inside` only hold words together (`{BERT}`), other than those of a set (`{-1, 0, 1}`).
fn groups_prose(inside: &str) -> bool {
    let is_one_sign = inside.chars().count() == 1 && !inside.starts_with(|c: char| c.is_ascii_digit());
    let is_words = inside.starts_with(char::is_alphabetic)
        && inside.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '\n' | '-' | '.' | '\''));
    is_one_sign || is_words || inside.starts_with("http") || inside.contains(['\\', '$'])
}

#[cfg(test)]
mod tests;
