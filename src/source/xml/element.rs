//! A small tree of elements.

use quick_xml::escape::{escape, resolve_html5_entity};
use quick_xml::events::{BytesStart, Event};

use super::local;

/// An element and what is in it. Names stand without their prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::source) struct Element {
    pub name: String,
    /// With its prefix.
    qualified: String,
    attributes: Vec<Attribute>,
    nodes: Vec<Node>,
}

/// An attribute: its name as it is written, and its value as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub qualified: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    fn new(tag: &BytesStart<'_>) -> Self {
        let qualified = tag.name().as_ref().to_owned();
        Self { name: local(&qualified).to_owned(), attributes: attributes(tag), qualified, nodes: Vec::new() }
    }

    /// What stands before its name, as the document has it.
    pub(in crate::source) fn prefix(&self) -> &str {
        self.qualified.rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// The elements directly in it.
    pub(in crate::source) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Those called `name`.
    pub(in crate::source) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.name == name)
    }

    /// The first along a path of names: `"Article/Journal/Title"`.
    pub(in crate::source) fn at(&self, path: &str) -> Option<&Element> {
        path.split('/').try_fold(self, |element, name| element.elements().find(|child| child.name == name))
    }

    pub(in crate::source) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| local(&attribute.qualified) == name).map(|attribute| attribute.value.as_str())
    }

    /// All text in it, trimmed.
    pub(in crate::source) fn text(&self) -> String {
        fn collect(element: &Element, out: &mut String) {
            for node in &element.nodes {
                match node {
                    Node::Text(text) => out.push_str(text),
                    Node::Element(element) => collect(element, out),
                }
            }
        }
        let mut out = String::new();
        collect(self, &mut out);
        out.trim().to_owned()
    }

    /// The trimmed text at `path`, where there is some.
    pub(in crate::source) fn text_at(&self, path: &str) -> Option<String> {
        self.at(path).map(Element::text).filter(|text| !text.is_empty())
    }

    /// What is in it with its tags, for [`crate::text::markup_to_text`].
    pub(in crate::source) fn markup(&self) -> String {
        fn collect(element: &Element, out: &mut String) {
            for node in &element.nodes {
                match node {
                    Node::Text(text) => out.push_str(&escape(text.as_str())),
                    Node::Element(element) => {
                        out.extend(["<", &element.name, ">"]);
                        collect(element, out);
                        out.extend(["</", &element.name, ">"]);
                    }
                }
            }
        }
        let mut out = String::new();
        collect(self, &mut out);
        out
    }

    /// The element as well-formed XML. Those directly in it for which `write` gives a text hold only that text; those for
    /// which it gives an error are left out.
    pub(in crate::source) fn to_xml(&self, write: impl Fn(&Element) -> Result<Option<String>, ()>) -> String {
        fn open(element: &Element, out: &mut String) {
            out.extend(["<", &element.qualified]);
            for Attribute { qualified, value } in &element.attributes {
                out.extend([" ", qualified, "=\"", &escape(value.as_str()), "\""]);
            }
            out.push('>');
        }
        fn whole(element: &Element, out: &mut String) {
            open(element, out);
            for node in &element.nodes {
                match node {
                    Node::Text(text) => out.push_str(&escape(text.as_str())),
                    Node::Element(element) => whole(element, out),
                }
            }
            out.extend(["</", &element.qualified, ">"]);
        }
        let mut out = String::new();
        open(self, &mut out);
        for child in self.elements() {
            match write(child) {
                Ok(None) => whole(child, &mut out),
                Ok(Some(text)) => {
                    open(child, &mut out);
                    out.extend([&*escape(text), "</", &child.qualified, ">"]);
                }
                Err(()) => {}
            }
        }
        out.extend(["</", &self.qualified, ">"]);
        out
    }
}

/// Builds a tree from events, without recursion.
#[derive(Debug, Default)]
pub(super) struct Builder {
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
}

impl Builder {
    pub(super) fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => {
                self.open.push(Element::new(&tag));
            }
            Event::Empty(tag) => self.put(Element::new(&tag)),
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.put(element);
                }
            }
            Event::Text(text) => self.text(&text),
            Event::CData(text) => self.text(&text),
            Event::GeneralRef(reference) => {
                let name: &str = reference.as_ref();
                match (reference.resolve_char_ref(), resolve_html5_entity(name)) {
                    (Ok(Some(c)), _) => self.text(c.encode_utf8(&mut [0; 4])),
                    (_, Some(text)) => self.text(text),
                    (_, None) => self.text(&format!("&{name};")),
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let Some(element) = self.open.last_mut() else { return };
        match element.nodes.last_mut() {
            Some(Node::Text(known)) => known.push_str(text),
            _ => element.nodes.push(Node::Text(text.to_owned())),
        }
    }

    fn put(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None if self.root.is_none() => self.root = Some(element),
            None => {}
        }
    }

    /// The tree; elements that were never closed end where the events do.
    pub(super) fn finish(mut self) -> Option<Element> {
        while let Some(element) = self.open.pop() {
            self.put(element);
        }
        self.root
    }
}

/// The attributes of a tag; a broken one is left out.
fn attributes(tag: &BytesStart<'_>) -> Vec<Attribute> {
    let mut attributes = tag.attributes();
    let read = attributes.with_checks(false).filter_map(Result::ok);
    read.map(|attribute| {
        let value = quick_xml::escape::unescape(&attribute.value).map(|value| value.into_owned());
        Attribute { qualified: attribute.key.as_ref().to_owned(), value: value.unwrap_or_else(|_| attribute.value.clone().into_owned()) }
    })
    .collect()
}
