//! Queries as they stand in web addresses: `ti:%22world+model%22+AND+cat:cs.RO`, or the whole address.

use percent_encoding::percent_decode_str;

use crate::filter::lexer::plain;

/// Parameters that hold the query, on arXiv, PubMed and most other sites.
const PARAMETERS: [&str; 6] = ["search_query", "query", "term", "q", "terms-0-term", "searchtext"];

/// What `text` says once it is decoded; `None` where it is no part of an address.
pub(in crate::filter) fn decoded(text: &str) -> Option<String> {
    let text = text.trim();
    let query = if text.starts_with("http://") || text.starts_with("https://") {
        let (_, parameters) = text.split_once('?')?;
        let parameters = parameters.split('#').next().unwrap_or_default();
        let value = |name: &str| parameters.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        PARAMETERS.iter().find_map(|name| value(name))?.1
    } else {
        text.strip_prefix("search_query=").unwrap_or(text)
    };
    let is_encoded = query.len() < text.len() || is_encoded(query);
    if !is_encoded {
        return None;
    }
    // A plus is a space only where no real space stands.
    let spaced = if query.contains(char::is_whitespace) { query.to_owned() } else { query.replace('+', " ") };
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(plain(&decoded).into_owned()).filter(|decoded| !decoded.trim().is_empty())
}

fn is_encoded(query: &str) -> bool {
    let has_code = |text: &str| ["%22", "%28", "%29", "%20", "%3A", "%3a", "%2B", "%2b"].iter().any(|code| text.contains(code));
    let has_operator = |text: &str| ["+AND+", "+OR+", "+ANDNOT+", "+NOT+"].iter().any(|operator| text.contains(operator));
    // What stands in quotes means itself.
    query.contains(['%', '+']) && query.split('"').step_by(2).any(|outside| has_code(outside) || has_operator(outside))
}
