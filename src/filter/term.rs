//! Makes the words of a phrase of a piece of text: `bile duct*`, `tumo?r`, `cancer*1`.

use unicode_normalization::char::is_combining_mark;

use super::MIN_PREFIX;
use super::error::{Fault, Problem};
use super::note::Note;
use super::pattern::MAX_SIGNS;
use super::syntax::Word;
use super::words::{FoundWord, stands_alone, words};

/// How the words of a text without signs of their own are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Any word of the same stem.
    Stem,
    /// This form only: `=word`.
    Exact,
    /// This form in this case: `==word`.
    Cased,
}

impl Form {
    /// What is written before such words.
    pub fn sign(self) -> &'static str {
        match self {
            Form::Stem => "",
            Form::Exact => "=",
            Form::Cased => "==",
        }
    }

    fn word(self, found: FoundWord) -> Word {
        match self {
            Form::Stem => Word::Stem(found.folded),
            Form::Exact => Word::Exact(found.folded),
            Form::Cased => Word::Cased(found.cased),
        }
    }
}

/// The words of `text`, which begins at `at`.
pub(super) fn words_of(text: &str, at: usize, form: Form) -> Result<Vec<Word>, Fault> {
    let found = words(text);
    if found.is_empty() {
        let star_only = !text.is_empty() && text.chars().all(|c| c == '*');
        let problem = if star_only { Problem::MisplacedStar } else { Problem::NoWord(text.chars().take(40).collect()) };
        return Err(Fault::new(at, problem));
    }
    if !text.contains(['*', '?', '#']) {
        return Ok(found.into_iter().map(|word| form.word(word)).collect());
    }
    let mut reader = Reader { text, at, form, found: found.into_iter().peekable(), read: 0, words: Vec::new() };
    while let Some(word) = reader.found.next() {
        reader.take(word)?;
    }
    reader.no_star_until(text.len())?;
    Ok(reader.words)
}

/// The words of `text` in this form only; a star, `?` or `#` leaves letters open.
pub(super) fn exact_words(text: &str, at: usize) -> Result<Vec<Word>, Fault> {
    words_of(text, at, Form::Exact)
}

/// The words of an author's name as databases write it, `Gerber C`, without its initials, and a note of these.
pub(super) fn author_words(name: &str, at: usize) -> Result<(Vec<Word>, Option<Note>), Fault> {
    let is_initials = |word: &str| {
        let letters = word.trim_end_matches(['*', '.', '"']);
        (1..=2).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_uppercase())
    };
    let parts: Vec<&str> = name.split_whitespace().collect();
    let kept = parts.iter().rposition(|part| !is_initials(part)).map_or(parts.len(), |last| last + 1);
    let note = (kept < parts.len()).then(|| Note::Initials(vec![name.to_owned()]));
    Ok((words_of(&parts[..kept].join(" "), at, Form::Stem)?, note))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    form: Form,
    found: std::iter::Peekable<std::vec::IntoIter<FoundWord>>,
    /// Up to where the text is understood, in bytes.
    read: usize,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn fault(&self, byte: usize, problem: Problem) -> Fault {
        Fault::new(self.at + byte, problem)
    }

    fn take(&mut self, first: FoundWord) -> Result<(), Fault> {
        self.no_star_until(first.range.start)?;
        let (start, mut end) = (first.range.start, first.range.end);
        let mut pattern = first.folded.clone();
        let mut signs = 0;
        while let Some(sign) = self.letter_left_open(end) {
            let Some(next) = self.found.next() else { break };
            signs += 1;
            pattern.push(sign);
            pattern.push_str(&next.folded);
            end = next.range.end;
        }
        let is_truncated = self.text[end..].starts_with('*');
        self.read = end + usize::from(is_truncated);
        let limit = if is_truncated { self.limit() } else { None };
        if signs > MAX_SIGNS || signs > 0 && !pattern.chars().all(|c| !stands_alone(c)) {
            return Err(self.fault(start, Problem::BadPattern(self.text[start..end].chars().take(40).collect())));
        }
        let follows = self.found.peek().is_some_and(|next| next.range.start == self.read);
        if is_truncated && follows {
            return Err(self.fault(end, Problem::MisplacedStar));
        }
        // A character of a script without spaces is a whole word: what follows it does so anyway.
        let is_plain = !is_truncated && signs == 0 || pattern.starts_with(stands_alone);
        let is_short = pattern.chars().count() < MIN_PREFIX;
        self.words.push(match limit {
            _ if is_plain => self.form.word(first),
            _ if is_short => return Err(self.fault(end, Problem::PrefixTooShort)),
            Some(limit) => Word::Pattern(format!("{pattern}*{limit}")),
            None if signs > 0 => Word::Pattern(format!("{pattern}{}", if is_truncated { "*" } else { "" })),
            None => Word::Prefix(pattern),
        });
        Ok(())
    }

    /// The `?` or `#` at `end`, if letters stand on both sides of it.
    fn letter_left_open(&mut self, end: usize) -> Option<char> {
        let sign = self.text[end..].chars().next().filter(|sign| matches!(sign, '?' | '#'))?;
        // Marks may stand in any order behind their letter.
        let before = self.text[..end].chars().rev().find(|&c| !is_combining_mark(c))?;
        let goes_on = self.found.peek().is_some_and(|next| next.range.start == end + 1);
        (goes_on && before.is_alphabetic() && self.text[end + 1..].starts_with(char::is_alphabetic)).then_some(sign)
    }

    /// The number behind the `*`, if there is one: at most so many letters.
    fn limit(&mut self) -> Option<u32> {
        let number = self
            .found
            .next_if(|next| next.range.start == self.read && next.range.len() <= 2 && next.folded.bytes().all(|b| b.is_ascii_digit()))?;
        self.read = number.range.end;
        number.folded.parse().ok()
    }

    /// A star that no word has taken is out of place.
    fn no_star_until(&self, end: usize) -> Result<(), Fault> {
        // Two words may stand in one character: ¼ is 1 and 4.
        match self.text.get(self.read..end).and_then(|skipped| skipped.find('*')) {
            Some(star) => Err(self.fault(self.read + star, Problem::MisplacedStar)),
            None => Ok(()),
        }
    }
}
