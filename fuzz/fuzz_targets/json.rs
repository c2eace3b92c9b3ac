//! No bytes make the readers of answers in JSON: lists of papers, bioRxiv, OpenAlex, Crossref fail, and what they read is clean. The first byte
//! chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paperlark::source::answer::Format;

mod answer;

const FORMATS: [Format; 4] = [Format::List, Format::Biorxiv, Format::Openalex, Format::Crossref];

fuzz_target!(|input: &[u8]| answer::check(&FORMATS, input));
