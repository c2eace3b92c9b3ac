//! No bytes make the reader of lists of papers, the hub's and plain ones fail, and what it reads is clean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

fuzz_target!(|body: &[u8]| answer::check(Format::List, body));
