//! Joins what stands on both sides of a NEAR.

use super::error::{Fault, Problem};
use super::syntax::{Atom, Expression, Near, Order, Scope, Stretch};
use super::{MAX_DISTANCE, MAX_NEARS};

/// `left NEAR/distance right`, with the operator at `at`.
pub(super) fn join(left: Expression, right: Expression, distance: &str, at: usize) -> Result<Expression, Fault> {
    let fault = |problem| Fault::new(at, problem);
    let number = distance.parse().ok().filter(|&number| number <= MAX_DISTANCE);
    let distance = number.ok_or_else(|| fault(Problem::NearTooFar(distance.chars().take(10).collect())))?;
    let (left, right) = (stretch(left).ok_or(fault(Problem::NearWhat))?, stretch(right).ok_or(fault(Problem::NearWhat))?);
    if left.0 != right.0 {
        return Err(fault(Problem::NearWhat));
    }
    let near = Near { left: left.1, right: right.1, distance };
    if near.nesting() > MAX_NEARS {
        return Err(fault(Problem::TooManyNears));
    }
    Ok(Expression::Atom(Atom::Near(left.0, near)))
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
