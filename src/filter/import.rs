//! Files of filters: the lists of keywords in the configuration of an arXiv-daily page, JSON lists, lines of text, whole searches.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::text;

use super::dialect::{Dialect, lines};
use super::note::{Note, Notes};
use super::{Filter, FilterError, NamedFilter, Reading};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Yaml,
    /// One filter a line; lines that refer to one another are one search.
    Text,
}

impl Format {
    /// By the end of the file's name, or else by how it begins.
    pub fn of(name: &str, text: &str) -> Format {
        let lower = name.to_lowercase();
        if lower.ends_with(".json") || text.trim_start().starts_with(['{', '[']) && !lower.ends_with(".txt") {
            Format::Json
        } else if lower.ends_with(".yaml") || lower.ends_with(".yml") {
            Format::Yaml
        } else {
            Format::Text
        }
    }
}

/// One filter of a file.
#[derive(Debug)]
pub struct Imported {
    /// With the name it has in the file, or one after what it asks for.
    pub named: NamedFilter,
    /// How it is read.
    pub reading: Result<Reading, FilterError>,
}

/// Why a file holds no filters.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file is not understood as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the file is not understood as YAML: {0}")]
    Yaml(String),
    #[error("there are no filters in the file: write one a line, or a list under keywords:, filters: or queries:")]
    Nothing,
}

/// Keys whose list is one filter of alternatives, or whose entries are named filters.
const KEYWORDS: [&str; 7] = ["keywords", "keyword", "filters", "topics", "interests", "terms", "kv"];
/// Keys whose list holds a filter an entry.
const QUERIES: [&str; 5] = ["queries", "searches", "query", "expr", "search_query"];
/// Keys that name the filter beside them.
const NAMES: [&str; 3] = ["name", "title", "label"];

/// The filters in `text`, in order. Those that are not understood are among them, with what is wrong.
pub fn filters(format: Format, text: &str) -> Result<Vec<Imported>, ImportError> {
    let mut found = Vec::new();
    match format {
        Format::Json => of_node(&serde_json::from_str(text)?, None, false, &mut found),
        Format::Yaml => {
            let node = serde_saphyr::from_str(text).map_err(|error| ImportError::Yaml(error.to_string()))?;
            of_node(&node, None, false, &mut found);
        }
        Format::Text => of_text(text).into_iter().for_each(|query| found.push(Found { query, ..Found::default() })),
    }
    if found.is_empty() {
        return Err(ImportError::Nothing);
    }
    Ok(found.into_iter().map(imported).collect())
}

/// A filter as it stands in a file.
#[derive(Default)]
struct Found {
    name: Option<String>,
    query: String,
    /// What its keywords had to be told about before they became one query.
    notes: Vec<Note>,
}

fn imported(Found { name, query, notes }: Found) -> Imported {
    let unnamed = NamedFilter::from_query(&query);
    let name = name.filter(|name| !text::one_line(name).is_empty()).map(|name| NamedFilter::from_query(&name).name);
    let named = NamedFilter { name: name.unwrap_or_else(|| unnamed.name.clone()), ..unnamed };
    let mut reading = Filter::read(&named.query);
    if let Ok(reading) = &mut reading {
        reading.notes.extend(notes);
    }
    Imported { named, reading }
}

/// One filter a line, over several lines where an expression goes on. Lines that begin with `# ` are comments.
fn of_text(text: &str) -> Vec<String> {
    if lines::is_numbered(text) {
        return vec![text.trim().to_owned()];
    }
    let mut queries: Vec<String> = Vec::new();
    let mut depth = 0_isize;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "#" && !line.starts_with("# ")) {
        let is_operator = |word: Option<&str>| matches!(word, Some("AND" | "OR" | "NOT" | "ANDNOT"));
        let goes_on =
            is_operator(line.split_whitespace().next()) || queries.last().is_some_and(|last| is_operator(last.split_whitespace().last()));
        match queries.last_mut().filter(|_| depth > 0 || goes_on) {
            Some(last) => {
                last.push('\n');
                last.push_str(line);
            }
            None => queries.push(line.to_owned()),
        }
        depth = (depth + line.matches('(').count() as isize - line.matches(')').count() as isize).max(0);
    }
    queries
}

/// A value of a JSON or YAML file, with the order of its keys.
#[derive(Debug)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Nothing,
}

/// Adds the filters in `node`, which stands under `name`. `each` makes a filter of each entry of a list.
fn of_node(node: &Node, name: Option<&str>, each: bool, found: &mut Vec<Found>) {
    match node {
        Node::Nothing => {}
        Node::Text(query) if query.trim().is_empty() => {}
        Node::Text(query) => found.push(Found { name: name.map(str::to_owned), query: query.clone(), notes: Vec::new() }),
        Node::List(entries) => {
            let texts: Vec<&str> =
                entries.iter().filter_map(|entry| if let Node::Text(text) = entry { Some(text.trim()) } else { None }).collect();
            if name.is_some() && !each && texts.len() == entries.len() && !texts.is_empty() {
                let (query, notes) = alternatives(&texts);
                found.push(Found { name: name.map(str::to_owned), query, notes });
            } else {
                entries.iter().for_each(|entry| of_node(entry, None, true, found));
            }
        }
        Node::Map(entries) => of_map(entries, name, found),
    }
}

fn of_map(entries: &[(String, Node)], name: Option<&str>, found: &mut Vec<Found>) {
    let value = |keys: &[&str]| entries.iter().find(|(key, _)| keys.iter().any(|known| key.eq_ignore_ascii_case(known)));
    let own_name = value(&NAMES).and_then(|(_, node)| if let Node::Text(text) = node { Some(text.as_str()) } else { None });
    let name = own_name.or(name);
    let (keywords, queries) = (value(&KEYWORDS), value(&QUERIES));
    if keywords.is_none() && queries.is_none() {
        // Every key names a filter.
        return entries.iter().for_each(|(key, node)| of_node(node, Some(key), false, found));
    }
    for (key, node) in keywords.into_iter() {
        match node {
            Node::Map(inner) => inner.iter().for_each(|(key, node)| of_node(node, Some(key), false, found)),
            node => of_node(node, Some(name.unwrap_or(key)), false, found),
        }
    }
    for (_, node) in queries.into_iter() {
        of_node(node, name, true, found);
    }
}

/// One filter of several keywords. A keyword of several words is a phrase; one with signs of the language means what they say, and if
/// it is not understood, it alone is the filter, so that the message points at it.
fn alternatives(keywords: &[&str]) -> (String, Vec<Note>) {
    let is_operator = |word: &str| matches!(word, "AND" | "OR" | "NOT" | "ANDNOT");
    let (mut entries, mut notes) = (Vec::with_capacity(keywords.len()), Notes::default());
    for &keyword in keywords.iter().filter(|keyword| !keyword.is_empty()) {
        let is_word = keyword.chars().all(|c| c.is_alphanumeric() || c == '-') && !keyword.starts_with('-') && !is_operator(keyword);
        let has_signs = keyword.contains(['"', '“', ':', '(', ')', '|', '*', '[']) || keyword.split_whitespace().any(is_operator);
        match () {
            () if is_word => entries.push(keyword.to_owned()),
            // The other keywords are not in that language, so this one is put into ours.
            () if Dialect::of(keyword) != Dialect::Plain => match Filter::read(keyword) {
                Ok(reading) if keywords.len() > 1 => {
                    entries.push(format!("({})", reading.filter));
                    reading.notes.into_iter().for_each(|note| notes.add(note));
                }
                _ => return (keyword.to_owned(), Vec::new()),
            },
            () if !has_signs => entries.push(format!("\"{keyword}\"")),
            () if Filter::parse(keyword).is_ok() => entries.push(format!("({keyword})")),
            () => return (keyword.to_owned(), Vec::new()),
        }
    }
    (entries.join(" OR "), notes.into_vec())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text, a list or a map")
            }
            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
                Ok(Node::Text(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
                Ok(Node::Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
                Ok(Node::Text(number.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Nothing)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                Node::deserialize(deserializer)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = entries.next_element()? {
                    list.push(entry);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Node::Map(map))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, text: &str) -> Vec<(String, String)> {
        let canonical = |filter: &Imported| filter.reading.as_ref().map_or_else(ToString::to_string, |reading| reading.filter.to_string());
        filters(format, text).unwrap().iter().map(|filter| (filter.named.name.clone(), canonical(filter))).collect()
    }

    fn check(format: Format, text: &str, expect: &[(&str, &str)]) {
        let expect: Vec<_> = expect.iter().map(|&(name, query)| (name.to_owned(), query.to_owned())).collect();
        assert_eq!(read(format, text), expect, "{text}");
    }

    #[test]
    fn a_keyword_list_of_a_daily_page_is_a_filter_a_topic() {
        let yaml = "base_url: https://example.org\nmax_results: 10\nkeywords:\n  Mapping:\n    filters: [SLAM, Visual Odometry, 'ti:\"bundle adjustment\"']\n  \"Rendering\":\n    filters:\n      - NeRF\n      - 3D Gaussians\n";
        let expect = [("Mapping", "slam OR \"visual odometry\" OR title:\"bundle adjustment\""), ("Rendering", "nerf OR \"3d gaussians\"")];
        check(Format::Yaml, yaml, &expect);
        check(Format::Yaml, "kv:\n  Mapping: 'SLAM OR \"loop closure\"'\n", &[("Mapping", "slam OR \"loop closure\"")]);
        check(Format::Yaml, "x: ['exp Sleep/', 'nap*.ti.', deep learning]\n", &[("x", "sleep OR title:nap* OR \"deep learning\"")]);
        let notes = &filters(Format::Yaml, "x: ['exp Sleep/', apnea]\n").unwrap()[0].reading.as_ref().unwrap().notes.clone();
        assert!(matches!(notes.as_slice(), [Note::Headings(names)] if *names == ["Sleep"]), "{notes:?}");
        check(Format::Yaml, "keywords: [world model, agents]\n", &[("keywords", "\"world model\" OR agents")]);
    }

    #[test]
    fn json_lists_hold_a_filter_an_entry() {
        check(Format::Json, r#"["diffusion -survey", "RAG"]"#, &[("diffusion -survey", "diffusion NOT survey"), ("RAG", "rag")]);
        check(Format::Json, r#"[{"name": "Robots", "query": "cat:cs.RO grasp*"}]"#, &[("Robots", "cat:cs.RO AND grasp*")]);
        check(Format::Json, r#"{"Robots": ["grasping", "legged robot"]}"#, &[("Robots", "grasping OR \"legged robot\"")]);
    }

    #[test]
    fn a_text_has_a_filter_a_line_and_a_numbered_search_is_one() {
        check(
            Format::Text,
            "# mine\ndiffusion\n\n(a OR\nb) c\nx\nAND y\n",
            &[("diffusion", "diffusion"), ("(a OR b) c", "(a OR b) AND c"), ("x AND y", "x AND y")],
        );
        let search = "exp Sleep/\n(sleep* adj3 apn?ea).ti,ab.\nor/1-2\nlimit 3 to humans\n";
        assert_eq!(read(Format::Text, search)[0].1, "sleep OR sleep* NEAR/2 apn?ea");
    }

    #[test]
    fn what_is_wrong_is_told_beside_what_is_right() {
        let found = filters(Format::Text, "a OR\n(b\n").unwrap();
        assert!(found[0].reading.is_err());
        let split = filters(Format::Json, r#"{"x": ["(a", "b)"]}"#).unwrap();
        assert_eq!(filters(Format::Json, r#"["\u0000", "a"]"#).unwrap()[0].named.name, "Filter");
        assert_eq!((split[0].named.query.as_str(), split[0].reading.is_err()), ("(a", true));
        assert!(matches!(filters(Format::Json, "{\"a\": 1").unwrap_err(), ImportError::Json(_)));
        assert!(matches!(filters(Format::Yaml, "a: [").unwrap_err(), ImportError::Yaml(_)));
        assert!(matches!(filters(Format::Text, "\n# only a comment\n").unwrap_err(), ImportError::Nothing));
    }
}
