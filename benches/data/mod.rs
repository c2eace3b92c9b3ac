//! Real papers and filters, where they lie beside the repository.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// The folder they lie in, if there is one: `../shared/data`, or TEST_DATA.
pub fn folder() -> Option<PathBuf> {
    let folder =
        std::env::var_os("TEST_DATA").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    folder.join("papers-arxiv-cs.jsonl.gz").is_file().then_some(folder)
}

/// The lines of the file `name` in `folder`.
pub fn lines(folder: &Path, name: &str) -> impl Iterator<Item = String> + use<> {
    let file = File::open(folder.join(name)).expect("the file is there");
    BufReader::new(MultiGzDecoder::new(file)).lines().map(|line| line.expect("the file is text"))
}
