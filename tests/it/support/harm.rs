//! Texts that mean harm, and what shows that a mail has come through them unharmed.

use paperlark::catcher::Caught;

use super::html;

const MEGABYTE: usize = 1 << 20;

/// What strangers may write anywhere.
pub fn texts() -> Vec<String> {
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'-->]]></style></title></textarea></script><b onclick='x'>bold",
        "Sale\r\nBcc: victim@example.org\r\nSubject: other\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@example.org>",
        "\u{202e}gnp.exe\u{202c} \u{2066}isolated\u{2069} \u{200f}\u{61c}",
        "nul\0in the\0middle",
        "\u{301}\u{302}\u{303} lone marks",
        "{{secret}} {{{raw}}} {{#each this}}{{> layout}}{{/each}} {{!-- c --}}",
        "=?utf-8?B?PHNjcmlwdD4=?= =?iso-8859-1?Q?=0D=0ABcc:_x?=",
        "\u{feff}\u{fffe}\u{10ffff}\u{e0041}\u{fdd0}odd",
        "$\\href{javascript:alert(1)}{x}$ \\write18{id} ${{}}^_$ \\",
        "&lt;script&gt; &amp;#60; &#x3c;b&#x3e; &nosuch; & <",
        "<![CDATA[<x>]]> <!-- <? php ?> <%= x %> <svg/onload=x>",
        "%00 %0d%0a %s %n ${jndi:ldap://x} ../../etc/passwd '; drop table paper; --",
        "a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\u{1b}[31mred",
        "javascript:alert(1)",
        "\u{200b}\u{200d}\u{2060}",
        "-",
        "\"",
    ];
    let endless = ["w".repeat(MEGABYTE), "é ".repeat(MEGABYTE / 4), format!("a{}", "\u{301}".repeat(MEGABYTE / 4)), "<".repeat(2000)];
    texts.into_iter().map(str::to_owned).chain(endless).collect()
}

/// Checks a mail to `address` byte by byte, header by header, tag by tag.
///
/// # Panics
/// Where it is not as it should be.
pub fn check_mail(mail: &Caught, address: &str, headers: &[&str]) {
    assert_eq!(mail.to, [address]);
    assert!(mail.bytes.is_ascii() && mail.bytes.ends_with(b"\r\n"));
    let lines = mail.bytes.strip_suffix(b"\r\n").unwrap().split(|byte| *byte == b'\n');
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0));
    }
    assert_eq!(mail.bytes.iter().filter(|byte| **byte == b'\n').count(), mail.bytes.windows(2).filter(|pair| pair == b"\r\n").count());
    let mut names: Vec<String> = mail.headers().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, headers);
    let (subject, text) = (mail.subject(), mail.text().unwrap());
    assert!(subject.chars().count() <= 110 && !subject.contains(is_deceptive), "{subject:?}");
    assert!(!text.contains(|c| is_deceptive(c) && c != '\n' && c != '\r'));
    let tokens = html::checked(&mail.html().unwrap());
    assert!(!html::text(&tokens).contains(is_deceptive));
    assert!(html::links(&tokens).iter().all(|link| !link.contains("evil.example")), "a disguised host");
    assert!(!text.contains("@evil.example") && !text.contains("data:text/html"));
}

/// Whether `c` makes a text look like another one.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The headers of a digest, in the order of the alphabet.
pub const DIGEST_HEADERS: [&str; 14] = [
    "Auto-Submitted",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "Feedback-ID",
    "From",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Message-ID",
    "Precedence",
    "Subject",
    "To",
];
