//! What the inbox page shows, and its rendering.

use std::sync::{Arc, LazyLock};

use handlebars::Handlebars;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::Wanted;
use crate::catcher::mailbox::{Caught, Mailbox};

/// How much of a mail's source the page shows, in bytes; the whole can be downloaded.
const MAX_SOURCE_BYTES: usize = 512 * 1024;

static TEMPLATES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    for (name, text) in [
        ("inbox", include_str!("../../../templates/catcher/inbox.hbs")),
        ("message", include_str!("../../../templates/catcher/message.hbs")),
    ] {
        registry.register_template_string(name, text).expect("the embedded templates are rendered by the tests");
    }
    registry
});

/// The ways to look at one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum View {
    Html,
    Text,
    Source,
    Headers,
}

#[derive(Debug, Serialize)]
struct Page {
    rows: Vec<Row>,
    /// The newest number listed, by which the script notices new mail.
    newest: u64,
    /// How many mails there are in all.
    total: usize,
    /// The recipient the list is limited to.
    to: Option<String>,
    /// That limit as the query of every link.
    query: String,
    /// Where older mails are listed.
    older: Option<String>,
    open: Option<Open>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: u64,
    subject: String,
    to: String,
    received: String,
    date: String,
    time: String,
    size: String,
    current: bool,
}

#[derive(Debug, Serialize)]
struct Open {
    #[serde(flatten)]
    row: Row,
    from: String,
    recipients: Vec<Recipient>,
    view: View,
    has_html: bool,
    text: String,
    source: String,
    is_cut: bool,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct Recipient {
    address: String,
    link: String,
}

/// The list of the mails `wanted`, with one of them open or none.
pub(super) fn inbox(mailbox: &Mailbox, wanted: &Wanted, open: Option<(&Arc<Caught>, View)>) -> String {
    let mails = wanted.find(mailbox);
    let current = open.map(|(mail, _)| mail.id);
    let rows: Vec<Row> = mails.iter().map(|mail| row(mail, current)).collect();
    let query = wanted.to.as_deref().map(recipient_query).unwrap_or_default();
    let is_complete = Wanted { before: rows.last().map(|row| row.id), limit: Some(1), ..wanted.clone() }.find(mailbox).is_empty();
    let older = rows.last().filter(|_| !is_complete).map(|row| {
        let joint = if query.is_empty() { '?' } else { '&' };
        format!("/{query}{joint}before={}", row.id)
    });
    let page = Page {
        newest: rows.first().map_or(0, |row| row.id),
        total: mailbox.len(),
        to: wanted.to.clone(),
        query,
        older,
        open: open.map(|(mail, view)| opened(mail, view)),
        rows,
    };
    TEMPLATES.render("inbox", &page).expect("the page holds every name its template uses, and writing to memory cannot fail")
}

fn recipient_query(address: &str) -> String {
    format!("?to={}", utf8_percent_encode(address, NON_ALPHANUMERIC))
}

fn row(mail: &Caught, current: Option<u64>) -> Row {
    let subject = mail.subject();
    Row {
        id: mail.id,
        subject: if subject.trim().is_empty() { "(no subject)".to_owned() } else { subject },
        to: mail.to.join(", "),
        received: mail.received(),
        date: mail.received_at.format("%-d %b").to_string(),
        time: mail.received_at.format("%H:%M").to_string(),
        size: format!("{} KB", mail.bytes.len().div_ceil(1024)),
        current: current == Some(mail.id),
    }
}

fn opened(mail: &Caught, view: View) -> Open {
    let html = mail.html();
    let shown = &mail.bytes[..mail.bytes.len().min(MAX_SOURCE_BYTES)];
    let recipients = mail.to.iter().map(|address| Recipient { address: address.clone(), link: format!("/{}", recipient_query(address)) });
    Open {
        row: row(mail, Some(mail.id)),
        from: sender(mail),
        recipients: recipients.collect(),
        view,
        has_html: html.is_some(),
        text: mail.text().unwrap_or_default(),
        source: if view == View::Source { String::from_utf8_lossy(shown).into_owned() } else { String::new() },
        is_cut: shown.len() < mail.bytes.len(),
        headers: mail.headers(),
    }
}

/// The From header as a person reads it; the envelope's sender where there is none.
fn sender(mail: &Caught) -> String {
    match mail.sender() {
        Some((Some(name), address)) => format!("{name} <{address}>"),
        Some((None, address)) => address,
        None => mail.from.clone(),
    }
}
