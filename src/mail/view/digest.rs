//! The view of a digest, and how many of its papers it shows.

use std::sync::Arc;

use serde::Serialize;

use super::{Frame, MAX_NAME_CHARS, MAX_QUERY_CHARS, MAX_SENTENCE_CHARS, Page, frame, own_url, site_name, subscribed};
use crate::mail::model::{Card, DigestMail, Section, Site, Span};
use crate::mail::printed::{PrintedCard, placeholder};
use crate::mail::render::RenderError;
use crate::mail::text::{clean, clean_spans, count, enumerate, web_url};

/// Longest title of a paper, in characters: few are longer than 200.
const MAX_TITLE_CHARS: usize = 300;
/// Longest excerpt of an abstract, in characters: about five lines.
const MAX_EXCERPT_CHARS: usize = 480;
/// Authors named where there are more than one above that.
const AUTHORS_NAMED: usize = 3;
/// Chips of categories.
const MAX_CATEGORIES: usize = 5;
/// Other filters named as "also matches".
const MAX_ALSO: usize = 4;
/// Matched words and facts that are named.
const MAX_MATCHED: usize = 6;
/// Longest category, in characters.
const MAX_CATEGORY_CHARS: usize = 30;
/// Filters counted one by one in the first sentence.
const FILTERS_IN_LEAD: usize = 3;

/// Titles in the preheader, more than any list of mails has room for.
const TITLES_IN_PREHEADER: usize = 3;

#[derive(Debug, Serialize)]
pub struct Digest {
    date: String,
    lead: String,
    quiet: bool,
    sections: Vec<SectionView>,
    /// What is in sections that found no room.
    more: Option<String>,
}

#[derive(Debug, Serialize)]
struct SectionView {
    heading: String,
    why: String,
    query: Option<String>,
    papers: Vec<Slot>,
    more: Option<String>,
}

/// The place of a card.
#[derive(Debug, Serialize)]
struct Slot {
    /// Counted through the mail, from 1.
    number: usize,
    card: String,
}

/// What the cards of one paper have in common.
#[derive(Debug, Serialize)]
pub struct Common {
    byline: Option<String>,
    chips: Vec<String>,
    upvotes: Option<u32>,
    summary: Option<String>,
    links: Vec<Link>,
}

/// What a card prints beside what it has in common with others: nothing in it is a reader's own but the names of their filters.
#[derive(Debug, Serialize)]
pub struct Paper {
    title: Vec<Span>,
    link: Option<String>,
    excerpt: Vec<Span>,
    matched: Option<String>,
    also: Option<String>,
}

#[derive(Debug, Serialize)]
struct Link {
    label: String,
    url: String,
}

/// The digest with the `shown` best papers, taken from the sections in turn, and their cards in the order of their
/// placeholders.
pub fn digest(
    site: &Site,
    subject: String,
    mail: &DigestMail<Arc<PrintedCard>>,
    shown: usize,
) -> Result<(Page<Digest>, Vec<Arc<PrintedCard>>), RenderError> {
    let lead = lead(mail);
    let preheader = preheader(mail).unwrap_or_else(|| lead.clone());
    let lengths: Vec<usize> = mail.sections.iter().map(|section| section.papers.len()).collect();
    let (mut sections, mut cards, mut hidden) = (Vec::new(), Vec::new(), 0_usize);
    for (section, shown) in mail.sections.iter().zip(share(&lengths, shown)) {
        if shown == 0 {
            hidden = hidden.saturating_add(section.paper_count());
            continue;
        }
        let slots = (cards.len()..cards.len() + shown).map(|place| Slot { number: place + 1, card: placeholder(place) });
        sections.push(section_view(section, slots.collect()));
        cards.extend(section.papers[..shown].iter().cloned());
    }
    let view = Digest {
        date: days(mail),
        lead,
        quiet: mail.paper_count() == 0,
        sections,
        more: (hidden > 0).then(|| format!("and {}", count(hidden, "more paper"))),
    };
    let frame = Frame {
        preferences_url: Some(own_url("preferences_url", &mail.preferences_url)?),
        unsubscribe_url: Some(own_url("unsubscribe.url", &mail.unsubscribe.url)?),
        web_url: Some(own_url("web_url", &mail.web_url)?),
        ..frame(site, subject, preheader, subscribed(site))?
    };
    Ok((Page { frame, mail: view }, cards))
}

/// How many papers each section shows of `total`: one each in turn, so that no filter is crowded out.
fn share(lengths: &[usize], total: usize) -> Vec<usize> {
    let mut shown = vec![0; lengths.len()];
    let mut left = total.min(lengths.iter().sum());
    while left > 0 {
        for (shown, length) in shown.iter_mut().zip(lengths) {
            if *shown < *length && left > 0 {
                *shown += 1;
                left -= 1;
            }
        }
    }
    shown
}

fn section_view<C>(section: &Section<C>, papers: Vec<Slot>) -> SectionView {
    let name = section.display_name(MAX_NAME_CHARS);
    let query = section.query.as_deref().map(|query| clean(query, MAX_QUERY_CHARS));
    let hidden = section.paper_count().saturating_sub(papers.len());
    SectionView {
        query: query.filter(|query| !query.is_empty() && name.as_ref() != Some(query)),
        more: (hidden > 0).then(|| match &name {
            Some(name) => format!("and {} for “{name}”", count(hidden, "more paper")),
            None => format!("and {}", count(hidden, "more trending paper")),
        }),
        heading: name.unwrap_or_else(|| "Trending papers".to_owned()),
        why: clean(&section.why, MAX_SENTENCE_CHARS),
        papers,
    }
}

/// The view of what the cards of a paper have in common.
pub fn common(site: &Site, card: &Card) -> Common {
    let labelled = |label: &str, url: Option<&str>| url.and_then(web_url).map(|url| Link { label: label.to_owned(), url });
    let links = [
        labelled("Abstract", Some(&card.page_url)),
        labelled("PDF", card.pdf_url.as_deref()),
        labelled("Code", card.code_url.as_deref()),
        labelled("Project", card.project_url.as_deref()),
        labelled(&format!("On {}", site_name(site)), card.site_url.as_deref()),
    ];
    Common {
        byline: byline(card),
        chips: names(&card.categories, MAX_CATEGORIES, MAX_CATEGORY_CHARS),
        upvotes: card.upvotes.filter(|upvotes| *upvotes > 0),
        summary: card.summary.as_deref().map(|summary| clean(summary, MAX_SENTENCE_CHARS)).filter(|summary| !summary.is_empty()),
        links: links.into_iter().flatten().collect(),
    }
}

/// The view of one card.
pub fn paper(card: &Card) -> Paper {
    let title = Some(clean_spans(&card.title, MAX_TITLE_CHARS)).filter(|title| !title.is_empty());
    Paper {
        title: title.unwrap_or_else(|| vec![Span::plain("Untitled")]),
        link: web_url(&card.page_url).or_else(|| card.site_url.as_deref().and_then(web_url)),
        excerpt: clean_spans(&card.excerpt, MAX_EXCERPT_CHARS),
        matched: matched(&card.matched),
        also: also(&card.also),
    }
}

/// "Ada Lovelace, Alan Turing, Emmy Noether and 12 more · Example Lab".
fn byline(card: &Card) -> Option<String> {
    let few = card.authors.len() <= AUTHORS_NAMED + 1;
    let named = names(&card.authors, if few { card.authors.len() } else { AUTHORS_NAMED }, MAX_NAME_CHARS);
    let rest = if few { 0 } else { card.authors.len() - AUTHORS_NAMED };
    let authors = enumerate(&named, rest);
    let organization = card.organization.as_deref().map(|name| clean(name, MAX_NAME_CHARS)).unwrap_or_default();
    let parts: Vec<String> = [authors, organization].into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn also(filters: &[String]) -> Option<String> {
    let named: Vec<String> = names(filters, MAX_ALSO, MAX_NAME_CHARS).iter().map(|name| format!("“{name}”")).collect();
    (!named.is_empty()).then(|| format!("Also matches {}", enumerate(&named, filters.len().saturating_sub(MAX_ALSO))))
}

/// What of the paper matched: why it is here.
fn matched(reasons: &[String]) -> Option<String> {
    let named = names(reasons, MAX_MATCHED, MAX_NAME_CHARS);
    (!named.is_empty()).then(|| format!("Matched: {}", named.join(", ")))
}

fn names(names: &[String], most: usize, max_chars: usize) -> Vec<String> {
    names.iter().take(most).map(|name| clean(name, max_chars)).filter(|name| !name.is_empty()).collect()
}

/// "Thursday, 7 August 2025", or "5 August to 7 August 2025" for several days.
fn days<C>(mail: &DigestMail<C>) -> String {
    match mail.first_of_several_days() {
        Some(since) => format!("{} to {}", since.format("%-d %B"), mail.day.format("%-d %B %Y")),
        None => mail.day.format("%A, %-d %B %Y").to_string(),
    }
}

/// "7 papers for you today: 4 for “diffusion” and 3 for “agents”."
fn lead<C>(mail: &DigestMail<C>) -> String {
    let when = if mail.first_of_several_days().is_some() { "since your last digest" } else { "today" };
    let total = mail.paper_count();
    let note = mail.note.as_deref().map(|note| format!(" {}", clean(note, MAX_SENTENCE_CHARS))).unwrap_or_default();
    let filled: Vec<&Section<C>> = mail.sections.iter().filter(|section| section.paper_count() > 0).collect();
    let found = match filled.as_slice() {
        [] => format!("No new papers for you {when}."),
        [only] => match only.display_name(MAX_NAME_CHARS) {
            Some(name) => format!("{} for “{name}” {when}.", count(total, "paper")),
            None => format!("{} {when}.", count(total, "trending paper")),
        },
        several => format!("{} for you {when}: {}.", count(total, "paper"), parts(several)),
    };
    found + &note
}

/// "4 for “diffusion”, 3 for “agents” and 9 for 5 other filters".
fn parts<C>(sections: &[&Section<C>]) -> String {
    let (counted, others) = sections.split_at(if sections.len() > FILTERS_IN_LEAD + 1 { FILTERS_IN_LEAD } else { sections.len() });
    let part = |section: &&Section<C>| match section.display_name(MAX_NAME_CHARS) {
        Some(name) => format!("{} for “{name}”", section.paper_count()),
        None => format!("{} trending", section.paper_count()),
    };
    let mut parts: Vec<String> = counted.iter().map(part).collect();
    if !others.is_empty() {
        let rest = others.iter().fold(0_usize, |sum, section| sum.saturating_add(section.paper_count()));
        parts.push(format!("{rest} for {} other filters", others.len()));
    }
    enumerate(&parts, 0)
}

/// The first titles, for the line mail programs show after the subject.
fn preheader(mail: &DigestMail<Arc<PrintedCard>>) -> Option<String> {
    let firsts = mail.sections.iter().filter_map(|section| section.papers.first()?.plain_title(MAX_NAME_CHARS));
    let titles: Vec<String> = firsts.take(TITLES_IN_PREHEADER).collect();
    (!titles.is_empty()).then(|| titles.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::sample;

    #[test]
    fn sections_take_turns_until_the_room_is_used_up() {
        let check = |lengths: &[usize], total, expect: &[usize]| assert_eq!(share(lengths, total), expect, "{lengths:?}, {total}");
        check(&[5, 5], 4, &[2, 2]);
        check(&[1, 9], 6, &[1, 5]);
        check(&[3, 0, 3], 2, &[1, 0, 1]);
        check(&[3, 3, 3], 2, &[1, 1, 0]);
        check(&[2, 2], 99, &[2, 2]);
        check(&[], 3, &[]);
    }

    #[test]
    fn the_first_sentence_counts_the_papers_by_filter() {
        let check = |names: &[&str], expect: &str| {
            let section = |name: &&str| Section {
                filter_name: (!name.is_empty()).then(|| (*name).to_owned()),
                query: None,
                why: String::new(),
                papers: vec![Card::default()],
                more: 1,
            };
            assert_eq!(lead(&sample::digest(names.iter().map(section).collect())), expect);
        };
        check(&[], "No new papers for you today.");
        check(&[""], "2 trending papers today.");
        check(&["RAG"], "2 papers for “RAG” today.");
        check(&["RAG", ""], "4 papers for you today: 2 for “RAG” and 2 trending.");
        check(&["a", "b", "c", "d"], "8 papers for you today: 2 for “a”, 2 for “b”, 2 for “c” and 2 for “d”.");
        let quiet = DigestMail { note: Some("arXiv had not published by 07:00.".to_owned()), ..sample::digest::<Card>(vec![]) };
        assert_eq!(lead(&quiet), "No new papers for you today. arXiv had not published by 07:00.");
        check(&["a", "b", "c", "d", "e"], "10 papers for you today: 2 for “a”, 2 for “b”, 2 for “c” and 4 for 2 other filters.");
    }

    #[test]
    fn a_byline_names_the_first_authors() {
        let check = |authors: &[&str], organization: Option<&str>, expect: Option<&str>| {
            let authors = authors.iter().map(|&author| author.to_owned()).collect();
            let card = Card { authors, organization: organization.map(str::to_owned), ..Card::default() };
            assert_eq!(byline(&card).as_deref(), expect);
        };
        check(&[], None, None);
        check(&[], Some("Lab"), Some("Lab"));
        check(&["A"], None, Some("A"));
        check(&["A", "B", "C", "D"], None, Some("A, B, C and D"));
        check(&["A", "B", "C", "D", "E"], Some("Lab"), Some("A, B, C and 2 more · Lab"));
        check(&["\0", "B"], None, Some("B"));
    }
}
