//! What a reader should know about how their filter was read.

use std::fmt;

/// Something in a filter that was read in a way its writer may not expect, dropped, or put into other words.
///
/// Its `Display` is a sentence without a full stop at its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Note {
    /// `and`, `or` or `not` in small letters, which are looked for as words.
    LowerCaseOperator,
    /// AND and OR side by side without parentheses.
    MixedOperators,
    /// The same in PubMed's language.
    LeftToRight,
    /// Alternatives that should stand directly one behind the other, and are looked for in any order.
    AnyOrder,
    /// Subject headings and the like, looked for as words.
    Headings(Vec<String>),
    /// Subject headings and the like that were to be left out, and are ignored.
    IgnoredHeadings(Vec<String>),
    /// Things that papers here carry no facts about: dates, languages, limits.
    Dropped(Vec<String>),
    /// Fields of other databases, for which title and abstract are searched.
    OtherFields(Vec<String>),
    /// Initials of authors.
    Initials(Vec<String>),
    /// Lines of a numbered search that its last line does not use.
    UnusedLines(Vec<String>),
    /// The text came in the form it has in a web address.
    WebAddress,
}

/// How many examples a note names.
const SHOWN: usize = 5;

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::LowerCaseOperator => {
                f.write_str("and, or, not in lower case are looked for as words; write AND, OR, NOT in capitals to combine words")
            }
            Note::MixedOperators => f.write_str("AND binds tighter than OR; put parentheses where you mean it otherwise"),
            Note::AnyOrder => f.write_str("words joined by adj are found next to each other in any order"),
            Note::LeftToRight => f.write_str("AND, OR and NOT are read from left to right, as PubMed does"),
            Note::Headings(names) => {
                write!(f, "papers here carry no subject headings or publication types: {} looked for as words", list_is(names))
            }
            Note::IgnoredHeadings(names) => {
                write!(f, "papers here carry no subject headings or publication types, so none is left out for {}", list(names))
            }
            Note::Dropped(names) => write!(f, "dropped, as nothing here says it of a paper: {}", list(names)),
            Note::OtherFields(names) => write!(f, "title and abstract are searched in place of {}", list(names)),
            Note::Initials(names) => write!(f, "authors are looked for by their family names, without initials: {}", list(names)),
            Note::UnusedLines(names) => {
                write!(f, "the last line is the filter; it makes no use of {}", list(names))
            }
            Note::WebAddress => f.write_str("read as a query from a web address"),
        }
    }
}

fn list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{} and {more} more", shown.join("; ")),
    }
}

fn list_is(names: &[String]) -> String {
    format!("{} {}", list(names), if names.len() == 1 { "is" } else { "are" })
}

/// The notes of one filter: of each kind one, with every example once.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub fn add(&mut self, note: Note) {
        for known in &mut self.0 {
            match (known, &note) {
                (Note::Headings(names), Note::Headings(more))
                | (Note::IgnoredHeadings(names), Note::IgnoredHeadings(more))
                | (Note::Dropped(names), Note::Dropped(more))
                | (Note::OtherFields(names), Note::OtherFields(more))
                | (Note::Initials(names), Note::Initials(more))
                | (Note::UnusedLines(names), Note::UnusedLines(more)) => {
                    names.extend(more.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
                    return;
                }
                (known, note) if known == note => return,
                _ => {}
            }
        }
        self.0.push(note);
    }

    pub fn extend(&mut self, more: Notes) {
        more.0.into_iter().for_each(|note| self.add(note));
    }

    pub fn into_vec(self) -> Vec<Note> {
        self.0
    }
}
