//! Links: to other sites only by http(s), to our own pages by path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use crate::paper::PaperId;

/// An address on another site that is safe to link: http or https, with a host, without a user name
/// (which serves only to disguise the host).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// Reads an address; none where it is not one to link.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let safe = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none();
        safe.then(|| Self(url.into()))
    }

    /// The address, normalized.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A link to another site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExternalLink {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub href: HttpUrl,
}

impl ExternalLink {
    /// A link, where `url` is one to link.
    pub fn new(label: &'static str, url: &str) -> Option<Self> {
        Some(Self { label, href: HttpUrl::parse(url)? })
    }
}

/// A link to one of our own pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it says.
    pub label: String,
    /// A path, percent-encoded.
    pub href: String,
}

/// Stays readable in a path; all else is percent-encoded.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// The path of a paper's page. Slashes stay as they are, since proxies refuse encoded ones, except
/// where one begins an empty segment or one of dots, which proxies and browsers would fold away.
pub fn paper_href(id: &PaperId) -> String {
    let slug = utf8_percent_encode(id.slug(), IN_PATH).to_string();
    format!("/papers/{}", slug.replace("//", "%2F/").replace("/.", "%2F."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_addresses_are_linked() {
        for (text, expect) in [
            ("https://example.org/a?b=c&d", Some("https://example.org/a?b=c&d")),
            (" HTTP://Example.org ", Some("http://example.org/")),
            ("https://example.org/\"><script>", Some("https://example.org/%22%3E%3Cscript%3E")),
            ("javascript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("data:text/html,hi", None),
            ("https://bank.example@evil.example/", None),
            ("//example.org", None),
            ("/etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(HttpUrl::parse(text).as_ref().map(HttpUrl::as_str), expect, "{text:?}");
        }
    }

    #[test]
    fn a_papers_path_is_one_that_nobody_folds() {
        for (id, expect) in [
            ("2504.15921", "/papers/2504.15921"),
            ("hep-th/9901001", "/papers/hep-th/9901001"),
            ("10.1101/2026.07.15.123456", "/papers/doi:10.1101/2026.07.15.123456"),
            ("10.1000/../../deleted", "/papers/doi:10.1000%2F..%2F../deleted"),
            ("10.1000/<a>?#\"", "/papers/doi:10.1000/%3Ca%3E%3F%23%22"),
            ("https://example.org/p?q=1", "/papers/url:https:%2F/example.org/p%3Fq%3D1"),
        ] {
            assert_eq!(paper_href(&PaperId::parse(id).unwrap()), expect);
        }
    }
}
