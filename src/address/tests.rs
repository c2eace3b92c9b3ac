use super::*;
use proptest::prelude::*;

#[test]
fn an_address_is_kept_as_written_and_known_by_its_key() {
    let check = |input: &str, written: &str, key: &str, envelope: &str| {
        let address = EmailAddress::parse(input).unwrap_or_else(|error| panic!("{input:?}: {error}"));
        assert_eq!((address.as_str(), address.key().as_str(), address.for_envelope().as_str()), (written, key, envelope));
    };
    check("ann@example.org", "ann@example.org", "ann@example.org", "ann@example.org");
    check("  Ann.Lee@Example.ORG ", "Ann.Lee@Example.ORG", "ann.lee@example.org", "Ann.Lee@example.org");
    check("ann+papers@example.org", "ann+papers@example.org", "ann+papers@example.org", "ann+papers@example.org");
    check("ann@münchen.example", "ann@münchen.example", "ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example");
    check("ann@XN--MNCHEN-3YA.example", "ann@XN--MNCHEN-3YA.example", "ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example");
    check("ann@例え.テスト", "ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah", "ann@xn--r8jz45g.xn--zckzah");
    check("mailto:ann@example.org", "ann@example.org", "ann@example.org", "ann@example.org");
    check("ann@example.org.", "ann@example.org", "ann@example.org", "ann@example.org");
    check("ann@example.org,", "ann@example.org", "ann@example.org", "ann@example.org");
    check("o'brien/x=y@sub.example.test", "o'brien/x=y@sub.example.test", "o'brien/x=y@sub.example.test", "o'brien/x=y@sub.example.test");
    check("a@b.invalid", "a@b.invalid", "a@b.invalid", "a@b.invalid");
}

#[test]
fn what_cannot_be_written_to_is_refused() {
    use AddressError::*;
    let check = |input: &str, expect: AddressError| assert_eq!(EmailAddress::parse(input), Err(expect), "{input:?}");
    check("", Empty);
    check(" . ", Empty);
    check("ann", NoAt);
    check("@example.org", NoLocalPart);
    check("ann@", Domain);
    check("a@b", NoDot);
    check("a@localhost", NoDot);
    check("a@[127.0.0.1]", NetworkAddress);
    check("a@127.0.0.1", NetworkAddress);
    check("a@[IPv6:::1]", NetworkAddress);
    check("a@example.123", NetworkAddress);
    check("ann@example.org\r\nBcc: eve@example.org", Invisible);
    check("ann@example.org\n", Invisible);
    check("ann\0@example.org", Invisible);
    check("ann@exam\u{200B}ple.org", Invisible);
    check("ann@\u{202E}gro.elpmaxe", Invisible);
    check("ann@exam\u{AD}ple.org", Invisible);
    check("ann@exam\u{200D}ple.org", Invisible);
    check("ann lee@example.org", Space);
    check("ann@example .org", Space);
    check("Ann <ann@example.org>", DisplayName);
    check("<ann@example.org>", DisplayName);
    check("\"ann lee\"@example.org", QuotedLocalPart);
    check("a\"b@example.org", QuotedLocalPart);
    check("ann@example.org, bob@example.org", SeveralAts);
    check("a@b@example.org", SeveralAts);
    check("jürgen@example.org", UnicodeLocalPart);
    check(".ann@example.org", Dots);
    check("ann.@example.org", Dots);
    check("a..b@example.org", Dots);
    check("a,b@example.org", Sign(','));
    check("a(x)@example.org", Sign('('));
    check("a\\b@example.org", Sign('\\'));
    check("a@exa_mple.org", Domain);
    check("a@-example.org", Domain);
    check("a@example..org", Domain);
    check("a@example.org..", Domain);
    check("a@.example.org", Domain);
    check("a@exam!ple.org", Domain);
    check("a@xn--a.org", Domain);
    check(&format!("{}@example.org", "a".repeat(65)), LongLocalPart);
    check(&format!("a@{}.org", "b".repeat(64)), Domain);
    check(&format!("{}@{}org", "a".repeat(64), "b2345678.".repeat(21)), TooLong);
    check(&"a@b.".repeat(100_000), TooLong);
}

#[test]
fn the_longest_lawful_address_is_taken() {
    let local = "a".repeat(MAX_LOCAL_BYTES);
    let domain = format!("{}org", "b2345678.".repeat(20));
    assert!(EmailAddress::parse(&format!("{local}@{domain}")).is_ok());
    let exact = format!("{local}@{}{domain}", "c23456.");
    assert_eq!(exact.len(), 255);
    assert_eq!(EmailAddress::parse(&exact), Err(AddressError::TooLong));
    assert!(EmailAddress::parse(&exact[1..]).is_ok());
}

#[test]
fn a_masked_address_cannot_be_written_to() {
    let address = EmailAddress::parse("ann@Example.org").unwrap();
    assert_eq!((address.masked().as_str(), address.domain()), ("a…@example.org", "example.org"));
    assert_eq!(format!("{address:?}"), "EmailAddress(a…@example.org)");
}

fn address_like() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,12}@[ -~]{0,12}",
        "[a-zA-Z0-9.+'_-]{1,10}@[a-zA-Zäßéλ0-9-]{1,8}\\.[a-zA-Z。.]{1,6}",
        "\\PC{1,4}@\\PC{1,6}\\.\\PC{2,3}",
    ]
}

proptest! {
    #[test]
    fn a_parsed_address_parses_again_as_itself(text in address_like()) {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert_eq!(&EmailAddress::parse(address.as_str()), &Ok(address.clone()));
            let key = EmailAddress::parse(&address.key()).unwrap();
            prop_assert_eq!(key.key(), address.key());
            prop_assert_eq!(EmailAddress::parse(&address.for_envelope()).unwrap().key(), address.key());
        }
    }

    #[test]
    fn an_envelope_is_plain_ascii_that_the_smtp_client_takes(text in address_like()) {
        if let Ok(address) = EmailAddress::parse(&text) {
            let envelope = address.for_envelope();
            prop_assert!(envelope.bytes().all(|b| b.is_ascii_graphic()) && envelope.len() <= MAX_ADDRESS_BYTES);
            prop_assert!(envelope.parse::<lettre::Address>().is_ok(), "{envelope}");
        }
    }
}
