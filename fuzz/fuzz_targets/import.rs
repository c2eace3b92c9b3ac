//! A file of filters is read or refused; each filter in it is what it would be if it were typed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::filter::{Filter, Format, import_filters};

fuzz_target!(|text: &str| {
    for format in [Format::Json, Format::Yaml, Format::Text] {
        let Ok(imported) = import_filters(format, text) else { continue };
        assert!(!imported.is_empty());
        for filter in imported {
            assert!(!filter.named.name.is_empty());
            assert_eq!(Filter::parse(&filter.named.query), filter.reading.map(|reading| reading.filter));
        }
    }
});
