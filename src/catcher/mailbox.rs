//! The mails received, in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use mail_parser::{Message, MessageParser, PartType};
use tokio::sync::watch;

/// Memory for mails, in bytes. At the limit further mails are refused rather than older ones forgotten:
/// nothing accepted is ever lost.
const MAX_MAILBOX_BYTES: usize = 1 << 30;

/// One mail as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// Counts from 1 in order of arrival.
    pub id: u64,
    /// The envelope's sender, empty for a bounce.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// When its last byte came.
    pub received_at: DateTime<Utc>,
    /// Headers and body with CRLF line ends, dot-stuffing undone.
    pub bytes: Vec<u8>,
}

impl Caught {
    /// The decoded subject; empty if there is none.
    pub fn subject(&self) -> String {
        self.headers_only().and_then(|m| m.subject().map(str::to_owned)).unwrap_or_default()
    }

    /// The Message-ID without its angle brackets.
    pub fn message_id(&self) -> Option<String> {
        self.headers_only()?.message_id().map(str::to_owned)
    }

    /// Name and address of the From header, decoded.
    pub fn sender(&self) -> Option<(Option<String>, String)> {
        let message = self.headers_only()?;
        let sender = message.from()?.first()?;
        Some((sender.name().map(str::to_owned), sender.address()?.to_owned()))
    }

    /// The first header of this name, unfolded (RFC 5322 § 2.2.3) but not decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers().into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers in their order, unfolded but not decoded.
    pub fn headers(&self) -> Vec<(String, String)> {
        let Some(message) = self.headers_only() else { return Vec::new() };
        let value_of = |header: &mail_parser::Header<'_>| {
            let raw = self.bytes.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
            String::from_utf8_lossy(raw).replace(['\r', '\n'], "").trim().to_owned()
        };
        message.headers().iter().map(|header| (header.name.as_str().to_owned(), value_of(header))).collect()
    }

    /// The decoded text/plain body.
    pub fn text(&self) -> Option<String> {
        let message = self.parsed()?;
        message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        })
    }

    /// The decoded text/html body.
    pub fn html(&self) -> Option<String> {
        let message = self.parsed()?;
        message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        })
    }

    /// The arrival as RFC 3339, to the second.
    pub(super) fn received(&self) -> String {
        self.received_at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    fn parsed(&self) -> Option<Message<'_>> {
        MessageParser::default().parse(&self.bytes)
    }

    fn headers_only(&self) -> Option<Message<'_>> {
        MessageParser::default().parse_headers(&self.bytes)
    }
}

/// The mailbox is full; the sender may try later.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// A handle on the mails received; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Mailbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    mails: Mutex<Mails>,
    /// The newest id; what [`Mailbox::wait_for`] sleeps on.
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Mails {
    kept: Vec<Arc<Caught>>,
    bytes: usize,
    last_id: u64,
}

impl Mailbox {
    /// Every mail, oldest first.
    pub fn all(&self) -> Vec<Arc<Caught>> {
        self.lock().kept.clone()
    }

    /// The mails to this envelope recipient, oldest first.
    pub fn for_recipient(&self, address: &str) -> Vec<Arc<Caught>> {
        self.lock().kept.iter().filter(|mail| mail.to.iter().any(|to| to == address)).cloned().collect()
    }

    /// The mail of this number.
    pub fn get(&self, id: u64) -> Option<Arc<Caught>> {
        let mails = self.lock();
        mails.kept.binary_search_by_key(&id, |mail| mail.id).ok().map(|at| mails.kept[at].clone())
    }

    /// How many mails there are.
    pub fn len(&self) -> usize {
        self.lock().kept.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest mails for which `wanted` holds, newest first, `limit` at most.
    pub(super) fn newest(&self, limit: usize, wanted: impl Fn(&Caught) -> bool) -> Vec<Arc<Caught>> {
        self.lock().kept.iter().rev().filter(|mail| wanted(mail)).take(limit).cloned().collect()
    }

    /// The oldest mail for which `wanted` holds, received already or within `timeout`.
    pub async fn wait_for(&self, wanted: impl Fn(&Caught) -> bool, timeout: Duration) -> Option<Arc<Caught>> {
        let mut news = self.0.newest.subscribe();
        let search = async {
            let mut seen = 0;
            loop {
                let unseen: Vec<_> = self.lock().kept.iter().filter(|mail| mail.id > seen).cloned().collect();
                seen = unseen.last().map_or(seen, |mail| mail.id);
                if let Some(found) = unseen.into_iter().find(|mail| wanted(mail)) {
                    return Some(found);
                }
                news.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, search).await.ok().flatten()
    }

    /// Forgets every mail; numbers are not used again.
    pub fn clear(&self) {
        let mut mails = self.lock();
        mails.kept.clear();
        mails.bytes = 0;
    }

    pub(super) fn store(&self, from: String, to: Vec<String>, received_at: DateTime<Utc>, bytes: Vec<u8>) -> Result<u64, Full> {
        let id = {
            let mut mails = self.lock();
            if mails.bytes + bytes.len() > MAX_MAILBOX_BYTES {
                return Err(Full);
            }
            mails.bytes += bytes.len();
            mails.last_id += 1;
            let id = mails.last_id;
            mails.kept.push(Arc::new(Caught { id, from, to, received_at, bytes }));
            id
        };
        self.0.newest.send_replace(id);
        Ok(id)
    }

    fn lock(&self) -> MutexGuard<'_, Mails> {
        // The holders above neither call out nor panic between two changes.
        self.0.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
