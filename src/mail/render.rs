//! Renders mails: templates from `templates/mail`, embedded, each overridable by a file of the same
//! name in a directory of the operator's. Strict: a template that asks for an unknown value is an error.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use handlebars::{Context, Handlebars, no_escape};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::dkim::SignError;
use super::helpers;
use super::message::{self, MessageError};
use super::model::{Card, DigestMail, Envelope, Mail, Site};
use super::printed::{Body, Common, Fragments, Printed, PrintedCard, Side};
use super::sample;
use super::subject::subject;
use super::view::digest::{common, digest, paper};
use super::view::{self, BODY_SIGN, Page};
use crate::strict;

/// Largest HTML part in bytes, line ends counted as two: Gmail hides what goes beyond about 102 kB.
pub const MAX_HTML_BYTES: usize = 95_000;

/// Most papers tried in one mail. The smallest card takes more than 900 bytes, so no more could fit.
const MAX_PAPERS: usize = 100;

#[derive(RustEmbed)]
#[folder = "templates/mail"]
struct Embedded;

/// Why the templates cannot be used. Found when the service starts, not when a mail is due.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file of the operator's cannot be read.
    #[error("cannot read mail templates from {path}: {source}; it must be a directory of readable UTF-8 files")]
    Read { path: PathBuf, source: std::io::Error },
    /// A template does not parse.
    #[error("the mail template {name} is not valid Handlebars: {source}")]
    Syntax { name: String, source: Box<handlebars::TemplateError> },
    /// A template parses but cannot print a sample mail.
    #[error("the mail templates cannot print the sample {kind}: {source}")]
    Sample { kind: &'static str, source: RenderError },
}

/// Why one mail cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A link of ours is not one.
    #[error("{name} is {url:?}: it must be a whole http:// or https:// address without a user name")]
    Url { name: &'static str, url: String },
    /// A template asked for what is not there, or failed otherwise.
    #[error("the mail template failed: {0}")]
    Template(#[from] Box<handlebars::RenderError>),
    /// Even without any paper the HTML is too large.
    #[error("the HTML of the mail has {size} bytes, more than {MAX_HTML_BYTES}: shorten the templates")]
    TooLarge { size: usize },
    /// The message around the texts cannot be built.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// No key would sign it.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A message ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The address bounces go to, in ASCII.
    pub envelope_from: String,
    /// The recipient; its domain in ASCII.
    pub envelope_to: String,
    /// Whether the relay must offer SMTPUTF8 (RFC 6531), because a local part is not ASCII.
    pub needs_smtputf8: bool,
    /// The subject, decoded.
    pub subject: String,
    /// The HTML part.
    pub html: Body,
    /// The text part.
    pub text: Body,
    /// The whole message, lines ended by CRLF, unsigned.
    pub bytes: Vec<u8>,
}

/// The compiled templates.
#[derive(Debug)]
pub struct Renderer {
    html: Handlebars<'static>,
    text: Handlebars<'static>,
}

impl Renderer {
    /// Compiles the embedded templates, or the files of the same names in `override_dir`, and tries
    /// them on a sample of each mail.
    pub fn new(override_dir: Option<&Path>) -> Result<Self, TemplateError> {
        let mut renderer = Self { html: Handlebars::new(), text: Handlebars::new() };
        renderer.text.register_escape_fn(no_escape);
        for registry in [&mut renderer.html, &mut renderer.text] {
            registry.set_strict_mode(true);
            strict::register(registry);
            helpers::register(registry);
            registry.set_prevent_indent(true);
        }
        if let Some(directory) = override_dir {
            std::fs::read_dir(directory).map_err(|source| TemplateError::Read { path: directory.to_owned(), source })?;
        }
        for file in Embedded::iter() {
            let source = template_source(&file, override_dir)?;
            let (registry, name) = match (file.strip_suffix(".html.hbs"), file.strip_suffix(".txt.hbs")) {
                (Some(name), _) => (&mut renderer.html, name),
                (_, Some(name)) => (&mut renderer.text, name),
                _ => continue,
            };
            let syntax = |source| TemplateError::Syntax { name: file.to_string(), source: Box::new(source) };
            registry.register_template_string(name, source).map_err(syntax)?;
        }
        for (kind, mail) in sample::mails() {
            let rendered =
                renderer.printed(&sample::site(), mail).and_then(|mail| renderer.render(&sample::site(), &sample::envelope(), &mail));
            rendered.map_err(|source| TemplateError::Sample { kind, source })?;
        }
        Ok(renderer)
    }

    /// Prints what the cards of a paper have in common, once for all filters: half of a card.
    pub fn common(&self, site: &Site, card: &Card) -> Result<Common, RenderError> {
        let view = Context::wraps(common(site, card)).map_err(Box::new)?;
        let fragments =
            |registry| Ok::<_, RenderError>(Fragments { facts: print(registry, "facts", &view)?, links: print(registry, "links", &view)? });
        Ok(Common { html: fragments(&self.html)?, text: fragments(&self.text)? })
    }

    /// Prints a card once for all mails it will stand in; `common` is that of its paper.
    pub fn card(&self, card: &Card, common: &Common) -> Result<PrintedCard, RenderError> {
        let mut view = Context::wraps(paper(card)).map_err(Box::new)?;
        let mut print = |registry, fragments: &Fragments| {
            view.data_mut()["facts"] = fragments.facts.as_str().into();
            view.data_mut()["links"] = fragments.links.as_str().into();
            Ok::<_, RenderError>(Printed::new(print(registry, "paper", &view)?))
        };
        Ok(PrintedCard {
            title: card.title.iter().map(|span| span.text.as_str()).collect(),
            html: print(&self.html, &common.html)?,
            text: print(&self.text, &common.text)?,
        })
    }

    /// `mail` with its cards printed.
    pub fn printed(&self, site: &Site, mail: Mail) -> Result<Mail<Arc<PrintedCard>>, RenderError> {
        mail.try_map(|card| Ok(Arc::new(self.card(&card, &self.common(site, &card)?)?)))
    }

    /// The message for `mail`: the same bytes for the same arguments.
    ///
    /// A digest shows as many papers as `MAX_HTML_BYTES` allow and says how many more its web copy has.
    pub fn render(&self, site: &Site, envelope: &Envelope, mail: &Mail<Arc<PrintedCard>>) -> Result<Rendered, RenderError> {
        let subject = subject(site, envelope.zone, mail);
        let (html, text) = match mail {
            Mail::Confirmation(mail) => self.letter("confirmation", &view::confirmation(site, subject.clone(), mail)?)?,
            Mail::Welcome(mail) => self.letter("welcome", &view::welcome(site, envelope.zone, subject.clone(), mail)?)?,
            Mail::Goodbye(mail) => self.letter("goodbye", &view::goodbye(site, subject.clone(), mail)?)?,
            Mail::Digest(mail) => self.digest(site, &subject, mail)?,
        };
        Ok(message::build(site, envelope, mail, message::Texts { subject, html, text })?)
    }

    fn letter<T: Serialize>(&self, name: &str, page: &Page<T>) -> Result<(Body, Body), RenderError> {
        self.both(name, page, &[])
    }

    fn both<T: Serialize>(&self, name: &str, page: &Page<T>, cards: &[Arc<PrintedCard>]) -> Result<(Body, Body), RenderError> {
        let page = Context::wraps(page).map_err(Box::new)?;
        let html = Body::assemble(&framed(&self.html, name, &page)?, cards, Side::Html);
        match html.wire_length() {
            size if size > MAX_HTML_BYTES => Err(RenderError::TooLarge { size }),
            _ => Ok((html, Body::assemble(&framed(&self.text, name, &page)?, cards, Side::Text))),
        }
    }

    /// The digest with the most papers that fit, found by halving: the size grows with their number.
    fn digest(&self, site: &Site, subject: &str, mail: &DigestMail<Arc<PrintedCard>>) -> Result<(Body, Body), RenderError> {
        let shown = |shown| {
            let (page, cards) = digest(site, subject.to_owned(), mail, shown)?;
            self.both("digest", &page, &cards)
        };
        let papers: usize = mail.sections.iter().map(|section| section.papers.len()).sum();
        let (mut fits, mut too_many) = (0, papers.min(MAX_PAPERS));
        match shown(too_many) {
            Err(RenderError::TooLarge { .. }) if too_many > 0 => {}
            settled => return settled,
        }
        while fits + 1 < too_many {
            let middle = fits.midpoint(too_many);
            match shown(middle) {
                Ok(_) => fits = middle,
                Err(RenderError::TooLarge { .. }) => too_many = middle,
                Err(error) => return Err(error),
            }
        }
        shown(fits)
    }
}

/// A card and its parts end without a line end: what stands behind them is not theirs to say.
fn print(registry: &Handlebars<'_>, name: &str, view: &Context) -> Result<String, RenderError> {
    Ok(registry.render_with_context(name, view).map_err(Box::new)?.trim_end().to_owned())
}

/// Template `name` inside the layout. Two steps rather than a partial block, in which Handlebars
/// copies the data at every level.
fn framed(registry: &Handlebars<'_>, name: &str, page: &Context) -> Result<String, RenderError> {
    let body = registry.render_with_context(name, page).map_err(Box::new)?;
    Ok(registry.render_with_context("layout", page).map_err(Box::new)?.replace(BODY_SIGN, &body))
}

fn template_source(file: &str, override_dir: Option<&Path>) -> Result<String, TemplateError> {
    let own = override_dir.map(|directory| directory.join(file)).filter(|path| path.exists());
    let source = match own {
        Some(path) => std::fs::read_to_string(&path).map_err(|source| TemplateError::Read { path, source })?,
        None => Embedded::get(file).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default(),
    };
    // Partials stand within lines, so a file's last line end is not part of them.
    Ok(source.replace("\r\n", "\n").trim_end().to_owned())
}
