//! Cleaning a text never fails, ends, and done twice is the same as done once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::text;

fuzz_target!(|input: &str| {
    let plain = text::tex_to_unicode(input);
    for clean in [text::one_line(&plain), text::paragraph(&plain), text::one_line(input), text::paragraph(input)] {
        assert_eq!(text::one_line(&clean), clean);
        assert!(!clean.contains(char::is_control));
        for max in [0, 1, 10, 200] {
            assert!(text::cut(&clean, max).chars().count() <= max);
        }
    }
});
