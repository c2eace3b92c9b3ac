//! The plain reading of a filter: one paper at a time, nothing indexed, nothing remembered. The day index must agree with it.

use crate::filter::syntax::{Atom, Expression, Feature, Near, Order, Phrase, Scope, Stretch, Word};
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
        Atom::Near(scope, near) => texts(*scope, paper).iter().any(|text| !stretches_near(near, *scope, &words(text)).is_empty()),
        Atom::Category(pattern) => paper.categories.iter().any(|category| is_in(pattern, category)),
        Atom::Source(name) => paper.sources.iter().any(|source| fold_case(source.trim()) == *name),
        Atom::Upvotes(comparison, number) => paper.upvotes.is_some_and(|votes| comparison.holds(votes, *number)),
        Atom::Authors(comparison, number) => !paper.authors.is_empty() && comparison.holds(paper.authors.len() as u32, *number),
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

/// From the first to behind the last word of each stretch that `near` asks for.
fn stretches_near(near: &Near, scope: Scope, text: &[FoundWord]) -> Vec<(usize, usize)> {
    let (left, right) = (stretches(&near.left, scope, text), stretches(&near.right, scope, text));
    let mut found = Vec::new();
    for (start, end) in left {
        for &(from, to) in &right {
            let is_near = |gap: Option<usize>| gap.is_some_and(|words| words <= near.distance as usize);
            if is_near(from.checked_sub(end)) || is_near(start.checked_sub(to)) {
                found.push((start.min(from), end.max(to)));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn stretches(stretch: &Stretch, scope: Scope, text: &[FoundWord]) -> Vec<(usize, usize)> {
    match stretch {
        Stretch::Near(near) => stretches_near(near, scope, text),
        Stretch::AnyOf(parts) => parts.iter().flat_map(|part| stretches(part, scope, text)).collect(),
        Stretch::Words(wanted) => {
            let windows = text.windows(wanted.len()).enumerate();
            let is_here = |window: &[FoundWord]| wanted.iter().zip(window).all(|(word, found)| is_word(word, scope, found));
            windows.filter(|(_, window)| is_here(window)).map(|(start, _)| (start, start + wanted.len())).collect()
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
        Word::Pattern(pattern) => has_shape(pattern, &found.folded),
        Word::Exact(text) => found.folded == *text,
        Word::Cased(text) => found.cased == *text,
    }
}

/// Tries every number of letters a sign may stand for.
fn has_shape(pattern: &str, word: &str) -> bool {
    let mut signs = pattern.chars();
    let mut letters = word.chars();
    match signs.next() {
        None => word.is_empty(),
        Some('*') => signs.as_str().parse().map_or(true, |most: usize| letters.count() <= most),
        Some('?') if has_shape(signs.as_str(), word) => true,
        Some('?' | '#') => letters.next().is_some() && has_shape(signs.as_str(), letters.as_str()),
        Some(letter) => letters.next() == Some(letter) && has_shape(signs.as_str(), letters.as_str()),
    }
}

fn is_in(pattern: &CategoryPattern, category: &str) -> bool {
    let wanted = pattern.name().to_lowercase();
    let names =
        CATEGORY_ALIASES.iter().filter(|(a, b)| [a, b].iter().any(|name| name.eq_ignore_ascii_case(category))).flat_map(|&(a, b)| [a, b]);
    let folded = |name: &str| fold_case(&name.replace('_', " ").split_whitespace().collect::<Vec<_>>().join(" "));
    names.chain([category]).map(folded).any(|name| name == wanted || name.starts_with(&format!("{wanted}.")))
}
