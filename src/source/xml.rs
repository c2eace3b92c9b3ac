//! XML answers, item by item: a broken item costs only itself.
//!
//! Entities that a document declares are never looked at: only those of XML and HTML are known, others stay as they
//! are written. Nothing outside of the document is read.

mod element;

use std::ops::Range;

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use element::Builder;
pub(super) use element::Element;

/// Elements nested deeper than this are no metadata.
const MAX_DEPTH: usize = 100;

/// A document, taken apart.
#[derive(Debug)]
pub(super) struct Document<'a> {
    /// The root element without the items: what is said of the whole.
    pub head: Element,
    /// In the order of the document.
    pub items: Vec<Item<'a>>,
    /// Why it ends before its end, where it does.
    pub broken: Option<String>,
}

/// One item.
#[derive(Debug)]
pub(super) struct Item<'a> {
    /// As it came.
    pub raw: &'a str,
    /// The start tags of the elements around it, outermost first.
    pub around: Vec<&'a str>,
    /// What is in it, or why it cannot be read.
    pub element: Result<Element, String>,
}

/// Takes `document` apart at the elements whose local name is one of `names`.
///
/// # Errors
/// When it is not XML at all.
pub(super) fn split<'a>(document: &'a str, names: &[&str]) -> Result<Document<'a>, String> {
    let mut walk = Walk::new(document);
    let mut head = Builder::default();
    let mut items = Vec::new();
    let mut broken = None;
    loop {
        let event = match walk.next() {
            Ok(Some(event)) => event,
            Ok(None) => break,
            Err(reason) => {
                broken = Some(reason);
                break;
            }
        };
        if let Event::Start(tag) | Event::Empty(tag) = &event
            && names.contains(&local(tag.name().as_ref()))
            && !walk.open.is_empty()
        {
            items.push(walk.item(&event, names));
            continue;
        }
        if let Err(reason) = walk.follow(&event) {
            broken = Some(reason);
            break;
        }
        head.take(event);
    }
    if broken.is_none() && !walk.open.is_empty() {
        broken = Some(format!("it ends inside <{}>", walk.open.last().map(|open| open.name).unwrap_or_default()));
    }
    match (head.finish(), broken) {
        (Some(head), broken) => Ok(Document { head, items, broken }),
        (None, Some(reason)) => Err(reason),
        (None, None) => Err("there is no element in it".into()),
    }
}

struct OpenTag<'a> {
    name: &'a str,
    tag: &'a str,
}

struct Walk<'a> {
    document: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the reader began.
    base: usize,
    /// Where the last event stands.
    last: Range<usize>,
    open: Vec<OpenTag<'a>>,
}

impl<'a> Walk<'a> {
    fn new(document: &'a str) -> Self {
        let mut walk = Self { document, reader: Reader::from_str(""), base: 0, last: 0..0, open: Vec::new() };
        walk.go_on_at(0);
        walk
    }

    /// Begins to read anew at byte `at`.
    fn go_on_at(&mut self, at: usize) {
        self.reader = Reader::from_str(&self.document[at..]);
        let config = self.reader.config_mut();
        // Which tags are open is ours to know, because reading may begin in the middle.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        (self.base, self.last) = (at, at..at);
    }

    fn position(&self) -> usize {
        let offset = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.document.floor_char_boundary(self.base.saturating_add(offset))
    }

    /// The next event; `None` at the end of the document.
    fn next(&mut self) -> Result<Option<Event<'a>>, String> {
        let start = self.position();
        match self.reader.read_event() {
            Ok(Event::Eof) => Ok(None),
            Ok(event) => {
                self.last = start..self.position().max(start);
                Ok(Some(event))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Keeps track of what is open.
    fn follow(&mut self, event: &Event<'a>) -> Result<(), String> {
        match event {
            Event::Start(tag) => {
                if self.open.len() == MAX_DEPTH {
                    return Err(format!("its elements are nested deeper than {MAX_DEPTH}"));
                }
                let tag_text = &self.document[self.last.clone()];
                let name = tag_text.get(1..=tag.name().as_ref().len()).unwrap_or_default();
                self.open.push(OpenTag { name, tag: tag_text });
            }
            Event::End(tag) => {
                let expected = self.open.last().map(|open| open.name);
                if expected != Some(tag.name().as_ref()) {
                    let found = tag.name().as_ref().to_owned();
                    return Err(match expected {
                        Some(expected) => format!("</{found}> stands where </{expected}> should"),
                        None => format!("</{found}> closes what is not open"),
                    });
                }
                self.open.pop();
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads the item that `first` begins, and leaves the walk behind it, broken or not.
    fn item(&mut self, first: &Event<'a>, names: &[&str]) -> Item<'a> {
        let (start, outside) = (self.last.start, self.open.len());
        let around = self.open.iter().map(|open| open.tag).collect();
        let element = self.element(first, names, outside);
        if element.is_err() {
            let name = self.document[start + 1..].split(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default();
            let behind = self.resume(start + 1, name);
            self.open.truncate(outside);
            self.go_on_at(behind);
        }
        Item { raw: &self.document[start..self.position()], around, element }
    }

    fn element(&mut self, first: &Event<'a>, names: &[&str], outside: usize) -> Result<Element, String> {
        let mut builder = Builder::default();
        self.follow(first)?;
        builder.take(first.clone());
        while self.open.len() > outside {
            let Some(event) = self.next()? else { return Err("the document ends in the middle of it".into()) };
            if let Event::Start(tag) = &event
                && self.open.len() == outside + 1
                && names.contains(&local(tag.name().as_ref()))
            {
                return Err("another item begins inside of it".into());
            }
            self.follow(&event)?;
            builder.take(event);
        }
        builder.finish().ok_or_else(|| "it is empty".into())
    }

    /// Where to go on after a broken item called `name` whose content begins at `from`: behind its end tag, or at the
    /// next item, whichever comes first.
    fn resume(&self, from: usize, name: &str) -> usize {
        let rest = &self.document[from..];
        let ends_name = |at: usize| rest[at..].starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        let (end, next) = (format!("</{name}>"), format!("<{name}"));
        let next = rest.match_indices(&next).map(|(at, _)| at).find(|at| ends_name(at + next.len())).unwrap_or(rest.len());
        // No further than the next item, so that many broken ones take no longer than few.
        from + rest[..next].find(&end).map_or(next, |at| at + end.len())
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
