//! The subject: what is inside, in one line that is worth reading in a list of mails.

use std::sync::Arc;

use super::model::{DigestMail, Mail, Site};
use super::printed::PrintedCard;
use super::text::{clean, count, enumerate};
use super::view::local_time;

/// Longest subject, in characters: what a wide list of mails shows.
const MAX_SUBJECT_CHARS: usize = 110;
/// Longest filter name within a subject.
const MAX_NAME_CHARS: usize = 30;
/// Longest paper title within a subject.
const MAX_TITLE_CHARS: usize = 70;
/// How many filters a subject names.
const MAX_NAMES: usize = 2;

/// The subject of `mail`, clean and at most `MAX_SUBJECT_CHARS` long, not yet encoded.
pub fn subject(site: &Site, zone: chrono_tz::Tz, mail: &Mail<Arc<PrintedCard>>) -> String {
    let subject = match mail {
        Mail::Confirmation(_) => format!("Please confirm your subscription to {}", site.name),
        Mail::Welcome(mail) => {
            format!("Welcome to {}: your first digest comes {}", site.name, local_time(mail.first_digest_at, zone, "%a %-d %b at %H:%M"))
        }
        Mail::Digest(mail) => digest_subject(mail),
        Mail::Goodbye(_) => format!("You will get no more mail from {}", site.name),
    };
    header_text(&subject, MAX_SUBJECT_CHARS)
}

/// `text` for a header. Plain ASCII would pass unencoded, and with it an "encoded word" somebody
/// typed, which mail programs decode (RFC 2047, section 5): so that sign is broken up.
pub fn header_text(text: &str, max_chars: usize) -> String {
    clean(text, max_chars).replace("=?", "= ?")
}

fn digest_subject(mail: &DigestMail<Arc<PrintedCard>>) -> String {
    let days = short_days(mail);
    let total = mail.paper_count();
    if total == 0 {
        return format!("No new papers for you · {days}");
    }
    let filled = || mail.sections.iter().filter(|section| section.paper_count() > 0);
    let names: Vec<String> = filled().filter_map(|section| section.display_name(MAX_NAME_CHARS)).collect();
    if !names.is_empty() {
        let (named, others) = names.split_at(names.len().min(MAX_NAMES));
        return format!("{} on {} · {days}", count(total, "paper"), enumerate(named, others.len()));
    }
    match filled().find_map(|section| section.papers.first()?.plain_title(MAX_TITLE_CHARS)) {
        Some(title) => enumerate(&[title], total - 1),
        None => format!("{} · {days}", count(total, "trending paper")),
    }
}

/// "Thu 7 Aug", or "5 Aug – 7 Aug" for several days.
fn short_days<C>(mail: &DigestMail<C>) -> String {
    match mail.first_of_several_days() {
        Some(since) => format!("{} – {}", since.format("%-d %b"), mail.day.format("%-d %b")),
        None => mail.day.format("%a %-d %b").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Section;
    use super::super::sample;
    use super::*;

    fn section(name: Option<&str>, titles: &[&str], more: usize) -> Section<Arc<PrintedCard>> {
        let card = |title: &&str| Arc::new(PrintedCard { title: (*title).to_owned(), ..PrintedCard::default() });
        Section { filter_name: name.map(str::to_owned), query: None, why: String::new(), papers: titles.iter().map(card).collect(), more }
    }

    #[test]
    fn a_digest_says_what_is_inside() {
        let check = |sections: Vec<Section<Arc<PrintedCard>>>, expect: &str| {
            let mail = Mail::Digest(sample::digest(sections));
            assert_eq!(subject(&sample::site(), chrono_tz::UTC, &mail), expect);
        };
        let named = |name, more| section(Some(name), &["T"], more);
        check(vec![], "No new papers for you · Thu 7 Aug");
        check(vec![section(Some("empty"), &[], 0)], "No new papers for you · Thu 7 Aug");
        check(vec![named("diffusion", 0)], "1 paper on diffusion · Thu 7 Aug");
        check(vec![named("diffusion", 2), named("RAG", 0)], "4 papers on diffusion and RAG · Thu 7 Aug");
        check(vec![named("a", 0), named("b", 0), named("c", 0), named("d", 0)], "4 papers on a, b and 2 more · Thu 7 Aug");
        check(vec![named("a", 0), section(None, &["T"], 0)], "2 papers on a · Thu 7 Aug");
        check(vec![named("\u{202e}\r\n", 0)], "1 paper on your filter · Thu 7 Aug");
        check(vec![section(None, &["Slow maps"], 11)], "Slow maps and 11 more");
        check(vec![section(None, &["Slow maps"], 0)], "Slow maps");
        check(vec![section(None, &["\0"], 1)], "2 trending papers · Thu 7 Aug");
        check(vec![section(None, &["=?utf-8?q?=E2=80=AE?= of\r\nBcc: x@y"], 0)], "= ?utf-8?q?=E2=80=AE?= of Bcc: x@y");
        check(vec![section(None, &[&"long ".repeat(99)], 3)], &format!("{}long… and 3 more", "long ".repeat(13)));
    }
}
