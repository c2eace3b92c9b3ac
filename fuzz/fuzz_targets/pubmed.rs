//! No bytes make the readers of PubMed's searches and articles fail, and what they read is clean. The first byte
//! chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

const FORMATS: [Format; 2] = [Format::PubmedSearch, Format::PubmedArticles];

fuzz_target!(|input: &[u8]| answer::check(&FORMATS, input));
