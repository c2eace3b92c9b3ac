//! Webhooks of mail providers: who may report, and what follows from it.
//!
//! Nothing is acted on before its sender is proven. What is acted on is committed before the answer, so that a provider who
//! got none may repeat it: repeating changes nothing.

mod certificates;
mod matching;
mod tokens;

use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq as _;

use super::receive::follow;
use crate::App;
use crate::feedback::Kind;
use crate::feedback::provider::{Event, Said, mailgun, postmark, sendgrid, ses, sns};
use crate::mail::queue::{self, Reported, Source};
use crate::subscriber::{self, By};
use certificates::Certificates;
use tokens::Tokens;

/// Why a request was not acted on.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The provider is not configured.
    #[error("this webhook is off")]
    Off,
    /// Not what the provider sends.
    #[error("the payload cannot be read: {0}")]
    Malformed(String),
    /// Nobody who may report. More is not said.
    #[error("the sender is not proven")]
    Stranger,
    /// Not now; the provider tries again.
    #[error("not now")]
    Later,
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "a provider's report could not be stored; it will be sent again");
        Self::Later
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The doors for providers, and what is remembered between their requests.
#[derive(Debug, Default)]
pub struct Hooks {
    certificates: Certificates,
    tokens: Tokens,
}

impl Hooks {
    /// A message of Amazon SNS: about mails sent by SES, or about the subscription itself.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn ses(&self, app: &App, now: DateTime<Utc>, body: &[u8]) -> Result<(), Refusal> {
        let settings = &app.config.hooks.ses;
        if settings.topics.is_empty() {
            return Err(Refusal::Off);
        }
        let notice = sns::Notice::parse(body)?;
        // Whoever has an account at AWS can have SNS sign anything, but not for a topic of somebody else.
        let topic = settings.topics.iter().find(|topic| topic.to_string() == notice.topic_arn).ok_or(Refusal::Stranger)?;
        let stand_in = settings.endpoint.as_ref();
        let url = notice.certificate_url(stand_in).ok_or(Refusal::Stranger)?;
        let certificate = self.certificates.get(app, now, url).await?;
        if !notice.is_signed_by(&certificate, now) {
            return Err(Refusal::Stranger);
        }
        match notice.kind.as_str() {
            "SubscriptionConfirmation" => {
                let url = notice.confirmation_url(topic, stand_in).ok_or(Refusal::Stranger)?;
                if let Err(error) = app.http.get_small(&url).await {
                    tracing::error!(%error, %topic, "the subscription to a topic could not be confirmed; SNS asks again");
                    return Err(Refusal::Later);
                }
                tracing::info!(%topic, "the subscription to a topic is confirmed");
                Ok(())
            }
            "UnsubscribeConfirmation" => {
                tracing::warn!(%topic, "somebody ended the subscription to a topic: no more reports come from it");
                Ok(())
            }
            _ => heed(app, now, "ses", &ses::events(&notice.message)).await,
        }
    }

    /// A record of Postmark, by somebody who presents one of `tokens`.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn postmark(&self, app: &App, now: DateTime<Utc>, tokens: &[String], body: &[u8]) -> Result<(), Refusal> {
        let own = app.config.hooks.postmark.token.as_ref().ok_or(Refusal::Off)?;
        if !tokens.iter().any(|token| bool::from(token.as_bytes().ct_eq(own.expose().as_bytes()))) {
            return Err(Refusal::Stranger);
        }
        heed(app, now, "postmark", &postmark::events(body)?).await
    }

    /// Events of SendGrid, with what its two headers say.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn sendgrid(&self, app: &App, now: DateTime<Utc>, headers: [Option<&[u8]>; 2], body: &[u8]) -> Result<(), Refusal> {
        let key = app.config.hooks.sendgrid.public_key.as_ref().ok_or(Refusal::Off)?;
        let [Some(timestamp), Some(signature)] = headers else { return Err(Refusal::Stranger) };
        if !key.verifies(timestamp, body, signature) {
            return Err(Refusal::Stranger);
        }
        heed(app, now, "sendgrid", &sendgrid::events(body)?).await
    }

    /// An event of Mailgun.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn mailgun(&self, app: &App, now: DateTime<Utc>, body: &[u8]) -> Result<(), Refusal> {
        let key = app.config.hooks.mailgun.signing_key.as_ref().ok_or(Refusal::Off)?;
        let payload = mailgun::Payload::parse(body).map_err(Refusal::Malformed)?;
        if !payload.is_signed(key.expose(), now) || !self.tokens.admits(&payload.token, body) {
            return Err(Refusal::Stranger);
        }
        heed(app, now, "mailgun", &payload.events()).await
    }
}

/// Acts on what a proven provider says; of mails that are not ours nothing is kept.
async fn heed(app: &App, now: DateTime<Utc>, provider: &'static str, events: &[Event]) -> Result<(), Refusal> {
    if events.is_empty() {
        return Ok(());
    }
    let found = matching::find(app, provider, events).await?;
    let ours: Vec<_> = events.iter().zip(&found).filter_map(|(event, found)| Some((event, found.as_ref()?))).collect();
    // Whatever became of them: who reports on a mail has had it, should we be in doubt.
    let mails: Vec<_> = ours.iter().filter_map(|(_, found)| Some((found.subscriber_id, found.mail?))).collect();
    queue::report_open(&app.db, now, &mails, Reported::Accepted, Source::Provider).await?;
    let is_delivery = |event: &Event| matches!(&event.said, Said::Report(report) if report.kind == Kind::Delivered);
    let (delivered, others): (Vec<_>, Vec<_>) = ours.into_iter().partition(|(event, _)| is_delivery(event));
    let arrived: Vec<_> = delivered.iter().map(|(_, found)| (found.subscriber_id, found.key)).collect();
    subscriber::arrived(&app.db, now, &arrived).await?;
    metrics::counter!("paperlark_feedback_total", "kind" => Kind::Delivered.word()).increment(arrived.len() as u64);
    for (event, found) in &others {
        match &event.said {
            Said::Left => subscriber::unsubscribe(app, now, found.subscriber_id, By::OneClick).await?,
            Said::Report(report) => drop(follow(app, now, (found.subscriber_id, found.key), report).await?),
        }
    }
    tracing::info!(provider, events = events.len(), delivered = delivered.len(), others = others.len(), "a provider reported on mails");
    Ok(())
}
