//! A text is a filter or is refused with a place in it; a filter's canonical form is the same filter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::filter::Filter;

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            let printed = filter.to_string();
            assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
        }
        Err(error) => {
            assert!(error.line() >= 1 && error.column() >= 1);
            assert!(error.caret(text).ends_with('^'));
            assert!(!error.to_string().is_empty());
        }
    }
});
