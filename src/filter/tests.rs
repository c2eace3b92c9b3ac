//! What filters mean and how wrong ones are refused, by tables; and what holds for all of them.

mod languages;

use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    match Filter::parse(text) {
        Ok(filter) => filter.to_string(),
        Err(error) => panic!("{text}\n{}\n{error}", error.caret(text)),
    }
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(canonical(text), expect, "{text}");
}

/// Refused at the 1-based `column` with a message that holds `part`.
#[track_caller]
fn refused(text: &str, column: usize, part: &str) {
    match Filter::parse(text) {
        Ok(filter) => panic!("{text} was read as {filter}"),
        Err(error) => {
            assert!(error.to_string().contains(part), "{error}\n{}", error.caret(text));
            assert_eq!(error.column(), column, "{error}\n{}", error.caret(text));
        }
    }
}

#[test]
fn words_and_phrases_are_read_as_readers_expect() {
    check("Diffusion  models", "diffusion AND models");
    check("\"Flow Matching\"", "\"flow matching\"");
    check("“flow matching”", "\"flow matching\"");
    check("real-to-sim", "\"real to sim\"");
    check("real–to–sim", "\"real to sim\"");
    check("CRISPR/Cas9 C++ C# .NET GPT-4o 3D L2 o1", "\"crispr cas9\" AND c++ AND c# AND .net AND \"gpt 4o\" AND 3d AND l2 AND o1");
    check("深度学习", "\"深 度 学 习\"");
    check("深度*", "\"深 度\"");
    check("Rényi", "renyi");
    check("what is attention?", "what AND is AND attention");
    check("R&D", "\"r d\"");
    check("Survey: LLMs", "survey AND llms");
    check("ratio 3:1", "ratio AND \"3 1\"");
    check("transform*", "transform*");
    check("\"neural net*\"", "\"neural net*\"");
    check("=RAG", "=rag");
    check("==RAG", "==RAG");
    check("=and =\"Large Models\" ==\"Large models\"", "=\"and\" AND =\"large models\" AND ==\"Large models\"");
    check("=\"bile duct*\"", "=\"bile duct*\"");
    check("m\u{5a0}\u{5b4}#le m\u{5b4}\u{5a0}#le", "m\u{5b4}\u{5a0}#le");
    check("Tumo?r Randomi#ed h?ematuri* cancer*1 \"wom#n at\"", "tumo?r AND randomi#ed AND h?ematuri* AND cancer*1 AND \"wom#n at\"");
    check("\"graph network\"~3", "\"graph network\"~3");
    check("2024", "\"2024\"");
    check("2D OR 3D", "2d OR 3d");
    check("cat:\"a%3ab+AND+c\"", "cat:\"a%3ab+and+c\"");
    check("(7b 13b) -2a", "7b AND 13b NOT 2a");
    check("dupe dupe Dupe", "dupe");
}

#[test]
fn operators_bind_as_in_other_search_boxes() {
    check("a OR b c", "a OR (b AND c)");
    check("a | b", "a OR b");
    check("a || b&&c", "a OR (b AND c)");
    check("a AND (b OR c)", "a AND (b OR c)");
    check("a -b", "a NOT b");
    check("a –b", "a NOT b");
    check("a NOT b", "a NOT b");
    check("a AND NOT b", "a NOT b");
    check("a ANDNOT b", "a NOT b");
    check("a !b", "a NOT b");
    check("a NOT (b OR \"c d\")", "a NOT (b OR \"c d\")");
    check("graph NEAR/3 network x", "graph NEAR/3 network AND x");
    check("(graph OR \"neural net\") near2 learning*", "(graph OR \"neural net\") NEAR/2 learning*");
    check("x near/2 b NEAR/0 c", "x NEAR/2 b NEAR/0 c");
    check("x NEAR/2 (b NEAR/1 c)", "x NEAR/2 (b NEAR/1 c)");
    check("title:(x NEAR/2 b) NOT c NEAR/1 d", "title:(x NEAR/2 b) NOT c NEAR/1 d");
    check("a NOT NOT b", "a AND b");
    check("NOT a b", "NOT a AND b");
    check("((a) b)", "a AND b");
    check("a OR\nb", "a OR b");
    check("(a\nb)", "a AND b");
    check("ＡＮＤ？ a", "\"and\" AND a");
    check("cats or dogs", "cats AND \"or\" AND dogs");
}

#[test]
fn fields_take_words_phrases_and_groups() {
    check("ti:diffusion abs:\"flow matching\"", "title:diffusion AND abstract:\"flow matching\"");
    check("title:(a OR \"b c\") AU:LeCun", "(title:a OR title:\"b c\") AND author:lecun");
    check("title: transformer", "title:transformer");
    check("au:del_maestro org:\"Open Lab\" all:x", "author:\"del maestro\" AND org:\"open lab\" AND all:x");
    check("cat:cs.lg cat:cs.* cat:cs* cat:hep-th", "cat:cs.LG AND cat:cs AND cat:hep-th");
    check("cat:(cs.SY OR math.MP OR stat.OT)", "cat:cs.SY OR cat:math.MP OR cat:stat.OT");
    check("authors:>=2 authors:3 authors:smith", "authors:>=2 AND authors:>=3 AND author:smith");
    check("cat:\"Cell Biology\"", "cat:\"cell biology\"");
    check("source:arXiv", "source:arxiv");
    check("upvotes:10", "upvotes:>=10");
    check("upvotes:>= 10 a", "upvotes:>=10 AND a");
    check("upvotes:≤3 upvotes:<4 upvotes:>1 upvotes:=2", "upvotes:<=3 AND upvotes:<4 AND upvotes:>1 AND upvotes:=2");
    check("has:code has:Project has:thumbnail", "has:code AND has:project AND has:thumbnail");
    check("title：（a OR b）", "title:a OR title:b");
}

#[test]
fn a_list_of_keywords_is_one_filter_of_alternatives() {
    check("large language model, RAG", "\"large language model\" OR rag");
    check("llm; agents;", "llm OR agents");
    check(
        "large language models\nRAG\n\n- world model\n• tool use\n3. code agents",
        "\"large language models\" OR rag OR \"world model\" OR \"tool use\" OR \"code agents\"",
    );
    check("neural net*, b", "\"neural net*\" OR b");
    check("\"a b\" c, d AND e", "(\"a b\" AND c) OR (d AND e)");
    check("llm, agents, -survey", "(llm OR agents) NOT survey");
    check("llm\nagents\nNOT survey", "(llm OR agents) NOT survey");
    check("深度学习、图神经网络", "\"深 度 学 习\" OR \"图 神 经 网 络\"");
    check("cat:(cs.LG, cs.CL) title:(graph network, b)", "(cat:cs.LG OR cat:cs.CL) AND (title:\"graph network\" OR title:b)");
    check("one two,", "\"one two\"");
    check("1,000 2,4-D", "\"1 000\" AND \"2 4 d\"");
    check("=RAG systems, b", "(=rag AND systems) OR b");
}

#[test]
fn wrong_filters_are_refused_where_they_are_wrong() {
    refused("", 1, "empty");
    refused(" , ;", 1, "empty");
    refused("a \"b", 3, "never closed");
    refused("a (b OR (c)", 3, "never closed");
    refused("a b)", 4, "never opened");
    refused("a ()", 3, "hold nothing");
    refused("a (,)", 5, "hold nothing");
    refused("OR a", 1, "OR has nothing before it");
    refused("a OR", 3, "OR has nothing after it");
    refused("a AND OR b", 3, "AND has nothing after it");
    refused("a NOT", 3, "NOT has nothing after it");
    refused("(a OR) b", 4, "OR has nothing after it");
    refused("a title:", 3, "title: has nothing after it");
    refused("titel:a", 1, "did you mean title:");
    refused("http://example.org", 1, "use title:");
    refused("title:(a author:b)", 10, "close that group");
    refused("upvotes:many", 9, "is no number");
    refused("upvotes:>=99999999999", 9, "is no number");
    refused("upvotes:-1", 1, "nothing after");
    refused("has:dogs", 5, "has:code");
    refused("cat:cs.L*", 5, "cat:cs.*");
    refused("t* a", 2, "fewer than 2 letters");
    refused("a *b", 3, "directly after a word");
    refused("col*r", 4, "directly after a word");
    refused("a \"* b\"", 4, "directly after a word");
    refused("=mod*", 2, "one exact form");
    refused("\"a b\"~x", 1, "needs a phrase");
    refused("\"a b\"~51", 1, "up to 50");
    refused("a NEAR/51 b", 3, "NEAR/50 or less");
    refused("a adj99999999999999999999 b", 3, "NEAR/50 or less");
    refused("a NEAR/3 title:b", 3, "same field");
    refused("a NEAR/3 (b c)", 3, "NEAR joins words");
    refused("a NEAR/3", 3, "nothing after");
    refused("NEAR/3 a", 1, "nothing before");
    refused("v NEAR/1 w NEAR/1 x NEAR/1 y NEAR/1 z", 30, "more than 3");
    refused("a?b?c?d?e?f", 1, "letters open");
    refused("==mod*", 3, "one exact form");
    refused("authors:>x", 9, "authors:>=2");
    refused("word~2", 1, "single word");
    refused("\"word\"~2", 1, "several words");
    refused("a 🚀", 3, "no letter or digit");
    refused("a \"...\"", 4, "no letter or digit");
    refused("a - b", 3, "lone -");
    refused("model(s)", 1, "without a space");
    refused("\"a\"-b", 4, "lone -");
}

#[test]
fn a_filter_that_only_leaves_out_is_refused() {
    for (text, column) in
        [("-a", 1), ("NOT (a OR b)", 1), ("a OR NOT b", 6), ("a OR (b OR -c)", 12), ("-a, -b", 1), ("NOT a NOT b", 1), ("NOT (a NOT b)", 1)]
    {
        refused(text, column, "say first what you want");
    }
    check("NOT (NOT a OR NOT b)", "NOT (NOT a OR NOT b)");
    check("a AND (b OR NOT c)", "a AND (b OR NOT c)");
}

#[test]
fn constructs_that_can_mean_nothing_here_are_named() {
    for (text, column, part) in [
        ("thermal W/3 x", 9, "W/3"),
        ("exp Critical Illness", 1, "heading"),
        ("1 or 2 or 3", 1, "1 or 2 or 3 stands for the results of other lines"),
        ("#1 OR #2", 1, "results of other lines"),
        ("or/1-5", 1, "or/1-5"),
        ("2a and (1b or 3)", 1, "results of other lines"),
        ("Limit 7 to humans", 1, "Limit 7 to humans stands for"),
        ("remove duplicates from 35", 1, "remove duplicates"),
        ("TITLE-ABS-KEY(x)", 1, "Scopus"),
        ("TS=(x)", 1, "Web of Science"),
        ("a [sic]", 3, "[sic]"),
        ("a[tiab] OR b[xyz]", 13, "[xyz] is no tag"),
        ("[tiab] a", 1, "stands behind no words"),
        ("(cf or bl).fs.", 1, "(cf or bl).fs. says nothing"),
        ("2019/01/01[dp]", 1, "2019/01/01[dp] says nothing"),
        ("x.ti. not exp animals/\n1 or 7", 6, "no line 7"),
    ] {
        refused(text, column, part);
    }
}

#[test]
fn bounds_hold_on_hostile_input() {
    refused(&"(".repeat(1_000_000), MAX_LENGTH + 1, "too long");
    refused(&"\"".repeat(1_000_000), MAX_LENGTH + 1, "too long");
    refused(&"(".repeat(MAX_LENGTH), MAX_DEPTH + 1, "flatter");
    refused(&"NOT ".repeat(MAX_LENGTH / 4), 4 * MAX_DEPTH + 1, "flatter");
    refused(&"ab ".repeat(MAX_TERMS + 1), 3 * MAX_TERMS + 1, "500 words");
    refused(&"ti:a-b-c ".repeat(MAX_LENGTH / 9), 9 * 166 + 4, "500 words");
    let nested = format!("{}a{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    check(&nested, "a");
    check(&"a,".repeat(MAX_TERMS), "a");
    refused("\"a b c d e f g h i\"~2", 1, "at most 8 words");
    refused(&(0..51).map(|i| format!("a{i} NEAR/2 b,")).collect::<String>(), 1, "more than 50 NEARs");
    refused(&(0..39).map(|i| format!("(a{i} OR b{i}) NEAR/2 (c OR d),")).collect::<String>(), 1, "more than 120 words stand beside NEARs");
    let nested = |count: usize| (0..count).map(|i| format!("(a{i} NEAR/2 b{i}) NEAR/2 (c NEAR/2 d),")).collect::<String>();
    assert!(Filter::parse(&nested(15)).is_ok());
    refused(&nested(16), 1, "one in a NEAR inside another counting twice");
    refused("(life OR \"of the\") NEAR/2 work", 20, "`of the` is near everything");
    refused("\"quality of life\"~3", 1, "`of` is near everything");
    refused("life NEAR/2 th*", 6, "`th*` is near everything");
    refused("life NEAR/2 gr*", 6, "at least 3 letters before *");
    check("\"quality of life\" NEAR/2 mod*", "\"quality of life\" NEAR/2 mod*");
    refused(&(0..61).map(|i| format!("to?n{i}*1,")).collect::<String>(), 1, "more than 60 words with letters left open");
}

#[test]
fn filters_on_changing_facts_are_known() {
    let depends = |text: &str| Filter::parse(text).unwrap().depends_on_changing_facts();
    assert!(depends("a upvotes:10"));
    assert!(depends("a NOT (b has:code)"));
    assert!(!depends("a cat:cs.LG source:arxiv"));
}

#[test]
fn what_is_read_unlike_it_looks_is_noted() {
    let check = |text: &str, part: &str| {
        let notes: Vec<String> = Filter::read(text).unwrap().notes.iter().map(ToString::to_string).collect();
        assert!(if part.is_empty() { notes.is_empty() } else { notes.iter().any(|note| note.contains(part)) }, "{text}: {notes:?}");
    };
    check("cats or dogs", "in capitals");
    check("cats OR \"cats or dogs\"", "");
    check("a b OR c", "AND binds tighter");
    check("(a b) OR c", "");
    check("a OR b, c", "");
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same_filter(filter in arbitrary::filter()) {
        let printed = filter.to_string();
        match Filter::parse(&printed) {
            Ok(parsed) => prop_assert_eq!(parsed, filter, "{}", printed),
            Err(error) => prop_assert!(["only says what to leave out", "make several filters"].iter().any(|part| error.to_string().contains(part)), "{}: {}", printed, error),
        }
    }

    #[test]
    fn a_phrase_alone_is_read_by_the_rules_of_all(
        text in r#"(ti|title|all|au|cat|has|upvotes|x|TI)?:?"([a-zA-Z0-9 -]{0,9}|and|the of|adj3|code|cs-LG|a b c d e f g h i|[ -~é]{0,5})"(~[0-9a+]{0,3})?"#
    ) {
        prop_assert_eq!(Filter::parse(&text), Filter::read(&text).map(|reading| reading.filter));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.caret(&text).ends_with('^'));
        }
    }

    #[test]
    fn what_parses_prints_to_itself(text in r#"([a-zé深"()*=~,;\-:!|&<>.#+/'’ \n0-9]|title:|cat:|upvotes:|has:code| OR | AND | NOT |[^\x00]){0,30}"#) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
        }
    }
}
