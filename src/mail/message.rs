//! The message on the wire: headers after RFC 5322, 2369, 2919, 3834 and 8058, and a
//! `multipart/alternative` body in quoted-printable. Every header value is made here or checked here.

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Body, Mailbox, Message};

use super::model::{Envelope, Mail, Site, Unsubscribe};
use super::printed;
use super::render::Rendered;
use super::subject::header_text;
use super::text::{clean, web_url};
use super::view::LAST_MOMENT;

/// Longest display name of the sender, in characters.
const MAX_NAME_CHARS: usize = 64;
/// Longest address (RFC 5321, section 4.5.3.1, less the brackets of a path).
const MAX_ADDRESS_BYTES: usize = 254;
/// Longest header line (RFC 5322, section 2.1.1).
const MAX_LINE_BYTES: usize = 998;

/// Why no message can be built.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// An address that cannot stand in a message.
    #[error("{name} is {address:?}, which is no email address ({reason}): write it as name@example.org")]
    Address { name: &'static str, address: String, reason: String },
    /// A header would hold what a header cannot.
    #[error("{name} would hold {value:?}: it must be printable ASCII without spaces around it and at most {MAX_LINE_BYTES} bytes")]
    Header { name: &'static str, value: String },
    /// A date the format has no place for.
    #[error("the date {0} cannot stand in a mail: it must be between the years 1970 and 9999")]
    Date(String),
    /// Anything else the message builder refuses.
    #[error("the message cannot be built: {0}")]
    Build(#[from] lettre::error::Error),
}

/// What the templates made.
#[derive(Debug)]
pub struct Texts {
    pub subject: String,
    pub html: printed::Body,
    pub text: printed::Body,
}

/// Puts the texts of `mail` into a message.
pub fn build<C>(site: &Site, envelope: &Envelope, mail: &Mail<C>, texts: Texts) -> Result<Rendered, MessageError> {
    let from = address("the sender's address", &site.from_address)?;
    let to = address("the recipient", &envelope.to)?;
    let bounce = address("the bounce address", &envelope.bounce_address)?;
    if envelope.date < chrono::DateTime::UNIX_EPOCH || envelope.date > LAST_MOMENT {
        return Err(MessageError::Date(envelope.date.to_string()));
    }
    let domain = domain_to_ascii(&site.domain);
    let name = header_text(&site.from_name, MAX_NAME_CHARS);
    let mut builder = Message::builder()
        .from(Mailbox::new((!name.is_empty()).then_some(name), from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(texts.subject.clone())
        .date(envelope.date.into());
    for (name, value) in headers(mail, envelope, &domain)? {
        builder = builder.raw_header(machine_header(name, value)?);
    }
    for (name, value) in &envelope.tags {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(|_| MessageError::Header { name: "a tag", value: name.clone() })?;
        builder = builder.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value.clone()));
    }
    let sender = lettre::address::Envelope::new(Some(bounce.clone()), vec![to.clone()])?;
    let boundary = format!("=_{}", envelope.id.simple());
    let content_type = machine_header("Content-Type", format!("multipart/alternative; boundary=\"{boundary}\""))?;
    let body = Body::dangerous_pre_encoded(multipart(&boundary, &texts), ContentTransferEncoding::SevenBit);
    let message = builder.envelope(sender).header(MIME_VERSION_1_0).raw_header(content_type).body(body)?;
    Ok(Rendered {
        needs_smtputf8: [&from, &to, &bounce].into_iter().any(|address| !address.user().is_ascii()),
        envelope_from: bounce.to_string(),
        envelope_to: to.to_string(),
        subject: texts.subject,
        html: texts.html,
        text: texts.text,
        bytes: message.formatted(),
    })
}

/// The headers that programs read, in the order of the message.
fn headers<C>(mail: &Mail<C>, envelope: &Envelope, domain: &str) -> Result<Vec<(&'static str, String)>, MessageError> {
    let (letter, unsubscribe) = match mail {
        Mail::Confirmation(_) => ('c', None),
        Mail::Welcome(mail) => ('w', Some(&mail.unsubscribe)),
        Mail::Digest(mail) => ('d', Some(&mail.unsubscribe)),
        Mail::Goodbye(_) => ('g', None),
    };
    let mut headers = vec![("Message-ID", format!("<{letter}.{}@{domain}>", envelope.id))];
    if let Some(unsubscribe) = unsubscribe {
        headers.push(("List-Unsubscribe", list_unsubscribe(unsubscribe)?));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        headers.push(("List-Id", format!("Daily papers <daily.{domain}>")));
    }
    headers.push(("Auto-Submitted", "auto-generated".to_owned()));
    if matches!(mail, Mail::Digest(_)) {
        headers.push(("Precedence", "bulk".to_owned()));
        headers.push(("Feedback-ID", format!("digest:daily:{domain}:paperlark")));
    }
    Ok(headers)
}

fn list_unsubscribe(unsubscribe: &Unsubscribe) -> Result<String, MessageError> {
    let refuse = || MessageError::Header { name: "List-Unsubscribe", value: clean(&unsubscribe.url, MAX_LINE_BYTES) };
    let url = web_url(&unsubscribe.url).ok_or_else(refuse)?;
    Ok(match &unsubscribe.address {
        Some(mailbox) => format!("<{url}>, <mailto:{}>", address("the unsubscribe address", mailbox)?),
        None => format!("<{url}>"),
    })
}

/// A header in one unfolded line: some receivers lose a List-Unsubscribe that is folded.
fn machine_header(name: &'static str, value: String) -> Result<HeaderValue, MessageError> {
    let fits = name.len() + ": ".len() + value.len() <= MAX_LINE_BYTES;
    let is_printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !fits || !is_printable {
        return Err(MessageError::Header { name, value: clean(&value, MAX_LINE_BYTES) });
    }
    Ok(HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value))
}

/// `text` as an address with its domain in ASCII (IDNA), as SMTP wants it.
fn address(name: &'static str, text: &str) -> Result<Address, MessageError> {
    let refuse = |reason: &str| MessageError::Address { name, address: clean(text, MAX_ADDRESS_BYTES), reason: reason.to_owned() };
    let is_breaking = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',');
    if text.len() > MAX_ADDRESS_BYTES {
        return Err(refuse("it is too long"));
    }
    if text.contains(is_breaking) {
        return Err(refuse("it holds a space, a quote, a bracket, a comma or a control character"));
    }
    let (user, domain) = text.rsplit_once('@').ok_or_else(|| refuse("it has no @"))?;
    Address::new(user, domain_to_ascii(domain)).map_err(|error| refuse(&error.to_string()))
}

fn domain_to_ascii(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

/// Text first, HTML last: readers show the last they can (RFC 2046, section 5.1.4). Both are quoted-printable whatever the
/// text: no line is too long, and filters distrust text in base64. `=_` never occurs in that form, so the boundary
/// cannot stand in a part.
fn multipart(boundary: &str, texts: &Texts) -> Vec<u8> {
    let mut parts = Vec::with_capacity(texts.html.encoded_length() + texts.text.encoded_length() + 512);
    for (kind, body) in [("plain", &texts.text), ("html", &texts.html)] {
        let head =
            format!("--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
        parts.extend_from_slice(head.as_bytes());
        body.encode_into(&mut parts);
        parts.extend_from_slice(b"\r\n");
    }
    parts.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    parts
}
