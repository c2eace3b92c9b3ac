//! No bytes make the readers of arXiv's feeds, query answers and OAI-PMH records fail, and what they read is clean. The first byte
//! chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

const FORMATS: [Format; 3] = [Format::ArxivAnnouncement, Format::ArxivQuery, Format::ArxivOai];

fuzz_target!(|input: &[u8]| answer::check(&FORMATS, input));
