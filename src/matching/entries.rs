//! Lists of keywords, translated without parsing: what most readers write.

use memchr::memchr3;

use crate::filter::is_mere_word;

/// Longer lists are parsed: shorter ones hold too little to be out of the bounds for a whole filter.
const MAX_BYTES: usize = 1_000;
const SEPARATORS: [char; 3] = [',', ';', '\n'];

/// The entries of `text`, if it is a list of ASCII letters, digits and hyphens. If [`means_its_words`] is true of each of them, the
/// list asks for any of them, and each for its words as if they stood in quotes.
pub(super) fn entries(text: &str) -> Option<impl Iterator<Item = &str>> {
    let entries = || text.split(SEPARATORS).map(|entry| entry.trim_matches(' ')).filter(|entry| !entry.is_empty());
    (is_plain_list(text) && entries().next().is_some()).then(entries)
}

fn is_plain_list(text: &str) -> bool {
    // A line that ends the text separates nothing.
    if memchr3(b',', b';', b'\n', text.trim_matches([' ', '\n']).as_bytes()).is_none() {
        return false;
    }
    let has_lines = text.contains('\n');
    let mut before = b'\n';
    let is_plain = |byte: u8| {
        // `2,4-D` is no list, and lines may be numbered.
        let is_number = byte.is_ascii_digit() && (before == b',' || has_lines && matches!(before, b' ' | b'\n'));
        before = byte;
        !is_number && (byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b',' | b';' | b'\n'))
    };
    text.len() <= MAX_BYTES && text.bytes().all(is_plain)
}

/// Whether an entry holds words and no sign or operator.
pub(super) fn means_its_words(entry: &str) -> bool {
    let runs = || entry.split(' ').filter(|run| !run.is_empty());
    // Numbers without a word may be references to lines.
    let is_word = |run: &str| run.bytes().any(|byte| byte.is_ascii_alphabetic()) && !matches!(run, "and" | "or" | "not");
    runs().any(is_word) && runs().all(|run| !run.starts_with('-') && is_mere_word(run))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filter::Filter;
    use crate::matching::Catalogue;
    use crate::matching::program::takes;

    #[test]
    fn only_plain_lists_are_taken_apart() {
        let check = |text: &str, expect: &[&str]| {
            let found: Option<Vec<&str>> = entries(text).map(Iterator::collect);
            assert_eq!(found.filter(|all| all.iter().all(|entry| means_its_words(entry))).unwrap_or_default(), expect, "{text}");
        };
        check("visual odometry, k-means;RAG ,\n ,cause and effect\n", &["visual odometry", "k-means", "RAG", "cause and effect"]);
        check("a,", &["a"]);
        check("3d, gpt 4 or 5", &["3d", "gpt 4 or 5"]);
        for other in [
            "",
            ",",
            "a b",
            "a, b OR c",
            "a, -b",
            "a, 3",
            "a,3d",
            "a, \"b\"",
            "a, b*",
            "a, adj",
            "a, near3 b",
            "a, b.ti",
            "ä, b",
            "exp a, b",
        ] {
            check(other, &[]);
        }
    }

    proptest! {
        #[test]
        fn the_entries_mean_what_the_list_means(text in r"[,; \n]{0,2}(([a-cA-C]{1,2}(-[a-c1]?)?|and|or|OR|not|exp|adj[0-9]?|near|limit|to|remove|[0-9]|[0-9][a-d](-[a-d])?)[ ,;\n]{0,2}){1,6}") {
            let catalogue = Catalogue::default();
            let parsed = Filter::parse(&text);
            for _ in ["new", "known"] {
                match (&parsed, catalogue.compile(&text)) {
                    (Err(error), compiled) => prop_assert_eq!(compiled.err(), Some(error.clone())),
                    (Ok(filter), Ok(compiled)) => {
                        let whole = catalogue.add(filter);
                        prop_assume!(catalogue.len() <= 10);
                        (0..1 << catalogue.len()).try_for_each(|atoms| {
                            prop_assert_eq!(takes(&compiled.steps, atoms), takes(&whole.steps, atoms), "{}", text);
                            Ok(())
                        })?;
                    }
                    (Ok(_), Err(error)) => prop_assert!(false, "{}: {}", text, error),
                }
            }
        }
    }
}
