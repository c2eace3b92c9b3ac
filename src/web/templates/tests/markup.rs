//! Reads the tags of a page, strictly: quoted attributes only, as our templates write them.

/// A start tag with its attributes, as written.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The start tags of `html` in order. Panics on markup that browsers would have to guess at.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a page begins with its doctype");
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(after) = after.strip_prefix('/') {
            rest = after.split_once('>').expect("an end tag ends").1;
            continue;
        }
        let (tag, after) = start_tag(after);
        tags.push(tag);
        rest = after;
    }
    tags
}

fn start_tag(text: &str) -> (Tag, &str) {
    let end = text.find([' ', '>']).expect("a tag ends");
    let (name, mut rest) = text.split_at(end);
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{name}");
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name: name.to_owned(), attributes }, after);
        }
        let end = rest.find(['=', ' ', '>']).expect("an attribute ends");
        let attribute = rest[..end].to_owned();
        assert!(!attribute.is_empty() && attribute.chars().all(|c| c.is_ascii_alphabetic() || c == '-'), "<{name} {attribute}");
        match rest[end..].strip_prefix("=\"") {
            Some(value) => {
                let (value, after) = value.split_once('"').expect("a value ends");
                attributes.push((attribute, value.to_owned()));
                rest = after;
            }
            None => {
                attributes.push((attribute, String::new()));
                rest = &rest[end..];
            }
        }
    }
}

/// The inverse of the templates' escaping.
pub fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
