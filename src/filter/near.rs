//! Joins what stands on both sides of a NEAR.

use super::error::{Fault, Problem};
use super::syntax::{Atom, Expression, Near, Order, Phrase, Scope, Stretch, Word};
use super::{MAX_DISTANCE, MAX_NEARS, bounds};

/// The most phrases that adjacent alternatives are written out as.
const MAX_PHRASES: usize = 64;

/// `left NEAR/distance right`, with the operator at `at`.
pub(super) fn join(left: Expression, right: Expression, distance: u64, at: usize) -> Result<Expression, Fault> {
    let fault = |problem| Fault::new(at, problem);
    let number = u32::try_from(distance).ok().filter(|&number| number <= MAX_DISTANCE);
    let distance = number.ok_or_else(|| fault(Problem::NearTooFar(distance)))?;
    let (left, right) = (stretch(left).ok_or(fault(Problem::NearWhat))?, stretch(right).ok_or(fault(Problem::NearWhat))?);
    if left.0 != right.0 {
        return Err(fault(Problem::NearWhat));
    }
    let near = Near { left: left.1, right: right.1, distance };
    if near.nesting() > MAX_NEARS {
        return Err(fault(Problem::TooManyNears));
    }
    let atom = Atom::Near(left.0, near);
    bounds::check_atom(&atom).map_err(fault)?;
    Ok(Expression::Atom(atom))
}

/// What an operand of NEAR says, with the one scope of all its words.
fn stretch(expression: Expression) -> Option<(Scope, Stretch)> {
    match expression {
        Expression::Atom(Atom::Text(scope, phrase)) if phrase.order == Order::InSequence => Some((scope, Stretch::Words(phrase.words))),
        Expression::Atom(Atom::Near(scope, near)) => Some((scope, Stretch::Near(Box::new(near)))),
        Expression::Or(parts) => {
            let parts: Vec<(Scope, Stretch)> = parts.into_iter().map(stretch).collect::<Option<_>>()?;
            let scope = parts.first()?.0;
            let is_one_scope = parts.iter().all(|(other, _)| *other == scope);
            is_one_scope.then(|| (scope, Stretch::any_of(parts.into_iter().map(|(_, part)| part).collect())))
        }
        Expression::Atom(_) | Expression::Not(_) | Expression::And(_) => None,
    }
}

/// Each phrase of `left` with each of `right` behind it, as `(a or b) adj c` asks for; `None` where that are too many, or no phrases
/// of this language.
pub(super) fn phrases(left: &Expression, right: &Expression) -> Option<Expression> {
    let (left, right) = (alternatives(left)?, alternatives(right)?);
    if left.len() * right.len() > MAX_PHRASES || left.iter().chain(&right).any(|(scope, _)| *scope != left[0].0) {
        return None;
    }
    let mut phrases = Vec::with_capacity(left.len() * right.len());
    for (scope, first) in &left {
        for (_, second) in &right {
            let words: Vec<Word> = first.iter().chain(*second).cloned().collect();
            if !share_a_form(&words) {
                return None;
            }
            phrases.push(Expression::Atom(Atom::Text(*scope, Phrase { words, order: Order::InSequence })));
        }
    }
    Some(Expression::or(phrases))
}

/// Whether one sign before the quotes can stand for all of them.
fn share_a_form(words: &[Word]) -> bool {
    let mut forms = words.iter().filter(|word| !matches!(word, Word::Prefix(_) | Word::Pattern(_))).map(std::mem::discriminant);
    let first = forms.next();
    forms.all(|form| Some(form) == first)
}

fn alternatives(expression: &Expression) -> Option<Vec<(Scope, &[Word])>> {
    let words = |expression| match expression {
        &Expression::Atom(Atom::Text(scope, Phrase { ref words, order: Order::InSequence })) => Some((scope, words.as_slice())),
        _ => None,
    };
    match expression {
        Expression::Or(parts) => parts.iter().map(words).collect(),
        one => Some(vec![words(one)?]),
    }
}
