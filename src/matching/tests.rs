//! What matches, is marked and is shown, by tables; and that the day index agrees with the oracle.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::filter::syntax::{Atom, Scope};
use crate::filter::{Field, Filter, arbitrary};
use crate::paper::{Paper, PaperId};

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn paper(title: &str, abstract_text: &str) -> Paper {
    Paper { abstract_text: abstract_text.to_owned(), ..Paper::new(PaperId::parse("2504.15921").unwrap(), title) }
}

#[test]
fn a_filter_matches_the_papers_a_reader_expects() {
    let paper = Paper {
        authors: vec!["Ana Núñez-Jones".into(), "Li Wei".into()],
        organization: Some("Open Lab".into()),
        categories: vec!["cs.NA".into(), "stat.ML".into()],
        sources: vec!["arXiv".into()],
        upvotes: Some(12),
        code_url: Some("https://example.org/code".into()),
        ..paper("Retrieval-Augmented Generation (RAG) in C++", "We train graph neural networks. 图神经网络 for Parkinson's disease.")
    };
    let index = DayIndex::build([&paper]);
    let check = |text: &str, expect: bool| {
        assert_eq!(index.matches(&filter(text)), if expect { vec![0] } else { vec![] }, "{text}");
        assert_eq!(oracle::matches(&filter(text), &paper), expect, "{text}");
    };
    check("retrieval generations", true);
    check("\"retrieval augmented generation\"", true);
    check("retrieval-augmented", true);
    check("\"generation retrieval\"", false);
    check("rag", true);
    check("=RAG", true);
    check("=Rag", true);
    check("==RAG", true);
    check("==Rag", false);
    check("=network", false);
    check("=networks", true);
    check("c++", true);
    check("\"c\"", false);
    check("\"c train\"", false);
    check("\"c++ we\"", false);
    check("\"network graph\"~1", true);
    check("\"network graph\"~0", false);
    check("\"network train\"~2", true);
    check("neur*", true);
    check("net#ork*1", true);
    check("gra?ph", true);
    check("graph*1", true);
    check("net*1", false);
    check("(tree OR network) NEAR/1 graph", true);
    check("network NEAR/0 graph", false);
    check("\"graph neural\" NEAR/0 network NEAR/2 train", true);
    check("graph NEAR/50 graph", false);
    check("retrieval NEAR/50 graph", false);
    check("author:(jones NEAR/50 li)", false);
    check("author:(jones NEAR/1 ana)", true);
    check("authors:2 authors:<3", true);
    check("authors:>2", false);
    check("神经网络", true);
    check("网神", false);
    check("\"parkinson disease\"", true);
    check("jones", false);
    check("author:jones", true);
    check("author:jone", false);
    check("author:\"nunez jones\"", true);
    check("author:\"jones li\"", false);
    check("author:\"jones li\"~50", false);
    check("author:(nunez wei)", true);
    check("all:wei", true);
    check("org:\"open lab\"", true);
    check("cat:math.NA", true);
    check("cat:math.*", true);
    check("cat:cs.LG", false);
    check("source:arxiv", true);
    check("upvotes:12", true);
    check("upvotes:>12", false);
    check("has:code -has:project", true);
    check("rag -graph", false);
    check("title:graph", false);
    check("abstract:graph OR zebra", true);
}

#[test]
fn a_compound_is_found_open_hyphenated_and_closed() {
    let check = |text: &str, abstract_text: &str, expect: bool| {
        let (filter, paper) = (filter(text), paper("", abstract_text));
        assert_eq!(!DayIndex::build([&paper]).matches(&filter).is_empty(), expect, "{text} in {abstract_text}");
        assert_eq!(oracle::matches(&filter, &paper), expect, "{text} in {abstract_text}");
    };
    let forms = ["real-to-sim", "\"real to sim\"", "realtosim"];
    for filter in forms {
        for text in ["A real-to-sim gap", "Closing real to sim", "Realtosim transfer", "ｒｅａｌ－ｔｏ－ｓｉｍ", "real–to‐sim"]
        {
            check(filter, text, true);
        }
        check(filter, "a real sim to come", false);
        check(filter, "real. To simulate", false);
        check(&format!("{filter} NEAR/1 policy"), "real-to-sim of policies", true);
    }
    for text in ["multi-modal", "multi modal", "multimodal"] {
        ["multimodal", "multi-modal", "\"multi modal\""].iter().for_each(|filter| check(filter, text, true));
    }
    check("\"multimodal agents\"", "a multi-modal agent", true);
    check("\"multi modal agents\"", "a multimodal agent", true);
    check("finetuning", "fine-tuned models", true);
    check("\"fine tuning\"", "finetuned", true);
    check("datasets", "a new data set", true);
    check("gpt-4", "GPT4", true);
    check("gpt4", "GPT-4", true);
    check("email", "e-mail", true);
    check("together", "we want to get her", false);
    check("\"to get her\"", "together", false);
    check("\"learn ed\"", "learned", true);
    check("\"learn ed\"", "they learn, a learner", false);
    check("together", "to-get-her", true);
    check("information", "robots in formation", false);
    check("cost", "the cos t term", false);
    check("=realtosim", "real-to-sim", false);
    check("realtosi*", "real-to-sim", false);
    check("author:xiaoming", "xiao-ming", false);
    // One sign that is read as two words.
    check("second", "sec\u{33de}ond", false);
}

#[test]
fn names_are_found_with_and_without_their_hyphens() {
    let paper = Paper { authors: vec!["Xiao-Ming Li".into(), "Jeanpaul Roux".into()], ..paper("", "") };
    let index = DayIndex::build([&paper]);
    for (text, expect) in [
        ("xiaoming", 1),
        ("\"xiaoming li\"", 1),
        ("xiao-ming", 1),
        ("jean-paul", 1),
        ("\"jean paul roux\"", 1),
        ("jeanpauls", 0),
        ("liroux", 0),
        ("mingli", 0),
    ] {
        let filter = filter(&format!("author:{text}"));
        assert_eq!(index.matches(&filter).len(), expect, "{text}");
        assert_eq!(oracle::matches(&filter, &paper), expect == 1, "{text}");
    }
}

#[test]
fn unknown_votes_match_no_comparison() {
    let index = DayIndex::build([&paper("a", "")]);
    assert_eq!(index.matches(&filter("upvotes:>=0 OR upvotes:<5")), Vec::<u32>::new());
    assert_eq!(index.matches(&filter("a NOT upvotes:>=0")), [0]);
}

#[test]
fn an_empty_day_matches_nothing() {
    let index = DayIndex::build([]);
    assert!(index.is_empty());
    assert_eq!(index.matches(&filter("a NOT b")), Vec::<u32>::new());
}

#[test]
fn the_better_match_is_more_relevant() {
    let papers = [
        paper("Graph networks", "Something else entirely."),
        paper("Something else", "Here a graph is named once among many other words."),
        paper("Neither", "Nothing of it."),
        paper("Else", "graph graph graph network"),
    ];
    let index = DayIndex::build(&papers);
    let relevance = |text: &str| (0..4).map(|ordinal| index.relevance(&filter(text), ordinal)).collect::<Vec<_>>();
    let graph = relevance("graph");
    assert!(graph[0] > graph[1] && graph[3] > graph[1] && graph[1] > 0.0);
    assert_eq!(graph[2], 0.0);
    assert!(relevance("graph network")[0] > graph[0]);
    assert_eq!(relevance("else NOT graph")[1], relevance("else")[1]);
    assert_eq!(relevance("cat:cs.LG OR has:code"), [0.0; 4]);
}

#[test]
fn the_words_that_matched_are_marked() {
    let check = |filters: &[&str], text: &str, expect: &[&str]| {
        let filters: Vec<Filter> = filters.iter().map(|text| filter(text)).collect();
        let marks = highlights(&filters.iter().collect::<Vec<_>>(), Field::Title, text);
        assert_eq!(marks.into_iter().map(|mark| &text[mark]).collect::<Vec<_>>(), expect, "{text}");
    };
    check(&["model"], "Models, a model and modelling", &["Models", "model", "modelling"]);
    check(&["\"graph network\""], "A graph–network, no graph", &["graph–network"]);
    check(&["a NOT b"], "a b", &["a"]);
    check(&["x NOT (y NOT z)"], "x y z", &["x", "z"]);
    check(&["graph", "\"graph network\""], "graph network graph", &["graph network", "graph"]);
    check(&["\"network graph\"~2"], "graph of a network", &["graph of a network"]);
    check(&["神经"], "图神经网络", &["神经"]);
    check(&["parkinson ecole"], "Parkinson’s E\u{301}cole", &["Parkinson’s", "E\u{301}cole"]);
    check(&["abstract:a author:b cat:cs.LG"], "a b", &[]);
    check(&["==RAG"], "RAG rag", &["RAG"]);
    check(&["rag NEAR/1 graph"], "graph of RAG", &["graph of RAG"]);
    check(&["realtosim"], "Real-to-sim or real to sim", &["Real-to-sim", "real to sim"]);
    check(&["\"multi modal agents\""], "Multimodal agents", &["Multimodal agents"]);
    check(&[], "a", &[]);
}

#[test]
fn an_excerpt_shows_the_first_mark_between_whole_words() {
    let check = |text: &str, filter_text: &str, max: usize, expect: &str| {
        let read = ReadText::new(Field::Abstract, text);
        let shown = excerpt(text, read.words(), &read.marks(&[&filter(filter_text)]), max);
        let mut marked = shown.text.clone();
        for mark in shown.marks.iter().rev() {
            marked.replace_range(mark.clone(), &format!("[{}]", &shown.text[mark.clone()]));
        }
        assert_eq!(marked, expect);
        assert!(shown.text.chars().count() <= max);
    };
    let text = "The quick brown fox jumps over the lazy dog and runs away from it all.";
    check(text, "fox dog", 200, "The quick brown [fox] jumps over the lazy [dog] and runs away from it all.");
    check(text, "fox dog", 30, "The quick brown [fox] jumps…");
    check(text, "dog", 30, "…lazy [dog] and runs away from…");
    check(text, "all", 20, "…away from it [all].");
    check(text, "\"jumps over the lazy\"", 12, "…[jumps over]…");
    check("深度学习在图像识别中的应用研究", "应用", 8, "…中的[应用]研究");
    check("Unbreakablewordthatislong", "x OR unbreakablewordthatislong", 8, "[Unbrea]…");
    check("a b", "a", 0, "");
}

proptest! {
    #[test]
    fn the_day_index_agrees_with_the_oracle(papers in vec(arbitrary::paper(), 0..12), filters in vec(arbitrary::filter(), 1..6), share in 1..16_usize) {
        let index = DayIndex::in_shares(share, &papers.iter().collect::<Vec<_>>());
        for filter in &filters {
            let expect: Vec<u32> = (0..).zip(&papers).filter(|(_, paper)| oracle::matches(filter, paper)).map(|(ordinal, _)| ordinal).collect();
            prop_assert_eq!(index.matches(filter), expect, "{}", filter);
        }
    }

    #[test]
    fn marks_are_whole_words_in_order(filters in vec(arbitrary::filter(), 0..3), text in prop_oneof![arbitrary::text(), any::<String>()], max in 0..80_usize) {
        let read = ReadText::new(Field::Abstract, &text);
        let marks = read.marks(&filters.iter().collect::<Vec<_>>());
        prop_assert_eq!(&marks, &highlights(&filters.iter().collect::<Vec<_>>(), Field::Abstract, &text));
        let words = crate::filter::words::words(&text);
        prop_assert!(marks.windows(2).all(|pair| pair[0].end < pair[1].start));
        for mark in &marks {
            prop_assert!(words.iter().any(|word| word.range.start == mark.start) && words.iter().any(|word| word.range.end == mark.end));
        }
        let shown = excerpt(&text, read.words(), &marks, max);
        prop_assert!(shown.text.chars().count() <= max);
        prop_assert!(shown.marks.iter().all(|mark| shown.text.get(mark.clone()).is_some()));
        prop_assert!(marks.is_empty() || max < 3 || !shown.marks.is_empty());
    }

    #[test]
    fn a_paper_that_matches_by_its_words_shows_a_mark(paper in arbitrary::paper(), filter in arbitrary::filter()) {
        for (atom, wanted) in filter.expression().atoms() {
            let alone = Filter::parse(&atom.to_string()).unwrap();
            let is_topic = matches!(atom, Atom::Text(Scope::Topic | Scope::Title | Scope::Abstract, _));
            if wanted && is_topic && oracle::matches(&alone, &paper) {
                let marks = |field, text| highlights(&[&filter], field, text).len();
                prop_assert!(marks(Field::Title, &paper.title) + marks(Field::Abstract, &paper.abstract_text) > 0);
                prop_assert!(DayIndex::build([&paper]).relevance(&alone, 0) > 0.0);
            }
        }
    }
}
