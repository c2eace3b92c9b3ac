//! No bytes make the readers of RSS, Atom and JSON Feed fail, and what they read is clean. The first byte
//! chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

const FORMATS: [Format; 1] = [Format::Feed];

fuzz_target!(|input: &[u8]| answer::check(&FORMATS, input));
