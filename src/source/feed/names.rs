//! Authors as feeds list them: one an element, or all in one.

use crate::source::clean;

/// Single names from what each element says.
pub(super) fn list(elements: &[String]) -> Vec<String> {
    let names = elements.iter().flat_map(|element| match elements.len() {
        1 => split(&without_address(element)),
        // Where each has its own element, a comma stands between family and given name.
        _ => vec![clean::given_name_first(&without_address(element))],
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// `jane@example.org (Jane Doe)` as `Jane Doe`: RSS wants an address there; nobody else wants it.
fn without_address(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.contains('@'));
    let rest = words.collect::<Vec<_>>().join(" ");
    match rest.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
        Some(inside) if text.contains('@') => inside.trim().to_owned(),
        _ => rest,
    }
}

/// The names of a list that stands in one element.
fn split(text: &str) -> Vec<String> {
    let trimmed = |part: &str| part.trim().to_owned();
    if text.contains(';') {
        return text.split(';').map(|name| clean::given_name_first(name.trim())).collect();
    }
    let text = text.replace(", and ", ", ").replace(" and ", ", ").replace(" & ", ", ");
    let parts: Vec<String> = text.split(',').map(trimmed).filter(|part| !part.is_empty()).collect();
    let inverted = parts.len().is_multiple_of(2)
        && match parts.as_slice() {
            // `Doe, Jane`, but not `Jane Doe, John Roe`.
            [family, given] => !family.contains(' ') || !given.contains(' '),
            parts => parts.iter().skip(1).step_by(2).all(|part| is_initials(part)),
        };
    match inverted {
        true => parts.chunks(2).map(|pair| format!("{} {}", pair[1], pair[0])).collect(),
        false => parts,
    }
}

fn is_initials(text: &str) -> bool {
    text.split(|c: char| c == '.' || c == '-' || c.is_whitespace()).all(|part| part.chars().count() <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_authors_are_told_apart() {
        let check = |elements: &[&str], expect: &[&str]| {
            let elements: Vec<String> = elements.iter().map(|element| (*element).to_owned()).collect();
            assert_eq!(list(&elements), expect, "{elements:?}");
        };
        check(&["Jane Doe"], &["Jane Doe"]);
        check(&["Jane Doe, John Roe and Ann Lee"], &["Jane Doe", "John Roe", "Ann Lee"]);
        check(&["Jane Doe, John Roe"], &["Jane Doe", "John Roe"]);
        check(&["Doe, Jane"], &["Jane Doe"]);
        check(&["Doe, J., Roe, R. A."], &["J. Doe", "R. A. Roe"]);
        check(&["Doe, Jane; Roe, Richard"], &["Jane Doe", "Richard Roe"]);
        check(&["Doe, Jane", "Roe, Richard"], &["Jane Doe", "Richard Roe"]);
        check(&["jane@example.org (Jane Doe)"], &["Jane Doe"]);
        check(&["news@example.org"], &[]);
        check(&[], &[]);
    }
}
