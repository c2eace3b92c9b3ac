//! Signs that mean something else in prose than in formulas: ties, dashes, quotes; and web addresses.

use super::Walk;

/// How far a closing single quote may be from its opening one, in bytes: a few words.
const MAX_QUOTED_BYTES: usize = 80;

impl Walk<'_> {
    /// `~` ties words (`Fig.~2`); in prose it also means "about" (`~10`), a range (`5~10`) or a home directory.
    pub(super) fn tie(&mut self) {
        let (before, after) = (self.last_char(), self.rest()[1..].chars().next());
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let ties = before.is_some_and(|c| !c.is_whitespace() && c != '/' && c != '(')
            && after.is_some_and(|c| !c.is_whitespace() && c != '~')
            && !(is_digit(before) && is_digit(after));
        if ties || !self.in_text() {
            self.space(1);
        } else {
            self.copy(1);
        }
    }

    pub(super) fn dashes(&mut self) {
        let count = self.rest().bytes().take_while(|b| *b == b'-').count();
        let next = self.rest()[count..].chars().next();
        let is_command_line_option = self.last_char().is_none_or(char::is_whitespace) && next.is_some_and(char::is_alphanumeric);
        match count {
            2 if !is_command_line_option => self.out.push('–'),
            3 => self.out.push('—'),
            _ => self.out.push_str(&self.rest()[..count]),
        }
        self.at += count;
    }

    pub(super) fn quote(&mut self, c: char) {
        let rest = self.rest();
        let next_is_letter = rest[1..].starts_with(char::is_alphabetic);
        let (text, bytes) = match c {
            '\'' if !self.in_text() => ("′", 1),
            '`' if rest.starts_with("``") && !rest.starts_with("```") => {
                self.double_quotes += 1;
                ("“", 2)
            }
            '\'' if rest.starts_with("''") && self.double_quotes > 0 => {
                self.double_quotes -= 1;
                ("”", 2)
            }
            '`' if self.in_text() && !self.last_char().is_some_and(char::is_alphanumeric) && opens_quotation(&rest[1..]) => {
                self.single_quotes += 1;
                ("‘", 1)
            }
            // A backtick typed for an apostrophe: `the earth`s`.
            '`' if self.in_text() && next_is_letter && self.last_char().is_some_and(char::is_alphabetic) => ("'", 1),
            '\'' if self.single_quotes > 0 && !next_is_letter => {
                self.single_quotes -= 1;
                ("’", 1)
            }
            _ => return self.copy(rest.len() - rest.trim_start_matches(c).len()),
        };
        self.out.push_str(text);
        self.at += bytes;
    }

    /// Copies a web address: its `~`, `_` and `--` are not markup.
    pub(super) fn address(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '\\' | '{' | '}' | '$')).unwrap_or(rest.len());
        self.copy(length);
    }
}

/// Whether the text after a backtick closes with an apostrophe soon, as in `` `soft' ``, and not with a backtick as code does.
fn opens_quotation(after: &str) -> bool {
    let window = &after[..after.floor_char_boundary(MAX_QUOTED_BYTES)];
    let end = window.find('`').unwrap_or(window.len());
    window.starts_with(|c: char| !c.is_whitespace() && c != '\'')
        && window[..end].match_indices('\'').any(|(at, _)| !window[at + 1..].starts_with(char::is_alphabetic))
}
