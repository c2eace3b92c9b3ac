//! The plain reading of a filter: one paper at a time, nothing indexed, nothing remembered. The day index must agree with it.

use crate::filter::syntax::{Atom, Expression, Feature, Near, Order, Phrase, Scope, Stretch, Word};
use crate::filter::words::{FoundWord, fold_case, words};
use crate::filter::{CATEGORY_ALIASES, CategoryPattern, Filter};
use crate::paper::Paper;

use super::closed::{MAX_CLOSED, MAX_PARTS, head, may_be_closed, may_be_one};
use super::hyphenated::is_hyphen;
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
        Atom::Near(scope, near) => texts(*scope, paper).iter().any(|text| !stretches_near(near, *scope, text, &words(text)).is_empty()),
        Atom::Category(pattern) => paper.categories.iter().any(|category| is_in(pattern, category)),
        Atom::Source(name) => paper.sources.iter().any(|source| fold_case(source).trim() == *name),
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
        Order::InSequence => !runs(&phrase.words, scope, text, &found).is_empty(),
        Order::Within(distance) => {
            let width = phrase.words.len() + distance as usize;
            (0..found.len()).any(|from| holds_all(phrase, scope, &found[from..found.len().min(from + width)]))
        }
    }
}

/// From the first to behind the last word of each run of `text` that is `wanted`.
fn runs(wanted: &[Word], scope: Scope, text: &str, found: &[FoundWord]) -> Vec<(usize, usize)> {
    (0..found.len()).flat_map(|from| ends(wanted, scope, text, found, from).into_iter().map(move |end| (from, end))).collect()
}

/// Where the runs end that begin `from` there.
fn ends(wanted: &[Word], scope: Scope, text: &str, found: &[FoundWord], from: usize) -> Vec<usize> {
    let Some(first) = wanted.first() else { return vec![from] };
    let Some(here) = found.get(from) else { return Vec::new() };
    let mut all = Vec::new();
    if is_word(first, scope, here) {
        all.extend(ends(&wanted[1..], scope, text, found, from + 1));
    }
    for parts in 2..=MAX_PARTS {
        if found.get(from..from + parts).is_some_and(|run| run_is_word(first, scope, text, run)) {
            all.extend(ends(&wanted[1..], scope, text, found, from + parts));
        }
        if wanted.get(..parts).is_some_and(|words| words_are_word(words, scope, here)) {
            all.extend(ends(&wanted[parts..], scope, text, found, from + 1));
        }
    }
    all
}

/// Whether a run of words of `text` spells `word`.
fn run_is_word(word: &Word, scope: Scope, text: &str, run: &[FoundWord]) -> bool {
    let Word::Stem(wanted) = word else { return false };
    let spelled = |run: &[FoundWord]| run.iter().map(|word| word.folded.as_str()).collect::<String>();
    let all_joined = run.windows(2).all(|pair| text.get(pair[0].range.end..pair[1].range.start).is_some_and(is_hyphen));
    if all_joined && spelled(run).len() <= MAX_CLOSED && is_form(wanted, scope, &spelled(run)) {
        return true;
    }
    let (last, before) = run.split_last().expect("a run has two words or more");
    let tail = wanted.strip_prefix(&spelled(before)).filter(|tail| !tail.is_empty() && wanted.len() <= MAX_CLOSED);
    tail.is_some_and(|tail| is_form(tail, scope, &last.folded)) && may_be_one(&run[0].folded, &last.folded)
}

/// Whether several words of a filter spell `found`.
fn words_are_word(words: &[Word], scope: Scope, found: &FoundWord) -> bool {
    let texts: Vec<&str> = words.iter().filter_map(|word| if let Word::Stem(text) = word { Some(text.as_str()) } else { None }).collect();
    let (last, before) = texts.split_last().unwrap_or((&"", &[]));
    texts.len() == words.len()
        && may_be_closed(texts[0], last)
        && texts.concat().len() <= MAX_CLOSED
        && found.folded.len() > before.concat().len()
        && found.folded.starts_with(&(before.concat() + head(last)))
        && is_form(&texts.concat(), scope, &found.folded)
}

fn is_form(wanted: &str, scope: Scope, found: &str) -> bool {
    if scope.is_names() { wanted == found } else { stem(wanted) == stem(found) }
}

/// From the first to behind the last word of each stretch that `near` asks for, of which only the nearest count.
fn stretches_near(near: &Near, scope: Scope, text: &str, words: &[FoundWord]) -> Vec<(usize, usize)> {
    let (left, right) = (stretches(&near.left, scope, text, words), stretches(&near.right, scope, text, words));
    let mut pairs = Vec::new();
    for (first, second) in [(&left, &right), (&right, &left)] {
        for &one in first {
            pairs.extend(second.iter().filter(|other| other.0 >= one.1).min().map(|&other| (one, other)));
        }
        for &one in second {
            pairs.extend(first.iter().filter(|other| other.1 <= one.0).max_by_key(|other| (other.1, other.0)).map(|&other| (other, one)));
        }
    }
    let is_near = |(first, second): &((usize, usize), (usize, usize))| second.0 - first.1 <= near.distance as usize;
    pairs.into_iter().filter(is_near).map(|(first, second)| (first.0, second.1)).collect()
}

fn stretches(stretch: &Stretch, scope: Scope, text: &str, found: &[FoundWord]) -> Vec<(usize, usize)> {
    match stretch {
        Stretch::Near(near) => stretches_near(near, scope, text, found),
        Stretch::AnyOf(parts) => parts.iter().flat_map(|part| stretches(part, scope, text, found)).collect(),
        Stretch::Words(wanted) => runs(wanted, scope, text, found),
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
        Word::Stem(text) => is_form(text, scope, &found.folded),
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
    let folded = |name: &str| fold_case(name).replace('_', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    names.chain([category]).map(folded).any(|name| name == wanted || name.starts_with(&format!("{wanted}.")))
}
