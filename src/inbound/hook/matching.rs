//! Which mail and reader an event is about: by the mail's Message-ID with its recipient, by a signed name of ours, else by
//! the recipient's address.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::App;
use crate::address::EmailAddress;
use crate::feedback::provider::{Event, Names};
use crate::inbound::receive::named;
use crate::mail::queue;
use crate::subscriber;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub subscriber_id: i64,
    /// The mail, where it is known.
    pub mail: Option<Uuid>,
    /// What makes a report on it count once: the mail, or what the provider calls it.
    pub key: Uuid,
}

/// What each of `events` is about; none where that is no mail of this service.
pub(super) async fn find(app: &App, provider: &str, events: &[Event]) -> sqlx::Result<Vec<Option<Found>>> {
    let key = |names: &Names| names.recipient.as_deref().and_then(|address| EmailAddress::parse(address).ok()).map(|address| address.key());
    let keys: Vec<String> = events.iter().map(|event| key(&event.names).unwrap_or_default()).collect();
    let mails: Vec<Option<Uuid>> = events.iter().map(|event| event.names.message_id.as_deref().and_then(queue::mail_named)).collect();
    let recipients = subscriber::recipients(&app.db, &keys, &mails).await?;
    let found = events.iter().zip(mails).zip(recipients).map(|((event, named_mail), recipient)| {
        let names = &event.names;
        if !may_be_ours(app, names) {
            return None;
        }
        let known = |(subscriber_id, mail): (i64, Uuid)| Found { subscriber_id, mail: Some(mail), key: mail };
        let by_message_id = || recipient.and_then(|(subscriber_id, mail)| Some(known((subscriber_id, mail?))));
        let by_mention = || names.mentions.iter().find_map(|mention| named(app, mention)).map(known);
        let by_address = || {
            // It names a mail in our form that this reader never got: another service's, or another reader's.
            let (subscriber_id, _) = recipient.filter(|_| named_mail.is_none())?;
            Some(Found { subscriber_id, mail: None, key: stand_in(provider, names) })
        };
        by_message_id().or_else(by_mention).or_else(by_address)
    });
    Ok(found.collect())
}

/// Whether the mail came from our domain, if that is told: an account may serve others too.
fn may_be_ours(app: &App, names: &Names) -> bool {
    let own = app.config.site.from_address.for_envelope();
    let domain = |address: &str| address.rsplit('@').next().map(str::to_ascii_lowercase);
    names.from.as_deref().is_none_or(|from| domain(from) == domain(&own))
}

/// An id for a mail that only the provider has a name for.
fn stand_in(provider: &str, names: &Names) -> Uuid {
    let hash = Sha256::new().chain_update(provider).chain_update("\0").chain_update(names.reference.as_deref().unwrap_or_default());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
