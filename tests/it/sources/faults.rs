//! What becomes of each fault of a server: the outcome, what is said, what is stored. The same table stands in
//! docs/sources.md; `cargo test --test it faults -- --nocapture` prints it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use paperlark::pipeline::fetch::{self, FetchError, Report};
use paperlark::standing::Mode;
use serde_json::{Value, json};

use super::{MONDAY, NOW, add_source, answer, ask, day, find, hub_source, new_papers, paper, source};
use crate::support::papers::item;
use crate::support::raw::{Raw, Reply, bomb, http};
use crate::support::service::Service;
use crate::support::stand_in::StandIn;

const JSON: &str = "content-type: application/json";

/// One fault: its name, who is asked, what the server does, a part of what is said, how many papers are stored.
struct Fault {
    name: &'static str,
    source: &'static str,
    reply: Reply,
    says: &'static str,
    stored: usize,
}

/// Of the hub.
fn bytes(name: &'static str, answer: Vec<u8>, says: &'static str, stored: usize) -> Fault {
    Fault { name, source: "faulty", reply: Reply::Bytes(answer), says, stored }
}

/// Two papers whose ids begin with `number`, so that each fault has its own.
fn list(number: usize) -> Vec<Value> {
    (1..=2).map(|n| item(&format!("99{number:02}.0000{n}"), "Title", "Text.", 1)).collect()
}

fn text(items: &[Value]) -> String {
    serde_json::to_string(items).unwrap()
}

/// Of an answer that ends when the connection does.
fn head() -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{JSON}\r\nconnection: close\r\n\r\n").into()
}

fn faults(elsewhere: &Raw) -> Vec<Fault> {
    let port = elsewhere.url.rsplit(':').next().unwrap();
    let whole = |number| http("200 OK", &[JSON], text(&list(number)));
    let redirect = |to: &str| http("302 Found", &[&format!("location: {to}")], "");
    let mut cut = whole(6);
    cut.truncate(cut.len() - 20);
    let truncated = text(&list(12));
    let latin: Vec<u8> = text(&list(10)).replace("Title", "Titel für").chars().map(|c| c as u8).collect();
    let broken = [&list(13)[..], &[json!({"paper": {"id": "9913.00003"}}), json!("nonsense")]].concat();
    let numbers = [&list(15)[..], &[json!({"paper": {"id": 9915.1, "title": "T"}})]].concat();
    vec![
        bytes("429 with Retry-After", http("429 Too Many Requests", &["retry-after: 600"], ""), "(asks to wait 600 s)", 0),
        bytes("429 without Retry-After", http("429 Too Many Requests", &[], ""), "answered 429 Too Many Requests", 0),
        bytes("500", http("500 Internal Server Error", &[], "<h1>oops</h1>"), "answered 500", 0),
        bytes("503", http("503 Service Unavailable", &[], ""), "answered 503", 0),
        bytes("body cut off", cut, "the request failed", 0),
        Fault {
            source: "faulty",
            name: "slow head",
            reply: Reply::Drip(Vec::new(), whole(7), Duration::from_millis(200)),
            says: "no answer in time: nothing came within 0.5 s",
            stored: 0,
        },
        Fault {
            source: "faulty",
            name: "slow body",
            reply: Reply::Drip(head(), text(&list(8)).into(), Duration::from_millis(200)),
            says: "no answer in time",
            stored: 0,
        },
        bytes("JSON that is no UTF-8", http("200 OK", &[JSON], latin), "", 2),
        bytes("HTML instead of JSON", http("200 OK", &["content-type: text/html"], "<html>"), "sent text/html instead of JSON", 0),
        bytes("JSON cut short", http("200 OK", &[JSON], &truncated[..truncated.len() - 9]), "is not the expected JSON: EOF", 0),
        bytes("broken items among good ones", http("200 OK", &[JSON], text(&broken)), "item 3: it has no title", 2),
        bytes("ids twice", http("200 OK", &[JSON], text(&[list(14), list(14)].concat())), "", 2),
        bytes("ids as numbers", http("200 OK", &[JSON], text(&numbers)), "ids are text", 2),
        bytes("redirect loop", redirect("/api/daily_papers"), "redirects more than 5 times", 0),
        bytes("redirect to 169.254.169.254", redirect("http://169.254.169.254/latest/"), "a link-local address", 0),
        bytes("redirect to localhost", redirect(&format!("http://localhost:{port}/")), "it is this machine", 0),
        bytes("redirect to another port of this machine", redirect(&elsewhere.url), "it is this machine", 0),
        bytes("redirect to another site", redirect("https://papers.example.org/"), "that is another site", 0),
    ]
}

/// Bodies without end, which take longer to send than the others may take.
fn endless() -> Vec<Fault> {
    vec![
        Fault {
            name: "2 GB body",
            source: "faulty",
            reply: Reply::Zeros(head(), 2 << 30),
            says: "sent more than 33554432 bytes",
            stored: 0,
        },
        bytes("gzip bomb of 2 GB", http("200 OK", &[JSON, "content-encoding: gzip"], bomb(2 << 30)), "sent more than 33554432 bytes", 0),
    ]
}

/// A feed in which `title` is the only paper's.
fn feed(number: usize, title: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Meadow</title><item><title>{title}</title><guid>https://meadow.example/{number}</guid></item></channel></rss>"
    )
}

/// What happens to XML, at arXiv and in feeds.
fn of_xml() -> Vec<Fault> {
    let at = |source, name, kind: &str, body: Vec<u8>, says, stored| Fault {
        name,
        source,
        reply: Reply::Bytes(http("200 OK", &[&format!("content-type: {kind}")], body)),
        says,
        stored,
    };
    let page = || b"<html><head><title>Sign in</title></head><body><p>Please sign in.<br></body></html>".to_vec();
    let one_byte = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let declared = |encoding: &str, feed: String| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{feed}");
    let two = feed(34, "One that is whole").replace("</channel></rss>", "<item><title>One that is cu");
    vec![
        at("arxiv", "HTML instead of arXiv's feed", "text/html", page(), "sent text/html instead of a feed", 0),
        at("arxiv", "HTML that is called XML", "text/xml", page(), "a document <html> where a feed was expected", 0),
        at("meadow", "HTML instead of a feed", "text/html; charset=utf-8", page(), "sent text/html", 0),
        at("meadow", "HTML that is called a feed", "application/rss+xml", page(), "a web page where a feed was expected", 0),
        at("meadow", "Latin-1 declared as UTF-8", "text/xml", one_byte(&declared("utf-8", feed(31, "Cigüeñas in März"))), "", 1),
        at(
            "meadow",
            "UTF-8 declared as Latin-1",
            "text/xml; charset=iso-8859-1",
            declared("iso-8859-1", feed(32, "Störche")).into(),
            "",
            1,
        ),
        at("meadow", "an encoding nobody knows", "text/xml", declared("x-meadow", feed(33, "Grues à l’aube")).into(), "", 1),
        at("meadow", "XML cut short", "text/xml", two.into(), "the document ends in the middle of it", 1),
    ]
}

/// Of each feed in another encoding than it says: what its title must have become.
const TITLES: [(&str, &str); 3] = [("31", "Cigüeñas in März"), ("32", "Störche"), ("33", "Grues à l’aube")];

/// arXiv's OAI-PMH, which forgets the continuation it gave until it is asked anew.
async fn forgetful() -> StandIn {
    let begun = AtomicUsize::new(0);
    let record = |number: usize| {
        format!(
            "<record><header><identifier>oai:arXiv.org:9940.0000{number}</identifier></header><metadata><arXiv><id>9940.0000{number}</id>\
             <created>{MONDAY}</created><authors/><title>Record {number}</title><categories>cs.CL</categories></arXiv></metadata></record>"
        )
    };
    StandIn::start(move |asked| {
        let list = |records: String| format!("<OAI-PMH><ListRecords>{records}</ListRecords></OAI-PMH>");
        let body = match (asked.query("resumptionToken"), begun.load(Ordering::SeqCst)) {
            ("", before) => {
                begun.store(before + 1, Ordering::SeqCst);
                list(format!("{}{}<resumptionToken>list{}</resumptionToken>", record(1), record(2), before + 1))
            }
            ("list2", 2) => list(record(3)),
            _ => "<OAI-PMH><error code=\"badResumptionToken\">The value of the resumptionToken argument has expired.</error></OAI-PMH>"
                .into(),
        };
        answer(200, "text/xml", body)
    })
    .await
}

/// A row of the table, without what differs from run to run.
fn row(name: &str, result: &Result<Report, FetchError>, addresses: &[(&str, &str)]) -> String {
    let (outcome, said, stored) = told(result);
    let mut says = said.replace('|', "\\|");
    for (address, plain) in addresses {
        says = says.replace(address, plain).replace(&address.replace("http://127.0.0.1:", "http://localhost:"), "http://localhost");
    }
    says = says.replace(&format!("?date={MONDAY}&limit=100&p=0"), "");
    // How the system puts it differs.
    if let Some(at) = says.find("dns error: ") {
        says.replace_range(at + "dns error: ".len().., "…");
    }
    format!("| {name} | {outcome} | {} | {stored} |", if says.is_empty() { "–" } else { says.as_str() })
}

/// Outcome, what is said, papers stored.
fn told(result: &Result<Report, FetchError>) -> (&'static str, String, usize) {
    match result {
        Ok(report) if report.problems.is_empty() => ("stored", String::new(), new_papers(report)),
        Ok(report) => {
            let problem = &report.problems[0];
            ("the good ones stored", format!("{}: {}", problem.place, problem.reason), new_papers(report))
        }
        Err(error) => ("refused", error.to_string(), 0),
    }
}

/// Lets each fault happen; gives the rows.
async fn happen(service: &Service, raw: &Raw, faults: Vec<Fault>, addresses: &[(&str, &str)]) -> Vec<String> {
    let mut rows = Vec::new();
    for fault in faults {
        raw.reply("", fault.reply);
        let day = (fault.source == "faulty").then_some(MONDAY);
        let result = ask(service, fault.source, day).await;
        let (_, says, stored) = told(&result);
        assert!(says.contains(fault.says) && (says.is_empty() == fault.says.is_empty()), "{}: {says}", fault.name);
        assert_eq!(stored, fault.stored, "{}: {says}", fault.name);
        rows.push(row(fault.name, &result, addresses));
    }
    rows
}

#[tokio::test]
async fn every_fault_of_a_server_is_told_and_costs_no_more_than_itself() {
    let mut service = Service::start_with(NOW, &[("FETCH_FIRST_BYTE_TIMEOUT", "500ms"), ("FETCH_TIMEOUT", "4s")]).await;
    let (raw, elsewhere, records) = (Raw::start().await, Raw::start().await, forgetful().await);
    add_source(&mut service, "faulty", hub_source(&raw.url)).await;
    add_source(&mut service, "meadow", source(&format!("kind = \"feed\"\nurl = \"{}/feed\"", raw.url))).await;
    let arxiv = |url: &str| source(&format!("kind = \"arxiv\"\ncategories = [\"cs.CL\"]\nbase_url = {url:?}"));
    add_source(&mut service, "arxiv", arxiv(&raw.url)).await;
    add_source(&mut service, "records", arxiv(records.url.as_str())).await;
    add_source(&mut service, "nowhere", hub_source("https://papers.invalid")).await;
    let addresses = [(raw.url.as_str(), "http://hub"), (elsewhere.url.as_str(), "http://elsewhere")];

    let mut rows = happen(&service, &raw, faults(&elsewhere), &addresses).await;
    assert!(elsewhere.asked().is_empty(), "nobody was led elsewhere");
    rows.extend(happen(&service, &raw, of_xml(), &[(raw.url.as_str(), "http://server")]).await);
    for (number, title) in TITLES {
        assert_eq!(paper(&service, &format!("https://meadow.example/{number}")).await.paper.title, title);
    }
    let past = fetch::past(&service.app, service.now(), "records", Mode::Changed, (day(MONDAY), day(MONDAY)), false).await.unwrap();
    let result = past.ask(&service.app, service.now(), day(MONDAY)).await;
    assert_eq!(told(&result), ("stored", String::new(), 3), "{result:?}");
    assert_eq!(records.asked().len(), 4, "one page and no more, then both");
    rows.push(row("expired resumption token", &result, &[]));
    let result = ask(&service, "nowhere", Some(MONDAY)).await;
    assert!(result.as_ref().unwrap_err().to_string().contains("dns error"), "{result:?}");
    rows.push(row("the name cannot be found", &result, &[]));

    let mut patient = (*service.app.config).clone();
    patient.fetch.timeout = Duration::from_secs(120);
    service.app = paperlark::App::with_clock(patient, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    let before = raw.sent();
    rows.extend(happen(&service, &raw, endless(), &addresses).await);
    assert!(raw.sent() - before < 128 << 20, "of the 2 GB, {} bytes were taken", raw.sent() - before);

    // What was wrong with items can be looked up later, as they came.
    let kept = paperlark::standing::rejects(&service.app.db, Some("faulty"), 100).await.unwrap();
    assert_eq!(kept.iter().filter(|reject| reject.payload.contains("9913.00003")).count(), 1);

    let good = Raw::start().await;
    good.reply("", Reply::Bytes(http("200 OK", &[JSON], text(&list(50)))));
    add_source(&mut service, "faulty", hub_source(&good.url)).await;
    assert_eq!(new_papers(&ask(&service, "faulty", Some(MONDAY)).await.unwrap()), 2, "nothing of it lasts");
    assert!(find(&service, "9950.00001").await.is_some());
    is_documented(&rows);
}

/// The table of docs/sources.md has these rows and no others.
fn is_documented(rows: &[String]) {
    println!("| Fault | Outcome | Says | Stored |\n|---|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    let documented = include_str!("../../../docs/sources.md").lines().skip_while(|line| !line.starts_with("| Fault "));
    let documented: Vec<&str> = documented.take_while(|line| line.starts_with('|')).skip(2).collect();
    for row in rows {
        assert!(documented.contains(&row.as_str()), "docs/sources.md lacks: {row}");
    }
    assert_eq!(documented.len(), rows.len(), "docs/sources.md has rows that no test has");
}
