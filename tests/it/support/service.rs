//! The service in the test's own process: its pages on a free port, its relay a mail catcher, its
//! clock in the test's hand.

use std::time::Duration;

use chrono::{DateTime, Utc};
use paperlark::App;
use paperlark::catcher::{Catcher, Mailbox};
use paperlark::clock::Clock;
use paperlark::config::{self, Config};
use paperlark::pipeline::{compose, deliver, fetch};
use reqwest::{Client, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::database::{TestDatabase, database};
use super::hub::Hub;

/// Signs the links of all tests.
pub const KEY: &str = "a key for tests, long enough to be taken as one";

pub struct Service {
    pub app: App,
    pub catcher: Catcher,
    pub hub: Hub,
    pub client: Client,
    pub database: TestDatabase,
}

/// `key=value` pairs over the defaults, by the names of the environment: `RELAY_PORT=25`.
pub fn configuration(settings: &[(&str, &str)]) -> Config {
    let environment = settings.iter().map(|(key, value)| (format!("PAPERLARK_{key}"), (*value).to_owned()));
    config::load(Some("/dev/null".as_ref()), environment).unwrap()
}

impl Service {
    /// A service without papers and readers, at `now`.
    pub async fn start(now: &str) -> Self {
        Self::start_with(now, &[]).await
    }

    /// As [`Service::start`], with settings of its own.
    pub async fn start_with(now: &str, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(now.parse().unwrap());
        let stamp = clock.clone();
        let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, move || stamp.now()).await.unwrap();
        let hub = Hub::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let port = catcher.smtp_address().port().to_string();
        let own = [
            ("SECRET_KEY", KEY),
            ("SITE_BASE_URL", &base),
            ("RELAY_PORT", &port),
            ("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str()),
            ("RELAY_COMMAND_TIMEOUT", "2s"),
            ("RELAY_DATA_TIMEOUT", "2s"),
            ("RELAY_DOT_TIMEOUT", "2s"),
            ("SIGNUP_PER_NETWORK", "100000"),
            ("SIGNUP_PER_DOMAIN", "100000"),
            ("SIGNUP_PER_HOUR", "100000"),
        ];
        let database = database().await;
        let config = configuration(&[&own[..], settings].concat());
        let app = App::with_clock(config, database.pool().clone(), clock).await.unwrap();
        let pages = paperlark::web::service(app.clone()).unwrap();
        tokio::spawn(async move { axum::serve(listener, pages).await });
        let client = Client::builder().redirect(reqwest::redirect::Policy::limited(3)).timeout(Duration::from_secs(20)).build().unwrap();
        Self { app, catcher, hub, client, database }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Moves the clock.
    pub fn set(&self, now: &str) {
        self.app.clock.set(now.parse().unwrap());
    }

    /// Moves the clock on.
    pub fn pass(&self, time: Duration) {
        self.app.clock.set(self.now() + time);
    }

    pub fn mailbox(&self) -> &Mailbox {
        self.catcher.mailbox()
    }

    /// Fetches one day of the hub.
    pub async fn fetch(&self, day: &str) -> fetch::Report {
        fetch::fetch(&self.app, self.now(), "huggingface", Some(day.parse().unwrap())).await.unwrap()
    }

    /// Composes what is due and sends what waits, until nothing more moves at this time.
    pub async fn work(&self) -> compose::Composed {
        let composed = compose::step(&self.app, self.now()).await.unwrap();
        self.deliver().await;
        composed
    }

    /// Sends what waits.
    pub async fn deliver(&self) -> deliver::Delivered {
        let mut sum = deliver::Delivered::default();
        loop {
            let delivered = deliver::step(&self.app, self.now(), &CancellationToken::new()).await.unwrap();
            sum.accepted += delivered.accepted;
            sum.deferred += delivered.deferred;
            sum.failed += delivered.failed;
            sum.uncertain += delivered.uncertain;
            sum.suppressed += delivered.suppressed;
            sum.released += delivered.released;
            sum.paced += delivered.paced;
            if delivered.total() == delivered.released + delivered.paced {
                return sum;
            }
        }
    }

    pub fn url(&self, path: &str) -> String {
        self.app.config.site.base_url.join(path).unwrap().into()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.client.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    }

    /// Signs up by the form and confirms by the mail's link; gives the reader's preferences page.
    pub async fn join(&self, address: &str, keywords: &str) -> String {
        let fields = [("address", address), ("keywords", keywords), ("zone", "Europe/Berlin"), ("hour", "7")];
        let answer = self.post("/subscribe", &fields).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        self.deliver().await;
        let link = self.link_in_mail(address, "/confirm/");
        let page = self.client.post(&link).send().await.unwrap();
        assert_eq!(page.status(), 200);
        self.deliver().await;
        link_of(&page.text().await.unwrap(), "/preferences/").expect("the confirmed page links to the preferences")
    }

    /// The newest link to `path` in any mail to `address`.
    pub fn link_in_mail(&self, address: &str, path: &str) -> String {
        let mails = self.mailbox().for_recipient(address);
        let link = mails.iter().rev().find_map(|mail| link_of(&mail.text().unwrap_or_default(), path));
        link.unwrap_or_else(|| panic!("{address} has no mail with a link to {path}"))
    }

    /// The digests that reached `address`, oldest first, each as the ids of its papers in order.
    pub fn digests(&self, address: &str) -> Vec<Vec<String>> {
        let mails = self.mailbox().for_recipient(address);
        let texts = mails.iter().filter_map(|mail| mail.text()).filter(|text| text.contains("/digests/"));
        texts.map(|text| papers_of(&text)).collect()
    }
}

/// The arXiv ids whose abstract pages a text part links to, in order.
pub fn papers_of(text: &str) -> Vec<String> {
    let links = text.split_whitespace().filter_map(|word| word.strip_prefix("https://arxiv.org/abs/"));
    links.map(|id| id.trim_end_matches(['.', ',']).to_owned()).collect()
}

/// The first link or path with `path` in it.
pub fn link_of(text: &str, path: &str) -> Option<String> {
    let at = text.find(path)?;
    let start = text[..at].rfind([' ', '\n', '"', '<', '(']).map_or(0, |start| start + 1);
    let end = text[at..].find([' ', '\n', '\r', '"', '>', ')']).map_or(text.len(), |end| at + end);
    Some(text[start..end].to_owned())
}
