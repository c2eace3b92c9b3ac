//! The plain reading of a filter: one paper at a time, nothing indexed, nothing remembered. The day index must agree with it.

use crate::filter::syntax::{Atom, Expression, Feature, Order, Phrase, Scope, Word};
use crate::filter::words::{FoundWord, fold_case, words};
use crate::filter::{CATEGORY_ALIASES, CategoryPattern, Filter};
use crate::paper::Paper;

use super::text::stem;

/// Whether `paper` matches `filter`.
pub fn matches(filter: &Filter, paper: &Paper) -> bool {
    holds(filter.expression(), paper)
}

fn holds(expression: &Expression, paper: &Paper) -> bool {
    match expression {
        Expression::Atom(atom) => atom_holds(atom, paper),
        Expression::Not(inner) => !holds(inner, paper),
        Expression::And(parts) => parts.iter().all(|part| holds(part, paper)),
        Expression::Or(parts) => parts.iter().any(|part| holds(part, paper)),
    }
}

fn atom_holds(atom: &Atom, paper: &Paper) -> bool {
    match atom {
        Atom::Text(scope, phrase) => texts(*scope, paper).iter().any(|text| text_holds(phrase, *scope, text)),
        Atom::Category(pattern) => paper.categories.iter().any(|category| is_in(pattern, category)),
        Atom::Source(name) => paper.sources.iter().any(|source| fold_case(source.trim()) == *name),
        Atom::Upvotes(comparison, number) => paper.upvotes.is_some_and(|votes| comparison.holds(votes, *number)),
        Atom::Has(Feature::Code) => paper.code_url.is_some(),
        Atom::Has(Feature::Project) => paper.project_url.is_some(),
        Atom::Has(Feature::Thumbnail) => paper.thumbnail_url.is_some(),
    }
}

fn texts(scope: Scope, paper: &Paper) -> Vec<&String> {
    let topic = [&paper.title, &paper.abstract_text];
    match scope {
        Scope::Topic => topic.to_vec(),
        Scope::Title => vec![&paper.title],
        Scope::Abstract => vec![&paper.abstract_text],
        Scope::Author => paper.authors.iter().collect(),
        Scope::Organization => paper.organization.iter().collect(),
        Scope::All => topic.into_iter().chain(&paper.authors).chain(&paper.organization).collect(),
    }
}

fn text_holds(phrase: &Phrase, scope: Scope, text: &str) -> bool {
    let found = words(text);
    match phrase.order {
        Order::InSequence => {
            found.windows(phrase.words.len()).any(|window| phrase.words.iter().zip(window).all(|(word, found)| is_word(word, scope, found)))
        }
        Order::Within(distance) => {
            let width = phrase.words.len() + distance as usize;
            (0..found.len()).any(|from| holds_all(phrase, scope, &found[from..found.len().min(from + width)]))
        }
    }
}

/// Whether each word of the phrase stands in the window as often as in the phrase.
fn holds_all(phrase: &Phrase, scope: Scope, window: &[FoundWord]) -> bool {
    phrase.words.iter().all(|word| {
        let wanted = phrase.words.iter().filter(|other| *other == word).count();
        window.iter().filter(|found| is_word(word, scope, found)).count() >= wanted
    })
}

fn is_word(word: &Word, scope: Scope, found: &FoundWord) -> bool {
    match word {
        Word::Stem(text) if matches!(scope, Scope::Author | Scope::Organization) => found.folded == *text,
        Word::Stem(text) => stem(&found.folded) == stem(text),
        Word::Prefix(text) => found.folded.starts_with(text),
        Word::Exact(text) if text.contains(char::is_uppercase) => found.cased == *text,
        Word::Exact(text) => found.folded == *text,
    }
}

fn is_in(pattern: &CategoryPattern, category: &str) -> bool {
    let wanted = pattern.name().to_lowercase();
    let names =
        CATEGORY_ALIASES.iter().filter(|(a, b)| [a, b].iter().any(|name| name.eq_ignore_ascii_case(category))).flat_map(|&(a, b)| [a, b]);
    let folded = |name: &str| fold_case(&name.replace('_', " ").split_whitespace().collect::<Vec<_>>().join(" "));
    names.chain([category]).map(folded).any(|name| name == wanted || name.starts_with(&format!("{wanted}.")))
}
