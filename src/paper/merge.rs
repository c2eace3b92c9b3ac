//! What stands of a paper when several sources speak of it, field by field. Pure.
//!
//! For each field the report with the better [`Origin`] stands: origins have one order, so the outcome does
//! not depend on who was heard first. docs/sources.md, "Who is believed", is this file in words.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Paper, PaperId};

/// What kind of source speaks; who is believed depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// arXiv, of its own papers.
    Arxiv,
    /// bioRxiv and medRxiv, of theirs.
    Biorxiv,
    /// PubMed: edited records.
    Pubmed,
    /// Crossref: what publishers register.
    Crossref,
    /// OpenAlex: gathered from many.
    Openalex,
    /// The operator's own files.
    File,
    /// A journal's or laboratory's feed: often shortened.
    Feed,
    /// Another Paperlark: what it heard itself.
    Paperlark,
    /// The hub's Daily Papers: its titles have lost `$` and `\`, but its votes are its own.
    Huggingface,
}

/// The fields of a paper for which a source is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the field of Paper with that name")]
pub enum Field {
    Title,
    Abstract,
    Authors,
    Categories,
    Published,
    Upvotes,
    Comments,
    CodeUrl,
    GithubStars,
    ProjectUrl,
    ThumbnailUrl,
    Organization,
    SubmittedBy,
    AiSummary,
    AiKeywords,
}

impl Field {
    /// How much `authority` counts for this field; the least is believed.
    fn rank(self, authority: Authority) -> u8 {
        use Authority::{Arxiv, Biorxiv, Crossref, Feed, File, Huggingface, Openalex, Paperlark, Pubmed};
        const RECORD: [Authority; 9] = [Arxiv, Biorxiv, Pubmed, Crossref, Openalex, File, Feed, Paperlark, Huggingface];
        const COMMUNITY: [Authority; 9] = [Huggingface, Paperlark, File, Feed, Openalex, Crossref, Pubmed, Biorxiv, Arxiv];
        let order = match self {
            Self::Title | Self::Abstract | Self::Authors | Self::Categories | Self::Published => RECORD,
            _ => COMMUNITY,
        };
        let place = order.iter().position(|one| *one == authority);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }
}

/// Whose word a field is: kind and name of the source, and of which version of the paper it spoke.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    authority: Authority,
    version: Option<u32>,
    source: String,
}

/// Whose word each known field is. Written as `{"arxiv 3 NAME": ["title", …]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Vec<Field>>", into = "BTreeMap<String, Vec<Field>>")]
pub struct Origins(BTreeMap<Field, Origin>);

impl Origins {
    /// Nobody is remembered: papers of which a source speaks, before anything is merged.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Origins> for BTreeMap<String, Vec<Field>> {
    fn from(origins: Origins) -> Self {
        let mut by_origin: Self = Self::new();
        for (field, Origin { authority, version, source }) in origins.0 {
            let authority = serde_json::to_value(authority).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
            by_origin.entry(format!("{authority} {} {source}", version.unwrap_or(0))).or_default().push(field);
        }
        by_origin
    }
}

impl TryFrom<BTreeMap<String, Vec<Field>>> for Origins {
    type Error = String;
    fn try_from(by_origin: BTreeMap<String, Vec<Field>>) -> Result<Self, String> {
        let mut origins = BTreeMap::new();
        for (origin, fields) in by_origin {
            let origin: Origin = origin.parse()?;
            origins.extend(fields.into_iter().map(|field| (field, origin.clone())));
        }
        Ok(Self(origins))
    }
}

impl FromStr for Origin {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, ' ');
        let (Some(authority), Some(version), Some(source)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{text:?} is no origin: kind, version and name were expected"));
        };
        let authority = Authority::deserialize(serde_json::Value::from(authority)).map_err(|error| error.to_string())?;
        let version: u32 = version.parse().map_err(|_| format!("{version:?} is no version"))?;
        Ok(Self { authority, version: (version > 0).then_some(version), source: source.to_owned() })
    }
}

/// More identities than any real paper has; what a hostile item lists beyond is dropped.
const MAX_ALIASES: usize = 16;

/// Runs `$each!(Field, field)` for every field that is merged by origin.
macro_rules! for_every_field {
    ($each:ident) => {
        $each!(Title, title);
        $each!(Abstract, abstract_text);
        $each!(Authors, authors);
        $each!(Categories, categories);
        $each!(Published, published);
        $each!(Upvotes, upvotes);
        $each!(Comments, comments);
        $each!(CodeUrl, code_url);
        $each!(GithubStars, github_stars);
        $each!(ProjectUrl, project_url);
        $each!(ThumbnailUrl, thumbnail_url);
        $each!(Organization, organization);
        $each!(SubmittedBy, submitted_by);
        $each!(AiSummary, ai_summary);
        $each!(AiKeywords, ai_keywords);
    };
}

impl Paper {
    /// The paper as the report of one source, ready to be merged.
    pub fn reported_by(mut self, source: &str, authority: Authority) -> Self {
        let origin = Origin { authority, version: self.version.filter(|version| *version > 0), source: source.to_owned() };
        let mut origins = BTreeMap::new();
        macro_rules! sign {
            ($field:ident, $name:ident) => {
                if self.$name.is_known() {
                    origins.insert(Field::$field, origin.clone());
                }
            };
        }
        for_every_field!(sign);
        self.origins = Origins(origins);
        self.sources = vec![source.to_owned()];
        self.aliases.truncate(MAX_ALIASES);
        // One arXiv id names one paper: an item that gives two is about the first.
        let mut has_arxiv = self.id.arxiv().is_some();
        self.aliases.retain(|id| id.arxiv().is_none() || !std::mem::replace(&mut has_arxiv, true));
        self.set_identities(self.identities());
        self
    }

    /// Every identity, the canonical one first.
    pub fn identities(&self) -> Vec<PaperId> {
        [std::slice::from_ref(&self.id), &self.aliases].concat()
    }

    /// Makes the best of `ids` the canonical one and the others aliases.
    pub fn set_identities(&mut self, mut ids: Vec<PaperId>) {
        ids.sort_unstable_by(|one, other| one.precedence().cmp(&other.precedence()));
        ids.dedup();
        let mut ids = ids.into_iter();
        if let Some(id) = ids.next() {
            self.id = id;
            self.aliases = ids.collect();
        }
    }

    /// Takes over what `report` says better; both come from [`Paper::reported_by`] or are merged of such.
    ///
    /// - What is empty never erases, and fills nothing but what is empty.
    /// - A source may correct its own word, unless it speaks of an older version of the paper.
    /// - Else the better authority for the field is believed, then the later version, then the name that
    ///   comes first in the alphabet.
    /// - An abstract that is whole goes before one that is cut off; of dates of appearance among equals the
    ///   earliest stands.
    ///
    /// Merging the same report twice changes nothing; the order of reports matters only among those of one
    /// source that do not tell their version.
    pub fn merge(&mut self, report: Paper) {
        self.set_identities([self.identities(), report.identities()].concat());
        self.version = self.version.max(report.version);
        macro_rules! take_better {
            ($field:ident, $name:ident) => {
                let (known, told) = (self.origins.0.get(&Field::$field), report.origins.0.get(&Field::$field));
                if report.$name.is_known()
                    && (!self.$name.is_known() || is_better(Field::$field, (&self.$name, known), (&report.$name, told)))
                {
                    self.$name = report.$name;
                    match told {
                        Some(origin) => self.origins.0.insert(Field::$field, origin.clone()),
                        None => self.origins.0.remove(&Field::$field),
                    };
                }
            };
        }
        for_every_field!(take_better);
        self.sources.extend(report.sources);
        self.sources.sort_unstable();
        self.sources.dedup();
    }
}

/// Whether what is told goes before what is known; both are known.
fn is_better<T: Value>(field: Field, known: (&T, Option<&Origin>), told: (&T, Option<&Origin>)) -> bool {
    let (Some(known_by), Some(told_by)) = (known.1, told.1) else {
        // Of what was stored before origins were, anybody may know better.
        return known.1.is_none();
    };
    let quality = known.0.quality(field).cmp(&told.0.quality(field));
    if known_by.source == told_by.source && known_by.authority == told_by.authority {
        let outdated = told_by.version.is_some() && told_by.version < known_by.version;
        return quality.is_lt() || (quality.is_eq() && !outdated);
    }
    let key = |origin: &Origin| {
        (Reverse(field.rank(origin.authority)), origin.version.filter(|_| field != Field::Published), Reverse(origin.source.clone()))
    };
    let order = match field {
        // Everybody says when it appeared first in their own eyes.
        Field::Published if known_by.authority == told_by.authority => quality,
        Field::Published => key(known_by).cmp(&key(told_by)),
        _ => quality.then_with(|| key(known_by).cmp(&key(told_by))),
    };
    order.is_lt()
}

/// A field's value, as far as merging looks at it.
trait Value {
    fn is_known(&self) -> bool;
    /// The greater goes first, whoever said it.
    fn quality(&self, _: Field) -> i64 {
        0
    }
}

impl Value for String {
    fn is_known(&self) -> bool {
        !self.is_empty()
    }
    /// Feeds and search results cut abstracts off and say so by an ellipsis.
    fn quality(&self, field: Field) -> i64 {
        let cut_off = field == Field::Abstract && ["…", "...", "[…]", "[...]"].iter().any(|end| self.trim_end().ends_with(end));
        i64::from(!cut_off)
    }
}

impl Value for Vec<String> {
    fn is_known(&self) -> bool {
        !self.is_empty()
    }
}

impl Value for Option<String> {
    fn is_known(&self) -> bool {
        self.is_some()
    }
}

impl Value for Option<u32> {
    fn is_known(&self) -> bool {
        self.is_some()
    }
}

impl Value for Option<chrono::DateTime<chrono::Utc>> {
    fn is_known(&self) -> bool {
        self.is_some()
    }
    fn quality(&self, _: Field) -> i64 {
        self.map_or(i64::MIN, |time| -time.timestamp_micros())
    }
}
