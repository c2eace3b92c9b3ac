//! The grammar, from the loosest binding to the tightest:
//! ```text
//! list         = entry { ("," | ";" | end of line) entry }     alternatives; an entry of plain words is a phrase,
//!                                                              one that only leaves out does so for the whole list
//! alternatives = conjunction { "OR" conjunction }
//! conjunction  = near { ["AND"] near }
//! near         = operand { "NEAR/3" operand }
//! operand      = "NOT" near | "(" list ")" | field ":" (text | "(" list ")") | text
//! ```

use super::error::{Fault, Problem};
use super::field::FieldName;
use super::lexer::{Kind, Token};
use super::syntax::{Atom, Expression, Scope};
use super::{MAX_DEPTH, MAX_TERMS, foreign, leaf, near};

/// The expression of all `tokens`.
pub(super) fn expression(tokens: &[Token]) -> Result<Expression, Fault> {
    refuse_line_numbers(tokens)?;
    if tokens.iter().all(|token| token.kind == Kind::Separator) {
        return Err(Fault::new(0, Problem::Empty));
    }
    let mut parser = Parser { tokens, next: 0, depth: 0, terms: 0 };
    let parsed = parser.list(None)?;
    match (parser.peek(), parsed.negation) {
        (Some(close), _) => Err(Fault::new(close.at, Problem::CloseGroup)),
        (None, Some(at)) => Err(Fault::new(at, Problem::OnlyNegative)),
        (None, None) => Ok(parsed.expression),
    }
}

/// An expression and, if it would match nearly every paper, the place of the negation that makes it so.
struct Parsed {
    expression: Expression,
    negation: Option<usize>,
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn peek_kind(&self) -> Option<&'a Kind> {
        self.peek().map(|token| &token.kind)
    }

    /// Up to the parenthesis that closes this level, or the end.
    fn list(&mut self, field: Option<FieldName>) -> Result<Parsed, Fault> {
        let is_list = self.holds_separator();
        let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
        loop {
            while self.peek_kind() == Some(&Kind::Separator) {
                self.next += 1;
            }
            if matches!(self.peek_kind(), None | Some(Kind::Close)) {
                break;
            }
            let entry = match self.phrase_entry(field).filter(|_| is_list) {
                Some(length) => self.phrase(field, length)?,
                None => self.alternatives(field)?,
            };
            if is_list && only_leaves_out(&entry.expression) { left_out.push(entry) } else { wanted.push(entry) }
        }
        if wanted.is_empty() && left_out.is_empty() {
            let at = self.peek().or(self.tokens.last()).map_or(0, |token| token.at);
            return Err(Fault::new(at, Problem::EmptyGroup));
        }
        let wanted = (!wanted.is_empty()).then(|| any_of(wanted));
        Ok(all_of(wanted.into_iter().chain(left_out).collect()))
    }

    /// Whether a separator stands between here and the end of this level.
    fn holds_separator(&self) -> bool {
        let mut depth = 0_usize;
        for token in &self.tokens[self.next..] {
            match token.kind {
                Kind::Separator if depth == 0 => return true,
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
        let rest = &self.tokens[self.next..];
        let length = rest.iter().position(|token| matches!(token.kind, Kind::Separator | Kind::Close)).unwrap_or(rest.len());
        let is_plain = |token: &Token| matches!(&token.kind, Kind::Bare(text) if !text.starts_with('='));
        let is_text = field.is_none_or(|field| field.scope().is_some());
        (is_text && length > 1 && rest[..length].iter().all(is_plain)).then_some(length)
    }

    fn phrase(&mut self, field: Option<FieldName>, length: usize) -> Result<Parsed, Fault> {
        let scope = field.and_then(FieldName::scope).unwrap_or(Scope::Topic);
        let entry = &self.tokens[self.next..self.next + length];
        self.next += length;
        let runs = entry.iter().filter_map(|token| if let Kind::Bare(text) = &token.kind { Some((text.as_str(), token.at)) } else { None });
        self.count(leaf::of_entry(scope, runs)?, entry[0].at)
    }

    fn alternatives(&mut self, field: Option<FieldName>) -> Result<Parsed, Fault> {
        let mut parts = vec![self.conjunction(field, None)?];
        while let Some(or) = self.peek().filter(|token| token.kind == Kind::Or) {
            self.next += 1;
            parts.push(self.conjunction(field, Some(("OR", or.at)))?);
        }
        Ok(any_of(parts))
    }

    fn conjunction(&mut self, field: Option<FieldName>, after: Option<(&'static str, usize)>) -> Result<Parsed, Fault> {
        let mut parts = vec![self.near(field, after)?];
        loop {
            match self.peek() {
                None | Some(Token { kind: Kind::Or | Kind::Close | Kind::Separator | Kind::LineBreak, .. }) => return Ok(all_of(parts)),
                Some(Token { kind: Kind::And, at }) => {
                    self.next += 1;
                    parts.push(self.near(field, Some(("AND", *at)))?);
                }
                Some(_) => parts.push(self.near(field, None)?),
            }
        }
    }

    fn near(&mut self, field: Option<FieldName>, after: Option<(&'static str, usize)>) -> Result<Parsed, Fault> {
        let mut left = self.operand(field, after)?;
        while let Some(Token { kind: Kind::Near(distance), at }) = self.peek() {
            self.next += 1;
            let right = self.operand(field, Some(("NEAR", *at)))?;
            left.expression = near::join(left.expression, right.expression, distance, *at)?;
        }
        Ok(left)
    }

    /// One operand, which stands behind the operator `after`.
    fn operand(&mut self, field: Option<FieldName>, after: Option<(&'static str, usize)>) -> Result<Parsed, Fault> {
        let Some(token) = self.peek() else { return Err(self.missing_operand(after)) };
        match &token.kind {
            Kind::Not(sign) => {
                self.next += 1;
                self.enter(token.at)?;
                let inner = self.near(field, Some((sign, token.at)))?;
                self.depth -= 1;
                let negation = (!matches_few_when_negated(&inner.expression)).then_some(token.at);
                Ok(Parsed { expression: Expression::not(inner.expression), negation })
            }
            Kind::Open => self.group(field, token.at),
            Kind::Field(name, spelling) => {
                if field.is_some() {
                    return Err(Fault::new(token.at, Problem::FieldInField));
                }
                self.next += 1;
                match self.peek() {
                    Some(Token { kind: Kind::Open, at }) => self.group(Some(*name), *at),
                    Some(Token { kind: Kind::Bare(_) | Kind::Quoted(_), .. }) => self.operand(Some(*name), None),
                    _ => Err(Fault::new(token.at, Problem::EmptyField(spelling.clone()))),
                }
            }
            Kind::Bare(text) => {
                self.next += 1;
                self.count(leaf::of_bare(field.unwrap_or(FieldName::Text(Scope::Topic)), text, token.at)?, token.at)
            }
            Kind::Quoted(quoted) => {
                self.next += 1;
                self.count(leaf::of_quoted(field.unwrap_or(FieldName::Text(Scope::Topic)), quoted, token.at)?, token.at)
            }
            Kind::And | Kind::Or | Kind::Near(_) | Kind::Close | Kind::Separator | Kind::LineBreak => Err(self.missing_operand(after)),
        }
    }

    /// What is wrong when an operand should stand here and does not.
    fn missing_operand(&self, after: Option<(&'static str, usize)>) -> Fault {
        if let Some((operator, at)) = after {
            return Fault::new(at, Problem::NothingAfter(operator));
        }
        match self.peek() {
            Some(Token { kind: Kind::And, at }) => Fault::new(*at, Problem::NothingBefore("AND")),
            Some(Token { kind: Kind::Or, at }) => Fault::new(*at, Problem::NothingBefore("OR")),
            Some(Token { kind: Kind::Near(_), at }) => Fault::new(*at, Problem::NothingBefore("NEAR")),
            Some(token) => Fault::new(token.at, Problem::EmptyGroup),
            None => Fault::new(0, Problem::Empty),
        }
    }

    fn group(&mut self, field: Option<FieldName>, at: usize) -> Result<Parsed, Fault> {
        self.next += 1;
        if self.peek().is_none() {
            return Err(Fault::new(at, Problem::OpenGroup));
        }
        if self.peek_kind() == Some(&Kind::Close) {
            return Err(Fault::new(at, Problem::EmptyGroup));
        }
        self.enter(at)?;
        let inner = self.list(field)?;
        self.depth -= 1;
        if self.peek().is_none() {
            return Err(Fault::new(at, Problem::OpenGroup));
        }
        self.next += 1;
        Ok(inner)
    }

    fn enter(&mut self, at: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Fault::new(at, Problem::TooDeep)) } else { Ok(()) }
    }

    fn count(&mut self, atom: Atom, at: usize) -> Result<Parsed, Fault> {
        self.terms += atom.words().len().max(1);
        if self.terms > MAX_TERMS {
            return Err(Fault::new(at, Problem::TooManyTerms));
        }
        Ok(Parsed { expression: Expression::Atom(atom), negation: None })
    }
}

fn all_of(parts: Vec<Parsed>) -> Parsed {
    let negation = parts.iter().map(|part| part.negation).reduce(|first, next| next.and(first)).flatten();
    Parsed { expression: Expression::and(parts.into_iter().map(|part| part.expression).collect()), negation }
}

fn any_of(parts: Vec<Parsed>) -> Parsed {
    let negation = parts.iter().find_map(|part| part.negation);
    Parsed { expression: Expression::or(parts.into_iter().map(|part| part.expression).collect()), negation }
}

fn only_leaves_out(expression: &Expression) -> bool {
    match expression {
        Expression::Not(_) => true,
        Expression::And(parts) => parts.iter().all(only_leaves_out),
        Expression::Atom(_) | Expression::Or(_) => false,
    }
}

/// Whether the opposite of `expression` matches only papers that hold something asked for.
fn matches_few_when_negated(expression: &Expression) -> bool {
    fn matches_few(expression: &Expression) -> bool {
        match expression {
            Expression::Atom(_) => true,
            Expression::Not(inner) => matches_few_when_negated(inner),
            Expression::And(parts) => parts.iter().any(matches_few),
            Expression::Or(parts) => parts.iter().all(matches_few),
        }
    }
    match expression {
        Expression::Atom(_) => false,
        Expression::Not(inner) => matches_few(inner),
        Expression::And(parts) => parts.iter().all(matches_few_when_negated),
        Expression::Or(parts) => parts.iter().any(matches_few_when_negated),
    }
}

/// Refuses `1 or 2`, which in other search languages means the results of numbered lines.
fn refuse_line_numbers(tokens: &[Token]) -> Result<(), Fault> {
    let is_number = |text: &str| {
        text.strip_suffix(['a', 'b', 'c']).unwrap_or(text).bytes().all(|b| b.is_ascii_digit())
            && text.starts_with(|c: char| c.is_ascii_digit())
    };
    let number = |token: &Token| matches!(&token.kind, Kind::Bare(text) if is_number(text));
    let operator = |token: &Token| match &token.kind {
        Kind::And | Kind::Or | Kind::Not(_) => true,
        Kind::Bare(text) => matches!(text.to_ascii_lowercase().as_str(), "and" | "or" | "not"),
        _ => false,
    };
    match tokens.windows(3).find(|three| number(&three[0]) && operator(&three[1]) && number(&three[2])) {
        Some(three) => {
            let shown = |token: &Token| if let Kind::Bare(text) = &token.kind { text.clone() } else { "OR".to_owned() };
            Err(Fault::new(three[0].at, foreign::line_numbers(format!("{} {} {}", shown(&three[0]), shown(&three[1]), shown(&three[2])))))
        }
        None => Ok(()),
    }
}
