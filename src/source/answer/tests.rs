use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

const FORMATS: [Format; 10] = [
    Format::ArxivAnnouncement,
    Format::ArxivQuery,
    Format::ArxivOai,
    Format::Biorxiv,
    Format::PubmedArticles,
    Format::PubmedSearch,
    Format::Feed,
    Format::Openalex,
    Format::Crossref,
    Format::List,
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(project("fixtures/sources").join(name)).unwrap()
}

#[test]
fn each_kind_of_answer_becomes_clean_papers_and_named_problems() {
    for (format, name) in [
        (Format::ArxivAnnouncement, "arxiv-rss.xml"),
        (Format::ArxivAnnouncement, "arxiv-atom.xml"),
        (Format::ArxivQuery, "arxiv-query.xml"),
        (Format::ArxivOai, "arxiv-oai-1.xml"),
        (Format::ArxivOai, "arxiv-oai-2.xml"),
        (Format::Biorxiv, "biorxiv.json"),
        (Format::PubmedArticles, "pubmed-articles.xml"),
        (Format::Feed, "journal-rss1.xml"),
        (Format::Feed, "journal-rss2.xml"),
        (Format::Feed, "lab-atom.xml"),
        (Format::Feed, "lab-feed.json"),
        (Format::Openalex, "openalex.json"),
        (Format::Crossref, "crossref.json"),
    ] {
        let answered = read(format, &fixture(name), None).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, shown(&answered)) });
    }
}

/// What differs from the default, one line a fact.
fn shown(answered: &Answered) -> String {
    let mut lines = vec![format!("{} items", answered.count)];
    for Listed { day, is_update, paper } in &answered.papers {
        let day = day.map_or("no day".into(), |day| day.to_string());
        lines.push(format!(
            "\n{} {} on {day}{}",
            paper.id,
            if *is_update { "is changed" } else { "is listed" },
            paper.version.map_or(String::new(), |version| format!(", version {version}"))
        ));
        lines.push(format!("  title       {}", paper.title));
        lines.push(format!("  authors     {}", paper.authors.join(" | ")));
        lines.push(format!("  categories  {}", paper.categories.join(" | ")));
        lines.push(format!("  published   {}", paper.published.map_or("unknown".into(), |time| time.to_rfc3339())));
        lines.push(format!("  also        {}", paper.aliases.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" | ")));
        lines.push(format!("  abstract    {}", paper.abstract_text));
    }
    for problem in &answered.problems {
        lines.push(format!("\n{}: {}", problem.place, problem.reason));
    }
    lines.join("\n")
}

/// What each recorded answer holds, and a mark that stands once in each of its items.
const RECORDED: &[(&str, Format, &str, usize)] = &[
    ("arxiv-rss/atom_cs.AI_2025-08-20.xml", Format::ArxivAnnouncement, "<entry>", 7),
    ("arxiv-rss/rendered_atom_cs.CL_2026-06-30.xml", Format::ArxivAnnouncement, "<entry>", 136),
    ("arxiv-rss/rendered_rss_cs.CL_2026-06-30.xml", Format::ArxivAnnouncement, "<item>", 136),
    ("arxiv-rss/rss_weekend_empty.xml", Format::ArxivAnnouncement, "<item>", 0),
    ("arxiv-api/id_0000.0000_s0_m100.json", Format::ArxivQuery, "<entry>", 0),
    ("arxiv-api/id_0808.05394_1707.08567_s0_m100.json", Format::ArxivQuery, "<entry>", 1),
    ("arxiv-api/id_1605.08386_s0_m100.json", Format::ArxivQuery, "<entry>", 1),
    ("arxiv-api/id_astro-ph_0601001_s0_m100.json", Format::ArxivQuery, "<entry>", 1),
    ("arxiv-api/q_testing_s0_m10.json", Format::ArxivQuery, "<entry>", 10),
    ("arxiv-api/q_testing_s10_m10.json", Format::ArxivQuery, "<entry>", 10),
    ("arxiv-oai/RENDERED_error_noRecordsMatch.xml", Format::ArxivOai, "<record>", 0),
    ("arxiv-oai/RENDERED_listrecords_arXiv_last_page.xml", Format::ArxivOai, "<record>", 5),
    ("arxiv-oai/RENDERED_listrecords_arXiv_with_token.xml", Format::ArxivOai, "<record>", 60),
    ("arxiv-oai/aparture_listrecords_arXivRaw_2026-05-08_trimmed.xml", Format::ArxivOai, "<record>", 2),
    ("biorxiv/details_2026-07-15_trimmed3.pu5ha.json", Format::Biorxiv, r#""abstract""#, 3),
    ("crossref/habanero_test_works_query_0.json", Format::Crossref, r#""container-title""#, 2),
    ("crossref/habanero_test_works_with_one_id_0.json", Format::Crossref, r#""container-title""#, 1),
    ("huggingface/daily_papers_2026-07-31.json", Format::List, r#""paper""#, 5),
    ("openalex/works_selected.kitzcode.json", Format::Openalex, r#""authorships""#, 2),
    ("pubmed/biopython_pubmed1.xml", Format::PubmedArticles, "<PubmedArticle>", 2),
    ("pubmed/biopython_pubmed2.xml", Format::PubmedArticles, "<PubmedArticle>", 2),
    ("pubmed/biopython_pubmed7.xml", Format::PubmedArticles, "<PubmedArticle>", 1),
    ("pubmed/biopython_esearch1.xml", Format::PubmedSearch, "<Id>", 5),
    ("pubmed/esearch_2026.sotawhat.json", Format::PubmedSearch, r#""42286"#, 5),
];

/// Recorded refusals: no answer to read papers from.
const REFUSED: [&str; 2] = ["arxiv-api/id_abc_s0_m100.json", "arxiv-oai/RENDERED_error_badResumptionToken.xml"];

/// The folder of recorded answers; says so where it is missing.
fn recorded() -> Option<PathBuf> {
    let folder = project("../shared/data/raw");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder of recorded answers");
    }
    folder.is_dir().then_some(folder)
}

/// The body of a recording, which may be wrapped in what the recorder noted.
fn body(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return bytes };
    match &value["body"] {
        serde_json::Value::String(text) => text.clone().into_bytes(),
        serde_json::Value::Null => bytes,
        body => body.to_string().into_bytes(),
    }
}

#[test]
fn recorded_answers_give_all_the_papers_they_hold() {
    let Some(folder) = recorded() else { return };
    println!("{:>6} {:>6}", "marks", "papers");
    for &(name, format, mark, expect) in RECORDED {
        let body = body(&folder.join(name));
        let marks = String::from_utf8_lossy(&body).matches(mark).count();
        assert_eq!(marks, expect, "{name}: {mark}");
        let answered = read(format, &body, None).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert_eq!(answered.problems, [], "{name}");
        assert_eq!(answered.count, expect, "{name}");
        assert_eq!(answered.papers.len(), if format == Format::PubmedSearch { 0 } else { expect }, "{name}");
        for Listed { paper, .. } in &answered.papers {
            let texts = [&paper.title, &paper.abstract_text].into_iter().chain(&paper.authors).chain(&paper.categories);
            for text in texts {
                assert_eq!(*text, crate::text::one_line(text), "{name}: {}", paper.id);
                assert!(!["<jats", "</", "&amp;", "&lt;", "Announce Type"].iter().any(|markup| text.contains(markup)), "{name}: {text}");
            }
        }
        println!("{marks:>6} {:>6} {name}", answered.count);
    }
}

#[test]
fn no_recorded_answer_is_left_out() {
    let Some(folder) = recorded() else { return };
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = files(folder.clone()).flat_map(files).map(|file| file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned());
    let tried: BTreeSet<String> = RECORDED.iter().map(|(name, ..)| *name).chain(REFUSED).map(str::to_owned).collect();
    assert_eq!(found.collect::<BTreeSet<String>>(), tried);
}

#[test]
fn recorded_refusals_are_told_in_the_servers_words() {
    let Some(folder) = recorded() else { return };
    let said = |name: &str, format| read(format, &body(&folder.join(name)), None).unwrap_err();
    let [malformed, expired] = REFUSED;
    assert_eq!(said(malformed, Format::ArxivQuery), "arXiv says: incorrect id format for abc");
    assert!(said(expired, Format::ArxivOai).contains("resumption token"));
    assert!(said("arxiv-oai/RENDERED_error_noRecordsMatch.xml", Format::ArxivAnnouncement).contains("<OAI-PMH> where a feed was expected"));
}

#[test]
fn every_recording_is_known() {
    let Some(folder) = recorded() else { return };
    let refusals = ["arxiv-api/id_abc_s0_m100.json", "arxiv-oai/RENDERED_error_badResumptionToken.xml"];
    for kind in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(kind).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            assert!(RECORDED.iter().any(|(known, ..)| *known == name) || refusals.contains(&name.as_str()), "{name} is read by no test");
        }
    }
}

#[test]
fn one_kinds_answer_is_refused_by_the_others() {
    for name in ["arxiv-oai-1.xml", "pubmed-articles.xml", "biorxiv.json", "openalex.json", "crossref.json"] {
        for format in [Format::ArxivAnnouncement, Format::ArxivQuery, Format::Feed, Format::List] {
            assert!(read(format, &fixture(name), None).is_err(), "{name} as {format:?}");
        }
    }
    let page = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Please sign in.<br></body></html>";
    for format in FORMATS {
        assert!(read(format, page, Some("text/html")).is_err(), "{format:?}");
        assert!(read(format, b"", None).is_err(), "{format:?}");
    }
}

#[test]
fn an_item_over_which_the_feed_library_fails_leaves_the_others_alone() {
    let feed = |broken: &str| {
        let item =
            |number: u8, inside: &str| format!("<entry><id>https://lab.example/{number}</id><title>T{number}</title>{inside}</entry>");
        let namespaces =
            "xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/' xmlns:atom='http://search.yahoo.com/mrss/'";
        let body = format!("<feed {namespaces}>{}{}{}</feed>", item(1, ""), item(2, broken), item(3, ""));
        let answered = read(Format::Feed, body.as_bytes(), None).unwrap();
        let found: Vec<&str> = answered.papers.iter().map(|listed| listed.paper.title.as_str()).collect();
        (found.join(" "), answered.problems.iter().map(|problem| problem.reason.clone()).collect::<Vec<_>>().join(" "))
    };
    let (found, reason) = feed("<content type='no kind'>x</content>");
    assert_eq!((found.as_str(), reason.contains("content type")), ("T1 T3", true), "{reason}");
    let endless = "<content url='https://e.example/a' duration='99999999999999999999999'/>".to_owned();
    assert_eq!(feed(&endless.replace("<content", "<media:content")), ("T1 T2 T3".to_owned(), String::new()));
    // Behind another vocabulary's usual prefix.
    let (found, reason) = feed(&endless.replace("<content", "<atom:content"));
    assert!(found.starts_with("T1") && found.ends_with("T3"), "{found} {reason}");
}

/// Fixtures with a few bytes changed, cut out or repeated: nearly right is harder than random.
fn harmed() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let names = [
        "arxiv-rss.xml",
        "arxiv-query.xml",
        "arxiv-oai-1.xml",
        "biorxiv.json",
        "pubmed-articles.xml",
        "pubmed-search.json",
        "journal-rss2.xml",
        "openalex.json",
        "crossref.json",
        "lab-feed.json",
    ];
    let harm = proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..8);
    (0..names.len(), harm).prop_map(move |(which, harm)| {
        let mut body = fixture(names[which]);
        for (from, to, byte, how) in harm {
            let (a, b) = (from.index(body.len()), to.index(body.len()));
            let (a, b) = (a.min(b), a.max(b).min(a + 400));
            match how {
                0 => body[a] = byte,
                1 if a < b && b - a < body.len() => drop(body.drain(a..b.max(a))),
                2 => body.extend_from_within(a..b.max(a)),
                _ => body.insert(a, byte),
            }
        }
        (which, body)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_parser_panic((_, body) in harmed()) {
        for format in FORMATS {
            if let Ok(answered) = read(format, &body, None) {
                prop_assert!(answered.papers.len() <= answered.count);
                for Listed { paper, .. } in &answered.papers {
                    prop_assert!(!paper.title.is_empty() && !paper.title.chars().any(char::is_control));
                }
            }
        }
    }
}
