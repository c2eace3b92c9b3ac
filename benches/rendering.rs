//! What a morning's mails have in common is printed once: a digest of twenty papers whose cards were printed before,
//! against one that prints all its cards, with and without what the cards of a paper have in common. All in one run; only the
//! ratios count.
//!
//!     cargo bench --bench rendering

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate};
use paperlark::mail::model::{Card, DigestMail, Mail, Section, Span, Unsubscribe};
use paperlark::mail::render::Renderer;
use paperlark::mail::{Common, PrintedCard, sample};

const PAPERS: usize = 20;
const ROUNDS: u32 = 2_000;

fn card(number: usize) -> Card {
    let page = |path: &str| Some(format!("https://papers.example.org/{path}/9901.{number:05}"));
    Card {
        title: vec![Span::plain("Slow rivers and "), Span::marked("graph networks"), Span::plain(format!(": a study in {number} parts"))],
        page_url: format!("https://arxiv.org/abs/9901.{number:05}"),
        pdf_url: page("pdf"),
        code_url: page("code"),
        site_url: page("papers"),
        authors: ["Ana Sousa", "Bo Nakata", "Cem Aydın", "Dora Lindqvist", "Eve Okafor"].map(str::to_owned).into(),
        categories: vec!["cs.LG".to_owned(), "stat.ML".to_owned()],
        upvotes: Some(12),
        excerpt: vec![
            Span::plain("Rivers that move slowly keep what they carry. ".repeat(4)),
            Span::marked("graph networks"),
            Span::plain(" find where; we say how far one can trust them, and when not to. ".repeat(3)),
        ],
        ..Card::default()
    }
}

fn digest<C>(papers: Vec<C>) -> Mail<C> {
    let link = |path: &str| format!("https://papers.example.org/{path}/0123456789abcdef0123456789abcdef");
    Mail::Digest(DigestMail {
        day: NaiveDate::from_ymd_opt(2026, 8, 7).expect("there is such a day"),
        since: None,
        note: None,
        sections: vec![Section {
            filter_name: Some("graph networks".to_owned()),
            query: None,
            why: "New papers that match your filter".to_owned(),
            papers,
            more: 3,
        }],
        preferences_url: link("preferences"),
        web_url: link("digests"),
        unsubscribe: Unsubscribe { url: link("unsubscribe"), address: None },
    })
}

fn pace(mut work: impl FnMut() -> usize) -> Duration {
    let round = |work: &mut dyn FnMut() -> usize, count: u32| {
        let start = Instant::now();
        (0..count).for_each(|_| {
            black_box(work());
        });
        start.elapsed() / count
    };
    round(&mut work, ROUNDS / 10);
    let mut paces: Vec<Duration> = (0..5).map(|_| round(&mut work, ROUNDS / 5)).collect();
    paces.sort_unstable();
    paces[paces.len() / 2]
}

fn main() {
    let renderer = Renderer::new(None).expect("the templates are sound");
    let (site, mut envelope) = (sample::site(), sample::envelope());
    envelope.date = DateTime::from_timestamp(1_786_000_000, 0).expect("it is a moment");
    let cards: Vec<Card> = (0..PAPERS).map(card).collect();
    let commons: Vec<Common> = cards.iter().map(|card| renderer.common(&site, card).expect("they print")).collect();
    let print = |(card, common)| Arc::new(renderer.card(card, common).expect("the card prints"));
    let printed: Vec<Arc<PrintedCard>> = cards.iter().zip(&commons).map(print).collect();
    let size = renderer.render(&site, &envelope, &digest(printed.clone())).expect("the digest renders").bytes.len();
    let shared = pace(|| renderer.render(&site, &envelope, &digest(printed.clone())).expect("the digest renders").bytes.len());
    let known = pace(|| {
        let cards = cards.iter().zip(&commons).map(print).collect();
        renderer.render(&site, &envelope, &digest(cards)).expect("the digest renders").bytes.len()
    });
    let alone = pace(|| {
        let mail = renderer.printed(&site, digest(cards.clone())).expect("the cards print");
        renderer.render(&site, &envelope, &mail).expect("the digest renders").bytes.len()
    });
    println!("a digest of {PAPERS} papers, {} kB on the wire, costs", size / 1_000);
    println!("  its cards printed before   {shared:>10.1?}");
    let ratio = |pace: Duration| pace.as_secs_f64() / shared.as_secs_f64();
    println!("  its papers printed before  {known:>10.1?} {:>5.1} times as long", ratio(known));
    println!("  nothing printed before     {alone:>10.1?} {:>5.1} times as long", ratio(alone));
}
