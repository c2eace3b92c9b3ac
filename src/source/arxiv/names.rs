//! Authors and categories as arXiv writes them.

/// The names of a list such as `A. Gould (Ohio State), B. Scott Gaudi (CfA, Harvard), R. Smith, Jr.`: affiliations are
/// left out, and a generation belongs to the name before it.
pub(super) fn split_authors(list: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in outside_parentheses(list).split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match names.last_mut() {
            Some(before) if is_generation(name) => {
                before.push(' ');
                before.push_str(name);
            }
            _ => names.push(name.to_owned()),
        }
    }
    names
}

fn is_generation(name: &str) -> bool {
    matches!(name.trim_end_matches('.').to_ascii_lowercase().as_str(), "jr" | "sr" | "ii" | "iii" | "iv")
}

/// `text` without what stands in parentheses; a parenthesis that is never closed stays.
fn outside_parentheses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Where each open parenthesis stands in `out`.
    let mut open: Vec<usize> = Vec::new();
    for c in text.chars() {
        match c {
            '(' => {
                open.push(out.len());
                out.push(c);
            }
            ')' => match open.pop() {
                Some(start) => out.truncate(start),
                None => out.push(c),
            },
            _ => out.push(c),
        }
    }
    out
}

/// arXiv's own categories of a list: MSC classes (`68T07`) and ACM ones (`I.2.7`) stand among them and are none.
pub(super) fn categories(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let is_category = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'-'))
    };
    names.into_iter().map(|name| name.trim().to_owned()).filter(is_category).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_authors_becomes_names() {
        let check = |list: &str, expect: &[&str]| assert_eq!(split_authors(list), expect, "{list}");
        check("Irene Weaver, Alan Finch", &["Irene Weaver", "Alan Finch"]);
        check("A. Gould (Ohio State), B. Gaudi (CfA (Harvard), Boston)", &["A. Gould", "B. Gaudi"]);
        check("R. Smith, Jr., Ann Lee, III", &["R. Smith Jr.", "Ann Lee III"]);
        check("The LARK Collaboration: A. Bird, ", &["The LARK Collaboration: A. Bird"]);
        check("Odd (one, B", &["Odd (one", "B"]);
        check("Odd) one", &["Odd) one"]);
        check("", &[]);
    }

    #[test]
    fn classes_of_other_schemes_are_no_categories() {
        let found = categories(
            ["cs.CL", "68T07", "I.2.7; I.2.10", "F.4.1", "math-ph", "cond-mat.mes-hall", "q-alg", " hep-th "].map(str::to_owned),
        );
        assert_eq!(found, ["cs.CL", "math-ph", "cond-mat.mes-hall", "q-alg", "hep-th"]);
    }
}
