//! The grammar, from the loosest binding to the tightest:
//! ```text
//! list         = entry { ("," | ";" | end of line) entry }     alternatives; an entry of plain words is a phrase,
//!                                                              one that only leaves out does so for the whole list
//! alternatives = conjunction { "OR" conjunction }              in PubMed's language: from left to right
//! conjunction  = near { ["AND"] near }
//! near         = operand { "NEAR/3" operand }
//! operand      = "NOT" near | "(" list ")" | field ":" (text | "(" list ")") | text
//! ```

mod list;
mod negation;

use super::error::{Fault, Problem};
use super::field::FieldName;
use super::note::{Note, Notes};
use super::syntax::{Atom, Expression, Phrase, Scope};
use super::token::{Kind, Term, Token};
use super::{MAX_DEPTH, MAX_TERMS, bounds, leaf, near};
use negation::matches_few_when_negated;

/// The expression of all `tokens`. `left_to_right` makes AND, OR and NOT bind equally.
pub(super) fn expression(tokens: &[Token], left_to_right: bool, notes: &mut Notes) -> Result<Expression, Fault> {
    if tokens.iter().all(Token::separates) {
        return Err(Fault::new(0, Problem::Empty));
    }
    let mut parser = Parser { tokens, next: 0, depth: 0, negations: 0, terms: 0, left_to_right, notes, dropped: None };
    let parsed = parser.list(None)?;
    match (parser.peek(), parsed.negation, parsed.expression) {
        (Some(close), ..) => Err(Fault::new(close.at, Problem::CloseGroup)),
        (None, Some(at), _) => Err(Fault::new(at, Problem::OnlyNegative)),
        (None, None, Some(expression)) => Ok(expression),
        (None, None, None) => {
            let (at, name) = parser.dropped.unwrap_or_default();
            Err(Fault::new(at, Problem::OnlyDropped(name)))
        }
    }
}

/// An expression and, if it would match nearly every paper, the place of the negation that makes it so.
#[derive(Default)]
struct Parsed {
    /// None where all of it is dropped.
    expression: Option<Expression>,
    negation: Option<usize>,
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
    depth: usize,
    /// How many NOTs the next operand stands in.
    negations: usize,
    terms: usize,
    left_to_right: bool,
    notes: &'a mut Notes,
    /// The first thing that no paper here can be asked for, and its place.
    dropped: Option<(usize, String)>,
}

/// An operator that wants an operand behind it, and its place.
type After = Option<(&'static str, usize)>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.next)
    }

    fn peek_kind(&self) -> Option<&'a Kind<'a>> {
        self.peek().map(|token| &token.kind)
    }

    fn alternatives(&mut self, field: Option<FieldName>) -> Result<Parsed, Fault> {
        if self.left_to_right {
            return self.in_reading_order(field);
        }
        let (first, mut is_mixed) = self.conjunction(field, None)?;
        let mut parts = vec![first];
        while let Some(or) = self.peek().filter(|token| token.kind == Kind::Or) {
            self.next += 1;
            let (part, is_several) = self.conjunction(field, Some(("OR", or.at)))?;
            parts.push(part);
            is_mixed |= is_several;
        }
        if is_mixed && parts.len() > 1 {
            self.notes.add(Note::MixedOperators);
        }
        Ok(any_of(parts))
    }

    /// With whether it has several parts.
    fn conjunction(&mut self, field: Option<FieldName>, after: After) -> Result<(Parsed, bool), Fault> {
        let mut parts = vec![self.near(field, after)?];
        loop {
            let after = match self.peek() {
                None | Some(Token { kind: Kind::Or | Kind::Close | Kind::Separator | Kind::LineBreak, .. }) => break,
                Some(Token { kind: Kind::And, at }) => {
                    self.next += 1;
                    Some(("AND", *at))
                }
                Some(_) => None,
            };
            parts.push(self.near(field, after)?);
        }
        let is_several = parts.len() > 1;
        Ok((self.all_of(parts), is_several))
    }

    fn in_reading_order(&mut self, field: Option<FieldName>) -> Result<Parsed, Fault> {
        let mut all = self.near(field, None)?;
        let (mut ands, mut ors) = (0, 0);
        while let Some(token) = self.peek().filter(|token| !token.separates() && token.kind != Kind::Close) {
            let (is_or, name) = if token.kind == Kind::Or { (true, "OR") } else { (false, "AND") };
            let after = matches!(token.kind, Kind::Or | Kind::And).then_some((name, token.at));
            self.next += usize::from(after.is_some());
            let part = self.near(field, after)?;
            if is_or {
                ors += 1
            } else {
                ands += 1
            }
            all = if is_or { any_of(vec![all, part]) } else { self.all_of(vec![all, part]) };
        }
        if ands > 0 && ors > 0 {
            self.notes.add(Note::LeftToRight);
        }
        Ok(all)
    }

    fn near(&mut self, field: Option<FieldName>, after: After) -> Result<Parsed, Fault> {
        let mut left = self.operand(field, after)?;
        while let Some(Token { kind: operator @ (Kind::Near(_) | Kind::Adjacent), at }) = self.peek() {
            self.next += 1;
            let right = self.operand(field, Some(("NEAR", *at)))?;
            left.expression = match (left.expression, right.expression, operator) {
                (Some(left), Some(right), Kind::Near(distance)) => Some(near::join(left, right, *distance, *at)?),
                (Some(left), Some(right), _) => Some(self.adjacent(left, right, *at)?),
                _ => None,
            };
        }
        Ok(left)
    }

    fn adjacent(&mut self, left: Expression, right: Expression, at: usize) -> Result<Expression, Fault> {
        let Some(phrases) = near::phrases(&left, &right) else {
            self.notes.add(Note::AnyOrder);
            return near::join(left, right, 0, at);
        };
        self.terms += phrases.atoms().iter().map(|(atom, _)| atom.words().len()).sum::<usize>();
        if self.terms > MAX_TERMS { Err(Fault::new(at, Problem::TooManyTerms)) } else { Ok(phrases) }
    }

    /// One operand, which stands behind the operator `after`.
    fn operand(&mut self, field: Option<FieldName>, after: After) -> Result<Parsed, Fault> {
        let Some(token) = self.peek() else { return Err(self.missing_operand(after)) };
        match &token.kind {
            Kind::Not(sign) => self.negated(field, sign, token.at),
            Kind::Open => self.group(field, token.at),
            Kind::Field(name, spelling) => {
                if field.is_some() {
                    return Err(Fault::new(token.at, Problem::FieldInField));
                }
                self.next += 1;
                match self.peek() {
                    Some(Token { kind: Kind::Open, at }) => self.group(Some(*name), *at),
                    Some(Token { kind: Kind::Bare(_) | Kind::Quoted(_), .. }) => self.operand(Some(*name), None),
                    _ => Err(Fault::new(token.at, Problem::EmptyField((*spelling).to_owned()))),
                }
            }
            Kind::Bare(text) => {
                self.next += 1;
                if matches!(&**text, "and" | "or" | "not") {
                    self.notes.add(Note::LowerCaseOperator);
                }
                self.count(leaf::of_bare(field.unwrap_or(FieldName::Text(Scope::Topic)), text, token.at)?, token.at)
            }
            Kind::Quoted(quoted) => {
                self.next += 1;
                self.count(leaf::of_quoted(field.unwrap_or(FieldName::Text(Scope::Topic)), quoted, token.at)?, token.at)
            }
            Kind::Term(term) => {
                self.next += 1;
                self.term(field, term, token.at)
            }
            Kind::Dropped(note) => {
                self.next += 1;
                if let Note::Dropped(names) = note {
                    self.dropped.get_or_insert_with(|| (token.at, names.join(" ")));
                }
                self.notes.add(note.clone());
                Ok(Parsed::default())
            }
            Kind::And | Kind::Or | Kind::Near(_) | Kind::Adjacent | Kind::Close | Kind::Separator | Kind::LineBreak => {
                Err(self.missing_operand(after))
            }
        }
    }

    fn negated(&mut self, field: Option<FieldName>, sign: &'static str, at: usize) -> Result<Parsed, Fault> {
        self.next += 1;
        self.enter(at)?;
        self.negations += 1;
        let inner = self.near(field, Some((sign, at)))?;
        self.negations -= 1;
        self.depth -= 1;
        let Some(inner) = inner.expression else { return Ok(Parsed::default()) };
        let negation = (!matches_few_when_negated(&inner)).then_some(at);
        Ok(Parsed { expression: Some(Expression::not(inner)), negation })
    }

    /// A phrase of another language. Headings stand in no text: to look for their words brings what is wanted, but would leave out
    /// too much.
    fn term(&mut self, field: Option<FieldName>, term: &Term, at: usize) -> Result<Parsed, Fault> {
        if let Some(heading) = &term.heading {
            if self.negations > 0 {
                self.notes.add(Note::IgnoredHeadings(vec![heading.clone()]));
                return Ok(Parsed::default());
            }
            self.notes.add(Note::Headings(vec![heading.clone()]));
        }
        let scope = field.and_then(FieldName::scope).or(term.scope).unwrap_or(Scope::Topic);
        self.count(Atom::Text(scope, Phrase { words: term.words.clone(), order: term.order }), at)
    }

    /// What is wrong when an operand should stand here and does not.
    fn missing_operand(&self, after: After) -> Fault {
        if let Some((operator, at)) = after {
            return Fault::new(at, Problem::NothingAfter(operator));
        }
        match self.peek() {
            Some(Token { kind: Kind::And, at }) => Fault::new(*at, Problem::NothingBefore("AND")),
            Some(Token { kind: Kind::Or, at }) => Fault::new(*at, Problem::NothingBefore("OR")),
            Some(Token { kind: Kind::Near(_) | Kind::Adjacent, at }) => Fault::new(*at, Problem::NothingBefore("NEAR")),
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
        bounds::check_atom(&atom).map_err(|problem| Fault::new(at, problem))?;
        self.terms += if let Atom::Text(_, phrase) = &atom { phrase.words.len() } else { 1 };
        if self.terms > MAX_TERMS {
            return Err(Fault::new(at, Problem::TooManyTerms));
        }
        Ok(Parsed { expression: Some(Expression::Atom(atom)), negation: None })
    }

    /// Of what is to be left out, nothing stays where a part is dropped: the rest alone would leave out more.
    fn all_of(&self, parts: Vec<Parsed>) -> Parsed {
        if self.negations > 0 && parts.iter().any(|part| part.expression.is_none()) {
            return Parsed::default();
        }
        let negation = if parts.iter().all(|part| part.expression.is_none() || part.negation.is_some()) {
            parts.iter().find_map(|part| part.negation)
        } else {
            None
        };
        Parsed { expression: joined(parts, Expression::and), negation }
    }
}

fn any_of(parts: Vec<Parsed>) -> Parsed {
    let negation = parts.iter().find_map(|part| part.negation);
    Parsed { expression: joined(parts, Expression::or), negation }
}

/// The parts that are not dropped, if there are any.
fn joined(parts: Vec<Parsed>, join: impl FnOnce(Vec<Expression>) -> Expression) -> Option<Expression> {
    let mut kept = parts.into_iter().filter_map(|part| part.expression);
    let first = kept.next()?;
    match kept.next() {
        None => Some(first),
        Some(second) => Some(join([first, second].into_iter().chain(kept).collect())),
    }
}
