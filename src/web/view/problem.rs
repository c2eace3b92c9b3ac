//! What is wrong with a filter, shown so that the eye finds the place.

use std::ops::Range;

use serde::Serialize;

use super::card::Span;
use crate::filter::FilterError;

/// Characters shown before the wrong part, so that it is in sight on a phone without scrolling.
const SHOWN_BEFORE: usize = 20;
/// Characters shown of the wrong part itself.
const SHOWN_WRONG: usize = 40;
/// Characters shown after it.
const SHOWN_AFTER: usize = 20;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilterProblem {
    /// The line of the textarea, from 1; none where the field holds one filter.
    pub line: Option<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
    excerpt: Vec<Span>,
    caret: String,
}

impl FilterProblem {
    /// What the parser says of `filter`, at the place it means.
    pub fn of(line: Option<usize>, filter: &str, error: &FilterError) -> Self {
        let faulty = filter.lines().nth(error.line().saturating_sub(1)).unwrap_or(filter);
        let column = error.column().saturating_sub(1);
        Self::new(line, faulty, column..column + 1, error.to_string())
    }

    /// A problem in `columns` of `filter`, counted in characters from 0, half-open. Columns beyond the
    /// end point behind the last character.
    pub fn new(line: Option<usize>, filter: &str, columns: Range<usize>, message: impl Into<String>) -> Self {
        // A line break or tab would tear the caret from what it points at.
        let chars: Vec<char> = filter.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let start = columns.start.min(chars.len());
        let end = columns.end.clamp(start, chars.len()).min(start + SHOWN_WRONG);
        let first = start.saturating_sub(SHOWN_BEFORE);
        let last = chars.len().min(end + SHOWN_AFTER);

        let ellipsis = |cut: bool| if cut { "…" } else { "" };
        let text = |part: Range<usize>| chars[part].iter().collect::<String>();
        let before = format!("{}{}", ellipsis(first > 0), text(first..start));
        let after = format!("{}{}", text(end..last), ellipsis(last < chars.len()));
        let spaces: String = before.chars().map(|c| if is_wide(c) { '\u{3000}' } else { ' ' }).collect();
        let carets: String = chars[start..end].iter().map(|c| if is_wide(*c) { "^^" } else { "^" }).collect();
        let excerpt = [Span::plain(before), Span::marked(text(start..end)), Span::plain(after)];
        Self {
            line,
            message: message.into(),
            excerpt: excerpt.into_iter().filter(|span| !span.text.is_empty()).collect(),
            caret: format!("{spaces}{}", if carets.is_empty() { "^" } else { &carets }),
        }
    }
}

/// Whether `c` takes two columns: the East Asian wide ranges (Unicode Annex 11) in common use.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{1F300}'..='\u{1FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(problem: &FilterProblem, marked_only: bool) -> String {
        problem.excerpt.iter().filter(|span| span.marked || !marked_only).map(|span| span.text.as_str()).collect()
    }

    #[test]
    fn the_caret_stands_under_the_wrong_part() {
        let check = |filter: &str, columns, caret: &str, marked: &str| {
            let problem = FilterProblem::new(None, filter, columns, "wrong");
            assert_eq!((problem.caret.as_str(), shown(&problem, true).as_str()), (caret, marked), "{filter:?}");
            assert_eq!(shown(&problem, false), filter);
        };
        check("graph AND", 6..9, "      ^^^", "AND");
        check("\"graph", 6..6, "      ^", "");
        check("graph", 90..99, "     ^", "");
        check("", 0..1, "^", "");
        check("图 OR", 2..4, "\u{3000} ^^", "OR");
        check("é(", 1..2, " ^", "(");
        check("a 图", 2..3, "  ^^", "图");
    }

    #[test]
    fn a_long_filter_is_cut_around_the_wrong_part() {
        let filter = format!("{}(song {}", "lark ".repeat(9), "lark ".repeat(9));
        let problem = FilterProblem::new(None, &filter, 45..46, "wrong");
        assert_eq!(shown(&problem, false), "…lark lark lark lark (song lark lark lark …");
        assert_eq!(problem.caret, format!("{}^", " ".repeat(21)));
    }

    #[test]
    fn control_characters_do_not_tear_the_lines_apart() {
        let problem = FilterProblem::new(None, "a\n\tb(", 4..5, "wrong");
        assert_eq!((shown(&problem, false).as_str(), problem.caret.as_str()), ("a  b(", "    ^"));
    }

    proptest! {
        #[test]
        fn any_columns_of_any_filter_give_a_short_excerpt(filter in ".{0,200}", start in 0..300_usize, end in 0..300_usize) {
            let problem = FilterProblem::new(None, &filter, start..end, "wrong");
            prop_assert!(shown(&problem, false).chars().count() <= SHOWN_BEFORE + SHOWN_WRONG + SHOWN_AFTER + 2);
            prop_assert!(problem.caret.ends_with('^'));
        }
    }
}
