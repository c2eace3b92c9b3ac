//! What an expression says of papers that hold nothing asked for.

use crate::filter::syntax::Expression;

/// Whether it asks for nothing, as `-survey` does.
pub(super) fn only_leaves_out(expression: &Expression) -> bool {
    match expression {
        Expression::Not(_) => true,
        Expression::And(parts) => parts.iter().all(only_leaves_out),
        Expression::Atom(_) | Expression::Or(_) => false,
    }
}

/// Whether the opposite of `expression` matches only papers that hold something asked for.
pub(super) fn matches_few_when_negated(expression: &Expression) -> bool {
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
