//! What follows from a mail that came in.

use chrono::{DateTime, Utc};
use mail_parser::MessageParser;
use uuid::Uuid;

use crate::App;
use crate::feedback::{self, Mention, Report};
use crate::mail::queue::{self, Reported, Source};
use crate::subscriber::{self, By, Consequence};
use crate::token::Purpose;

/// Which of our addresses a mail came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A bounce address: the report is on this mail.
    Mail(i64, Uuid),
    /// An unsubscribe address: this reader leaves.
    Leaves(i64),
    /// The address for complaints, `bounce.complaint_address`, or that for bounces without a name behind it, as some systems cut
    /// it off: which mail it is about stands inside.
    Unnamed,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Its reader is unsubscribed.
    Unsubscribed,
    /// A report, acted on.
    Report(Consequence),
    /// Nothing we act on, such as an automatic reply.
    Ignored,
}

impl Inbound {
    /// What mail to `address` is about, if that is an address we gave out.
    pub fn of_address(app: &App, address: &str) -> Option<Inbound> {
        let config = &app.config;
        if config.bounce.complaint_address.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(address)) {
            return Some(Inbound::Unnamed);
        }
        let bounces = config.site.bounce_domain.as_deref().unwrap_or(config.site.from_address.domain());
        if address
            .rsplit_once('@')
            .is_some_and(|(local, domain)| local.eq_ignore_ascii_case("bounce") && domain.eq_ignore_ascii_case(bounces))
        {
            return Some(Inbound::Unnamed);
        }
        let unsubscribe = config.site.unsubscribe_address.as_ref().and_then(|own| own.as_str().split('@').next());
        match Mention::of_address(address, unsubscribe)? {
            Mention::Mail(token) => app.keys.mail(&token).map(|(reader, mail)| Inbound::Mail(reader, mail)),
            Mention::Reader(token) => reader_of(app, &token).map(Inbound::Leaves),
        }
    }
}

/// Every address of ours that a message without an envelope names as its recipient.
pub fn recipients(app: &App, message: &[u8]) -> Vec<Inbound> {
    const FIELDS: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"];
    let Some(parsed) = MessageParser::default().parse(message) else { return Vec::new() };
    let mut found = Vec::new();
    for (_, value) in parsed.headers_raw().filter(|(name, _)| FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))) {
        let addresses = value.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"'));
        for inbound in addresses.filter_map(|address| Inbound::of_address(app, address)) {
            if !found.contains(&inbound) {
                found.push(inbound);
            }
        }
    }
    found
}

/// Acts on a mail that came to `inbound`. Repeating it changes nothing.
///
/// # Errors
/// When the database does not answer; nothing was done then.
pub async fn take(app: &App, now: DateTime<Utc>, inbound: &Inbound, message: &[u8]) -> sqlx::Result<Taken> {
    let report = feedback::read(message);
    let (mail, report) = match (inbound, report) {
        (Inbound::Leaves(subscriber_id), None) => {
            subscriber::unsubscribe(app, now, *subscriber_id, By::OneClick).await?;
            return Ok(Taken::Unsubscribed);
        }
        (Inbound::Mail(subscriber_id, mail_id), Some(report)) => (Some((*subscriber_id, *mail_id)), report),
        (Inbound::Unnamed, Some(report)) => (Mention::find_all(message).iter().find_map(|mention| named(app, mention)), report),
        // A bounce of something sent to an unsubscribe address is no wish of a reader.
        (Inbound::Leaves(_), Some(_)) | (_, None) => return Ok(Taken::Ignored),
    };
    match mail {
        Some(mail) => act(app, now, mail, &report).await.map(Taken::Report),
        None => Ok(Taken::Ignored),
    }
}

/// The mail a mention names, with the nil UUID where it names only a reader.
pub(super) fn named(app: &App, mention: &Mention) -> Option<(i64, Uuid)> {
    match mention {
        Mention::Mail(token) => app.keys.mail(token),
        Mention::Reader(token) => reader_of(app, token).map(|reader| (reader, Uuid::nil())),
    }
}

fn reader_of(app: &App, token: &str) -> Option<i64> {
    app.keys.verify(Purpose::Unsubscribe, token).ok().map(|(subscriber_id, _)| subscriber_id)
}

/// Notes a report and does what follows from it.
async fn act(app: &App, now: DateTime<Utc>, mail: (i64, Uuid), report: &Report) -> sqlx::Result<Consequence> {
    if !mail.1.is_nil() {
        // Whatever became of it: who reports on a mail has had it, should we be in doubt.
        queue::report(&app.db, now, mail.1, Reported::Accepted, Source::Dsn).await?;
    }
    follow(app, now, mail, report).await
}

/// Does what follows from a report for the reader of a mail.
pub(super) async fn follow(app: &App, now: DateTime<Utc>, mail: (i64, Uuid), report: &Report) -> sqlx::Result<Consequence> {
    let mut tx = app.db.begin().await?;
    let consequence = subscriber::report(&mut tx, now, mail, report, app.config.bounce.suppress_after).await?;
    tx.commit().await?;
    let status = report.status.map(|status| status.to_string()).unwrap_or_default();
    metrics::counter!("paperlark_feedback_total", "kind" => report.kind.word()).increment(1);
    tracing::info!(mail = %mail.1, kind = report.kind.word(), status, ?consequence, "a report on a mail came in");
    Ok(consequence)
}
