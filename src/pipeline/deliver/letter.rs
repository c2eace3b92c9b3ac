//! From a claimed row to the message: everything read in a few queries a batch, then rendered.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::App;
use crate::address::EmailAddress;
use crate::config::Hooks;
use crate::digest::{self, Papers, StoredDigest};
use crate::feedback::provider::TAG;
use crate::filter::NamedFilter;
use crate::mail::PrintedCard;
use crate::mail::model::{self, ConfirmationMail, FilterLine, GoodbyeMail, Mail, WelcomeMail};
use crate::mail::queue::{Claimed, Subject};
use crate::mail::render::{RenderError, Rendered};
use crate::subscriber::{self, Reader};
use crate::token::Purpose;

/// What the mails of one batch are made of.
pub(super) struct Letters {
    readers: HashMap<i64, Reader>,
    digests: HashMap<Uuid, StoredDigest>,
    papers: Papers,
    site: model::Site,
}

impl Letters {
    pub(super) async fn load(app: &App, mails: &[Claimed]) -> sqlx::Result<Self> {
        let subscribers: Vec<i64> = mails.iter().map(|mail| mail.subscriber_id).collect();
        let wanted = mails.iter().filter_map(|mail| match mail.subject {
            Subject::Digest(id) => Some((mail.subscriber_id, id)),
            _ => None,
        });
        let digests = digest::load_all(&app.db, &wanted.collect::<Vec<_>>()).await?;
        let papers = app.cards.papers(&app.db, digests.values().flat_map(|digest| digest.content.papers())).await?;
        Ok(Self { readers: subscriber::readers(&app.db, &subscribers).await?, digests, papers, site: app.mail_site() })
    }

    /// The message of `mail`; none when its reader or digest is gone.
    pub(super) fn render(&self, app: &App, mail: &Claimed) -> Result<Option<Rendered>, RenderError> {
        let Some(reader) = self.readers.get(&mail.subscriber_id) else { return Ok(None) };
        let site = app.links();
        let content = match mail.subject {
            Subject::Digest(id) => match self.digests.get(&id) {
                Some(digest) => Mail::Digest(app.printer(&self.site).digest_mail(mail.subscriber_id, id, digest, &self.papers)?),
                None => return Ok(None),
            },
            Subject::Confirmation(signup) => Mail::Confirmation(ConfirmationMail {
                confirm_url: site.link(&format!("confirm/{}", app.keys.sign(Purpose::Confirm, mail.subscriber_id, signup.as_bytes()))),
                valid_hours: u32::try_from(subscriber::CONFIRMATION_LIFETIME.num_hours()).unwrap_or(u32::MAX),
            }),
            Subject::Welcome => Mail::Welcome(welcome(site, reader, mail)),
            Subject::Goodbye => Mail::Goodbye(GoodbyeMail { subscribe_url: site.link("") }),
        };
        letter(app, &self.site, reader, mail, &content).map(Some)
    }
}

/// What a welcome says is kept with it; one queued before that was so tells of the present.
fn welcome(site: digest::Site<'_>, reader: &Reader, mail: &Claimed) -> WelcomeMail {
    let line = |filter: &NamedFilter| FilterLine { name: filter.name.clone(), query: filter.query.clone() };
    let (first_digest_at, filters) = match &mail.choices {
        Some(choices) => (choices.first_digest_at, choices.filters.clone()),
        None => (reader.next_due_at, reader.filters.iter().map(line).collect()),
    };
    WelcomeMail {
        first_digest_at: first_digest_at.unwrap_or(mail.dated),
        filters,
        preferences_url: site.preferences_url(mail.subscriber_id),
        unsubscribe: site.unsubscribe(mail.subscriber_id),
    }
}

/// The message that carries `content` to `reader`: the same bytes whenever it is made for the same row.
pub fn letter(
    app: &App,
    site: &model::Site,
    reader: &Reader,
    mail: &Claimed,
    content: &Mail<Arc<PrintedCard>>,
) -> Result<Rendered, RenderError> {
    let config = &app.config.site;
    let token = app.keys.sign(Purpose::Bounce, mail.subscriber_id, mail.id.as_bytes());
    let address = EmailAddress::parse(&reader.address).map_or_else(|_| reader.address.clone(), |address| address.for_envelope());
    let envelope = model::Envelope {
        to: address,
        id: mail.id,
        date: mail.dated,
        zone: mail.choices.as_ref().map_or(reader.schedule.zone, |choices| choices.zone),
        tags: tags(&app.config.hooks, &token),
        bounce_address: format!("bounce+{token}@{}", config.bounce_domain.as_deref().unwrap_or(config.from_address.domain())),
    };
    let mut rendered = app.renderer.render(site, &envelope, content)?;
    if let Some(signer) = &app.signer {
        rendered.bytes = signer.sign(&rendered.bytes, mail.dated)?;
    }
    Ok(rendered)
}

/// How a mail is named to providers that give it a Message-ID of their own. They take these headers out before they send.
fn tags(hooks: &Hooks, token: &str) -> Vec<(String, String)> {
    let postmark = hooks.postmark.token.as_ref().map(|_| (format!("X-PM-Metadata-{TAG}"), token.to_owned()));
    let sendgrid = || ("X-SMTPAPI".to_owned(), format!("{{\"unique_args\": {{\"{TAG}\": \"{token}\"}}}}"));
    postmark.into_iter().chain(hooks.sendgrid.public_key.as_ref().map(|_| sendgrid())).collect()
}
