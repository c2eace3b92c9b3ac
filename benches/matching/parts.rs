//! The parts of matching by themselves.

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use paperlark::filter::words::each_word;
use paperlark::filter::{Field, Filter};
use paperlark::matching::{Catalogue, DayIndex, highlights};

use crate::workload::Material;

static MATERIAL: LazyLock<Material> = LazyLock::new(Material::load);
static INDEX: LazyLock<DayIndex> = LazyLock::new(|| DayIndex::build_on(1, &MATERIAL.papers[..300]));

pub fn measure() {
    divan::Divan::default().run_benches();
}

/// The words of one abstract.
#[divan::bench]
fn words(bencher: Bencher) {
    let text = &MATERIAL.papers[0].abstract_text;
    bencher.bench(|| {
        let mut count = 0;
        each_word(black_box(text), |_| count += 1);
        count
    });
}

#[divan::bench(args = [300, 3_000], sample_count = 10)]
fn indexing(bencher: Bencher, papers: usize) {
    bencher.bench(|| DayIndex::build_on(1, &MATERIAL.papers[..papers]));
}

/// One filter by itself, as for a preview.
#[divan::bench(args = ["diffusion", "\"language model\"", "transform*", "\"graph network\"~3", "model NEAR/3 language", "realtosim"])]
fn matching(bencher: Bencher, filter: &str) {
    let filter = Filter::parse(filter).expect("the filter is well formed");
    bencher.bench(|| INDEX.matches(black_box(&filter)));
}

#[divan::bench]
fn ranking(bencher: Bencher) {
    let filter = Filter::parse("learning OR language OR \"language model\"").expect("the filter is well formed");
    bencher.bench(|| INDEX.try_out(black_box(&filter)).found);
}

/// A filter whose atoms were met before.
#[divan::bench]
fn matching_again(bencher: Bencher) {
    let catalogue = Catalogue::default();
    let filter = catalogue.compile("diffusion OR \"flow matching\" OR \"world model\"").expect("the filter is well formed");
    let mut matcher = INDEX.matcher(&catalogue);
    bencher.bench_local(|| matcher.matches(black_box(&filter)).len());
}

#[divan::bench(args = ["\"flow matching\" OR diffusion", "(a OR \"b c\") AND title:d* NOT \"e f\"~3"])]
fn parsing(bencher: Bencher, filter: &str) {
    bencher.bench(|| Filter::parse(black_box(filter)));
}

/// A filter text whose parts were read before.
#[divan::bench]
fn compiling_again(bencher: Bencher) {
    let catalogue = Catalogue::default();
    bencher.bench_local(|| catalogue.compile(black_box("diffusion OR \"flow matching\" OR \"world model\"")));
}

#[divan::bench]
fn marking(bencher: Bencher) {
    let filter = Filter::parse("models OR \"language model\" OR data").expect("the filter is well formed");
    bencher.bench(|| highlights(&[&filter], Field::Abstract, black_box(&MATERIAL.papers[0].abstract_text)));
}
