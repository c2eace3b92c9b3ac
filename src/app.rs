//! What every step and handler works with.

use std::sync::Arc;

use anyhow::Context;
use sqlx::PgPool;

use crate::clock::Clock;
use crate::config::Config;
use crate::database;
use crate::digest::{Cards, Printer, Site, Windows};
use crate::mail::dkim::{Key, Signer};
use crate::mail::model;
use crate::mail::queue::Recorder;
use crate::mail::render::Renderer;
use crate::preview::Corpora;
use crate::smtp::Relays;
use crate::source::Http;
use crate::token::Keys;
use crate::vitals::Vitals;

/// The service's parts; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What the operator chose.
    pub config: Arc<Config>,
    /// The database; all state that matters is there.
    pub db: PgPool,
    /// Tells the time to whoever starts a step.
    pub clock: Clock,
    /// Asks sources.
    pub http: Http,
    /// Signs links.
    pub keys: Arc<Keys>,
    /// The ways out for mails.
    pub relays: Arc<Relays>,
    /// Writes attempts down.
    pub recorder: Arc<Recorder>,
    /// Signs mails, where a key is set.
    pub signer: Option<Arc<Signer>>,
    /// The mails' templates.
    pub renderer: Arc<Renderer>,
    /// Indexed papers that readers share.
    pub windows: Arc<Windows>,
    /// Whether the loops go round.
    pub vitals: Arc<Vitals>,
    /// Printed papers that mails share.
    pub cards: Arc<Cards>,
    /// Indexed papers for whoever tries a filter.
    pub corpora: Arc<Corpora>,
}

impl App {
    /// Puts the parts together over a database that is up and migrated.
    ///
    /// # Errors
    /// A signing key, certificate or template that cannot be used.
    pub async fn new(config: Config, db: PgPool) -> anyhow::Result<Self> {
        let clock = config.clock.start.map_or_else(Clock::system, Clock::starting_at);
        Self::with_clock(config, db, clock).await
    }

    /// As [`App::new`], with a clock of the caller's.
    ///
    /// # Errors
    /// As [`App::new`].
    pub async fn with_clock(config: Config, db: PgPool, clock: Clock) -> anyhow::Result<Self> {
        let keys = database::signing_keys(&config, &db, clock.now()).await?;
        let templates = config.web.templates.as_deref();
        let hello = config.site.from_address.domain();
        Ok(Self {
            http: Http::new(&config, db.clone())?,
            keys: Arc::new(keys),
            relays: Arc::new(Relays::new(&config, hello)?),
            recorder: Arc::new(Recorder::start(&db)),
            signer: signer(&config)?.map(Arc::new),
            renderer: Arc::new(Renderer::new(templates.map(|folder| folder.join("mail")).as_deref()).context("web.templates")?),
            windows: Arc::default(),
            vitals: Arc::default(),
            cards: Arc::default(),
            corpora: Arc::default(),
            config: Arc::new(config),
            db,
            clock,
        })
    }

    /// What links in mails and pages are made of.
    pub fn links(&self) -> Site<'_> {
        let site = &self.config.site;
        Site { base_url: &site.base_url, keys: &self.keys, unsubscribe_address: site.unsubscribe_address.as_ref() }
    }

    /// What prints digests for `site`, which is [`App::mail_site`].
    pub fn printer<'a>(&'a self, site: &'a model::Site) -> Printer<'a> {
        Printer { links: self.links(), site, renderer: &self.renderer, cards: &self.cards }
    }

    /// The service as its mails show it.
    pub fn mail_site(&self) -> model::Site {
        let site = &self.config.site;
        model::Site {
            name: site.name.clone(),
            base_url: site.base_url.to_string(),
            from_name: site.from_name.clone().unwrap_or_else(|| site.name.clone()),
            from_address: site.from_address.for_envelope(),
            domain: site.from_address.domain().to_owned(),
            postal_line: site.contact.clone(),
        }
    }
}

/// What signs mails, if the configuration names a key.
///
/// # Errors
/// A file that cannot be read, or that holds no key.
pub(crate) fn signer(config: &Config) -> anyhow::Result<Option<Signer>> {
    let dkim = &config.dkim;
    let pairs =
        [("dkim.key_file", &dkim.selector, &dkim.key_file), ("dkim.ed25519_key_file", &dkim.ed25519_selector, &dkim.ed25519_key_file)];
    let mut keys = Vec::new();
    for (setting, selector, file) in pairs {
        if let (Some(selector), Some(file)) = (selector, file) {
            let pem = std::fs::read(file).with_context(|| format!("{setting}: cannot read {}", file.display()))?;
            keys.push(Key::from_pem(selector, &pem).with_context(|| format!("{setting}: {}", file.display()))?);
        }
    }
    Ok((!keys.is_empty()).then(|| Signer::new(config.dkim_domain(), keys)))
}
