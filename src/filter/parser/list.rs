//! Lists of keywords.

use super::negation::only_leaves_out;
use super::{Parsed, Parser, any_of};
use crate::filter::error::{Fault, Problem};
use crate::filter::field::FieldName;
use crate::filter::leaf;
use crate::filter::syntax::Scope;
use crate::filter::token::{Kind, Token};

impl Parser<'_> {
    /// Up to the parenthesis that closes this level, or the end.
    pub(super) fn list(&mut self, field: Option<FieldName>) -> Result<Parsed, Fault> {
        let is_list = self.holds_separator();
        let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
        loop {
            while self.peek().is_some_and(Token::separates) {
                self.next += 1;
            }
            if matches!(self.peek_kind(), None | Some(Kind::Close)) {
                break;
            }
            let entry = match self.phrase_entry(field).filter(|_| is_list) {
                Some(length) => self.phrase(field, length)?,
                None => self.alternatives(field)?,
            };
            let only_leaves_out = is_list && entry.expression.as_ref().is_some_and(only_leaves_out);
            if only_leaves_out { left_out.push(entry) } else { wanted.push(entry) }
        }
        if wanted.is_empty() && left_out.is_empty() {
            let at = self.peek().or(self.tokens.last()).map_or(0, |token| token.at);
            return Err(Fault::new(at, Problem::EmptyGroup));
        }
        if left_out.is_empty() {
            return Ok(any_of(wanted));
        }
        let wanted = (!wanted.is_empty()).then(|| any_of(wanted));
        Ok(self.all_of(wanted.into_iter().chain(left_out).collect()))
    }

    /// Whether a separator stands between here and the end of this level.
    fn holds_separator(&self) -> bool {
        let mut depth = 0_usize;
        for token in &self.tokens[self.next..] {
            match token.kind {
                Kind::Separator | Kind::LineBreak if depth == 0 => return true,
                Kind::Open => depth += 1,
                Kind::Close if depth == 0 => return false,
                Kind::Close => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// The number of tokens of the next entry, if it is several plain words.
    fn phrase_entry(&self, field: Option<FieldName>) -> Option<usize> {
        let is_plain = |token: &Token| matches!(&token.kind, Kind::Bare(text) if !text.starts_with('='));
        let is_text = field.is_none_or(|field| field.scope().is_some());
        let rest = &self.tokens[self.next..];
        let length = rest.iter().take_while(|token| is_plain(token)).count();
        let ends = rest.get(length).is_none_or(|token| token.separates() || token.kind == Kind::Close);
        (is_text && length > 1 && ends).then_some(length)
    }

    fn phrase(&mut self, field: Option<FieldName>, length: usize) -> Result<Parsed, Fault> {
        let scope = field.and_then(FieldName::scope).unwrap_or(Scope::Topic);
        let entry = &self.tokens[self.next..self.next + length];
        self.next += length;
        let runs = entry.iter().filter_map(|token| if let Kind::Bare(text) = &token.kind { Some((&**text, token.at)) } else { None });
        self.count(leaf::of_entry(scope, runs)?, entry[0].at)
    }
}
