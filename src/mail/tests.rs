//! Every kind of mail from the model to the wire, read back by another party's parser.

use std::sync::LazyLock;

use super::model::*;
use super::render::{MAX_HTML_BYTES, RenderError, Rendered, Renderer, TemplateError};
use super::sample;
use mail_parser::{Message, MessageParser};

mod hostile;
mod room;

static RENDERER: LazyLock<Renderer> = LazyLock::new(|| Renderer::new(None).unwrap());

fn render(mail: &Mail) -> Rendered {
    render_for(&sample::site(), &sample::envelope(), mail).unwrap()
}

fn render_for(site: &Site, envelope: &Envelope, mail: &Mail) -> Result<Rendered, RenderError> {
    RENDERER.render(site, envelope, &RENDERER.printed(site, mail.clone())?)
}

fn digest(sections: Vec<Section>) -> Mail {
    Mail::Digest(sample::digest(sections))
}

fn parse(rendered: &Rendered) -> Message<'_> {
    MessageParser::default().parse(&rendered.bytes).unwrap()
}

/// In lower case, since the parser spells some names its own way.
fn header_names(message: &Message<'_>) -> Vec<String> {
    message.headers().iter().map(|header| header.name().to_lowercase()).collect()
}

/// What must be true of every message, whatever is in it.
fn assert_well_formed(rendered: &Rendered) {
    let source = &rendered.bytes;
    assert!(source.ends_with(b"\r\n"));
    assert!(!source.contains(&0));
    for line in source.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\r\n").expect("every line ends with CRLF");
        assert!(!content.contains(&b'\r') && content.len() <= 998, "{:?}", String::from_utf8_lossy(content));
    }
    let (message, html) = (parse(rendered), rendered.html.to_string());
    assert_eq!(message.parts.len(), 3);
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), rendered.text.to_string().trim_end());
    assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), html.trim_end());
    assert_eq!(message.subject().unwrap(), rendered.subject);
    for href in html.split("href=\"").skip(1) {
        assert!(href.starts_with("https://") || href.starts_with("http://"), "{}", href.chars().take(40).collect::<String>());
    }
    assert!(html.len() <= MAX_HTML_BYTES);
}

#[test]
fn each_kind_of_mail_looks_as_approved() {
    for (kind, mail) in sample::mails() {
        let rendered = render(&mail);
        assert_well_formed(&rendered);
        let source = String::from_utf8(rendered.bytes).unwrap().replace("\r\n", "\n");
        let (headers, _) = source.split_once("\n\n").unwrap();
        insta::assert_snapshot!(format!("{kind}.html"), rendered.html);
        insta::assert_snapshot!(format!("{kind}.txt"), rendered.text);
        insta::assert_snapshot!(format!("{kind}.headers"), headers);
        if kind == "goodbye" {
            insta::assert_snapshot!("goodbye.source", source);
        }
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let other = Renderer::new(None).unwrap();
    for (kind, mail) in sample::mails() {
        let again = other.render(&sample::site(), &sample::envelope(), &other.printed(&sample::site(), mail.clone()).unwrap()).unwrap();
        assert_eq!(render(&mail), again, "{kind}");
    }
}

#[test]
fn every_kind_has_the_headers_it_needs_and_no_others() {
    let base = ["From", "To", "Subject", "Date", "Message-ID"];
    let list = ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"];
    let end = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
    for (kind, mail) in sample::mails() {
        let rendered = render(&mail);
        let (letter, middle): (char, Vec<&str>) = match mail {
            Mail::Confirmation(_) => ('c', vec!["Auto-Submitted"]),
            Mail::Welcome(_) => ('w', [&list[..], &["Auto-Submitted"]].concat()),
            Mail::Digest(_) => ('d', [&list[..], &["Auto-Submitted", "Precedence", "Feedback-ID"]].concat()),
            Mail::Goodbye(_) => ('g', vec!["Auto-Submitted"]),
        };
        let message = parse(&rendered);
        let expected = [&base[..], &middle, &end].concat().join(" ").to_lowercase();
        assert_eq!(header_names(&message).join(" "), expected, "{kind}");
        assert_eq!(message.message_id().unwrap(), format!("{letter}.{}@papers.example.org", sample::envelope().id));
        assert_eq!(message.date().unwrap().to_timestamp(), sample::envelope().date.timestamp());
        assert_eq!(message.header_raw("Auto-Submitted").unwrap().trim(), "auto-generated");
    }
}

#[test]
fn the_way_out_stands_in_one_unfolded_line() {
    let url = format!("https://papers.example.org/unsubscribe/{}", "t".repeat(300));
    let mut mail = sample::digest(Vec::new());
    mail.unsubscribe.url.clone_from(&url);
    let source = String::from_utf8(render(&Mail::Digest(mail)).bytes).unwrap();
    let line = source.lines().find(|line| line.starts_with("List-Unsubscribe:")).unwrap();
    assert_eq!(line, format!("List-Unsubscribe: <{url}>, <mailto:unsubscribe+b2Fr@papers.example.org>"));
}

#[test]
fn a_confirmation_holds_nothing_of_the_visitor() {
    let (_, mail) = sample::mails().swap_remove(0);
    let rendered = render(&mail);
    for part in [rendered.subject.clone(), rendered.html.to_string(), rendered.text.to_string()] {
        assert!(!part.contains("reader@") && !part.contains("example.net"));
    }
}

#[test]
fn an_international_domain_is_sent_as_punycode_and_a_local_part_as_it_is() {
    let envelope = Envelope { to: "Ada+papers@Bücher.example".to_owned(), ..sample::envelope() };
    let rendered = render_for(&sample::site(), &envelope, &digest(Vec::new())).unwrap();
    assert_eq!((rendered.envelope_to.as_str(), rendered.needs_smtputf8), ("Ada+papers@xn--bcher-kva.example", false));
    let envelope = Envelope { to: "адa@example.org".to_owned(), ..sample::envelope() };
    let rendered = render_for(&sample::site(), &envelope, &digest(Vec::new())).unwrap();
    assert_eq!((rendered.envelope_to.as_str(), rendered.needs_smtputf8), ("адa@example.org", true));
    assert_well_formed(&rendered);
}

#[test]
fn dates_and_links_that_make_no_mail_are_refused() {
    for date in [chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC] {
        let envelope = Envelope { date, ..sample::envelope() };
        assert!(
            render_for(&sample::site(), &envelope, &digest(Vec::new()))
                .unwrap_err()
                .to_string()
                .contains("between the years 1970 and 9999")
        );
    }
    let mail = Mail::Confirmation(ConfirmationMail { confirm_url: "javascript:alert(1)".to_owned(), valid_hours: 48 });
    let error = render_for(&sample::site(), &sample::envelope(), &mail).unwrap_err().to_string();
    assert!(error.contains("confirm_url") && error.contains("https://"), "{error}");
}

#[test]
fn an_operators_template_replaces_ours_and_its_mistakes_show_at_start() {
    let directory = tempfile::tempdir().unwrap();
    let with = |name: &str, content: &str| {
        std::fs::write(directory.path().join(name), content).unwrap();
        Renderer::new(Some(directory.path()))
    };
    let renderer = with("layout.txt.hbs", "So long from\r\n{{site_name}}\r\n").unwrap();
    let (_, goodbye) = sample::mails().pop().unwrap();
    let goodbye = renderer.printed(&sample::site(), goodbye).unwrap();
    let rendered = renderer.render(&sample::site(), &sample::envelope(), &goodbye).unwrap();
    assert_eq!(rendered.text.to_string(), "So long from\nPaperlark");
    assert_well_formed(&rendered);
    assert!(matches!(with("goodbye.txt.hbs", "{{site_nam}}"), Err(TemplateError::Sample { kind: "goodbye", .. })));
    assert!(matches!(with("goodbye.txt.hbs", "{{#if"), Err(TemplateError::Syntax { name, .. }) if name == "goodbye.txt.hbs"));
    std::fs::write(directory.path().join("goodbye.txt.hbs"), [0xff, 0xfe]).unwrap();
    for unreadable in [directory.path(), &directory.path().join("absent")] {
        assert!(matches!(Renderer::new(Some(unreadable)), Err(TemplateError::Read { .. })));
    }
}
