//! From the model to what the templates print: every text cleaned and cut, every number and time in
//! words, every link checked. Both the HTML and the text template print the same view.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::model::{ConfirmationMail, GoodbyeMail, Site, WelcomeMail};
use super::render::RenderError;
use super::text::{clean, count, web_url};

pub mod digest;

/// Longest name of a site or a filter, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// Longest filter shown, in characters; the preferences page has the rest.
pub const MAX_QUERY_CHARS: usize = 200;
/// Longest other sentence, in characters.
pub const MAX_SENTENCE_CHARS: usize = 300;
/// Filters a welcome mail lists.
const MAX_WELCOME_FILTERS: usize = 30;

/// The end of the years a mail's date can express: four digits (RFC 5322, section 3.3), less a day
/// so that no time zone leads out of them.
pub const LAST_MOMENT: DateTime<Utc> = match DateTime::from_timestamp(253_402_214_400, 0) {
    Some(moment) => moment,
    None => DateTime::UNIX_EPOCH,
};

/// What a mail's template prints.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    #[serde(flatten)]
    pub frame: Frame,
    pub mail: T,
}

/// What the layout around every mail prints.
#[derive(Debug, Serialize)]
pub struct Frame {
    pub subject: String,
    pub preheader: String,
    pub site_name: String,
    pub base_url: String,
    pub postal_line: Option<String>,
    /// Why this address gets this mail.
    pub reason: String,
    pub preferences_url: Option<String>,
    pub unsubscribe_url: Option<String>,
    pub web_url: Option<String>,
    /// Where the layout puts the mail's own template: always [`BODY_SIGN`].
    pub body: char,
}

/// Stands in the layout for what the mail's own template prints. Like [`placeholder`](super::printed::placeholder)s, it cannot
/// stand in a clean text.
pub const BODY_SIGN: char = '\u{2}';

#[derive(Debug, Serialize)]
pub struct Confirmation {
    confirm_url: String,
    valid: String,
}

#[derive(Debug, Serialize)]
pub struct Welcome {
    first_digest: String,
    zone: String,
    filters: Vec<Filter>,
    more_filters: Option<String>,
}

#[derive(Debug, Serialize)]
struct Filter {
    name: String,
    query: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Goodbye {
    subscribe_url: String,
}

/// A moment on the reader's clock, formatted by `format`. Moments outside the years of a mail's date
/// are moved to their edge.
pub fn local_time(at: DateTime<Utc>, zone: Tz, format: &str) -> String {
    let at = at.clamp(DateTime::UNIX_EPOCH, LAST_MOMENT);
    at.with_timezone(&zone).format(format).to_string()
}

/// One of our own addresses, which a mail cannot do without.
pub fn own_url(name: &'static str, url: &str) -> Result<String, RenderError> {
    web_url(url).ok_or_else(|| RenderError::Url { name, url: clean(url, MAX_NAME_CHARS) })
}

/// The site's name, clean.
pub fn site_name(site: &Site) -> String {
    clean(&site.name, MAX_NAME_CHARS)
}

/// The confirmation mail. Nothing in it comes from the visitor.
pub fn confirmation(site: &Site, subject: String, mail: &ConfirmationMail) -> Result<Page<Confirmation>, RenderError> {
    let view = Confirmation { confirm_url: own_url("confirm_url", &mail.confirm_url)?, valid: count(mail.valid_hours as usize, "hour") };
    let name = site_name(site);
    let preheader = "One click, and the papers you care about come to you in the morning. Not you? Then do nothing.".to_owned();
    let reason = format!("Somebody, we hope it was you, entered this address at {name}. Nothing changes until you confirm.");
    Ok(Page { frame: frame(site, subject, preheader, reason)?, mail: view })
}

/// The welcome mail, with times on the reader's clock.
pub fn welcome(site: &Site, zone: Tz, subject: String, mail: &WelcomeMail) -> Result<Page<Welcome>, RenderError> {
    let first_digest = local_time(mail.first_digest_at, zone, "%A, %-d %B at %H:%M");
    let filters = mail.filters.iter().take(MAX_WELCOME_FILTERS).map(|filter| {
        let (name, query) = (clean(&filter.name, MAX_NAME_CHARS), clean(&filter.query, MAX_QUERY_CHARS));
        match name.is_empty() {
            true => Filter { name: query, query: None },
            false => Filter { query: Some(query).filter(|query| !query.is_empty() && *query != name), name },
        }
    });
    let hidden = mail.filters.len().saturating_sub(MAX_WELCOME_FILTERS);
    let view = Welcome {
        filters: filters.collect(),
        more_filters: (hidden > 0).then(|| format!("and {}", count(hidden, "more filter"))),
        zone: zone.name().to_owned(),
        first_digest,
    };
    let preheader = format!("Your first digest comes on {}.", view.first_digest);
    let frame = Frame {
        preferences_url: Some(own_url("preferences_url", &mail.preferences_url)?),
        unsubscribe_url: Some(own_url("unsubscribe.url", &mail.unsubscribe.url)?),
        ..frame(site, subject, preheader, subscribed(site))?
    };
    Ok(Page { frame, mail: view })
}

/// The goodbye mail.
pub fn goodbye(site: &Site, subject: String, mail: &GoodbyeMail) -> Result<Page<Goodbye>, RenderError> {
    let view = Goodbye { subscribe_url: own_url("subscribe_url", &mail.subscribe_url)? };
    let reason = format!("This is the last mail to this address, sent because it was unsubscribed from {}.", site_name(site));
    let preheader = "You are unsubscribed. This is the last mail.".to_owned();
    Ok(Page { frame: frame(site, subject, preheader, reason)?, mail: view })
}

/// Why a subscriber gets mail.
pub fn subscribed(site: &Site) -> String {
    format!("You get this mail because you subscribed to {} with this address.", site_name(site))
}

/// A frame whose foot has no links.
pub fn frame(site: &Site, subject: String, preheader: String, reason: String) -> Result<Frame, RenderError> {
    Ok(Frame {
        subject,
        preheader,
        site_name: site_name(site),
        base_url: own_url("base_url", &site.base_url)?,
        postal_line: site.postal_line.as_deref().map(|line| clean(line, MAX_SENTENCE_CHARS)).filter(|line| !line.is_empty()),
        reason,
        preferences_url: None,
        unsubscribe_url: None,
        web_url: None,
        body: BODY_SIGN,
    })
}
