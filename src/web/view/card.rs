//! A paper as lists show it.

use serde::Serialize;

use super::link::{ExternalLink, paper_href};
use crate::paper::Paper;

/// Authors a card names before it counts the rest.
const AUTHORS_NAMED: usize = 4;
/// The longest teaser, in characters: about four lines on a desk, eight on a phone.
const TEASER_CHARS: usize = 340;
/// A sentence that ends before this is too short to stand alone as teaser, in characters.
const SHORT_TEASER_CHARS: usize = 120;
/// What a paper without a title is called.
const UNTITLED: &str = "Untitled";

/// A piece of text, marked where it matched a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The piece.
    pub text: String,
    /// Whether it is what the filter looked for.
    pub marked: bool,
}

impl Span {
    /// A piece that did not match.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), marked: false }
    }

    /// A piece that did.
    pub fn marked(text: impl Into<String>) -> Self {
        Self { text: text.into(), marked: true }
    }
}

/// A number that readers weigh a paper by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its sign, such as `▲`; where empty, the label is shown instead of only read aloud.
    pub symbol: &'static str,
    /// The number, its digits grouped.
    pub value: String,
    /// What it counts, in the right number.
    pub label: String,
}

/// One paper in a list. Made from a [`Paper`]; a digest puts its own marked pieces into `title` and `teaser`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PaperCard {
    /// Its place in the list, from 1.
    pub rank: Option<usize>,
    /// The path of its page.
    pub href: String,
    /// The title, never empty.
    pub title: Vec<Span>,
    /// The first authors.
    pub authors: Vec<String>,
    /// How many authors are not named.
    pub more_authors: usize,
    /// The lab or company behind it.
    pub organization: Option<String>,
    /// Such as `cs.CL`.
    pub categories: Vec<String>,
    /// Votes, comments, stars; those that are known and not zero.
    pub facts: Vec<Fact>,
    /// What it is about in a few lines; empty where nothing is known.
    pub teaser: Vec<Span>,
    /// Whether a model wrote the teaser.
    pub teaser_by_model: bool,
    /// The paper elsewhere: abstract, PDF, code, project.
    pub links: Vec<ExternalLink>,
    /// Who put it on a curated list.
    pub submitted_by: Option<String>,
    /// A picture: a path on this site, since pages load nothing from others.
    pub thumbnail: Option<String>,
    /// What of it matched: words, names, facts.
    pub matched: Vec<String>,
    /// The reader's other filters that found it.
    pub also: Vec<String>,
}

impl PaperCard {
    /// The card of `paper`, at `rank` (from 1) where the list has an order that means something.
    pub fn new(paper: &Paper, rank: Option<usize>) -> Self {
        let summary = paper.ai_summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty());
        let teaser = teaser(summary.unwrap_or(&paper.abstract_text));
        Self {
            rank,
            href: paper_href(&paper.id),
            title: vec![Span::plain(title(paper))],
            authors: paper.authors.iter().take(AUTHORS_NAMED).cloned().collect(),
            more_authors: paper.authors.len().saturating_sub(AUTHORS_NAMED),
            organization: paper.organization.clone(),
            categories: paper.categories.clone(),
            facts: facts(paper),
            teaser_by_model: summary.is_some(),
            teaser: if teaser.is_empty() { Vec::new() } else { vec![Span::plain(teaser)] },
            links: links(paper),
            submitted_by: paper.submitted_by.clone(),
            thumbnail: None,
            matched: Vec::new(),
            also: Vec::new(),
        }
    }
}

/// The title of `paper`, or a stand-in.
pub fn title(paper: &Paper) -> &str {
    Some(paper.title.trim()).filter(|title| !title.is_empty()).unwrap_or(UNTITLED)
}

/// The numbers known of `paper`.
pub fn facts(paper: &Paper) -> Vec<Fact> {
    let fact = |symbol, count: Option<u32>, one: &str, many: &str| {
        let count = count.filter(|count| *count > 0)?;
        Some(Fact { symbol, value: grouped(count as usize), label: if count == 1 { one } else { many }.to_owned() })
    };
    let facts = [
        fact("▲", paper.upvotes, "upvote", "upvotes"),
        fact("★", paper.github_stars, "star on GitHub", "stars on GitHub"),
        fact("", paper.comments, "comment", "comments"),
    ];
    facts.into_iter().flatten().collect()
}

/// The addresses of `paper` elsewhere that are safe to link.
pub fn links(paper: &Paper) -> Vec<ExternalLink> {
    let links = [
        ("Abstract", Some(paper.id.page_url())),
        ("PDF", paper.id.pdf_url()),
        ("Code", paper.code_url.clone()),
        ("Project", paper.project_url.clone()),
    ];
    links.into_iter().filter_map(|(label, url)| ExternalLink::new(label, &url?)).collect()
}

/// `1 paper`, `1,234 papers`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The first sentences of `text` that fit, else its first words.
fn teaser(text: &str) -> String {
    let text = text.trim();
    if text.chars().nth(TEASER_CHARS).is_none() {
        return text.to_owned();
    }
    let (mut sentence_end, mut word_end, mut end) = (None, None, 0);
    let mut previous = ' ';
    for (count, (at, c)) in text.char_indices().take(TEASER_CHARS).enumerate() {
        if c.is_whitespace() && !previous.is_whitespace() {
            word_end = Some(at);
            if matches!(previous, '.' | '!' | '?') && count >= SHORT_TEASER_CHARS {
                sentence_end = Some(at);
            }
        }
        end = at + c.len_utf8();
        if matches!(c, '。' | '！' | '？') && count >= SHORT_TEASER_CHARS {
            sentence_end = Some(end);
        }
        previous = c;
    }
    match sentence_end {
        Some(end) => text[..end].to_owned(),
        None => format!("{}…", &text[..word_end.unwrap_or(end)]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::paper::PaperId;

    fn paper() -> Paper {
        Paper::new(PaperId::parse("2504.15921").unwrap(), "A title")
    }

    #[test]
    fn a_short_text_is_its_own_teaser() {
        assert_eq!(teaser(" One. Two. "), "One. Two.");
        assert_eq!(teaser(""), "");
    }

    #[test]
    fn a_long_text_is_cut_after_a_sentence_or_else_a_word() {
        let sentence = format!("{} end.", "word ".repeat(30));
        assert_eq!(teaser(&format!("{sentence} {}", "more ".repeat(100))), sentence);
        assert_eq!(teaser(&format!("So. {}", "word ".repeat(100))), format!("So. {}…", ["word"; 67].join(" ")));
        assert_eq!(teaser(&"x".repeat(1000)), format!("{}…", "x".repeat(TEASER_CHARS)));
        let chinese = format!("{}。", "文".repeat(150));
        assert_eq!(teaser(&chinese.repeat(4)), chinese.repeat(2));
    }

    proptest! {
        #[test]
        fn a_teaser_begins_its_text_and_is_never_too_long(text in ".{0,800}") {
            let teaser = teaser(&text);
            prop_assert!(teaser.chars().count() <= TEASER_CHARS + 1);
            prop_assert!(text.trim().starts_with(teaser.trim_end_matches('…')) || text.trim().starts_with(&teaser));
        }
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        for (number, expect) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expect);
        }
        assert_eq!((counted(1, "paper", "papers"), counted(0, "paper", "papers")), ("1 paper".into(), "0 papers".into()));
    }

    #[test]
    fn unknown_and_zero_facts_are_left_out() {
        assert_eq!(facts(&paper()), []);
        let facts = facts(&Paper { upvotes: Some(1), comments: Some(0), github_stars: Some(1200), ..paper() });
        let shown: Vec<_> = facts.iter().map(|fact| (fact.symbol, fact.value.as_str(), fact.label.as_str())).collect();
        assert_eq!(shown, [("▲", "1", "upvote"), ("★", "1,200", "stars on GitHub")]);
    }

    #[test]
    fn links_that_are_no_web_addresses_are_dropped() {
        let paper = Paper { code_url: Some("javascript:alert(1)".into()), project_url: Some("https://lab.example/x".into()), ..paper() };
        let labels: Vec<_> = PaperCard::new(&paper, None).links.iter().map(|link| link.label).collect();
        assert_eq!(labels, ["Abstract", "PDF", "Project"]);
    }

    #[test]
    fn a_card_names_a_few_authors_and_prefers_the_summary() {
        let paper = Paper {
            title: " ".into(),
            authors: (1..=16).map(|n| format!("Author {n}")).collect(),
            abstract_text: "The abstract.".into(),
            ai_summary: Some("In short.".into()),
            ..paper()
        };
        let card = PaperCard::new(&paper, Some(3));
        assert_eq!((card.authors.len(), card.more_authors), (4, 12));
        assert_eq!((card.teaser, card.teaser_by_model), (vec![Span::plain("In short.")], true));
        assert_eq!(card.title, [Span::plain(UNTITLED)]);
    }
}
