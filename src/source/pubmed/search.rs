//! PubMed's esearch: which articles match a query.

use serde_json::Value;

use crate::source::clean;
use crate::source::json;
use crate::source::xml;

/// The PMIDs of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::source) struct Found {
    /// As text, newest first.
    pub ids: Vec<String>,
    /// How many articles match in all.
    pub total: u64,
}

/// Reads an answer, JSON or XML.
pub(in crate::source) fn read(body: &str) -> Result<Found, String> {
    let found = match body.trim_start().starts_with('<') {
        true => read_xml(body)?,
        false => read_json(body)?,
    };
    match found.ids.iter().find(|id| !is_pmid(id)) {
        Some(wrong) => Err(clean::prose(&format!("{wrong:?} is no PMID"))),
        None => Ok(found),
    }
}

/// PubMed's numbers have up to eight digits, and room to grow.
pub(super) fn is_pmid(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn read_json(body: &str) -> Result<Found, String> {
    let value: Value = json::read(body)?;
    let result = value.get("esearchresult").unwrap_or(&value);
    let said = ["ERROR", "error"].iter().find_map(|key| result.get(key)?.as_str());
    if let Some(said) = said {
        return Err(clean::prose(&format!("PubMed says: {said}")));
    }
    let list = result.get("idlist").and_then(Value::as_array).ok_or("an answer without an idlist")?;
    let ids: Result<Vec<String>, String> = list.iter().map(clean::identity_text).collect();
    Ok(Found { ids: ids?, total: result.get("count").and_then(json::count).unwrap_or_default() })
}

fn read_xml(body: &str) -> Result<Found, String> {
    let document = xml::split(body, &[])?;
    let head = &document.head;
    if let Some(said) = head.text_at("ERROR") {
        return Err(clean::prose(&format!("PubMed says: {said}")));
    }
    if head.name != "eSearchResult" {
        return Err(format!("a document <{}> where eSearchResult was expected", head.name));
    }
    let list = head.at("IdList").ok_or("an answer without an IdList")?;
    let total = head.text_at("Count").and_then(|count| count.parse().ok()).unwrap_or_default();
    match document.broken {
        Some(reason) => Err(reason),
        None => Ok(Found { ids: list.all("Id").map(xml::Element::text).collect(), total }),
    }
}
