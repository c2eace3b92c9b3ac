//! From a stored digest to what a mail or a page shows.

use std::collections::HashMap;

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Content, StoredDigest};
use crate::address::EmailAddress;
use crate::archive::RevisionKey;
use crate::filter::Filter;
use crate::filter::syntax::Field;
use crate::mail::model::{Card, DigestMail, Section, Span, Unsubscribe};
use crate::matching::{excerpt, highlights};
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

/// The mail of a digest: of each section the papers that are to be shown.
pub fn digest_mail(
    site: Site<'_>,
    subscriber_id: i64,
    id: Uuid,
    digest: &StoredDigest,
    papers: &HashMap<RevisionKey, Paper>,
) -> DigestMail {
    let since = digest.since.filter(|since| digest.day - *since >= TimeDelta::days(2));
    DigestMail {
        day: digest.day,
        since,
        sections: digest_sections(site, &digest.content, papers, false),
        preferences_url: site.preferences_url(subscriber_id),
        web_url: site.link(&format!("digests/{}", digest_token(site.keys, subscriber_id, id))),
        unsubscribe: site.unsubscribe(subscriber_id),
    }
}

/// A digest's sections, whole or as a mail shows them.
pub fn digest_sections(site: Site<'_>, content: &Content, papers: &HashMap<RevisionKey, Paper>, whole: bool) -> Vec<Section> {
    let sections = content.sections.iter().map(|section| {
        let filter = section.query.as_deref().and_then(|query| Filter::parse(query).ok());
        let shown = if whole { section.papers.len() } else { section.shown };
        let cards = section.papers.iter().take(shown).filter_map(|entry| {
            let paper = papers.get(&entry.key())?;
            Some(Card { also: entry.also.clone(), ..card(site, paper, filter.as_ref()) })
        });
        Section {
            filter_name: section.name.clone(),
            query: section.query.clone().filter(|query| section.name.as_ref() != Some(query)),
            why: why(section.name.as_deref(), section.query.as_deref()),
            papers: cards.collect(),
            more: section.more + section.papers.len() - shown,
        }
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

/// One paper, with the words marked that `filter` looked for.
pub fn card(site: Site<'_>, paper: &Paper, filter: Option<&Filter>) -> Card {
    let filters: Vec<&Filter> = filter.into_iter().collect();
    let in_title = highlights(&filters, Field::Title, &paper.title);
    let in_abstract = highlights(&filters, Field::Abstract, &paper.abstract_text);
    let extract = excerpt(&paper.abstract_text, &in_abstract, EXCERPT_CHARS);
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
