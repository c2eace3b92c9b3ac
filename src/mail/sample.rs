//! Invented mails of each kind: the templates are tried on them at start, and an operator can look
//! at them before anybody else does.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::model::{
    Card, ConfirmationMail, DigestMail, Envelope, FilterLine, GoodbyeMail, Mail, Section, Site, Span, Unsubscribe, WelcomeMail,
};

/// A service.
pub fn site() -> Site {
    Site {
        name: "Paperlark".to_owned(),
        base_url: "https://papers.example.org".to_owned(),
        from_name: "Paperlark".to_owned(),
        from_address: "digest@papers.example.org".to_owned(),
        domain: "papers.example.org".to_owned(),
        postal_line: Some("Run by the Example Library, 1 Reading Lane, Exampleton · library@example.org".to_owned()),
    }
}

/// A reader in Berlin, on the morning of 8 August 2025.
pub fn envelope() -> Envelope {
    Envelope {
        to: "reader@example.net".to_owned(),
        id: Uuid::from_u128(0x0198_8a3c_5f00_7000_8000_0000_0000_0007),
        date: moment(),
        zone: chrono_tz::Europe::Berlin,
        bounce_address: "bounce+7f3a@bounces.papers.example.org".to_owned(),
        tags: Vec::new(),
    }
}

/// Each kind of mail with a name, the digest in its three moods.
pub fn mails() -> Vec<(&'static str, Mail)> {
    vec![
        ("confirmation", Mail::Confirmation(ConfirmationMail { confirm_url: page("confirm/Yk3v"), valid_hours: 48 })),
        ("welcome", Mail::Welcome(welcome())),
        ("digest", Mail::Digest(digest(vec![diffusion(), retrieval()]))),
        ("trending", Mail::Digest(digest(vec![trending()]))),
        ("quiet", Mail::Digest(digest(Vec::new()))),
        ("goodbye", Mail::Goodbye(GoodbyeMail { subscribe_url: page("") })),
    ]
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_754_629_200, 0).unwrap_or_default()
}

fn page(path: &str) -> String {
    format!("https://papers.example.org/{path}")
}

fn unsubscribe() -> Unsubscribe {
    Unsubscribe { url: page("unsubscribe/b2Fr"), address: Some("unsubscribe+b2Fr@papers.example.org".to_owned()) }
}

/// A welcome with two filters.
pub fn welcome() -> WelcomeMail {
    let filter = |name: &str, query: &str| FilterLine { name: name.to_owned(), query: query.to_owned() };
    WelcomeMail {
        first_digest_at: moment() + chrono::Duration::days(1),
        filters: vec![filter("diffusion", "diffusion"), filter("RAG", "\"retrieval augmented\" OR rag")],
        preferences_url: page("preferences/cGVu"),
        unsubscribe: unsubscribe(),
    }
}

/// A digest of 7 August 2025 with these papers.
pub fn digest<C>(sections: Vec<Section<C>>) -> DigestMail<C> {
    DigestMail {
        day: NaiveDate::from_ymd_opt(2025, 8, 7).unwrap_or_default(),
        since: None,
        note: None,
        sections,
        preferences_url: page("preferences/cGVu"),
        web_url: page("digests/bGFyaw"),
        unsubscribe: unsubscribe(),
    }
}

fn diffusion() -> Section {
    Section {
        filter_name: Some("diffusion".to_owned()),
        query: None,
        why: "New papers that match your filter".to_owned(),
        papers: vec![
            Card {
                matched: vec!["diffusion".to_owned(), "denoising".to_owned()],
                also: vec!["RAG".to_owned()],
                upvotes: Some(42),
                organization: Some("Example Institute".to_owned()),
                code_url: Some("https://code.example/tidepool".to_owned()),
                project_url: Some("https://tidepool.example/".to_owned()),
                summary: Some("A small model learns when to stop denoising, and loses nothing by it.".to_owned()),
                ..card(
                    "2508.00011",
                    "Tidepool: early stopping for *diffusion* models on small devices",
                    &["Mira Okafor", "Tomas Lindqvist", "Jia-Hui Wen", "Priya Raman", "Ana Sousa", "Leo Brandt"],
                    &["cs.CV", "cs.LG"],
                    "Most steps of a *diffusion* sampler change little that an eye could see. We train a gate of nine thousand weights that tells when the image is done, and show on four phones that it halves the energy of each picture while raters cannot tell the results apart …",
                )
            },
            card(
                "2508.00023",
                "Why *diffusing* twice helps: a note on restart sampling",
                &["Ingrid Solheim", "Bo Nakata"],
                &["stat.ML"],
                "Restarting a sampler half-way is known to repair its mistakes. This note gives a short proof for mixtures of Gaussians and a schedule that follows from it; with it, *diffusion* needs a third fewer evaluations for the same error.",
            ),
        ],
        more: 2,
    }
}

fn retrieval() -> Section {
    Section {
        filter_name: Some("RAG".to_owned()),
        query: Some("\"retrieval augmented\" OR rag".to_owned()),
        why: "New papers that match your filter".to_owned(),
        papers: vec![Card {
            upvotes: Some(7),
            ..card(
                "2508.00102",
                "Footnotes first: citing before answering in *retrieval augmented* generation",
                &["Samir Haddad", "Ewa Nowicka", "Kofi Mensah", "Lucía Prieto"],
                &["cs.CL", "cs.IR", "cs.AI"],
                "Asking a model to pick its sources before it writes makes *RAG* answers shorter and easier to check. On three collections of public records the share of claims that readers could verify rises from 61 to 84 percent.",
            )
        }],
        more: 0,
    }
}

fn trending() -> Section {
    let card = |id, title, votes| Card { upvotes: Some(votes), ..card(id, title, &["Noor Aziz", "Finn Keller"], &["cs.AI"], "") };
    Section {
        filter_name: None,
        query: None,
        why: "What readers voted for most on this day".to_owned(),
        papers: vec![
            card("2508.00301", "Slow maps: long-horizon planning from a single walk", 128),
            card("2508.00317", "Letters to a compiler: teaching models to ask before they guess", 96),
        ],
        more: 10,
    }
}

fn card(id: &str, title: &str, authors: &[&str], categories: &[&str], excerpt: &str) -> Card {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Card {
        title: spans(title),
        page_url: format!("https://arxiv.org/abs/{id}"),
        pdf_url: Some(format!("https://arxiv.org/pdf/{id}")),
        site_url: Some(page(&format!("papers/{id}"))),
        authors: owned(authors),
        categories: owned(categories),
        excerpt: spans(excerpt),
        ..Card::default()
    }
}

/// Every second piece between asterisks is marked.
fn spans(text: &str) -> Vec<Span> {
    text.split('*').enumerate().map(|(index, piece)| Span { text: piece.to_owned(), marked: index % 2 == 1 }).collect()
}
