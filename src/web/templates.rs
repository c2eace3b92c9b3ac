//! From a page's view to its HTML: Handlebars in strict mode, so that an unknown variable is an error.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use handlebars::Handlebars;
use rust_embed::RustEmbed;
use serde::Serialize;

use super::assets;
use super::view::{LIMITS, Limits, Page, SiteView};
use crate::strict;

#[derive(RustEmbed)]
#[folder = "templates/page/"]
struct BuiltIn;

/// Where the pages are in an operator's folder of templates; beside it are those of the mails.
const FOLDER: &str = "page";
/// What a template's file name ends with.
const ENDING: &str = ".hbs";

/// The templates of all pages, parsed.
pub struct Pages {
    registry: Handlebars<'static>,
    assets: AssetLinks,
}

/// Why the templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read templates from {path}: {source}; check the path and its permissions, or leave web.templates empty")]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file in the folder replaces no built-in template.
    #[error("{path} replaces no template: rename it to one of {known}, or remove it")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The names that would do.
        known: String,
    },
    /// A template is no valid Handlebars.
    #[error("template {name} is broken: {source}")]
    Syntax {
        /// The template's name, without its ending.
        name: String,
        /// Where and how.
        source: Box<handlebars::TemplateError>,
    },
    /// A file that every page links to is not in the binary.
    #[error("the file {0} is missing from this build; build again from a complete source tree")]
    Asset(&'static str),
}

/// Why a page could not be made from its view: the template asks for something that is not there.
#[derive(Debug, thiserror::Error)]
#[error("page {name} cannot be rendered: {source}; correct the template, or remove your version of it to get the built-in one")]
pub struct RenderError {
    name: &'static str,
    source: Box<handlebars::RenderError>,
}

/// What a template sees.
#[derive(Serialize)]
struct Frame<'a, T> {
    site: &'a SiteView,
    assets: &'a AssetLinks,
    limits: &'a Limits,
    /// For `<title>` and what is shared elsewhere.
    title: String,
    description: Option<String>,
    /// Whether search engines are asked to keep out.
    private: bool,
    page: &'a T,
}

#[derive(Serialize)]
struct AssetLinks {
    style: String,
    script: String,
    icon: String,
}

impl Pages {
    /// Parses the built-in templates, each replaced by `page/NAME.hbs` of `override_dir` where that exists.
    ///
    /// # Errors
    /// When the folder is given but unreadable, holds a file that replaces nothing, or a template does not parse.
    pub fn new(override_dir: Option<&Path>) -> Result<Self, TemplateError> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        strict::register(&mut registry);
        // Indenting a partial would also indent what readers typed into a textarea.
        registry.set_prevent_indent(true);
        registry.register_escape_fn(escape);
        for file in BuiltIn::iter() {
            if let Some(content) = BuiltIn::get(&file) {
                register(&mut registry, &file, &content.data)?;
            }
        }
        for (file, content) in override_dir.map(read_overrides).transpose()?.unwrap_or_default() {
            register(&mut registry, &file, &content)?;
        }
        let link = |name| assets::address(name).ok_or(TemplateError::Asset(name));
        let assets = AssetLinks { style: link("site.css")?, script: link("site.js")?, icon: link("favicon.svg")? };
        Ok(Self { registry, assets })
    }

    /// The HTML of `page`, complete from doctype to foot.
    ///
    /// # Errors
    /// When a template asks for what the view does not have; the built-in ones are tested not to.
    pub fn render<T: Page>(&self, site: &SiteView, page: &T) -> Result<String, RenderError> {
        let frame = Frame {
            site,
            assets: &self.assets,
            limits: &LIMITS,
            title: page.title(),
            description: page.description(),
            private: T::PRIVATE,
            page,
        };
        self.registry.render(T::TEMPLATE, &frame).map_err(|source| RenderError { name: T::TEMPLATE, source: Box::new(source) })
    }
}

fn register(registry: &mut Handlebars<'static>, file: &str, content: &[u8]) -> Result<(), TemplateError> {
    let name = file.strip_suffix(ENDING).unwrap_or(file);
    registry
        .register_template_string(name, String::from_utf8_lossy(content))
        .map_err(|source| TemplateError::Syntax { name: name.to_owned(), source: Box::new(source) })
}

/// The operator's own templates, by file name. A folder without `page/` replaces none.
fn read_overrides(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, TemplateError> {
    let read_error = |path: &Path, source| TemplateError::Read { path: path.to_owned(), source };
    folder.read_dir().map_err(|source| read_error(folder, source))?;
    let pages = folder.join(FOLDER);
    if !pages.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in pages.read_dir().map_err(|source| read_error(&pages, source))? {
        let path = entry.map_err(|source| read_error(&pages, source))?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(ENDING)) else {
            continue;
        };
        if BuiltIn::get(file).is_none() {
            let known: Vec<Cow<'_, str>> = BuiltIn::iter().collect();
            return Err(TemplateError::Unknown { known: known.join(", "), path });
        }
        let content = std::fs::read(&path).map_err(|source| read_error(&path, source))?;
        found.push((file.to_owned(), content));
    }
    Ok(found)
}

/// Makes any text safe between tags and in quoted attributes. Control characters, which HTML forbids,
/// become U+FFFD.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\r' | '\t' => safe.push(c),
            c if c.is_control() => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
