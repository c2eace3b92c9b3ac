//! No bytes make the reader of bioRxiv's and medRxiv's answers fail, and what it reads is clean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

fuzz_target!(|body: &[u8]| answer::check(Format::Biorxiv, body));
