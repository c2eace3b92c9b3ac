//! What is wrong with a filter, where, and what to write instead.

use std::fmt;

use super::{
    MAX_DEPTH, MAX_DISTANCE, MAX_LENGTH, MAX_NEAR_WORDS, MAX_NEARS, MAX_PATTERNS, MAX_PROXIMITIES, MAX_TERMS, MAX_WITHIN, MIN_NEAR_PREFIX,
    MIN_PREFIX,
};

/// Why a text is no filter. Its `Display` says what was found and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    problem: Problem,
    line: usize,
    column: usize,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("the filter is empty: write some words, such as diffusion OR \"flow matching\"")]
    Empty,
    #[error("the filter is too long: keep it under {MAX_LENGTH} characters, or make several filters of it")]
    TooLong,
    #[error("the filter has more than {MAX_TERMS} words: make several filters of it")]
    TooManyTerms,
    #[error("more than {MAX_DEPTH} parentheses and NOTs stand inside one another: write it flatter")]
    TooDeep,
    #[error("this quote is never closed: add a \" at the end of the phrase")]
    OpenQuote,
    #[error("this parenthesis is never closed: add a ) at the end of the group")]
    OpenGroup,
    #[error("this parenthesis was never opened: remove it, or add a ( before the group")]
    CloseGroup,
    #[error("these parentheses hold nothing: write words between them, or remove them")]
    EmptyGroup,
    #[error("{0} has nothing before it: write what comes before it, or put \"{0}\" in quotes to look for the word")]
    NothingBefore(&'static str),
    #[error("{0} has nothing after it: write what comes after it, or put \"{0}\" in quotes to look for the word")]
    NothingAfter(&'static str),
    #[error("{0}: has nothing after it: write a word, a \"phrase\" or a (group) directly after the colon")]
    EmptyField(String),
    #[error("there is no field {name}: — {advice}")]
    UnknownField { name: String, advice: String },
    #[error("a field stands inside the group of another field: close that group first")]
    FieldInField,
    #[error("{0:?} holds no letter or digit: write a word")]
    NoWord(String),
    #[error("the * stands after fewer than {MIN_PREFIX} letters: write more of the word before it, or leave the * out")]
    PrefixTooShort,
    #[error("a * or $ may only stand directly after a word, as in transform*: write the other forms with OR, or leave the * out")]
    MisplacedStar,
    #[error("{0:?} leaves letters open where it cannot: ? and # stand inside a word of letters, behind the first one, as in tumo?r")]
    BadPattern(String),
    #[error("NEAR/{0} is too far: write NEAR/{MAX_DISTANCE} or less, or AND")]
    NearTooFar(u64),
    #[error("NEAR joins words, \"phrases\" and (groups OR of OR them) in the same field: write title:(a NEAR/3 b)")]
    NearWhat,
    #[error("more than {MAX_NEARS} NEARs stand inside one another: join the groups with AND")]
    TooManyNears,
    #[error("\"…\"~ takes at most {MAX_WITHIN} words: join groups of words with NEAR or AND")]
    LongProximity,
    #[error("the filter has more than {MAX_PROXIMITIES} NEARs and \"…\"~: make several filters of it")]
    TooManyProximities,
    #[error(
        "more than {MAX_NEAR_WORDS} words stand beside NEARs, one in a NEAR inside another counting twice, and in \"…\"~: make several filters of it"
    )]
    TooManyNearWords,
    #[error("`{0}` is near everything, since it stands in most papers: leave it out there, or write a phrase such as \"quality of life\"")]
    NearEverything(String),
    #[error(
        "`{0}` begins too many words to compare their places: beside NEAR and in \"…\"~ write at least {MIN_NEAR_PREFIX} letters before *"
    )]
    ShortNearPrefix(String),
    #[error("the filter has more than {MAX_PATTERNS} words with letters left open: make several filters of it")]
    TooManyPatterns,
    #[error("= asks for one exact form and * for every ending: leave one of them out")]
    ExactPrefix,
    #[error("~ needs a phrase of several words and a number up to {MAX_DISTANCE} behind it, as in \"graph network\"~3")]
    BadDistance,
    #[error("~ after a single word is not understood here: for other endings of a word write transform*, for other spellings OR")]
    Fuzzy,
    #[error("{0:?} is no number of authors: write authors:>=2 for at least two, or use > <= < =")]
    BadAuthors(String),
    #[error("{0:?} is no number of upvotes: write upvotes:10 or upvotes:>=10 for at least ten, or use > <= < =")]
    BadNumber(String),
    #[error("{0:?} is nothing a paper can have: write has:code, has:project or has:thumbnail")]
    UnknownFeature(String),
    #[error("{0:?} is no category: write one such as cat:cs.LG, or cat:cs.* for all of cs")]
    BadCategory(String),
    #[error(
        "this would match nearly every paper, as it only says what to leave out: say first what you want, then what to leave out, as in agents NOT survey"
    )]
    OnlyNegative,
    #[error("a lone - is unclear: write -word without a space to leave a word out, or put the whole title in quotes")]
    LoneDash,
    #[error("a ( follows this word without a space: put a space or an operator before the (, or put it all in quotes")]
    WordBeforeGroup,
    #[error("{0} stands for the results of other lines: write those lines themselves, or give the whole search, one line below the other")]
    LineReference(String),
    #[error("[{0}] is no tag of PubMed that is known here: write [tiab], [ti] or [au], or leave it out")]
    UnknownTag(String),
    #[error("[{0}] stands behind no words: write them directly before it")]
    LoneTag(String),
    #[error("there is no line {0} above this one")]
    NoSuchLine(String),
    #[error("{0} says nothing that could be found in the title, abstract or facts of a paper here: write the words to look for")]
    OnlyDropped(String),
    #[error("{found} is {dialect}, which is not understood here: {instead}")]
    Foreign { found: String, dialect: &'static str, instead: &'static str },
}

/// A problem at a byte of the filter's text with plain signs, counted from 0.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    pub problem: Problem,
}

impl Fault {
    pub fn new(at: usize, problem: Problem) -> Fault {
        Fault { at, problem }
    }
}

/// The longest part of a line that [`FilterError::caret`] shows: what fits an 80-column terminal.
const CARET_WINDOW: usize = 72;

impl FilterError {
    /// `plain` is the text in which the fault was found: as many characters as its writer's, though not as many bytes.
    pub(super) fn locate(fault: Fault, plain: &str) -> FilterError {
        let before = plain.get(..fault.at).unwrap_or(plain);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        FilterError { problem: fault.problem, line, column: before[line_start..].chars().count() + 1 }
    }

    /// The line of the filter's text, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in that line, in characters from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The line of `text` (the text that was parsed) and, under its wrong character, a `^`.
    /// Of a long line only the surroundings are shown, between `…`.
    pub fn caret(&self, text: &str) -> String {
        let line: Vec<char> = text.split(['\n', '\u{2028}', '\u{2029}', '\u{85}']).nth(self.line - 1).unwrap_or_default().chars().collect();
        let at = (self.column - 1).min(line.len());
        let from = if line.len() <= CARET_WINDOW { 0 } else { at.saturating_sub(CARET_WINDOW / 2) };
        let to = line.len().min(from + CARET_WINDOW);
        let (before, after) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
        let show = |c: &char| if c.is_control() { ' ' } else { *c };
        let shown: String = line[from..to].iter().map(show).collect();
        // An ideographic space is as wide as the characters that take two columns.
        let wide = |c: &char| matches!(*c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
        let visible = line[from..at].iter().filter(|c| !unicode_normalization::char::is_combining_mark(**c));
        let padding: String = before.chars().map(|_| ' ').chain(visible.map(|c| if wide(c) { '\u{3000}' } else { ' ' })).collect();
        format!("{before}{shown}{after}\n{padding}^")
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_wrong_character() {
        let check = |text: &str, at: usize, expect: &str| {
            assert_eq!(FilterError::locate(Fault::new(at, Problem::Empty), text).caret(text), expect);
        };
        check("a (b", 2, "a (b\n  ^");
        check("", 0, "\n^");
        check("one\ntwo (", 8, "two (\n    ^");
        check("深度 (", 7, "深度 (\n\u{3000}\u{3000} ^");
        let long = format!("{}(", "word ".repeat(100));
        check(&long, 500, &format!("…{}(\n{}^", "word ".repeat(8)[4..].to_owned(), " ".repeat(37)));
    }

    #[test]
    fn a_place_is_a_line_and_a_column_in_characters() {
        let error = FilterError::locate(Fault::new(6, Problem::Empty), "é\nab (");
        assert_eq!((error.line(), error.column()), (2, 4));
    }
}
