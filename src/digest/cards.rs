//! From a stored digest to what a mail or a page shows.

use std::cell::LazyCell;
use std::convert::Infallible;
use std::sync::Arc;

use chrono::TimeDelta;
use uuid::Uuid;

use super::memory::{CardKey, Cards, KnownPaper, Papers, Texts};
use super::{Content, Entry, StoredDigest, reasons};
use crate::address::EmailAddress;
use crate::filter::Filter;
use crate::mail::PrintedCard;
use crate::mail::model::{self, Card, DigestMail, Section, Span, Unsubscribe};
use crate::mail::render::{RenderError, Renderer};
use crate::matching::excerpt;
use crate::paper::Paper;
use crate::token::{Keys, Purpose};

/// What links are made of.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The address of the front page, with a slash at the end.
    pub base_url: &'a url::Url,
    /// What signs the links.
    pub keys: &'a Keys,
    /// What takes mails to unsubscribe, if anything does.
    pub unsubscribe_address: Option<&'a EmailAddress>,
}

impl Site<'_> {
    /// An address of our own pages; `path` without a slash in front.
    pub fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// Where a reader changes their mind.
    pub fn preferences_url(&self, subscriber_id: i64) -> String {
        self.link(&format!("preferences/{}", self.keys.sign(Purpose::Preferences, subscriber_id, &[])))
    }

    /// How a reader leaves.
    pub fn unsubscribe(&self, subscriber_id: i64) -> Unsubscribe {
        let token = self.keys.sign(Purpose::Unsubscribe, subscriber_id, &[]);
        let address = self.unsubscribe_address.and_then(|address| address.as_str().split_once('@'));
        Unsubscribe {
            address: address.map(|(local, domain)| format!("{local}+{token}@{domain}")),
            url: self.link(&format!("unsubscribe/{token}")),
        }
    }
}

/// The longest extract of an abstract in a mail, in characters: three to five lines.
const EXCERPT_CHARS: usize = 420;

/// The part of the link to a digest's web copy that names it.
pub fn digest_token(keys: &Keys, subscriber_id: i64, id: Uuid) -> String {
    keys.sign(Purpose::Digest, subscriber_id, id.as_bytes())
}

/// What prints digests.
#[derive(Debug, Clone, Copy)]
pub struct Printer<'a> {
    /// What links are made of.
    pub links: Site<'a>,
    /// The service as its mails show it.
    pub site: &'a model::Site,
    /// The templates.
    pub renderer: &'a Renderer,
    /// What was printed before.
    pub cards: &'a Cards,
}

impl Printer<'_> {
    /// The mail of a digest: of each section the papers that are to be shown.
    ///
    /// # Errors
    /// A card that the templates cannot print.
    pub fn digest_mail(
        &self,
        subscriber_id: i64,
        id: Uuid,
        digest: &StoredDigest,
        papers: &Papers,
    ) -> Result<DigestMail<Arc<PrintedCard>>, RenderError> {
        let links = self.links;
        let since = digest.since.filter(|since| digest.day - *since >= TimeDelta::days(2));
        Ok(DigestMail {
            day: digest.day,
            since,
            note: digest.content.note.clone(),
            sections: sections(&digest.content, false, |section| {
                let query: Option<Arc<str>> = section.query.as_deref().map(Arc::from);
                let filter = LazyCell::new(|| parse(section));
                shown(section, false)
                    .filter_map(|entry| Some((entry, papers.get(&entry.key())?)))
                    .map(|(entry, paper)| {
                        let also = entry.also.clone();
                        let key = CardKey { paper: entry.key(), upvotes: entry.upvotes, query: query.clone(), also };
                        self.cards.printed(key, || {
                            let card = entry_card(links, paper, entry, filter.as_ref());
                            let common = self.cards.common((entry.key(), card.upvotes), || self.renderer.common(self.site, &card))?;
                            self.renderer.card(&card, &common)
                        })
                    })
                    .collect()
            })?,
            preferences_url: links.preferences_url(subscriber_id),
            web_url: links.link(&format!("digests/{}", digest_token(links.keys, subscriber_id, id))),
            unsubscribe: links.unsubscribe(subscriber_id),
        })
    }
}

/// A digest's sections with all their papers, each as `print` makes it: from the paper, its place in the digest and the
/// filter that found it.
pub fn digest_sections<C>(
    content: &Content,
    papers: &Papers,
    mut print: impl FnMut(&KnownPaper, &Entry, Option<&Filter>) -> C,
) -> Vec<Section<C>> {
    let whole = sections(content, true, |section| {
        let filter = parse(section);
        let known = shown(section, true).filter_map(|entry| Some((entry, papers.get(&entry.key())?)));
        Ok::<_, Infallible>(known.map(|(entry, paper)| print(paper, entry, filter.as_ref())).collect())
    });
    whole.unwrap_or_else(|never| match never {})
}

/// The entries that the mail shows, or all of them.
fn shown(section: &super::Section, whole: bool) -> impl Iterator<Item = &Entry> {
    section.papers.iter().take(if whole { section.papers.len() } else { section.shown })
}

fn parse(section: &super::Section) -> Option<Filter> {
    section.query.as_deref().and_then(|query| Filter::parse(query).ok())
}

fn sections<C, E>(
    content: &Content,
    whole: bool,
    mut print: impl FnMut(&super::Section) -> Result<Vec<C>, E>,
) -> Result<Vec<Section<C>>, E> {
    let sections = content.sections.iter().map(|section| {
        Ok(Section {
            filter_name: section.name.clone(),
            query: section.query.clone().filter(|query| section.name.as_ref() != Some(query)),
            why: why(section.name.as_deref(), section.query.as_deref()),
            papers: print(section)?,
            more: section.more + section.papers.len() - shown(section, whole).count(),
        })
    });
    sections.collect()
}

fn why(name: Option<&str>, query: Option<&str>) -> String {
    match name {
        Some(_) if name == query => "New papers that match this filter of yours".to_owned(),
        Some(name) => format!("New papers that match your filter “{name}”"),
        None => "The day’s most upvoted papers, because you have no filters".to_owned(),
    }
}

/// A paper as it stands in a digest.
pub fn entry_card(site: Site<'_>, known: &KnownPaper, entry: &Entry, filter: Option<&Filter>) -> Card {
    let KnownPaper { paper, texts } = known;
    Card { also: entry.also.clone(), upvotes: entry.upvotes.or(paper.upvotes), ..card(site, paper, texts, filter) }
}

/// One paper, with the words marked that `filter` looked for; `texts` are its own.
pub fn card(site: Site<'_>, paper: &Paper, texts: &Texts, filter: Option<&Filter>) -> Card {
    let filters: Vec<&Filter> = filter.into_iter().collect();
    let in_title = texts.title(paper).marks(&filters);
    let abstract_text = texts.abstract_text(paper);
    let in_abstract = abstract_text.marks(&filters);
    let extract = excerpt(&paper.abstract_text, abstract_text.words(), &in_abstract, EXCERPT_CHARS);
    Card {
        title: spans(&paper.title, &in_title),
        page_url: paper.id.page_url(),
        pdf_url: paper.id.pdf_url(),
        code_url: paper.code_url.clone(),
        project_url: paper.project_url.clone(),
        site_url: Some(site.link(&format!("papers/{}", paper.id.slug()))),
        authors: paper.authors.clone(),
        categories: paper.categories.clone(),
        upvotes: paper.upvotes,
        organization: paper.organization.clone(),
        summary: None,
        excerpt: spans(&extract.text, &extract.marks),
        matched: filter.map(|filter| reasons(filter, paper, &in_title, &in_abstract)).unwrap_or_default(),
        also: Vec::new(),
    }
}

/// `text` cut into marked and unmarked pieces; `marks` are ascending, disjoint byte ranges.
fn spans(text: &str, marks: &[std::ops::Range<usize>]) -> Vec<Span> {
    let mut spans = Vec::with_capacity(marks.len() * 2 + 1);
    let mut done = 0;
    for mark in marks {
        if mark.start > done {
            spans.push(Span::plain(&text[done..mark.start]));
        }
        spans.push(Span::marked(&text[mark.clone()]));
        done = mark.end;
    }
    if done < text.len() {
        spans.push(Span::plain(&text[done..]));
    }
    spans
}
