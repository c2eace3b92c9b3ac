//! Texts, addresses and names that try to break a mail or to fool its reader.

use proptest::prelude::*;

use super::*;

/// Texts that break mails or fool their readers.
fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</title></style><style>*{display:none}",
        "' onmouseover='x",
        "{{mail.confirm_url}} {{> layout}} {{#each this}}",
        "x\r\nBcc: everyone@example.com\r\n\r\n<b>body",
        "x\nX-Injected: 1",
        "x\rX-Injected: 1",
        "nul\0nul",
        "\u{202e}gnp.exe\u{2066}\u{2069}\u{200f}\u{61c}",
        "=?utf-8?q?=0D=0ABcc:_x@y?=",
        "\r\n.\r\nMAIL FROM:<x@y>",
        "=_01988a3c5f0070008000000000000007",
        "--=_01988a3c5f0070008000000000000007--",
        "<!--[if mso]><![endif]-->",
        "]]>&lt;&#x3c;script",
        "\u{fffe}\u{feff}\u{85}\u{2028}\u{2029}\u{b}",
        "日本語の題名と本文",
        "العربية עברית",
        "",
        "   ",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(["<", "é", "\0", "word ", "\u{202e}", "👩‍🔬"].map(|piece| piece.repeat(1_000_000 / piece.len())));
    texts
}

fn hostile_card(text: &str) -> Card {
    let own = || text.to_owned();
    let link = || Some(format!("https://example.org/{text}"));
    Card {
        title: vec![Span::plain(text), Span::marked(text)],
        page_url: own(),
        pdf_url: Some(format!("javascript:alert(1)//{text}")),
        code_url: link(),
        project_url: Some("data:text/html,<script>".to_owned()),
        site_url: link(),
        authors: vec![own(); 6],
        categories: vec![own(); 6],
        upvotes: Some(u32::MAX),
        organization: Some(own()),
        summary: Some(own()),
        excerpt: vec![Span::marked(text), Span::plain(text)],
        matched: vec![own(); 10],
        also: vec![own(); 6],
    }
}

#[test]
fn hostile_texts_do_no_harm() {
    let expected = header_names(&parse(&render(&digest(Vec::new()))));
    for text in hostile_texts() {
        let own = || text.clone();
        let site = Site { name: own(), from_name: own(), postal_line: Some(own()), ..sample::site() };
        let section = |name: Option<String>| Section {
            filter_name: name,
            query: Some(own()),
            why: own(),
            papers: vec![hostile_card(&text)],
            more: usize::MAX,
        };
        let filters = vec![FilterLine { name: own(), query: own() }; 40];
        for mail in [digest(vec![section(Some(own())), section(None)]), Mail::Welcome(WelcomeMail { filters, ..sample::welcome() })] {
            let rendered = render_for(&site, &sample::envelope(), &mail).unwrap();
            let shown: String = text.chars().take(40).collect();
            assert_well_formed(&rendered);
            let is_digest = matches!(mail, Mail::Digest(_));
            assert!(!is_digest || header_names(&parse(&rendered)) == expected, "{shown:?}");
            let html = rendered.html.to_string();
            for part in [&html, &rendered.text.to_string(), &rendered.subject] {
                assert!(
                    !part.contains(|c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{2066}'),
                    "{shown:?}"
                );
            }
            for tag in ["<script", "<img", "<b>", "onmouseover='", "<style>*"] {
                assert!(!html.contains(tag), "{shown:?} left {tag}");
            }
        }
    }
}

#[test]
fn an_address_that_cannot_stand_in_a_message_is_refused_with_advice() {
    let long = format!("{}@example.org", "a".repeat(300));
    for address in ["", "nobody", "a b@example.org", "a@b\r\nBcc: c@d", "a\0@b.c", "\"a\"@b.c", "a@b,c@d", "<a@b.c>", "@b.c", "a@", &long] {
        let envelope = Envelope { to: address.to_owned(), ..sample::envelope() };
        let error = render_for(&sample::site(), &envelope, &digest(Vec::new())).unwrap_err().to_string();
        assert!(error.contains("write it as name@example.org") && !error.contains(['\r', '\0']), "{address:?}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_title_makes_a_subject_that_reads_back(title in any::<String>()) {
        let card = Card { title: vec![Span::plain(title)], page_url: "https://example.org/1".to_owned(), ..Card::default() };
        let section = Section { filter_name: None, query: None, why: String::new(), papers: vec![card], more: 3 };
        assert_well_formed(&render(&digest(vec![section])));
    }
}
