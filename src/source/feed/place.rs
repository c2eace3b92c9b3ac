//! Identities of a feed's items, and the elements around them.

use percent_encoding::percent_decode_str;

use crate::paper::PaperId;

/// The identities of an item: first those that hold wherever the paper appears (DOI, arXiv, PubMed), else the address
/// of its page, else an id that is an address.
pub(super) fn identities<'a>(named: impl Iterator<Item = &'a str> + Clone, links: &[&str]) -> Vec<String> {
    let universal = |text: &str| PaperId::parse(text).is_ok_and(|id| !id.as_str().starts_with("url:"));
    let of_links = links.iter().flat_map(|link| [Some((*link).to_owned()), doi_in_path(link)]).flatten();
    let found: Vec<String> = named.clone().map(|text| text.trim().to_owned()).chain(of_links).filter(|text| universal(text)).collect();
    match found.is_empty() {
        false => found,
        true => {
            let address = |text: &&str| PaperId::parse(text).is_ok();
            links.iter().copied().find(address).or_else(|| named.clone().find(address)).map(str::to_owned).into_iter().collect()
        }
    }
}

/// Publishers' pages often have the DOI in their path: `/doi/full/10.1021/acs.1c00001?af=R`.
fn doi_in_path(link: &str) -> Option<String> {
    let url = url::Url::parse(link).ok()?;
    let path = percent_decode_str(url.path()).decode_utf8().ok()?.into_owned();
    let (_, doi) = path.split_once("/10.").filter(|(before, _)| before.split('/').any(|part| part == "doi"))?;
    Some(format!("10.{}", doi.trim_end_matches('/')))
}

/// The name in a start tag, with its prefix.
pub(super) fn name(tag: &str) -> &str {
    let inside = tag.trim_start_matches('<');
    inside.split(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).next().unwrap_or(inside)
}

/// An `<rss>` tag of any version as one of 2.0, of which all others are parts; every other tag as it is.
pub(super) fn current_version(tag: &str) -> String {
    let (Some(rest), true) = (tag.strip_prefix("<rss"), name(tag) == "rss") else { return tag.to_owned() };
    let rest = match rest.split_once("version") {
        Some((before, after)) if before.ends_with(char::is_whitespace) => {
            let value = after.trim_start().strip_prefix('=').unwrap_or(after).trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let behind = quote.and_then(|quote| value[1..].split_once(quote)).map_or("", |(_, behind)| behind);
            format!("{before}{behind}")
        }
        _ => rest.to_owned(),
    };
    format!("<rss version=\"2.0\"{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_that_holds_everywhere_comes_first() {
        let check = |named: &[&str], links: &[&str], expect: &[&str]| {
            assert_eq!(identities(named.iter().copied(), links), expect, "{named:?} {links:?}");
        };
        check(&["doi:10.1038/s1"], &["https://nature.example/articles/s1"], &["doi:10.1038/s1"]);
        check(&["tag:example.org,2026:1"], &["https://example.org/1"], &["https://example.org/1"]);
        check(&["1234-5678", "https://example.org/?p=7"], &[], &["https://example.org/?p=7"]);
        check(&[], &["https://pub.example/doi/abs/10.1126/sci.1?af=R"], &["10.1126/sci.1"]);
        check(&[], &["https://pub.example/doi/10.1002%2Fabc"], &["10.1002/abc"]);
        check(
            &["oai:arXiv.org:2601.00001v2"],
            &["https://arxiv.org/abs/2601.00001"],
            &["oai:arXiv.org:2601.00001v2", "https://arxiv.org/abs/2601.00001"],
        );
        check(&["none"], &["mailto:a@example.org"], &[]);
    }

    #[test]
    fn old_versions_of_rss_are_read_as_the_newest() {
        assert_eq!(current_version("<rss version='0.92' xmlns:a=\"b\">"), "<rss version=\"2.0\"  xmlns:a=\"b\">");
        assert_eq!(current_version("<rss>"), "<rss version=\"2.0\">");
        assert_eq!(current_version("<rdf:RDF a=\"b\">"), "<rdf:RDF a=\"b\">");
        assert_eq!(name("<rdf:RDF\na=\"b\">"), "rdf:RDF");
    }
}
