//! Writes an expression in canonical form, which the parser reads back as the same expression.

use std::fmt::{self, Display, Formatter};

use super::field::FieldName;
use super::foreign::needs_quotes;
use super::syntax::{Atom, Comparison, Expression, Feature, Near, Order, Phrase, Scope, Stretch, Word};

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Atom(atom) => atom.fmt(f),
            Expression::Not(inner) => {
                f.write_str("NOT ")?;
                write_part(inner, f)
            }
            Expression::And(parts) => write_parts(parts, |next| if matches!(next, Expression::Not(_)) { " " } else { " AND " }, f),
            Expression::Or(parts) => write_parts(parts, |_| " OR ", f),
        }
    }
}

fn write_parts(parts: &[Expression], separator: impl Fn(&Expression) -> &'static str, f: &mut Formatter<'_>) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(separator(part))?;
        }
        write_part(part, f)?;
    }
    Ok(())
}

fn write_part(part: &Expression, f: &mut Formatter<'_>) -> fmt::Result {
    match part {
        Expression::And(_) | Expression::Or(_) => write!(f, "({part})"),
        Expression::Atom(_) | Expression::Not(_) => part.fmt(f),
    }
}

impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Text(Scope::Topic, phrase) => phrase.fmt(f),
            Atom::Text(scope, phrase) => write!(f, "{}:{phrase}", FieldName::Text(*scope).name()),
            Atom::Near(Scope::Topic, near) => near.fmt(f),
            Atom::Near(scope, near) => write!(f, "{}:({near})", FieldName::Text(*scope).name()),
            Atom::Category(pattern) => write_value(FieldName::Category, pattern.name(), f),
            Atom::Source(name) => write_value(FieldName::Source, name, f),
            Atom::Upvotes(comparison, number) => write!(f, "upvotes:{comparison}{number}"),
            Atom::Authors(comparison, number) => write!(f, "authors:{comparison}{number}"),
            Atom::Has(feature) => write!(f, "has:{feature}"),
        }
    }
}

fn write_value(field: FieldName, value: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) && !value.starts_with('-');
    if is_plain && !needs_quotes(value) && !matches!(value, "AND" | "OR" | "NOT" | "ANDNOT") {
        write!(f, "{}:{value}", field.name())
    } else {
        write!(f, "{}:\"{value}\"", field.name())
    }
}

impl Display for Phrase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_words(&self.words, f)?;
        match self.order {
            Order::InSequence => Ok(()),
            Order::Within(distance) => write!(f, "~{distance}"),
        }
    }
}

impl Display for Near {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} NEAR/{} ", self.left, self.distance)?;
        match &self.right {
            Stretch::Near(near) => write!(f, "({near})"),
            right => right.fmt(f),
        }
    }
}

impl Display for Stretch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stretch::Words(words) => write_words(words, f),
            Stretch::Near(near) => near.fmt(f),
            Stretch::AnyOf(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    f.write_str(if i == 0 { "(" } else { " OR " })?;
                    part.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// A word as it is, several in quotes; `=` and `==` stand before all of them.
fn write_words(words: &[Word], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(words.iter().find_map(sign).unwrap_or(""))?;
    match words {
        [Word::Stem(word) | Word::Exact(word) | Word::Cased(word)] if needs_quotes(word) => write!(f, "\"{word}\""),
        [word] => word.fmt(f),
        words => {
            let texts: Vec<_> = words.iter().map(ToString::to_string).collect();
            write!(f, "\"{}\"", texts.join(" "))
        }
    }
}

/// What stands before words that are meant exactly.
fn sign(word: &Word) -> Option<&'static str> {
    match word {
        Word::Exact(_) => Some("="),
        Word::Cased(_) => Some("=="),
        Word::Stem(_) | Word::Prefix(_) | Word::Pattern(_) => None,
    }
}

impl<T: Display> Display for Word<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Word::Stem(text) | Word::Pattern(text) | Word::Exact(text) | Word::Cased(text) => text.fmt(f),
            Word::Prefix(text) => write!(f, "{text}*"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::AtLeast => ">=",
            Comparison::MoreThan => ">",
            Comparison::AtMost => "<=",
            Comparison::LessThan => "<",
            Comparison::Exactly => "=",
        })
    }
}

impl Display for Feature {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Feature::Code => "code",
            Feature::Project => "project",
            Feature::Thumbnail => "thumbnail",
        })
    }
}
