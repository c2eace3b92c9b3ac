//! A text is a filter or is refused with a place in it; a filter's canonical form is the same filter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::filter::{Filter, Reading};

fuzz_target!(|text: &str| {
    match Filter::read(text) {
        Ok(Reading { filter, notes }) => {
            let printed = filter.to_string();
            assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
            assert!(filter.explain().to_string().starts_with("papers "));
            assert!(notes.iter().all(|note| !note.to_string().is_empty()));
        }
        Err(error) => {
            assert!(error.line() >= 1 && error.column() >= 1);
            assert!(error.caret(text).ends_with('^'));
            assert!(!error.to_string().is_empty());
        }
    }
});
