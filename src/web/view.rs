//! What the pages say: one serializable struct a page, with every number, date and address already in
//! the form a reader sees. Templates only place them.
//!
//! Texts may be anything a source or a visitor sent; templates escape them and isolate their writing
//! direction. Addresses of other sites pass through [`HttpUrl`], so that no link does more than lead there.

mod card;
mod day;
mod error;
mod form;
mod link;
mod moment;
mod papers;
mod period;
mod preferences;
mod preview;
mod problem;
mod reader;
#[cfg(test)]
pub(super) mod sample;
mod search;
mod status;

use serde::Serialize;

use crate::filter::MAX_LENGTH;

pub use card::{Fact, PaperCard, Span};
pub use day::{DayPage, Neighbours};
pub use error::ErrorPage;
pub use form::{SubscribeForm, TextField, WhenFields};
pub use link::{ExternalLink, HttpUrl, Link, paper_href};
pub use moment::{Moment, mask_address};
pub use papers::{DigestPage, DigestSection, Listing, PaperPage};
pub use period::Period;
pub use preferences::{FilterRow, PreferencesPage, RankingChoice, WeekdayChoice};
pub use preview::{PreviewView, Scope};
pub use problem::FilterProblem;
pub use reader::{
    ConfirmPage, ConfirmedPage, DeletePage, DeletedPage, ExpiredPage, FilterLine, SubscribePage, SubscribedPage, UnsubscribePage,
    UnsubscribedPage,
};
pub use search::{Asked, DayResults, SearchPage};
pub use status::{DayState, SourceRow, StatusPage};

/// A page: a view and the template that shows it.
pub trait Page: Serialize {
    /// The template's file name without `.hbs`.
    const TEMPLATE: &'static str;
    /// Whether it is meant for one reader alone; search engines are asked to keep out.
    const PRIVATE: bool = false;

    /// What stands in the browser's tab, without the site's name.
    fn title(&self) -> String;

    /// One or two sentences for search engines and link previews.
    fn description(&self) -> Option<String> {
        None
    }
}

/// What every page says of the service.
#[derive(Debug, Clone, Serialize)]
pub struct SiteView {
    /// What readers know the service as.
    pub name: String,
    /// Who runs it and how to reach them, for the foot of every page.
    pub contact: Option<String>,
}

/// The longest inputs, in characters; the forms tell browsers, the handlers enforce.
#[derive(Debug, Serialize)]
pub struct Limits {
    /// An address: RFC 5321 § 4.5.3.1.3 allows a path of 256 with its angle brackets.
    pub address: usize,
    /// All filters of the sign-up form together.
    pub keywords: usize,
    /// A filter's name: more does not fit a heading in a mail.
    pub filter_name: usize,
    /// One filter: long enough for the longest systematic-review queries in use.
    pub filter_query: usize,
    /// A zone's name: the longest one known has 32.
    pub zone: usize,
    /// Papers in one digest, the largest number to choose.
    pub max_papers: usize,
}

/// The limits in force.
pub const LIMITS: Limits = Limits { address: 254, keywords: 16_000, filter_name: 80, filter_query: MAX_LENGTH, zone: 64, max_papers: 100 };
