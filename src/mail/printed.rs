//! Texts that are printed once and stand in many mails: a paper's card for all readers of one filter.
//!
//! Each keeps its quoted-printable form (RFC 2045, section 6.7) beside it, so that a mail is put together
//! by copying. Soft line breaks join the pieces, wherever a template puts them.

use std::sync::Arc;

use super::text::clean;

/// Ends a line of the encoded form without ending one of the text.
const SOFT_BREAK: &[u8] = b"=\r\n";

/// Longest line of the encoded form, and what a line may hold before a soft break.
const MAX_COLUMNS: usize = 76;
const BEFORE_SOFT_BREAK: usize = MAX_COLUMNS - 1;

/// Stands around the number of a card in what the templates print. No text of a paper or reader holds it: cleaning takes
/// control characters away.
const SIGN: char = '\u{1}';

/// A text and its encoded form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    /// Lines ended by LF.
    text: String,
    /// Quoted-printable, lines ended by CRLF.
    encoded: Vec<u8>,
}

impl Printed {
    /// Encodes `text`, whose lines end with LF.
    pub fn new(text: String) -> Self {
        Self { encoded: encode(&text), text }
    }

    /// Its size in memory, about, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.encoded.len()
    }

    /// Its length on the wire once decoded: a line end takes two bytes.
    fn wire_length(&self) -> usize {
        self.text.len() + self.text.bytes().filter(|byte| *byte == b'\n').count()
    }
}

/// Quoted-printable; a soft break may follow wherever it ends. Plain runs, nearly all of a mail, are copied at once.
fn encode(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 8);
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let (mut rest, mut column) = (line.as_bytes(), 0);
        while !rest.is_empty() {
            let plain = rest[..rest.len().min(MAX_COLUMNS - column)].iter().position(|byte| !is_plain(*byte));
            let mut plain = plain.unwrap_or(rest.len().min(MAX_COLUMNS - column));
            // White space at the end of a line would be lost on the way.
            if plain == rest.len() && rest.ends_with(b" ") {
                plain -= 1;
            }
            if plain < rest.len() || lines.peek().is_none() {
                plain = plain.min(BEFORE_SOFT_BREAK - column);
            }
            if plain > 0 {
                encoded.extend_from_slice(&rest[..plain]);
                (rest, column) = (&rest[plain..], column + plain);
            } else if column + 3 <= BEFORE_SOFT_BREAK && !(is_plain(rest[0]) && rest.len() > 1) {
                encoded.extend_from_slice(&[b'=', DIGITS[usize::from(rest[0] >> 4)], DIGITS[usize::from(rest[0] & 15)]]);
                (rest, column) = (&rest[1..], column + 3);
            } else {
                encoded.extend_from_slice(SOFT_BREAK);
                column = 0;
            }
        }
        if lines.peek().is_some() {
            encoded.extend_from_slice(b"\r\n");
        }
    }
    encoded
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'='
}

/// What the cards of one paper have in common, whichever filter found it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common {
    /// In the HTML part.
    pub html: Fragments,
    /// In the text part.
    pub text: Fragments,
}

/// Parts of a card, as the templates print them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fragments {
    /// Who wrote it, what it is filed under, what others think of it.
    pub facts: String,
    /// Where to read it.
    pub links: String,
}

/// A paper's card in both parts of a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintedCard {
    /// The paper's title, as the source has it.
    pub title: String,
    /// The card in the HTML part.
    pub html: Printed,
    /// The card in the text part.
    pub text: Printed,
}

impl PrintedCard {
    /// The title in one line of at most `max_chars`; none where it is blank.
    pub fn plain_title(&self, max_chars: usize) -> Option<String> {
        Some(clean(&self.title, max_chars)).filter(|title| !title.is_empty())
    }
}

/// One part of a mail, in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Own(Printed),
    Html(Arc<PrintedCard>),
    Text(Arc<PrintedCard>),
}

impl Piece {
    fn printed(&self) -> &Printed {
        match self {
            Self::Own(printed) => printed,
            Self::Html(card) => &card.html,
            Self::Text(card) => &card.text,
        }
    }
}

/// Which part of the mail a card stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `text/html`.
    Html,
    /// `text/plain`.
    Text,
}

/// What a template prints for card `number`, until [`Body::assemble`] puts the card there.
pub fn placeholder(number: usize) -> String {
    format!("{SIGN}{number}{SIGN}")
}

impl Body {
    /// What the templates printed, with `cards` in place of their [`placeholder`]s.
    pub fn assemble(printed: &str, cards: &[Arc<PrintedCard>], side: Side) -> Self {
        let mut pieces = Vec::with_capacity(2 * cards.len() + 1);
        // Every second piece between signs is a number.
        for (place, piece) in printed.split(SIGN).enumerate() {
            let card = piece.parse().ok().filter(|_| place % 2 == 1).and_then(|number: usize| cards.get(number));
            match (card, side) {
                (Some(card), Side::Html) => pieces.push(Piece::Html(Arc::clone(card))),
                (Some(card), Side::Text) => pieces.push(Piece::Text(Arc::clone(card))),
                (None, _) if piece.is_empty() => {}
                (None, _) => pieces.push(Piece::Own(Printed::new(piece.to_owned()))),
            }
        }
        Self(pieces)
    }

    /// Its length on the wire once decoded, in bytes.
    pub fn wire_length(&self) -> usize {
        self.0.iter().map(|piece| piece.printed().wire_length()).sum()
    }

    /// The length of the quoted-printable form, in bytes, at most.
    pub fn encoded_length(&self) -> usize {
        self.0.iter().map(|piece| piece.printed().encoded.len() + SOFT_BREAK.len()).sum()
    }

    /// Appends the quoted-printable form.
    pub fn encode_into(&self, message: &mut Vec<u8>) {
        // A soft break joins two lines; before an empty piece at the end there would be no second.
        let encoded = self.0.iter().map(|piece| &piece.printed().encoded).filter(|encoded| !encoded.is_empty());
        for (place, encoded) in encoded.enumerate() {
            if place > 0 && !message.ends_with(b"\r\n") {
                message.extend_from_slice(SOFT_BREAK);
            }
            message.extend_from_slice(encoded);
        }
    }
}

/// The text, decoded.
impl std::fmt::Display for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(&piece.printed().text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quoted_printable::{ParseMode, decode};

    use super::*;

    fn card(text: &str) -> Arc<PrintedCard> {
        Arc::new(PrintedCard { html: Printed::new(text.to_owned()), ..PrintedCard::default() })
    }

    fn line() -> impl Strategy<Value = String> {
        "[ -~é=\n\t☃]{0,200}"
    }

    #[test]
    fn a_card_stands_where_the_template_put_it() {
        let template = format!("<td>{}</td>{}\n{}", placeholder(1), placeholder(0), placeholder(7));
        let body = Body::assemble(&template, &[card("one\n"), card("two")], Side::Html);
        assert_eq!(body.to_string(), "<td>two</td>one\n\n7");
        assert_eq!(body.wire_length(), "<td>two</td>one\r\n\r\n7".len());
    }

    proptest! {
        #[test]
        fn pieces_read_back_as_one_text(frame in line(), cards in prop::collection::vec(line(), 0..4), end in line()) {
            let template: String = (0..cards.len()).map(placeholder).collect::<Vec<_>>().join("|");
            let printed: Vec<_> = cards.iter().map(|text| card(text)).collect();
            let body = Body::assemble(&format!("{frame}{template}{end}"), &printed, Side::Html);
            let mut encoded = Vec::new();
            body.encode_into(&mut encoded);
            let decoded = String::from_utf8(decode(&encoded, ParseMode::Strict).unwrap()).unwrap();
            prop_assert_eq!(&decoded, &body.to_string().replace('\n', "\r\n"));
            prop_assert_eq!(&body.to_string(), &format!("{frame}{}{end}", cards.join("|")));
            prop_assert_eq!(decoded.len(), body.wire_length());
        }
    }
}
