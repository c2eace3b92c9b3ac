//! What the fields of Ovid and PubMed mean for a paper here.

use crate::filter::note::Note;
use crate::filter::syntax::Scope;

/// What to do with the words before a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Look for them here. The note names other fields that stood there too.
    Texts(Scope, Option<Note>),
    /// They are a subject heading, a publication type or the like.
    Heading,
    /// Nothing here says this of a paper.
    Unknown,
}

/// Ovid's names of fields (<https://ospguides.ovid.com/OSPguides/medline.htm>), written behind a term: `.ti,ab.`
const OVID: [(&str, Field); 32] = [
    ("ti", Field::Title),
    ("ab", Field::Abstract),
    ("tw", Field::Topic),
    ("mp", Field::Other),
    ("af", Field::Other),
    ("tx", Field::Other),
    ("kw", Field::Other),
    ("kf", Field::Other),
    ("ot", Field::Other),
    ("tn", Field::Other),
    ("au", Field::Author),
    ("in", Field::Organization),
    ("sh", Field::Heading),
    ("hw", Field::Heading),
    ("nm", Field::Heading),
    ("rn", Field::Heading),
    ("pt", Field::Heading),
    ("fs", Field::Unknown),
    ("xs", Field::Unknown),
    ("ed", Field::Unknown),
    ("cm", Field::Unknown),
    ("ui", Field::Unknown),
    ("jw", Field::Unknown),
    ("jn", Field::Unknown),
    ("nj", Field::Unknown),
    ("yr", Field::Unknown),
    ("dp", Field::Unknown),
    ("dt", Field::Unknown),
    ("la", Field::Unknown),
    ("lg", Field::Unknown),
    ("cp", Field::Unknown),
    ("is", Field::Unknown),
];

/// PubMed's tags (<https://pubmed.ncbi.nlm.nih.gov/help/#search-tags>), in small letters and without `:noexp` and its like.
const PUBMED: [(&str, Field); 66] = [
    ("tiab", Field::Topic),
    ("title/abstract", Field::Topic),
    ("tw", Field::Topic),
    ("text word", Field::Topic),
    ("text words", Field::Topic),
    ("all", Field::Other),
    ("all fields", Field::Other),
    ("ot", Field::Other),
    ("other term", Field::Other),
    ("tt", Field::Other),
    ("ti", Field::Title),
    ("title", Field::Title),
    ("ab", Field::Abstract),
    ("abstract", Field::Abstract),
    ("au", Field::Author),
    ("author", Field::Author),
    ("fau", Field::Author),
    ("full author name", Field::Author),
    ("1au", Field::Author),
    ("first author name", Field::Author),
    ("lastau", Field::Author),
    ("last author name", Field::Author),
    ("ad", Field::Organization),
    ("affiliation", Field::Organization),
    ("mh", Field::Heading),
    ("mesh", Field::Heading),
    ("mesh terms", Field::Heading),
    ("mesh major topic", Field::Heading),
    ("majr", Field::Heading),
    ("sh", Field::Heading),
    ("mesh subheading", Field::Heading),
    ("subheading", Field::Heading),
    ("nm", Field::Heading),
    ("substance name", Field::Heading),
    ("supplementary concept", Field::Heading),
    ("pa", Field::Heading),
    ("pharmacological action", Field::Heading),
    ("pt", Field::Heading),
    ("publication type", Field::Heading),
    ("ptyp", Field::Heading),
    ("rn", Field::Heading),
    ("ec/rn number", Field::Heading),
    ("la", Field::Unknown),
    ("lang", Field::Unknown),
    ("language", Field::Unknown),
    ("sb", Field::Unknown),
    ("subset", Field::Unknown),
    ("filter", Field::Unknown),
    ("ta", Field::Unknown),
    ("jour", Field::Unknown),
    ("journal", Field::Unknown),
    ("pmid", Field::Unknown),
    ("uid", Field::Unknown),
    ("dp", Field::Unknown),
    ("pdat", Field::Unknown),
    ("date - publication", Field::Unknown),
    ("publication date", Field::Unknown),
    ("edat", Field::Unknown),
    ("entrez date", Field::Unknown),
    ("date - entrez", Field::Unknown),
    ("entry date", Field::Unknown),
    ("crdt", Field::Unknown),
    ("create date", Field::Unknown),
    ("mhda", Field::Unknown),
    ("lr", Field::Unknown),
    ("gr", Field::Unknown),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Abstract,
    Topic,
    /// Title, abstract and more, or something near them.
    Other,
    Author,
    Organization,
    Heading,
    Unknown,
}

fn meaning(fields: &[Field], written: &str) -> Meaning {
    let has = |field| fields.contains(&field);
    let note = || has(Field::Other).then(|| Note::OtherFields(vec![written.to_owned()]));
    let (title, abstract_text) = (has(Field::Title), has(Field::Abstract));
    match () {
        () if has(Field::Topic) || title && abstract_text => Meaning::Texts(Scope::Topic, note()),
        () if title => Meaning::Texts(Scope::Title, note()),
        () if abstract_text => Meaning::Texts(Scope::Abstract, note()),
        () if has(Field::Other) => Meaning::Texts(Scope::Topic, note()),
        () if has(Field::Author) => Meaning::Texts(Scope::Author, None),
        () if has(Field::Organization) => Meaning::Texts(Scope::Organization, None),
        () if has(Field::Heading) => Meaning::Heading,
        () => Meaning::Unknown,
    }
}

/// What `ti,ab` means, which stands behind a term; `None` if it is no list of fields.
pub(super) fn of_ovid(names: &str) -> Option<Meaning> {
    let find = |name: &str| OVID.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, field)| field);
    let fields: Vec<Field> = names.split(',').map(|name| find(name.trim())).collect::<Option<_>>()?;
    Some(meaning(&fields, &format!(".{names}.")))
}

/// What `[tag]` means; `None` if PubMed has no such tag.
pub(super) fn of_pubmed(tag: &str) -> Option<Meaning> {
    let lower = tag.to_lowercase();
    let name = lower.split(':').next().unwrap_or_default().trim();
    let field = PUBMED.iter().find(|&&(known, _)| known == name)?.1;
    Some(meaning(&[field], &format!("[{tag}]")))
}
