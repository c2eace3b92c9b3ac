//! The pages on the way in and out: subscribe, confirm, unsubscribe, delete.

use serde::Serialize;

use super::form::SubscribeForm;
use super::preview::PreviewView;
use super::{Moment, Page};

/// The form by itself, also shown again with its errors.
#[derive(Debug, Serialize)]
pub struct SubscribePage {
    /// The fields.
    pub form: SubscribeForm,
    has_errors: bool,
}

impl SubscribePage {
    /// The page of `form`, which begins with a hint where it has errors.
    pub fn new(form: SubscribeForm) -> Self {
        Self { has_errors: form.has_errors(), form }
    }
}

impl Page for SubscribePage {
    const TEMPLATE: &'static str = "subscribe";

    fn title(&self) -> String {
        if self.has_errors { "Please correct your entries" } else { "Subscribe" }.to_owned()
    }
}

/// "Check your inbox": the same for every address, so that it tells nobody who subscribes.
#[derive(Debug, Serialize)]
pub struct SubscribedPage {
    /// Who the mail comes from.
    pub from_address: String,
    /// How long its link works, such as `48 hours`.
    pub valid: String,
}

impl Page for SubscribedPage {
    const TEMPLATE: &'static str = "subscribed";

    fn title(&self) -> String {
        "Check your inbox".to_owned()
    }
}

/// A filter by name and definition.
#[derive(Debug, Clone, Serialize)]
pub struct FilterLine {
    /// What the reader calls it; none where it is the definition itself.
    pub name: Option<String>,
    /// What it looks for.
    pub query: String,
    /// What it would have brought.
    pub preview: Option<PreviewView>,
}

/// Asks for the click that starts the mails.
#[derive(Debug, Serialize)]
pub struct ConfirmPage {
    /// The path the button is sent to.
    pub action: String,
    /// The address, masked.
    pub address: String,
    /// Whether digests come already, so that the filters are added to theirs.
    pub subscribed: bool,
    /// What will be received; empty for the trending papers.
    pub filters: Vec<FilterLine>,
    /// Such as `07:00`.
    pub hour: String,
    /// Such as `Europe/Berlin`.
    pub zone: String,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "confirm";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "Confirm your subscription".to_owned()
    }
}

/// "You are in."
#[derive(Debug, Serialize)]
pub struct ConfirmedPage {
    /// When the next digest comes; none while paused.
    pub next_digest: Option<Moment>,
    /// The path of the reader's preferences.
    pub preferences: String,
}

impl Page for ConfirmedPage {
    const TEMPLATE: &'static str = "confirmed";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "You are subscribed".to_owned()
    }
}

/// A link that does no longer work.
#[derive(Debug, Serialize)]
pub struct ExpiredPage {
    /// Whether it was used before, rather than too old.
    pub used: bool,
    /// The path that sends a new mail by POST; without it the reader is led to the form.
    pub resend: Option<String>,
}

impl Page for ExpiredPage {
    const TEMPLATE: &'static str = "expired";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        if self.used { "This link was used already" } else { "This link has expired" }.to_owned()
    }
}

/// Asks for the click that ends the mails.
#[derive(Debug, Serialize)]
pub struct UnsubscribePage {
    /// The path the button is sent to.
    pub action: String,
    /// The address, masked.
    pub address: String,
    /// The path of the preferences, for who only wants less mail.
    pub preferences: Option<String>,
}

impl Page for UnsubscribePage {
    const TEMPLATE: &'static str = "unsubscribe";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "Unsubscribe".to_owned()
    }
}

/// "No more mail."
#[derive(Debug, Serialize)]
pub struct UnsubscribedPage {
    /// The address, masked.
    pub address: String,
}

impl Page for UnsubscribedPage {
    const TEMPLATE: &'static str = "unsubscribed";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "You are unsubscribed".to_owned()
    }
}

/// Asks before everything about a reader is deleted.
#[derive(Debug, Serialize)]
pub struct DeletePage {
    /// The path the button is sent to.
    pub action: String,
    /// The address, masked.
    pub address: String,
    /// The path back to the preferences.
    pub preferences: String,
}

impl Page for DeletePage {
    const TEMPLATE: &'static str = "delete";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "Delete your data".to_owned()
    }
}

/// "Everything is deleted."
#[derive(Debug, Serialize)]
pub struct DeletedPage {}

impl Page for DeletedPage {
    const TEMPLATE: &'static str = "deleted";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        "Your data is deleted".to_owned()
    }
}
