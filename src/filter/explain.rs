//! Says a filter in plain words: "papers whose title has *diffusion* and that are not in cs.CV".

use std::fmt;

use super::syntax::{Atom, Comparison, Expression, Feature, Near, Order, Phrase, Scope, Stretch, Word};
use super::{CategoryPattern, Filter};

/// A filter in plain words. Its `Display` begins with "papers", ends without a full stop, and puts what is looked for between stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation(Vec<Piece>);

/// A part of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// What is looked for, to be set apart from the words around it.
    Word(String),
}

impl Explanation {
    /// The parts, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Word(word) => write!(f, "*{word}*"),
        })
    }
}

impl Filter {
    /// What the filter asks for, in plain words.
    pub fn explain(&self) -> Explanation {
        let mut writer = Writer(vec![Piece::Text("papers ".to_owned())]);
        writer.clause(&self.expression, true, 0);
        Explanation(writer.0)
    }
}

struct Writer(Vec<Piece>);

impl Writer {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    fn word(&mut self, word: String) {
        self.0.push(Piece::Word(word));
    }

    /// A relative clause: what papers are, or (unless `holds`) are not.
    fn clause(&mut self, expression: &Expression, holds: bool, depth: usize) {
        match expression {
            Expression::Not(inner) => self.clause(inner, !holds, depth),
            Expression::Atom(atom) => self.atoms(&[atom], "", holds),
            // By De Morgan's laws: not (a or b) is not a and not b.
            Expression::And(parts) => self.several(parts, holds, holds, depth),
            Expression::Or(parts) => self.several(parts, !holds, holds, depth),
        }
    }

    /// Several clauses, of which all or at least one must hold. Those that look for words in the same texts become one.
    fn several(&mut self, parts: &[Expression], all: bool, holds: bool, depth: usize) {
        let groups = grouped(parts);
        let is_bracketed = depth > 0 && groups.len() > 1;
        self.text(if is_bracketed { "(" } else { "" });
        let is_long = groups.iter().any(|group| group.len() > 1 || !matches!(without_not(group[0]), Expression::Atom(_)));
        if !all && groups.len() > 1 {
            self.text("either ");
        }
        for (i, group) in groups.iter().enumerate() {
            let joint = match (i, i + 1 == groups.len()) {
                (0, _) => "",
                (_, false) => ", ",
                (_, true) if is_long || groups.len() > 2 => {
                    if all {
                        ", and "
                    } else {
                        ", or "
                    }
                }
                (_, true) => {
                    if all {
                        " and "
                    } else {
                        " or "
                    }
                }
            };
            self.text(joint);
            let is_positive = matches!(group[0], Expression::Not(_)) != holds;
            let atoms: Vec<&Atom> =
                group.iter().filter_map(|part| if let Expression::Atom(atom) = without_not(part) { Some(atom) } else { None }).collect();
            if atoms.len() == group.len() {
                // "do not mention a or b" leaves out both.
                let word = if all == is_positive { " and " } else { " or " };
                self.atoms(&atoms, word, is_positive);
            } else {
                self.clause(group[0], holds, depth + 1);
            }
        }
        self.text(if is_bracketed { ")" } else { "" });
    }

    /// A clause of atoms of one kind, joined by `word`.
    fn atoms(&mut self, atoms: &[&Atom], word: &str, holds: bool) {
        self.text(match (atoms[0], holds) {
            (Atom::Text(Scope::Topic, _) | Atom::Near(Scope::Topic, _), true) => "that mention ",
            (Atom::Text(Scope::Topic, _) | Atom::Near(Scope::Topic, _), false) => "that do not mention ",
            (Atom::Text(Scope::Title, _) | Atom::Near(Scope::Title, _), true) => "whose title has ",
            (Atom::Text(Scope::Title, _) | Atom::Near(Scope::Title, _), false) => "whose title does not have ",
            (Atom::Text(Scope::Abstract, _) | Atom::Near(Scope::Abstract, _), true) => "whose abstract has ",
            (Atom::Text(Scope::Abstract, _) | Atom::Near(Scope::Abstract, _), false) => "whose abstract does not have ",
            (Atom::Text(Scope::Author, _) | Atom::Near(Scope::Author, _), true) => "by an author named ",
            (Atom::Text(Scope::Author, _) | Atom::Near(Scope::Author, _), false) => "without an author named ",
            (Atom::Text(Scope::Organization, _) | Atom::Near(Scope::Organization, _), true) => "from ",
            (Atom::Text(Scope::Organization, _) | Atom::Near(Scope::Organization, _), false) => "not from ",
            (Atom::Text(Scope::All, _) | Atom::Near(Scope::All, _), true) => "that have anywhere, also in names, ",
            (Atom::Text(Scope::All, _) | Atom::Near(Scope::All, _), false) => "that have nowhere, not even in names, ",
            (Atom::Category(_), true) => "that are in ",
            (Atom::Category(_), false) => "that are not in ",
            (Atom::Source(_), true) => "that are carried by ",
            (Atom::Source(_), false) => "that are not carried by ",
            (Atom::Upvotes(..) | Atom::Authors(..), true) => "that have ",
            (Atom::Upvotes(..) | Atom::Authors(..), false) => "that do not have ",
            (Atom::Has(_), true) => "that come with ",
            (Atom::Has(_), false) => "that come without ",
        });
        self.text(match (atoms.len(), holds, word) {
            (2, false, " and ") => "both ",
            (3.., false, " and ") => "all of ",
            _ => "",
        });
        for (i, atom) in atoms.iter().enumerate() {
            self.text(match i {
                0 => "",
                _ if i + 1 == atoms.len() => word,
                _ => ", ",
            });
            self.atom(atom);
        }
    }

    fn atom(&mut self, atom: &Atom) {
        match atom {
            Atom::Text(_, phrase) => self.phrase(phrase),
            Atom::Near(_, near) => self.near(near),
            Atom::Category(pattern) => self.text(&category(pattern)),
            Atom::Source(name) => self.word(name.clone()),
            Atom::Upvotes(comparison, number) => self.text(&count(*comparison, *number, "upvote")),
            Atom::Authors(comparison, number) => self.text(&count(*comparison, *number, "author")),
            Atom::Has(Feature::Code) => self.text("code"),
            Atom::Has(Feature::Project) => self.text("a project page"),
            Atom::Has(Feature::Thumbnail) => self.text("a picture"),
        }
    }

    fn phrase(&mut self, phrase: &Phrase) {
        self.words(&phrase.words);
        if let Order::Within(distance) = phrase.order {
            self.text(&format!(" in any order with {} between", others(distance)));
        }
    }

    /// Words in a row.
    fn words(&mut self, words: &[Word]) {
        let text = words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match words {
            [Word::Prefix(beginning)] => {
                self.text("a word beginning with ");
                self.word(beginning.clone());
            }
            [Word::Pattern(pattern)] => {
                self.text("a word like ");
                self.word(pattern.clone());
            }
            _ => self.word(text),
        }
        if words.iter().any(|word| matches!(word, Word::Cased(_))) {
            self.text(" in this very case");
        } else if words.iter().any(|word| matches!(word, Word::Exact(_))) {
            self.text(" in this very form");
        }
    }

    fn near(&mut self, near: &Near) {
        self.stretch(&near.left);
        self.text(&match near.distance {
            0 => " next to ".to_owned(),
            distance => format!(" with {} between it and ", others(distance)),
        });
        self.stretch(&near.right);
    }

    fn stretch(&mut self, stretch: &Stretch) {
        match stretch {
            Stretch::Words(words) => self.words(words),
            Stretch::Near(near) => {
                self.text("(");
                self.near(near);
                self.text(")");
            }
            Stretch::AnyOf(parts) => {
                self.text("one of (");
                for (i, part) in parts.iter().enumerate() {
                    self.text(if i == 0 { "" } else { ", " });
                    self.stretch(part);
                }
                self.text(")");
            }
        }
    }
}

fn without_not(expression: &Expression) -> &Expression {
    if let Expression::Not(inner) = expression { inner } else { expression }
}

/// The parts, with those side by side that one clause can say: atoms of one kind, all wanted or all left out.
fn grouped(parts: &[Expression]) -> Vec<Vec<&Expression>> {
    let kind = |part: &Expression| {
        let Expression::Atom(atom) = without_not(part) else { return None };
        let scope = if let Atom::Text(scope, _) | Atom::Near(scope, _) = atom { Some(*scope) } else { None };
        Some((std::mem::discriminant(part), scope, scope.is_none().then(|| std::mem::discriminant(atom))))
    };
    let mut groups: Vec<Vec<&Expression>> = Vec::new();
    for part in parts {
        let like = groups.iter_mut().find(|group| kind(part).is_some() && kind(group[0]) == kind(part));
        match like {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    groups
}

/// arXiv's archives that hold several categories.
const FAMILIES: [&str; 11] = ["cs", "math", "stat", "eess", "econ", "physics", "q-bio", "q-fin", "astro-ph", "cond-mat", "nlin"];

fn category(pattern: &CategoryPattern) -> String {
    let name = pattern.name();
    if FAMILIES.contains(&name) { format!("any {name} category") } else { name.to_owned() }
}

fn others(distance: u32) -> String {
    match distance {
        0 => "no other word".to_owned(),
        1 => "at most one other word".to_owned(),
        number => format!("at most {number} other words"),
    }
}

fn count(comparison: Comparison, number: u32, of: &str) -> String {
    let things = if number == 1 { of.to_owned() } else { format!("{of}s") };
    let words = match comparison {
        Comparison::AtLeast => "at least",
        Comparison::MoreThan => "more than",
        Comparison::AtMost => "at most",
        Comparison::LessThan => "fewer than",
        Comparison::Exactly => "exactly",
    };
    format!("{words} {number} {things}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_said_in_plain_words() {
        let check = |text: &str, expect: &str| assert_eq!(Filter::parse(text).unwrap().explain().to_string(), expect, "{text}");
        check("diffusion", "papers that mention *diffusion*");
        check("title:diffusion NOT cat:cs.CV", "papers whose title has *diffusion* and that are not in cs.CV");
        check("diffusion \"flow matching\" a", "papers that mention *diffusion*, *flow matching* and *a*");
        check("a OR b", "papers that mention *a* or *b*");
        check("a b NOT (c OR d)", "papers that mention *a* and *b*, and that do not mention *c* or *d*");
        check("a NOT c NOT d", "papers that mention *a*, and that do not mention *c* or *d*");
        check("a NOT (c d)", "papers that mention *a*, and that do not mention both *c* and *d*");
        check("(a OR b) c", "papers that mention *a* or *b*, and that mention *c*");
        check("a OR (b c)", "papers either that mention *a*, or that mention *b* and *c*");
        check("ti:a OR cat:cs.LG", "papers either whose title has *a* or that are in cs.LG");
        check("cat:cs.* OR cat:stat.ML", "papers that are in any cs category or stat.ML");
        check(
            "au:\"ada king\" org:\"open lab\" all:x source:hub",
            "papers by an author named *ada king*, from *open lab*, that have anywhere, also in names, *x*, and that are carried by *hub*",
        );
        check("a upvotes:>=10 authors:<2", "papers that mention *a*, that have at least 10 upvotes, and that have fewer than 2 authors");
        check("a has:code -has:project", "papers that mention *a*, that come with code, and that come without a project page");
        check(
            "transform* =RAG ==SAM",
            "papers that mention a word beginning with *transform*, *rag* in this very form and *SAM* in this very case",
        );
        check(
            "tumo?r \"graph network\"~3",
            "papers that mention a word like *tumo?r* and *graph network* in any order with at most 3 other words between",
        );
        check(
            "(graph OR tree) NEAR/1 network",
            "papers that mention one of (*graph*, *tree*) with at most one other word between it and *network*",
        );
        check(
            "(a OR (b cat:cs.LG)) NOT (c OR (d ti:e))",
            "papers (either that mention *a*, or (that mention *b* and that are in cs.LG)), and (that do not mention *c*, and (either that do not mention *d* or whose title does not have *e*))",
        );
    }
}
