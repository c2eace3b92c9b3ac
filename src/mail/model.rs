//! What a mail says, as plain data. Everything a message depends on is here, so that a mail rendered
//! again from its row is the same byte for byte.
//!
//! Texts may be anything a source or a visitor sent: rendering cleans, cuts and escapes them.
//! Addresses of pages that are not http(s) are dropped there.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::clean;

/// The service that writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// What readers know the service as.
    pub name: String,
    /// The address of its front page.
    pub base_url: String,
    /// The name in `From`.
    pub from_name: String,
    /// The address in `From`; its domain is the one that signs.
    pub from_address: String,
    /// The domain of `Message-ID` and `List-Id`.
    pub domain: String,
    /// Who runs the service and how to reach them, for the foot of every mail.
    pub postal_line: Option<String>,
}

/// To whom and when, for any mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The reader's address. An international domain is sent as punycode.
    pub to: String,
    /// The delivery; names the message and its MIME boundary.
    pub id: Uuid,
    /// The `Date` of the message.
    pub date: DateTime<Utc>,
    /// The zone in which the reader's times are written.
    pub zone: Tz,
    /// The envelope sender, where bounces go.
    pub bounce_address: String,
    /// Headers for the provider that sends it, by which it can tell us later which mail it means.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

/// One mail. The papers of a digest are `C`: as data, or printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail<C = Card> {
    /// "Was it you?"
    Confirmation(ConfirmationMail),
    /// "You are in."
    Welcome(WelcomeMail),
    /// The day's papers.
    Digest(DigestMail<C>),
    /// "No more mail."
    Goodbye(GoodbyeMail),
}

impl<C> Mail<C> {
    /// The same mail with each card as `print` makes it.
    ///
    /// # Errors
    /// The first of `print`'s.
    pub fn try_map<D, E>(self, mut print: impl FnMut(C) -> Result<D, E>) -> Result<Mail<D>, E> {
        Ok(match self {
            Self::Confirmation(mail) => Mail::Confirmation(mail),
            Self::Welcome(mail) => Mail::Welcome(mail),
            Self::Goodbye(mail) => Mail::Goodbye(mail),
            Self::Digest(mail) => {
                let print_section = |section: Section<C>| {
                    let papers = section.papers.into_iter().map(&mut print).collect::<Result<_, E>>()?;
                    let Section { filter_name, query, why, more, .. } = section;
                    Ok(Section { filter_name, query, why, papers, more })
                };
                let sections = mail.sections.into_iter().map(print_section).collect::<Result<_, E>>()?;
                let DigestMail { day, since, note, preferences_url, web_url, unsubscribe, .. } = mail;
                Mail::Digest(DigestMail { day, since, note, sections, preferences_url, web_url, unsubscribe })
            }
        })
    }
}

/// Asks the owner of an address whether they subscribed. Holds no word of the visitor's, since
/// anybody can type anybody's address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfirmationMail {
    /// The page with the button that confirms.
    pub confirm_url: String,
    /// For how long the link works.
    pub valid_hours: u32,
}

/// Says what a new reader has signed up for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WelcomeMail {
    /// When the first digest is due.
    pub first_digest_at: DateTime<Utc>,
    /// The reader's filters; none means the trending papers.
    pub filters: Vec<FilterLine>,
    /// Where to change them.
    pub preferences_url: String,
    /// How to leave.
    pub unsubscribe: Unsubscribe,
}

/// A filter by name and definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterLine {
    /// What the reader calls it.
    pub name: String,
    /// What it looks for.
    pub query: String,
}

/// The papers of a day, or of several after a pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestMail<C = Card> {
    /// The day it is the digest of.
    pub day: NaiveDate,
    /// The first day it covers, where that is before `day`.
    pub since: Option<NaiveDate>,
    /// Which sources were missing, in a sentence.
    #[serde(default)]
    pub note: Option<String>,
    /// The papers, by filter. Without any paper the mail says that it was a quiet day.
    pub sections: Vec<Section<C>>,
    /// The reader's preferences.
    pub preferences_url: String,
    /// The same digest, whole, in the browser.
    pub web_url: String,
    /// How to leave.
    pub unsubscribe: Unsubscribe,
}

impl<C> DigestMail<C> {
    /// How many papers it is about, whether their cards came along or not.
    pub fn paper_count(&self) -> usize {
        self.sections.iter().fold(0, |sum, section| sum.saturating_add(section.paper_count()))
    }

    /// The first day it covers, where it covers several.
    pub fn first_of_several_days(&self) -> Option<NaiveDate> {
        self.since.filter(|since| *since < self.day)
    }
}

/// Says that no more mail will come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoodbyeMail {
    /// Where to subscribe again.
    pub subscribe_url: String,
}

/// The two ways out of RFC 8058 and RFC 2369, both for this reader alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// Answers a one-click POST, and shows a button to whoever opens it.
    pub url: String,
    /// Takes a mail with any content, where the service receives mail.
    pub address: Option<String>,
}

/// The papers one filter found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section<C = Card> {
    /// The filter's name; none for the trending papers.
    pub filter_name: Option<String>,
    /// The filter as written, shown where it says more than the name.
    pub query: Option<String>,
    /// One sentence: why these papers are here.
    pub why: String,
    /// Best first.
    pub papers: Vec<C>,
    /// How many more the filter found that are not among `papers`.
    pub more: usize,
}

impl<C> Section<C> {
    /// How many papers the filter found, whether their cards came along or not.
    pub fn paper_count(&self) -> usize {
        self.papers.len().saturating_add(self.more)
    }

    /// What to call the filter, in at most `max_chars`; none for the trending papers.
    pub fn display_name(&self, max_chars: usize) -> Option<String> {
        let name = self.filter_name.as_deref()?;
        let mut candidates = [name, self.query.as_deref().unwrap_or_default()].into_iter().map(|text| clean(text, max_chars));
        Some(candidates.find(|name| !name.is_empty()).unwrap_or_else(|| "your filter".to_owned()))
    }
}

/// One paper as a digest shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The title, with the words that matched.
    pub title: Vec<Span>,
    /// The abstract page.
    pub page_url: String,
    /// The paper itself.
    pub pdf_url: Option<String>,
    /// Where the code is.
    pub code_url: Option<String>,
    /// The paper's own site.
    pub project_url: Option<String>,
    /// The paper on our own site.
    pub site_url: Option<String>,
    /// All of them; the mail names the first.
    pub authors: Vec<String>,
    /// Such as `cs.CL`.
    pub categories: Vec<String>,
    /// Votes, where a listing has them.
    pub upvotes: Option<u32>,
    /// The lab or company behind it.
    pub organization: Option<String>,
    /// One sentence that sums it up.
    pub summary: Option<String>,
    /// The part of the abstract that shows why it matched.
    pub excerpt: Vec<Span>,
    /// What of it matched: words of its texts, names, facts.
    #[serde(default)]
    pub matched: Vec<String>,
    /// Names of the reader's other filters that found it too.
    pub also: Vec<String>,
}

/// A piece of text, marked where it matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The piece.
    pub text: String,
    /// Whether it is what the filter looked for.
    pub marked: bool,
}

impl Span {
    /// A piece that did not match.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), marked: false }
    }

    /// A piece that did.
    pub fn marked(text: impl Into<String>) -> Self {
        Self { text: text.into(), marked: true }
    }
}
