//! Reads the source tree: files, imports, written tables, the names a document marks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of src, by its path below it.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The top-level module it belongs to.
    pub fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    pub fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// Whether it is `place.rs` or stands in the folder `place`.
    pub fn is_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// The text with its lines of comment emptied.
    pub fn code(&self) -> String {
        self.text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
    }

    /// Whether it has a function of this name.
    pub fn defines(&self, function: &str) -> bool {
        let name = format!("fn {function}");
        let mut places = self.text.match_indices(&name).map(|(at, _)| &self.text[at + name.len()..]);
        places.any(|behind| behind.starts_with(['(', '<']))
    }

    /// The modules it names by `crate::…`, with the line.
    pub fn imports(&self) -> Vec<(usize, String)> {
        let code = self.code();
        let root = if self.path == "main.rs" { "paperlark::" } else { "crate::" };
        let names =
            code.match_indices(root).filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'));
        let found = names.map(|(at, _)| (code[..at].matches('\n').count() + 1, heads(&code[at + root.len()..])));
        found.flat_map(|(line, heads)| heads.into_iter().map(move |head| (line, head.to_lowercase()))).collect()
    }
}

/// The first names of a path or of each path of a group: `a::b` gives a, `{a::b, c::{d, e}}` gives a and c.
fn heads(path: &str) -> Vec<String> {
    let head = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![head(path)] };
    let (mut depth, mut start, mut heads) = (0, 0, Vec::new());
    for (at, sign) in group.char_indices() {
        if depth == 0 && matches!(sign, ',' | '}') {
            heads.push(head(&group[start..at]));
            start = at + 1;
        }
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// The names behind `insert into`, `delete from`, `merge into`, `truncate` and `update … set`.
pub fn written_tables(code: &str) -> BTreeSet<String> {
    let lower = code.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let name = |window: &[&str]| match window {
        ["insert" | "merge", "into", table, ..] | ["delete", "from", table, ..] | ["truncate", table, ..] => Some((*table).to_owned()),
        ["update", table, rest @ ..] if rest.contains(&"set") => Some((*table).to_owned()),
        _ => None,
    };
    // A table's alias may stand before `set`.
    (0..words.len()).filter_map(|at| name(&words[at..words.len().min(at + 4)])).collect()
}

/// What stands between backticks in a text's prose.
pub fn marked(document: &str) -> Vec<&str> {
    let prose = document.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn sources() -> Vec<Source> {
    fn walk(folder: &Path, files: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let below = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap();
                files.push(Source::new(below, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 100, "src was not found");
    files
}

/// The tables that the migrations create.
pub fn tables() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("migrations")).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let names =
        files.flat_map(|sql| sql.lines().filter_map(|line| Some(heads(line.strip_prefix("create table ")?).remove(0))).collect::<Vec<_>>());
    names.collect()
}
