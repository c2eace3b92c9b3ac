//! HTML, XHTML, JATS and MathML as publishers put them into titles and abstracts, shown as plain text.
//!
//! Not a browser: it walks the text once, knows the elements that occur in metadata, and takes for text whatever
//! is no such element, because `p<0.05` and `<think>` are no markup.

mod elements;
mod formula;

use elements::{Effect, effect};
use quick_xml::escape::resolve_html5_entity;

/// Tags nested deeper than this are left out and their text kept: bounds memory.
const MAX_OPEN: usize = 64;
/// The longest tag, in bytes: addresses and inline styles are the longest parts.
const MAX_TAG_BYTES: usize = 4_096;
/// `&CounterClockwiseContourIntegral;` is the longest name there is.
const MAX_ENTITY_BYTES: usize = 40;

/// Shows markup as text: `H<sub>2</sub>O` as `H₂O`, `<jats:p>A &amp; B</jats:p>` as `A & B`.
///
/// Scripts, styles and pictures are left out, blocks are set apart by a space, headings by a colon. Takes any input;
/// text without markup stays as it is.
pub fn markup_to_text(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let mut walk = Walk { text, at: 0, out: String::with_capacity(text.len()), open: Vec::new(), unclosed: [false; 4] };
    while walk.step() {}
    while !walk.open.is_empty() {
        walk.close_last();
    }
    walk.out
}

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    effect: Effect,
    /// Where its text begins in the output.
    start: usize,
    /// Where the text of each of its children begins.
    children: Vec<usize>,
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    out: String,
    open: Vec<Open<'a>>,
    /// Whether a comment, CDATA section, declaration or instruction that begins from here on never ends:
    /// what was looked for once in vain is not looked for again.
    unclosed: [bool; 4],
}

/// A tag, and how many bytes it takes.
struct Tag<'a> {
    name: &'a str,
    closes: bool,
    is_empty: bool,
    bytes: usize,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Consumes one construct; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        match rest.bytes().next() {
            None => return false,
            Some(b'&') => self.entity(),
            Some(b'<') => self.angle(),
            Some(_) => {
                let length = rest.find(['<', '&']).unwrap_or(rest.len());
                let plain = &rest[..length];
                // White space between the parts of a formula is the typesetter's.
                if !(plain.trim().is_empty() && self.in_formula()) {
                    self.out.push_str(plain);
                }
                self.at += length;
            }
        }
        true
    }

    fn in_formula(&self) -> bool {
        self.open.iter().any(|open| open.effect == Effect::Formula)
    }

    fn literal(&mut self, bytes: usize) {
        self.out.push_str(&self.rest()[..bytes]);
        self.at += bytes;
    }

    fn entity(&mut self) {
        let rest = self.rest();
        let window = &rest[1..rest.floor_char_boundary(MAX_ENTITY_BYTES)];
        let Some(length) = window.find(';') else { return self.literal(1) };
        let name = &window[..length];
        let resolved = match name.strip_prefix('#') {
            Some(number) => numbered(number).map(|c| self.out.push(c)),
            None => resolve_html5_entity(name).map(|text| self.out.push_str(text)),
        };
        match resolved {
            Some(()) => self.at += length + 2,
            None => self.literal(1),
        }
    }

    fn angle(&mut self) {
        let rest = self.rest();
        let sections = [("<!--", "-->", false), ("<![CDATA[", "]]>", true), ("<!", ">", false), ("<?", ">", false)];
        for (place, (opening, closing, is_text)) in sections.into_iter().enumerate() {
            let Some(inside) = rest.strip_prefix(opening).filter(|_| !self.unclosed[place]) else { continue };
            if let Some(length) = inside.find(closing) {
                if is_text {
                    self.out.push_str(&inside[..length]);
                }
                self.at += opening.len() + length + closing.len();
                return;
            }
            self.unclosed[place] = true;
        }
        let Some(tag) = tag(rest) else { return self.literal(1) };
        let Some(effect) = effect(tag.name) else { return self.literal(1) };
        self.at += tag.bytes;
        match tag.closes {
            true => self.close(tag.name),
            false => self.start(&tag, effect),
        }
    }

    fn start(&mut self, tag: &Tag<'a>, effect: Effect) {
        match effect {
            Effect::Break => self.separate(),
            Effect::Block | Effect::Heading => {
                self.separate();
                self.push(tag, effect);
            }
            Effect::Hidden if !tag.is_empty => self.skip_to_end(tag.name),
            Effect::Hidden => {}
            _ => self.push(tag, effect),
        }
    }

    fn push(&mut self, tag: &Tag<'a>, effect: Effect) {
        let start = self.out.len();
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(start);
        }
        if !tag.is_empty && self.open.len() < MAX_OPEN {
            self.open.push(Open { name: tag.name, effect, start, children: Vec::new() });
        }
    }

    /// Goes on behind the end tag of `name`; to the end of the text where there is none.
    fn skip_to_end(&mut self, name: &str) {
        let rest = self.rest();
        let ends = |at: usize| {
            let found = rest[at + 2..].get(..name.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let end = rest.match_indices("</").map(|(at, _)| at).find(|at| ends(*at));
        let behind = end.and_then(|end| rest[end..].find('>').map(|length| end + length + 1));
        self.at += behind.unwrap_or(rest.len());
    }

    fn close(&mut self, name: &str) {
        let Some(place) = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) else { return };
        while self.open.len() > place {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        let Some(open) = self.open.pop() else { return };
        match open.effect {
            Effect::Raised | Effect::Lowered => {
                let text = self.out.split_off(open.start);
                self.out.push_str(&formula::script(if open.effect == Effect::Raised { '^' } else { '_' }, &text));
            }
            Effect::Heading => self.heading(open.start),
            Effect::Block => self.separate(),
            Effect::Source => {
                let source = self.out.split_off(open.start);
                self.out.push_str(formula::source(&source));
            }
            Effect::FirstOnly => self.out.truncate(open.children.get(1).copied().unwrap_or(self.out.len())),
            Effect::Built(shape) => {
                let parts = formula::parts(&self.out, open.start, &open.children);
                let built = formula::build(shape, &parts);
                self.out.truncate(open.start);
                self.out.push_str(&built);
            }
            Effect::Inline | Effect::Formula | Effect::Break | Effect::Hidden => {}
        }
    }

    fn separate(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
    }

    /// `Methods` becomes `Methods: `; a heading that says "Abstract" says nothing.
    fn heading(&mut self, start: usize) {
        let heading = self.out[start..].trim();
        let says_nothing = ["", "abstract", "summary"].contains(&heading.trim_end_matches([':', '.']).to_lowercase().as_str());
        if says_nothing {
            self.out.truncate(start);
            return;
        }
        let ends = heading.ends_with(|c: char| c.is_ascii_punctuation());
        self.out.truncate(self.out.trim_end().len());
        self.out.push_str(if ends { " " } else { ": " });
    }
}

/// The tag that begins `text`, if one does.
fn tag(text: &str) -> Option<Tag<'_>> {
    let inside = text.get(1..)?;
    let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
    let length = inside.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_'))).unwrap_or(inside.len());
    let (name, after) = inside.split_at(length);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !after.starts_with(|c: char| c.is_whitespace() || c == '/' || c == '>') {
        return None;
    }
    let mut quote = None;
    for (at, byte) in after.bytes().enumerate().take(MAX_TAG_BYTES) {
        match (quote, byte) {
            // `if a<b and c>d` is no tag: attributes have values.
            (None, b'>') if !after[..at].trim_matches(['/', ' ', '\n', '\t', '\r']).is_empty() && !after[..at].contains('=') => {
                return None;
            }
            (None, b'>') => {
                let is_empty = after[..at].ends_with('/');
                let bytes = text.len() - after.len() + at + 1;
                return Some(Tag { name, closes, is_empty, bytes });
            }
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The character of `&#…;`. The controls from 128 to 159 mean Windows-1252, as browsers take them.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
        _ => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests;
