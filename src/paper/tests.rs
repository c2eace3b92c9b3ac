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
fn a_merge_adds_and_updates_but_never_erases() {
    let id = PaperId::parse("2504.15921").unwrap();
    let mut known = Paper {
        abstract_text: "Known.".into(),
        categories: vec!["cs.CL".into()],
        upvotes: Some(3),
        sources: vec!["arxiv".into()],
        ..Paper::new(id.clone(), "Old title")
    };
    let newer = Paper {
        upvotes: Some(9),
        code_url: Some("https://example.org".into()),
        sources: vec!["huggingface".into()],
        ..Paper::new(id, "New title")
    };
    known.merge(newer.clone());
    assert_eq!((known.title.as_str(), known.abstract_text.as_str(), known.upvotes), ("New title", "Known.", Some(9)));
    assert_eq!(known.categories, ["cs.CL"]);
    assert_eq!(known.sources, ["arxiv", "huggingface"]);
    let once = known.clone();
    known.merge(newer);
    assert_eq!(known, once);
}
