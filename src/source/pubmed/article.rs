//! PubMed's efetch: articles and book chapters in NLM's XML (<https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/>).

use chrono::NaiveDate;

use super::search::is_pmid;
use crate::source::clean::{self, Draft};
use crate::source::item::Item;
use crate::source::page::Page;
use crate::source::xml::{self, Element};

/// Reads an answer.
pub(in crate::source) fn read(document: &str) -> Result<Page, String> {
    let document = xml::split(document, &["PubmedArticle", "PubmedBookArticle"])?;
    if let Some(said) = document.head.text_at("ERROR") {
        return Err(clean::prose(&format!("PubMed says: {said}")));
    }
    if document.head.name != "PubmedArticleSet" {
        return Err(format!("a document <{}> where PubmedArticleSet was expected", document.head.name));
    }
    let mut page = Page::of_xml(&document, |item| article(item).map(Some));
    page.note_end(&document);
    Ok(page)
}

fn article(item: &Element) -> Result<Item, String> {
    let (citation, data, body) = match item.name.as_str() {
        "PubmedBookArticle" => ("BookDocument", "PubmedBookData", item.at("BookDocument")),
        _ => ("MedlineCitation", "PubmedData", item.at("MedlineCitation/Article")),
    };
    let body = body.ok_or("it has no article")?;
    let pmid = item.text_at(&format!("{citation}/PMID")).filter(|pmid| is_pmid(pmid)).ok_or("it has no PMID")?;
    let history = item.at(&format!("{data}/History"));
    let entered = ["entrez", "pubmed"]
        .iter()
        .find_map(|status| history?.all("PubMedPubDate").find(|date| date.attribute("PubStatus") == Some(status)).and_then(date));
    let title = ["ArticleTitle", "Book/BookTitle", "VernacularTitle"]
        .iter()
        .filter_map(|path| body.at(path))
        .map(title)
        .find(|title| !title.is_empty());
    let draft = Draft {
        ids: doi(item, data, body).into_iter().chain([page(&pmid)]).collect(),
        title: title.unwrap_or_default(),
        abstract_text: body.at("Abstract").map(abstract_text).unwrap_or_default(),
        authors: body.all("AuthorList").flat_map(|list| list.all("Author")).filter_map(author).collect(),
        published: published(body).or(entered).map(clean::midnight),
        ..Draft::default()
    };
    Ok(Item { paper: draft.paper()?, day: entered, is_update: false })
}

/// The article's page, which identifies it where there is no DOI.
fn page(pmid: &str) -> String {
    format!("https://pubmed.ncbi.nlm.nih.gov/{pmid}/")
}

/// Only the article's own: its references have DOIs too.
fn doi(item: &Element, data: &str, body: &Element) -> Option<String> {
    let listed = item.at(&format!("{data}/ArticleIdList")).into_iter().flat_map(|list| list.all("ArticleId"));
    let listed = listed.filter(|id| id.attribute("IdType") == Some("doi"));
    let located = body.all("ELocationID").filter(|id| id.attribute("EIdType") == Some("doi") && id.attribute("ValidYN") != Some("N"));
    listed.chain(located).map(Element::text).find(|doi| doi.starts_with("10."))
}

/// A title ends with a full stop there, and one that was translated stands in brackets.
fn title(element: &Element) -> String {
    let title = clean::prose(&clean::without_markup(&element.markup()));
    let without_stop = |title: &str| match title.strip_suffix('.') {
        Some(head) if !head.ends_with('.') => head.to_owned(),
        _ => title.to_owned(),
    };
    let title = without_stop(&title);
    match title.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(inside) if !inside.contains(['[', ']']) => without_stop(inside),
        _ => title,
    }
}

/// Labelled parts, each named: `METHODS: We sang.`
fn abstract_text(element: &Element) -> String {
    let parts = element.all("AbstractText").map(|part| {
        let text = clean::without_markup(&part.markup());
        match part.attribute("Label").map(str::trim).filter(|label| !label.is_empty() && !label.eq_ignore_ascii_case("unlabelled")) {
            Some(label) => format!("{}: {}", label.trim_end_matches(':'), text.trim()),
            None => text.trim().to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn author(author: &Element) -> Option<String> {
    if author.attribute("ValidYN") == Some("N") {
        return None;
    }
    let text = |name: &str| author.text_at(name).unwrap_or_default();
    match author.at("CollectiveName") {
        Some(group) => Some(clean::without_markup(&group.markup())),
        None => {
            let given = author.text_at("ForeName").unwrap_or_else(|| text("Initials"));
            Some([given, text("LastName"), text("Suffix")].join(" "))
        }
    }
}

/// The electronic date, else that of the issue, which may be no more than `2026 Jul-Aug`.
fn published(body: &Element) -> Option<NaiveDate> {
    let issue = body.at("Journal/JournalIssue/PubDate").or_else(|| body.at("Book/PubDate"));
    body.at("ArticleDate").and_then(date).or_else(|| issue.and_then(date)).or_else(|| {
        let free = issue?.text_at("MedlineDate")?;
        let mut words = free.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let year = words.next()?.parse().ok()?;
        clean::partial_date(year, words.next().and_then(month), None)
    })
}

fn date(element: &Element) -> Option<NaiveDate> {
    let year = element.text_at("Year")?.parse().ok()?;
    let day = element.text_at("Day").and_then(|day| day.parse().ok());
    clean::partial_date(year, element.text_at("Month").as_deref().and_then(month), day)
}

/// `7`, `07`, `Jul` or `July`.
fn month(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| {
        let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let head = text.get(..3)?.to_ascii_lowercase();
        (1..).zip(names).find(|(_, name)| *name == head).map(|(number, _)| number)
    })
}
