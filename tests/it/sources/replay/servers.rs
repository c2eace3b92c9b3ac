//! arXiv's three interfaces over the days of a world: the daily feed, the query API, OAI-PMH.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use chrono::{NaiveDate, NaiveDateTime};
use quick_xml::escape::escape;
use url::form_urlencoded::byte_serialize;

use super::super::answer;
use super::world::{Told, World};
use crate::support::hub::Answer;
use crate::support::stand_in::{Asked, StandIn};

/// Records on a page of OAI-PMH.
const PAGE: usize = 150;

/// A running stand-in for arXiv.
pub struct Arxiv {
    pub server: StandIn,
    today: Arc<Mutex<NaiveDate>>,
}

impl Arxiv {
    pub async fn start(world: &Arc<World>) -> Self {
        let today = Arc::new(Mutex::new(world.span().0));
        let (world, shown) = (world.clone(), today.clone());
        let server = StandIn::start(move |asked| match asked.path.as_str() {
            "/rss/cs" => xml(feed(&world, *shown.lock().unwrap())),
            "/api/query" => xml(slice(&world, asked)),
            "/oai" => xml(records(&world, asked)),
            _ => answer(404, "text/plain", "no such page"),
        })
        .await;
        Self { server, today }
    }

    /// Announces what is listed on `day`.
    pub fn announce(&self, day: NaiveDate) {
        *self.today.lock().unwrap() = day;
    }
}

fn xml(body: String) -> Answer {
    answer(200, "text/xml; charset=utf-8", body)
}

fn feed(world: &World, day: NaiveDate) -> String {
    let stamp = day.format("%a, %d %b %Y 00:00:00 -0500");
    let mut out = format!(
        "<?xml version='1.0' encoding='UTF-8'?><rss xmlns:arxiv=\"http://arxiv.org/schemas/atom\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         version=\"2.0\"><channel><title>cs updates on arXiv.org</title><pubDate>{stamp}</pubDate>"
    );
    let mut seen = HashSet::new();
    let listed = world.arxiv.get(&day).into_iter().flatten().map(|id| (id.as_str(), 1));
    for (id, version) in listed.chain(world.replaced(day).into_iter().map(|id| (id, 2))) {
        let told = &world.by_arxiv[id];
        let kind = match (version, seen.insert(id) && told.categories[0].starts_with("cs.")) {
            (2, _) => "replace",
            (_, true) => "new",
            _ => "cross",
        };
        let (title, summary, names) = (escape(&told.title), escape(&told.abstract_text), told.authors.join(", "));
        let categories: String = told.categories.iter().map(|category| format!("<category>{category}</category>")).collect();
        write!(
            out,
            "<item><title>{title}</title><link>https://arxiv.org/abs/{id}</link>\
             <description>arXiv:{id}v{version} Announce Type: {kind} \nAbstract: {summary}</description>\
             <guid isPermaLink=\"false\">oai:arXiv.org:{id}v{version}</guid>{categories}<pubDate>{stamp}</pubDate>\
             <arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>{}</dc:creator></item>",
            escape(&names)
        )
        .unwrap();
    }
    out + "</channel></rss>"
}

/// What is listed on `day`, each once.
fn once(world: &World, day: NaiveDate) -> Vec<(&str, &Told)> {
    let mut seen = HashSet::new();
    let ids = world.arxiv.get(&day).into_iter().flatten().filter(|id| seen.insert(id.as_str()));
    ids.map(|id| (id.as_str(), &world.by_arxiv[id])).collect()
}

/// What was submitted within the minutes of `span`, `202601071900 TO 202601081859`.
fn submitted<'a>(world: &'a World, span: &str) -> Vec<(&'a str, &'a Told)> {
    let (from, to) = span.split_once(" TO ").unwrap();
    let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M").unwrap();
    let (from, to) = (time(from), time(to));
    let papers = world.submitted.range(from..=to).flat_map(|(_, ids)| ids);
    papers.map(|id| (id.as_str(), &world.by_arxiv[id])).collect()
}

fn slice(world: &World, asked: &Asked) -> String {
    let search = asked.query("search_query");
    let span = search.split_once("submittedDate:[").unwrap().1.trim_end_matches(']');
    let (start, size): (usize, usize) = (asked.query("start").parse().unwrap(), asked.query("max_results").parse().unwrap());
    let found = submitted(world, span);
    let mut out = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:opensearch=\"http://a9.com/-/spec/opensearch/1.1/\" \
         xmlns:arxiv=\"http://arxiv.org/schemas/atom\"><opensearch:totalResults>{}</opensearch:totalResults>",
        found.len()
    );
    for (id, told) in found.into_iter().skip(start).take(size) {
        let names: String = told.authors.iter().map(|name| format!("<author><name>{}</name></author>", escape(name))).collect();
        let categories: String = told.categories.iter().map(|category| format!("<category term=\"{category}\"/>")).collect();
        write!(
            out,
            "<entry><id>http://arxiv.org/abs/{id}v1</id><title>{}</title><published>{}</published><summary>{}</summary>\
             {names}{categories}<arxiv:primary_category term=\"{}\"/></entry>",
            escape(&told.title),
            told.submitted.unwrap().format("%Y-%m-%dT%H:%M:%SZ"),
            escape(&told.abstract_text),
            told.categories[0]
        )
        .unwrap();
    }
    out + "</feed>"
}

fn records(world: &World, asked: &Asked) -> String {
    let token = asked.query("resumptionToken");
    let (day, skip) = match token.strip_prefix("verb=ListRecords&from=").and_then(|rest| rest.split_once("&skip=")) {
        Some((day, skip)) => (day, skip.parse().unwrap()),
        None => (asked.query("from"), 0),
    };
    let found = once(world, day.parse().unwrap());
    let mut out = "<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\">".to_owned();
    if found.is_empty() {
        return out + "<error code=\"noRecordsMatch\">Nothing changed.</error></OAI-PMH>";
    }
    out.push_str("<ListRecords>");
    for (id, told) in found.iter().skip(skip).take(PAGE) {
        let names: String = told.authors.iter().map(|name| format!("<author><keyname>{}</keyname></author>", escape(name))).collect();
        write!(
            out,
            "<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{day}</datestamp></header><metadata>\
             <arXiv xmlns=\"http://arxiv.org/OAI/arXiv/\"><id>{id}</id><created>{}</created><authors>{names}</authors><title>{}</title>\
             <categories>{}</categories><abstract>{}</abstract></arXiv></metadata></record>",
            told.submitted.unwrap().date(),
            escape(&told.title),
            told.categories.join(" "),
            escape(&told.abstract_text)
        )
        .unwrap();
    }
    // The token comes percent-encoded; on the last page it is empty.
    let next = skip + PAGE;
    let more = if next < found.len() { format!("verb=ListRecords&from={day}&skip={next}") } else { String::new() };
    out + &format!("<resumptionToken>{}</resumptionToken></ListRecords></OAI-PMH>", byte_serialize(more.as_bytes()).collect::<String>())
}
