//! A visitor who uses the front doors: the form, the mail, the button.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use url::Url;

use crate::catcher::Mailbox;

pub(super) struct Visitor<'a> {
    client: Client,
    site: &'a Url,
    mailbox: &'a Mailbox,
    patience: Duration,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(site: &'a Url, mailbox: &'a Mailbox, patience: Duration) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(patience).build().context("cannot make an HTTP client")?;
        Ok(Self { client, site, mailbox, patience })
    }

    /// Sends the sign-up form.
    pub(super) async fn subscribe(&self, address: &str, keywords: &str) -> anyhow::Result<()> {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("address", address).append_pair("keywords", keywords).finish();
        let request = self.client.post(self.site.join("subscribe")?).header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await?.error_for_status().context("the form was refused")?;
        Ok(())
    }

    /// Opens the link of the confirmation mail and presses its button.
    pub(super) async fn confirm(&self, address: &str) -> anyhow::Result<()> {
        let prefix = self.site.join("confirm/")?.to_string();
        let mail = self
            .mailbox
            .wait_for(|mail| is_to(mail, address) && mail.text().is_some_and(|text| text.contains(&prefix)), self.patience)
            .await;
        let text = mail.context("no confirmation mail came")?.text().unwrap_or_default();
        let Some(link) = text.split_whitespace().find(|word| word.starts_with(&prefix)) else { bail!("the confirmation mail has no link") };
        self.client.get(link).send().await?.error_for_status().context("the confirmation page does not open")?;
        self.client.post(link).send().await?.error_for_status().context("the confirmation was refused")?;
        Ok(())
    }

    /// Waits for the digest and gives its subject.
    pub(super) async fn digest(&self, address: &str) -> anyhow::Result<String> {
        let prefix = self.site.join("digests/")?.to_string();
        let mail = self
            .mailbox
            .wait_for(|mail| is_to(mail, address) && mail.text().is_some_and(|text| text.contains(&prefix)), self.patience)
            .await;
        Ok(mail.context("no digest came")?.subject())
    }
}

fn is_to(mail: &crate::catcher::Caught, address: &str) -> bool {
    mail.to.iter().any(|to| to == address)
}
