//! Filters and papers for properties: few words, so that they often meet.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Filter;
use super::bounds;
use super::category::CategoryPattern;
use super::syntax::{Atom, Comparison, Expression, Feature, Near, Order, Phrase, Scope, Stretch, Word};
use super::words::{stands_alone, words};
use crate::paper::{Paper, PaperId};

const VOCABULARY: [&str; 34] = [
    "graph",
    "Graphs",
    "network",
    "networks",
    "NETWORK",
    "neural",
    "networkgraph",
    "work",
    "works",
    "net",
    "realtosim",
    "real",
    "to",
    "sim",
    "tograph",
    "α",
    "the",
    "of",
    "RAG",
    "rag",
    "深",
    "度学",
    "モデル",
    "e\u{301}cole",
    "École",
    "C++",
    "transformer",
    "Transformers",
    "real-to-sim",
    "Parkinson’s",
    "or",
    "12",
    "L²",
    "🚀",
];

/// A text of vocabulary words, sometimes empty.
pub fn text() -> impl Strategy<Value = String> {
    let separator = select(vec![" ", " ", "-", ", ", ". ", "\n"]);
    vec((select(VOCABULARY.to_vec()), separator), 0..12).prop_map(|pieces| pieces.into_iter().flat_map(|(word, gap)| [word, gap]).collect())
}

pub fn paper() -> impl Strategy<Value = Paper> {
    let categories = vec(select(vec!["cs.LG", "cs.NA", "math.NA", "math-ph", "stat.ML", "cell biology", "cs"]), 0..3);
    let sources = vec(select(vec!["arxiv", "Hub daily"]), 0..2);
    let facts = (proptest::option::of(0..5_u32), any::<bool>(), any::<bool>(), any::<bool>());
    (text(), text(), vec(text(), 0..3), proptest::option::of(text()), categories, sources, facts).prop_map(
        |(title, abstract_text, authors, organization, categories, sources, (upvotes, code, project, thumbnail))| {
            let address = |has: bool| has.then(|| "https://example.org/".to_owned());
            Paper {
                abstract_text,
                authors,
                organization,
                upvotes,
                categories: categories.into_iter().map(str::to_owned).collect(),
                sources: sources.into_iter().map(str::to_owned).collect(),
                code_url: address(code),
                project_url: address(project),
                thumbnail_url: address(thumbnail),
                ..Paper::new(PaperId::parse("2504.15921").unwrap(), title)
            }
        },
    )
}

fn stem() -> impl Strategy<Value = Word> {
    let found = select(VOCABULARY.to_vec()).prop_map(words).prop_filter("a word", |found| !found.is_empty());
    (found, 0..6_u8, 2..4_usize).prop_map(|(found, form, letters)| {
        let word = found[0].folded.clone();
        let beginning: String = word.chars().take(letters).collect();
        let is_open = beginning.chars().all(|c| c.is_alphabetic() && !stands_alone(c)) && beginning.chars().count() >= super::MIN_PREFIX;
        match form {
            0 if is_open => Word::Prefix(beginning),
            1 if is_open => Word::Pattern(format!("{beginning}*{letters}")),
            2 if is_open => Word::Pattern(format!("{}?{}*", &word[..1], &word[1..])),
            3 if is_open => Word::Pattern(format!("{beginning}#k")),
            _ => Word::Stem(word),
        }
    })
}

/// Words of one form, as one phrase may hold them.
fn phrase_words() -> impl Strategy<Value = Vec<Word>> {
    (vec(stem(), 1..4), 0..5_u8, text()).prop_map(|(stems, form, cased)| match form {
        0 if stems.iter().any(|word| matches!(word, Word::Stem(_))) => {
            stems.into_iter().map(|word| if let Word::Stem(text) = word { Word::Exact(text) } else { word }).collect()
        }
        1 if !words(&cased).is_empty() => words(&cased).into_iter().take(2).map(|word| Word::Cased(word.cased)).collect(),
        _ => stems,
    })
}

fn phrase() -> impl Strategy<Value = Phrase> {
    let order = prop_oneof![3 => Just(None), 1 => (0..5_u32).prop_map(Some)];
    (phrase_words(), order).prop_map(|(words, distance)| {
        let order = distance.filter(|_| words.len() > 1).map_or(Order::InSequence, Order::Within);
        Phrase { words, order }
    })
}

fn near() -> impl Strategy<Value = Near> {
    let words = phrase_words().prop_map(Stretch::Words).boxed();
    let side = prop_oneof![2 => words.clone(), 1 => vec(words, 1..4).prop_map(Stretch::any_of)].boxed();
    let join = |(left, right, distance)| Near { left, right, distance };
    let one = (side.clone(), side.clone(), 0..4_u32).prop_map(join).boxed();
    let inner = one.clone().prop_map(|near| Stretch::Near(Box::new(near))).boxed();
    let two = (prop_oneof![inner.clone(), side.clone()], prop_oneof![inner, side], 0..4_u32).prop_map(join);
    prop_oneof![2 => one, 1 => two]
}

fn atom() -> impl Strategy<Value = Atom> {
    use Comparison::{AtLeast, AtMost, Exactly, LessThan, MoreThan};
    let scope = select(vec![
        Scope::Topic,
        Scope::Topic,
        Scope::Topic,
        Scope::Title,
        Scope::Abstract,
        Scope::Author,
        Scope::Organization,
        Scope::All,
    ]);
    let category = select(vec!["cs.*", "cs.NA", "math.NA", "math.MP", "math", "stat.ML", "Cell Biology"])
        .prop_map(|name| CategoryPattern::parse(name).unwrap());
    prop_oneof![
        8 => (scope.clone(), phrase()).prop_map(|(scope, phrase)| Atom::Text(scope, phrase)),
        3 => (scope, near()).prop_map(|(scope, near)| Atom::Near(scope, near)),
        1 => category.prop_map(Atom::Category),
        1 => select(vec!["arxiv", "hub daily", "12"]).prop_map(|name| Atom::Source(name.to_owned())),
        1 => (select(vec![AtLeast, MoreThan, AtMost, LessThan, Exactly]), 0..5_u32).prop_map(|(comparison, number)| Atom::Upvotes(comparison, number)),
        1 => (select(vec![AtLeast, MoreThan, AtMost, LessThan, Exactly]), 0..4_u32).prop_map(|(comparison, number)| Atom::Authors(comparison, number)),
        1 => select(vec![Feature::Code, Feature::Project, Feature::Thumbnail]).prop_map(Atom::Has),
    ]
    .prop_filter("it is accepted", |atom: &Atom| bounds::check_atom(atom).and(bounds::check_total(&Expression::Atom(atom.clone()))).is_ok())
}

/// Expressions in canonical shape, also such as match nearly everything.
pub fn expression() -> impl Strategy<Value = Expression> {
    atom().prop_map(Expression::Atom).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Expression::and),
            vec(inner.clone(), 1..4).prop_map(Expression::or),
            inner.prop_map(Expression::not),
        ]
    })
}

/// Filters of any shape.
pub fn filter() -> impl Strategy<Value = Filter> {
    expression().prop_map(|expression| Filter { expression })
}
