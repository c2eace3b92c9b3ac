//! What a visitor sees instead of the page they asked for.

use serde::Serialize;

use super::Page;

/// An error, kindly: what happened and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorPage {
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub heading: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// What exactly, where the visitor can correct it.
    pub detail: Option<String>,
}

impl ErrorPage {
    /// The page for an HTTP status; unknown ones below 500 read like 400, others like 500.
    pub fn new(status: u16) -> Self {
        let (heading, advice) = words(status);
        Self { status, heading, advice, detail: None }
    }

    /// The same page with what exactly went wrong.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        403 => ("This link does not fit", "Its last part may have been lost when it was copied. Open it again from the mail, as a whole."),
        404 => ("Nothing lives here", "The address may have a typing error, or the page is gone. The newest papers are one click away."),
        405 => ("That does not work this way", "Go back to the page you came from and use its button."),
        410 => (
            "This is no longer here",
            "What this link led to has been deleted. The newest papers are one click away, and you can subscribe again.",
        ),
        413 => (
            "That was too much at once",
            "What you sent is larger than we take. Shorten it, for example to fewer filters, and send it again.",
        ),
        429 => ("One moment, please", "We had very many requests from your network. Wait a few minutes, then try again; nothing is lost."),
        503 => ("We are having a short rest", "The service is starting or being cared for. Try again in a minute."),
        400..=499 => (
            "We did not understand that",
            "Something in the request was not as expected. Go back, look at what you entered, and send it again.",
        ),
        _ => ("Something broke on our side", "It is not your fault, and it has been written to our log. Try again in a few minutes."),
    }
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error";
    const PRIVATE: bool = true;

    fn title(&self) -> String {
        self.heading.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_error_has_words_of_its_own() {
        let statuses = [400, 403, 404, 405, 410, 413, 429, 500, 503];
        let headings: HashSet<_> = statuses.iter().map(|status| ErrorPage::new(*status).heading).collect();
        assert_eq!(headings.len(), statuses.len());
        assert_eq!((words(418), words(599), words(0)), (words(400), words(500), words(500)));
    }
}
