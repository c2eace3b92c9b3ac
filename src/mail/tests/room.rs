//! How many papers a digest shows, and that HTML and text agree on them.

use proptest::prelude::*;

use super::*;

fn numbered_sections(sizes: &[(usize, usize)], excerpt: &str) -> Vec<Section> {
    let card = |section, number| Card {
        title: vec![Span::plain(format!("Paper {section} {number}"))],
        page_url: format!("https://example.org/{section}/{number}"),
        excerpt: vec![Span::plain(excerpt)],
        authors: vec!["Name".repeat(20); 40],
        ..Card::default()
    };
    let section = |(section, (papers, more)): (usize, &(usize, usize))| Section {
        filter_name: Some(format!("filter {section}")),
        query: None,
        why: "New papers that match your filter".to_owned(),
        papers: (0..*papers).map(|number| card(section, number)).collect(),
        more: *more,
    };
    sizes.iter().enumerate().map(section).collect()
}

/// The addresses of the papers in the order of the HTML and of the text.
fn shown<'a>(html: &'a str, text: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let html = html.split("<h3").skip(1).map(|rest| rest.split('"').find(|piece| piece.starts_with("https://")).unwrap());
    let text = text.lines().filter_map(|line| line.trim().strip_prefix("Abstract: "));
    (html.collect(), text.collect())
}

#[test]
fn a_digest_stays_under_the_limit_with_as_many_papers_as_fit() {
    let rendered = render(&digest(numbered_sections(&[(300, 7), (2, 0), (40, 0)], &"excerpt ".repeat(1_000))));
    assert_well_formed(&rendered);
    assert!(rendered.html.wire_length() > MAX_HTML_BYTES * 9 / 10, "{} bytes", rendered.html.wire_length());
    let (html_part, text_part) = (rendered.html.to_string(), rendered.text.to_string());
    let (html, text) = shown(&html_part, &text_part);
    assert_eq!(html, text);
    let of_section = |section: usize| html.iter().filter(|url| url.starts_with(&format!("https://example.org/{section}/"))).count();
    assert_eq!(of_section(1), 2);
    assert!(of_section(0).abs_diff(of_section(2)) <= 1, "sections take turns");
    let hidden = 307 - of_section(0);
    assert!(html_part.contains(&format!("and {hidden} more papers for “filter 0”")));
    assert!(text_part.contains(&format!("and {hidden} more papers for “filter 0”")));
}

#[test]
fn sections_without_room_are_counted_at_the_end() {
    let rendered = render(&digest(numbered_sections(&[(2, 1); 150], &"=".repeat(400))));
    assert_well_formed(&rendered);
    let (html_part, text_part) = (rendered.html.to_string(), rendered.text.to_string());
    let (html, text) = shown(&html_part, &text_part);
    assert_eq!(html, text);
    let hidden = (150 - html.len()) * 3;
    assert!(html_part.contains(&format!("and {hidden} more papers in your browser")), "{} shown", html.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn html_and_text_show_the_same_papers_in_the_same_order(sizes in prop::collection::vec((0_usize..30, 0_usize..9), 0..6)) {
        let rendered = render(&digest(numbered_sections(&sizes, "A few words about it.")));
        let (html_part, text_part) = (rendered.html.to_string(), rendered.text.to_string());
    let (html, text) = shown(&html_part, &text_part);
        prop_assert_eq!(&html, &text);
        let papers: usize = sizes.iter().map(|(papers, _)| papers).sum();
        prop_assert!(html.len() == papers || rendered.html.wire_length() > MAX_HTML_BYTES * 9 / 10, "{} of {}", html.len(), papers);
    }
}
