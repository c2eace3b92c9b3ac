//! A short extract of an abstract that shows the marked words.

use std::ops::Range;

/// An extract, and the marks in it as byte ranges of its own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    pub marks: Vec<Range<usize>>,
}

const ELLIPSIS: char = '…';

/// An extract of `text` of at most `max_chars` characters (with the `…` where it is cut) that shows the first of `marks`.
///
/// It starts at the beginning where the first mark is reached from there, else a little before that mark; it is cut
/// between words, and within one only where a single word is too long. `words` and `marks` are those of its [`super::ReadText`].
pub fn excerpt(text: &str, words: &[Range<usize>], marks: &[Range<usize>], max_chars: usize) -> Excerpt {
    if text.chars().nth(max_chars).is_none() {
        return Excerpt { text: text.to_owned(), marks: marks.to_vec() };
    }
    let room = max_chars.saturating_sub(1);
    let head = cut(text, words, 0, room);
    // A mark between two … needs three characters.
    let shown_by_head = max_chars < 3 || marks.first().is_none_or(|mark| mark.end <= head.end);
    let window = if shown_by_head { head } else { around(text, words, &marks[0], max_chars) };
    let before = if window.start > 0 { ELLIPSIS.to_string() } else { String::new() };
    let after = if window.end < text.len() && max_chars > 0 { ELLIPSIS.to_string() } else { String::new() };
    let clipped = marks.iter().map(|mark| mark.start.max(window.start)..mark.end.min(window.end)).filter(|mark| mark.start < mark.end);
    let marks = clipped.map(|mark| mark.start - window.start + before.len()..mark.end - window.start + before.len()).collect();
    Excerpt { text: format!("{before}{}{after}", &text[window]), marks }
}

/// The bytes from `start` on that fit `room` characters and end with a word.
fn cut(text: &str, words: &[Range<usize>], start: usize, room: usize) -> Range<usize> {
    let limit = text[start..].char_indices().nth(room).map_or(text.len(), |(at, _)| start + at);
    if limit == text.len() {
        return start..limit;
    }
    let last = words[..words.partition_point(|word| word.end <= limit)].last();
    match last.filter(|word| word.start >= start) {
        Some(word) => start..word.end,
        None => start..limit,
    }
}

/// A window that shows `mark` with some words before it.
fn around(text: &str, words: &[Range<usize>], mark: &Range<usize>, max_chars: usize) -> Range<usize> {
    let room = max_chars.saturating_sub(2);
    let mark_chars = text[mark.clone()].chars().count();
    let rest_chars = text[mark.start..].chars().take(room).count();
    // A third of what the mark leaves free goes before it, or more where the text ends soon.
    let lead = (room.saturating_sub(mark_chars) / 3).max(room - rest_chars);
    let earliest = match lead {
        0 => mark.start,
        _ => text[..mark.start].char_indices().rev().nth(lead - 1).map_or(0, |(at, _)| at),
    };
    let first = words.iter().find(|word| word.start >= earliest).map_or(mark.start, |word| word.start);
    cut(text, words, first.min(mark.start), room)
}
