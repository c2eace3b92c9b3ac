use proptest::prelude::*;

use super::*;

/// What is in each item, or why it cannot be read.
fn items(document: &str) -> Vec<Result<String, String>> {
    let read = |item: Item<'_>| item.element.map(|element| element.text_at("t").unwrap_or_default());
    split(document, &["item"]).unwrap().items.into_iter().map(read).collect()
}

#[test]
fn a_document_is_taken_apart() {
    let document =
        split("<?xml version='1.0'?><f xmlns:x='u'><h a='1 &amp; 2'>head</h><item><t>A &amp; B</t></item> <x:item b='c'/></f>", &["item"])
            .unwrap();
    assert_eq!(document.head.at("h").unwrap().attribute("a"), Some("1 & 2"));
    assert_eq!(document.head.text(), "head");
    let raw: Vec<&str> = document.items.iter().map(|item| item.raw).collect();
    assert_eq!(raw, ["<item><t>A &amp; B</t></item>", "<x:item b='c'/>"]);
    assert_eq!(document.items[0].around, ["<f xmlns:x='u'>"]);
    assert_eq!(document.items[1].element.as_ref().unwrap().attribute("b"), Some("c"));
    assert_eq!(document.broken, None);
}

#[test]
fn a_broken_item_costs_only_itself() {
    let check = |broken: &str, reason: &str| {
        let document = format!("<f><item><t>1</t></item>{broken}<item><t>3</t></item></f>");
        let found = items(&document);
        assert_eq!(found.len(), 3, "{broken}: {found:?}");
        assert_eq!((found[0].as_deref(), found[2].as_deref()), (Ok("1"), Ok("3")), "{broken}");
        assert!(found[1].as_ref().is_err_and(|error| error.contains(reason)), "{broken}: {found:?}");
    };
    check("<item><t>2</item>", "</item> stands where </t> should");
    check("<item><t>2</u></item>", "</u> stands where </t> should");
    check("<item><t>2</t>", "another item begins");
    check("<item><t>&#xFFFFFFFF;</t><", "");
    let deep = format!("<item>{}</item>", "<d>".repeat(200));
    check(&deep, "nested deeper than 100");
}

#[test]
fn what_is_loosely_written_is_read_all_the_same() {
    assert_eq!(
        items("<f><item><t>R&D, AT&T; 1 & 2 &eacute;&nbsp;&undeclared;</t></item></f>"),
        [Ok("R&D, AT&T; 1 & 2 é\u{a0}&undeclared;".to_owned())]
    );
    assert_eq!(items("<f><item><t><![CDATA[a < b]]> c</t></item></f>"), [Ok("a < b c".to_owned())]);
    assert_eq!(items("<f><item><t>a</t ></item\n></f>"), [Ok("a".to_owned())]);
}

#[test]
fn entities_that_a_document_declares_are_never_looked_at() {
    let bomb = "<!DOCTYPE f [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]><f><item><t>&b;&f;</t></item></f>";
    assert_eq!(items(bomb), [Ok("&b;&f;".to_owned())]);
}

#[test]
fn a_document_that_ends_too_early_keeps_its_whole_items() {
    let document = split("<f><item><t>1</t></item><item><t>2", &["item"]).unwrap();
    assert!(document.items[0].element.is_ok());
    assert!(document.items[1].element.as_ref().is_err_and(|reason| reason.contains("ends in the middle")));
    assert!(document.broken.is_some_and(|reason| reason.contains("ends inside <f>")));
    assert!(split("", &["item"]).is_err());
    assert!(split("no XML", &["item"]).is_err());
}

proptest! {
    #[test]
    fn any_text_is_taken_apart_without_a_panic(text in r#"(<(/)?(f|item|t|x:item)( a='b'| é)?/?>|<!\[CDATA\[|\]\]>|<!--|-->|<!DOCTYPE|<\?|&(amp|#1|#x)?;?|[a-z<>&"'é\]\[ ]){0,60}"#) {
        if let Ok(document) = split(&text, &["item"]) {
            for item in &document.items {
                prop_assert!(text.contains(item.raw));
            }
        }
    }
}
