use proptest::prelude::*;

use super::id::MAX_ID_BYTES;
use super::*;

#[test]
fn every_common_spelling_of_an_id_is_one_paper() {
    let check = |input: &str, expect: &str| assert_eq!(PaperId::parse(input).unwrap().as_str(), expect, "{input}");
    for spelling in [
        "2504.15921",
        "2504.15921v3",
        "arXiv:2504.15921",
        "oai:arXiv.org:2504.15921v1",
        "http://arxiv.org/abs/2504.15921v2",
        "https://export.arxiv.org/pdf/2504.15921.pdf",
        "https://www.arxiv.org/abs/2504.15921?context=cs",
        "10.48550/arXiv.2504.15921",
        "https://doi.org/10.48550/ARXIV.2504.15921",
        " 2504.15921 ",
    ] {
        check(spelling, "arxiv:2504.15921");
    }
    check("0704.0001", "arxiv:0704.0001");
    check("hep-th/9901001v2", "arxiv:hep-th/9901001");
    check("math.GT/0309136", "arxiv:math/0309136");
    check("https://dx.doi.org/10.1101/2026.07.15.ABC", "doi:10.1101/2026.07.15.abc");
    check("doi:10.1000/182", "doi:10.1000/182");
    check("https://example.org/paper/7", "url:https://example.org/paper/7");
}

#[test]
fn what_is_no_id_is_refused_with_advice() {
    for input in ["", "   ", "not an id", "javascript:alert(1)", "2504.1", "99", "file:///etc/passwd", "a\u{0}b", ".x/1234567"] {
        let error = PaperId::parse(input).unwrap_err();
        assert!(error.to_string().contains("give an arXiv id"), "{input:?}: {error}");
    }
}

#[test]
fn the_stored_form_reads_back_as_itself() {
    for input in ["2504.15921", "hep-th/9901001", "10.1101/x", "https://example.org/a?b=c"] {
        let id = PaperId::parse(input).unwrap();
        assert_eq!(PaperId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(PaperId::parse(id.slug()), Ok(id));
    }
}

#[test]
fn an_id_too_long_to_read_back_is_refused() {
    let longest = MAX_ID_BYTES - "doi:10.1/".len();
    let id = PaperId::parse(&format!("10.1/{}", "a".repeat(longest))).unwrap();
    assert_eq!(PaperId::parse(id.as_str()), Ok(id.clone()));
    for input in [format!("10.1/{}", "a".repeat(longest + 1)), format!("https://example.org/{}", "é".repeat(200))] {
        assert!(PaperId::parse(&input).is_err(), "{input}");
    }
}

#[test]
fn what_names_one_paper_elsewhere_is_that_paper() {
    let check = |input: &str, expect: &str| assert_eq!(PaperId::parse(input).unwrap().as_str(), expect, "{input}");
    check("https://huggingface.co/papers/2504.15921", "arxiv:2504.15921");
    check("https://www.alphaxiv.org/abs/2504.15921v2", "arxiv:2504.15921");
    check("https://arxiv.org/abs/hep-th/9901001v1/", "arxiv:hep-th/9901001");
    check("arXiv: 2504.15921", "arxiv:2504.15921");
    check("10.48550/arxiv.hep-th/9901001", "arxiv:hep-th/9901001");
    check("https://www.biorxiv.org/content/10.1101/2026.01.02.123456v2.full.pdf", "doi:10.1101/2026.01.02.123456");
    check("https://www.medrxiv.org/content/10.64898/2026.01.02.26123456v1", "doi:10.64898/2026.01.02.26123456");
    check("10.1101/2026.01.02.123456v3", "doi:10.1101/2026.01.02.123456");
    check("10.1000/rev2", "doi:10.1000/rev2");
    check("https://doi.org/10.1002/%28SICI%291097%3A1", "doi:10.1002/(sici)1097:1");
    check("doi: 10.1000/182.", "doi:10.1000/182");
    check("PMID: 40000001", "pmid:40000001");
    check("https://pubmed.ncbi.nlm.nih.gov/40000001/?utm_source=x", "pmid:40000001");
    check("https://www.ncbi.nlm.nih.gov/pubmed/040000001", "pmid:40000001");
    check("https://lab.example/post?id=7&utm_source=mail#top", "url:https://lab.example/post?id=7");
    check("https://lab.example/post?utm_source=mail", "url:https://lab.example/post");
    check("HTTPS://Lab.Example/Post", "url:https://lab.example/Post");
}

#[test]
fn the_identity_that_stands_for_a_paper_is_what_everybody_can_read() {
    let id = |text: &str| PaperId::parse(text).unwrap();
    let mut paper = Paper::new(id("https://lab.example/x"), "A title");
    let ids = ["10.1000/182", "10.1101/2026.01.02.1", "2504.15921", "pmid:40000001", "https://lab.example/x"].map(id);
    paper.set_identities(ids.to_vec());
    assert_eq!(paper.id, ids[2]);
    assert_eq!(paper.aliases, [1, 0, 3, 4].map(|place: usize| ids[place].clone()));
}

#[test]
fn an_item_that_gives_two_arxiv_ids_is_about_the_first() {
    let id = |text: &str| PaperId::parse(text).unwrap();
    let two = Paper { aliases: vec![id("2504.00002"), id("10.1000/182")], ..Paper::new(id("2504.00001"), "A title") };
    assert_eq!(two.reported_by("x", Authority::Feed).identities(), [id("2504.00001"), id("10.1000/182")]);
    let doi = Paper { aliases: vec![id("2504.00003"), id("2504.00002")], ..Paper::new(id("10.1000/182"), "A title") };
    assert_eq!(doi.reported_by("x", Authority::Feed).identities(), [id("2504.00003"), id("10.1000/182")]);
}

fn report(authority: Authority, source: &str, version: Option<u32>, title: &str) -> Paper {
    Paper { version, ..Paper::new(PaperId::parse("2504.15921").unwrap(), title) }.reported_by(source, authority)
}

#[test]
fn the_better_source_is_believed_in_whatever_order_they_speak() {
    use Authority::{Arxiv, Biorxiv, Crossref, Feed, File, Huggingface, Openalex, Paperlark, Pubmed};
    let order = [Huggingface, Paperlark, Feed, File, Openalex, Crossref, Pubmed, Biorxiv, Arxiv];
    for pair in order.windows(2) {
        let (worse, better) = (report(pair[0], "one", None, "Worse"), report(pair[1], "two", None, "Better"));
        for (first, second) in [(&worse, &better), (&better, &worse)] {
            let mut paper = first.clone();
            paper.merge(second.clone());
            assert_eq!(paper.title, "Better", "{pair:?}");
        }
    }
    // Votes are the hub's own business.
    let votes =
        |authority, source, votes| Paper { upvotes: Some(votes), ..report(authority, source, None, "A") }.reported_by(source, authority);
    let (hub, relay) = (votes(Huggingface, "hub", 3), votes(Paperlark, "neighbour", 40));
    for (first, second) in [(&hub, &relay), (&relay, &hub)] {
        let mut paper = first.clone();
        paper.merge(second.clone());
        assert_eq!(paper.upvotes, Some(3));
    }
}

#[test]
fn a_title_that_lost_its_dollars_gives_way_to_arxivs_own() {
    let mut paper = report(Authority::Huggingface, "hub", None, "O(n2) is enough");
    paper.merge(report(Authority::Arxiv, "arxiv", Some(1), "O(n²) is enough"));
    paper.merge(report(Authority::Huggingface, "hub", None, "O(n2) is enough"));
    assert_eq!(paper.title, "O(n²) is enough");
    assert_eq!(paper.sources, ["arxiv", "hub"]);
}

#[test]
fn a_source_corrects_itself_but_never_goes_back_to_an_older_version() {
    let check = |known: Option<u32>, told: Option<u32>, expect: &str| {
        let mut paper = report(Authority::Arxiv, "arxiv", known, "Known");
        paper.merge(report(Authority::Arxiv, "arxiv", told, "Told"));
        assert_eq!(paper.title, expect, "{known:?} {told:?}");
        assert_eq!(paper.version, known.max(told));
    };
    check(Some(1), Some(2), "Told");
    check(Some(2), Some(2), "Told");
    check(Some(2), Some(1), "Known");
    check(None, Some(1), "Told");
    check(Some(1), None, "Told");
    check(None, None, "Told");
}

#[test]
fn equal_sources_do_not_take_turns() {
    let (one, other) = (report(Authority::Feed, "a", None, "By a"), report(Authority::Feed, "b", None, "By b"));
    let mut paper = one.clone();
    for _ in 0..3 {
        paper.merge(other.clone());
        assert_eq!(paper.title, "By a");
        paper.merge(one.clone());
    }
}

#[test]
fn a_whole_abstract_goes_before_one_that_is_cut_off() {
    let with = |authority, source, text: &str| {
        Paper { abstract_text: text.into(), ..report(authority, source, None, "A") }.reported_by(source, authority)
    };
    let cut = with(Authority::Pubmed, "pubmed", "We measure tides and…");
    let whole = with(Authority::Huggingface, "hub", "We measure tides and explain them.");
    for (first, second) in [(&cut, &whole), (&whole, &cut)] {
        let mut paper = first.clone();
        paper.merge(second.clone());
        assert_eq!(paper.abstract_text, "We measure tides and explain them.");
    }
}

#[test]
fn a_merge_adds_and_updates_but_never_erases() {
    let id = PaperId::parse("2504.15921").unwrap();
    let mut known =
        Paper { abstract_text: "Known.".into(), categories: vec!["cs.CL".into()], upvotes: Some(3), ..Paper::new(id.clone(), "Old title") }
            .reported_by("huggingface", Authority::Huggingface);
    let newer = Paper { upvotes: Some(9), code_url: Some("https://example.org".into()), ..Paper::new(id, "New title") }
        .reported_by("huggingface", Authority::Huggingface);
    known.merge(newer);
    assert_eq!((known.title.as_str(), known.abstract_text.as_str(), known.upvotes), ("New title", "Known.", Some(9)));
    assert_eq!((known.categories, known.code_url), (vec!["cs.CL".to_owned()], Some("https://example.org".to_owned())));
}

#[test]
fn what_was_stored_before_origins_were_reads_and_gives_way() {
    let stored = r#"{"id": "arxiv:2504.15921", "title": "Old", "upvotes": 4, "sources": ["list"], "details": {"list": {"x": 1}}}"#;
    let mut paper: Paper = serde_json::from_str(stored).unwrap();
    paper.merge(report(Authority::Huggingface, "hub", None, "New"));
    assert_eq!((paper.title.as_str(), paper.upvotes), ("New", Some(4)));
    let read: Paper = serde_json::from_str(&serde_json::to_string(&paper).unwrap()).unwrap();
    assert_eq!(read, paper);
}

/// Reports of a few sources, each of which tells the version it speaks of, so that no order is lost.
fn reports() -> impl Strategy<Value = Vec<Paper>> {
    use Authority::{Arxiv, Feed, Huggingface, Pubmed};
    let sources = [(Arxiv, "arxiv"), (Feed, "feed-a"), (Feed, "feed-b"), (Pubmed, "pubmed"), (Huggingface, "hub")];
    let ids = ["2504.15921", "10.1000/182", "10.1101/2026.01.02.1", "pmid:40000001", "https://lab.example/x"];
    let one = (0..sources.len(), 1u32..4, prop::sample::subsequence(ids.to_vec(), 1..=3), any::<[bool; 5]>());
    prop::collection::vec(one, 1..7).prop_map(move |all| {
        let report = |(at, version, ids, has): (usize, u32, Vec<&str>, [bool; 5])| {
            let (authority, source) = sources[at];
            // One source says one thing of one version.
            let said = format!("{source} {version}");
            let ids: Vec<PaperId> = ids.into_iter().map(|id| PaperId::parse(id).unwrap()).collect();
            let paper = Paper {
                aliases: ids[1..].to_vec(),
                version: Some(version),
                abstract_text: if has[0] { format!("{said}{}", if version == 2 { "…" } else { "." }) } else { String::new() },
                authors: if has[1] { vec![said.clone()] } else { Vec::new() },
                published: has[2].then(|| DateTime::from_timestamp(i64::from(version) * 1_000 + at as i64, 0).unwrap()),
                upvotes: has[3].then_some(version * 10 + at as u32),
                code_url: has[4].then(|| format!("https://code.example/{}", said.replace(' ', "/"))),
                ..Paper::new(ids[0].clone(), said)
            };
            paper.reported_by(source, authority)
        };
        all.into_iter().map(report).collect()
    })
}

fn merged(reports: &[Paper]) -> Paper {
    let mut reports = reports.iter().cloned();
    let first = reports.next().unwrap();
    reports.fold(first, |mut paper, report| {
        paper.merge(report);
        paper
    })
}

proptest! {
    #[test]
    fn no_order_of_reports_changes_what_stands((reports, shuffled) in reports().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        prop_assert_eq!(merged(&reports), merged(&shuffled));
    }

    #[test]
    fn reports_merged_twice_or_in_groups_give_the_same(reports in reports(), at in 0usize..7) {
        let once = merged(&reports);
        prop_assert_eq!(&merged(&[&reports[..], &reports[..]].concat()), &once);
        let (left, right) = reports.split_at(at.min(reports.len()));
        if !left.is_empty() && !right.is_empty() {
            prop_assert_eq!(&merged(&[merged(left), merged(right)]), &once);
        }
    }
}

#[test]
fn records_of_one_paper_look_alike_however_they_are_written() {
    let paper = |title: &str, author: &str| {
        Likeness::of(&Paper { authors: vec![author.into()], ..Paper::new(PaperId::parse("2504.15921").unwrap(), title) })
    };
    let one = paper("Tides: a Poincaré view of harbours", "Mara Lind").unwrap();
    let check = |title: &str, author: &str, expect: bool| {
        let other = paper(title, author);
        assert_eq!(other.is_some_and(|other| one.resembles(&other) && one.key() == other.key()), expect, "{title} {author}");
    };
    check("TIDES — A Poincare View of Harbours", "Lind, M.", true);
    check("Tides: a Poincaré view of harbours.", "M. LIND", true);
    check("Tides: a Poincaré view of harbours", "Teo Okafor", false);
    check("Tides: a Poincaré view of harbours II", "Mara Lind", false);
    assert_eq!(paper("Editorial", "Mara Lind"), None);
    assert_eq!(paper("Tides: a Poincaré view of harbours", "M."), None);
}

#[test]
fn who_gives_out_ids_never_gives_one_paper_two() {
    let ids = |texts: &[&str]| texts.iter().map(|text| PaperId::parse(text).unwrap()).collect::<Vec<_>>();
    let check = |one: &[&str], other: &[&str], share: bool, alike: bool| {
        let (one, other) = (ids(one), ids(other));
        assert_eq!((may_share(&one, &other), may_be_alike(&one, &other)), (share, alike), "{one:?} {other:?}");
        assert_eq!((may_share(&other, &one), may_be_alike(&other, &one)), (share, alike), "{one:?} {other:?}");
    };
    check(&["2504.00001"], &["2504.00002"], false, false);
    check(&["2504.00001", "10.1000/1"], &["10.1000/1"], true, true);
    check(&["2504.00001"], &["10.1000/1", "pmid:1234567"], true, true);
    check(&["10.1000/1"], &["10.1000/2"], true, false);
    check(&["10.1101/2026.01.02.1"], &["10.1000/2"], true, true);
    check(&["https://a.example/1"], &["https://a.example/2"], true, false);
    check(&["https://a.example/1"], &["https://b.example/2"], true, true);
}
