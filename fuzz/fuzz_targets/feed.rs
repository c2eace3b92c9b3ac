//! No bytes make the reader of RSS, Atom and JSON Feed fail, and what it reads is clean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

fuzz_target!(|body: &[u8]| answer::check(Format::Feed, body));
