//! Ten consecutive days of papers and real filters, read back by Python's `email` package.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use paperlark::filter::Filter;
use paperlark::matching::oracle;
use paperlark::paper::Paper;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::support::papers::{invented, lines, real_days, shared_data};
use crate::support::service::Service;

type Listing = BTreeMap<NaiveDate, Vec<Value>>;

/// A reader by number, and the queries of their filters.
struct Reader {
    address: String,
    filters: Vec<String>,
}

/// What one morning must bring a reader: sections of papers, in the order of the filters.
type Morning = Vec<(Option<String>, BTreeSet<String>)>;

fn readers(queries: &[String]) -> Vec<Reader> {
    let with_filters =
        queries.chunks(2).enumerate().map(|(n, filters)| Reader { address: format!("reader{n}@example.org"), filters: filters.to_vec() });
    let without = Reader { address: "trending@example.org".into(), filters: Vec::new() };
    with_filters.chain([without]).collect()
}

fn paper(item: &Value) -> Paper {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let id = paperlark::paper::PaperId::parse(item["paper"]["id"].as_str().unwrap()).unwrap();
    let clean = |value: &Value| paperlark::text::one_line(&paperlark::text::tex_to_unicode(&paperlark::text::paragraph(&text(value))));
    Paper {
        abstract_text: clean(&item["paper"]["summary"]),
        authors: item["paper"]["authors"].as_array().unwrap().iter().map(|author| text(&author["name"])).collect(),
        upvotes: item["paper"]["upvotes"].as_u64().map(|votes| u32::try_from(votes).unwrap()),
        ..Paper::new(id, clean(&item["paper"]["title"]))
    }
}

/// The sections that `reader` must find in a digest of `papers`, told by the slow oracle.
fn expected(reader: &Reader, papers: &[Paper]) -> Morning {
    if reader.filters.is_empty() {
        let all: BTreeSet<String> = papers.iter().map(|paper| paper.id.slug().to_owned()).collect();
        return if all.is_empty() { Vec::new() } else { vec![(None, all)] };
    }
    let mut taken = HashSet::new();
    let mut sections = Vec::new();
    for query in &reader.filters {
        let filter = Filter::parse(query).unwrap();
        let found = papers.iter().filter(|paper| oracle::matches(&filter, paper));
        let own: BTreeSet<String> = found.map(|paper| paper.id.slug().to_owned()).filter(|id| taken.insert(id.clone())).collect();
        if !own.is_empty() {
            sections.push((Some(query.clone()), own));
        }
    }
    sections
}

/// Where the mails of a morning end up.
enum Mailboxes {
    /// The tests' own mail server.
    Catcher,
    /// Postfix's `smtp-sink`, which writes each mail into a folder.
    Sink(Child, TempDir),
}

impl Mailboxes {
    /// Starts `smtp-sink` and leads the service's mails there; none where Postfix is not installed.
    async fn sink(service: &mut Service) -> Option<Self> {
        let program = ["/usr/sbin/smtp-sink", "/usr/bin/smtp-sink"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            // It will not run as root; the account must be able to write the mails.
            std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
            command.args(["-u", "nobody"]);
        }
        let child = command.arg("-d").arg(folder.path().join("mail.")).arg(format!("127.0.0.1:{port}")).arg("100").spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut config = (*service.app.config).clone();
        config.relay.port = port;
        service.app = paperlark::App::with_clock(config, service.app.db.clone(), service.app.clock.clone()).await.unwrap();
        Some(Self::Sink(child, folder))
    }

    /// The digests of a morning as Python reads them, by reader; nobody may have two. Empties the mailboxes.
    fn take(&self, service: &Service) -> HashMap<String, Value> {
        match self {
            Self::Catcher => {
                let folder = tempfile::tempdir().unwrap();
                for mail in service.mailbox().all() {
                    std::fs::write(folder.path().join(format!("{:06}.eml", mail.id)), &mail.bytes).unwrap();
                }
                service.mailbox().clear();
                read(folder.path())
            }
            Self::Sink(_, folder) => {
                let mails = read(folder.path());
                std::fs::read_dir(folder.path()).unwrap().for_each(|mail| std::fs::remove_file(mail.unwrap().path()).unwrap());
                mails
            }
        }
    }
}

impl Drop for Mailboxes {
    fn drop(&mut self) {
        if let Self::Sink(child, _) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Lists day after day, lets every morning happen, and checks each reader's mails of each morning.
async fn ten_days(days: &Listing, queries: &[String], first: NaiveDate, into_sink: bool) {
    let mut service = Service::start_with(&format!("{first}T00:30:00Z"), &[("DIGEST_MAX_PAPERS", "100")]).await;
    let readers = readers(queries);
    for reader in &readers {
        service.join(&reader.address, &reader.filters.join("\n")).await;
    }
    service.mailbox().clear();
    let sink = if into_sink { Mailboxes::sink(&mut service).await } else { None };
    let mailboxes = sink.unwrap_or(Mailboxes::Catcher);
    let mut seen: HashMap<String, HashSet<String>> = HashMap::new();
    let mut mails = 0;
    let outage = [3, 4];
    let mut waiting: Vec<Paper> = Vec::new();
    for number in 0..10u64 {
        let day = first.checked_add_days(Days::new(number)).unwrap();
        let items = days.get(&day).cloned().unwrap_or_default();
        waiting.extend(items.iter().map(paper));
        service.hub.list(day, items);
        service.set(&format!("{day}T21:00:00Z"));
        service.fetch(&day.to_string()).await;
        if outage.contains(&number) {
            continue;
        }
        let morning = day.checked_add_days(Days::new(1)).unwrap();
        service.set(&format!("{morning}T06:00:00Z"));
        service.work().await;
        let digests = mailboxes.take(&service);
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && waiting.is_empty() {
            assert!(digests.is_empty(), "the weekend is silent");
        }
        for reader in &readers {
            check(
                reader,
                &expected(reader, &waiting),
                &waiting,
                digests.get(&reader.address),
                seen.entry(reader.address.clone()).or_default(),
            );
        }
        mails += digests.len();
        waiting.clear();
    }
    eprintln!("{} readers, ten days from {first}: {mails} digests", readers.len());
    assert!(mails > readers.len(), "the days brought something");
}

fn check(reader: &Reader, expected: &Morning, papers: &[Paper], mail: Option<&Value>, seen: &mut HashSet<String>) {
    let Some(mail) = mail else {
        assert!(expected.is_empty(), "{} should have got {expected:?}", reader.address);
        return;
    };
    assert_eq!(mail["defects"], Value::Array(Vec::new()));
    let sections = mail["sections"].as_array().unwrap();
    assert_eq!(sections.len(), expected.len(), "{}", reader.address);
    for (section, (query, wanted)) in sections.iter().zip(expected) {
        let shown: Vec<&str> = section["papers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let more = usize::try_from(section["more"].as_u64().unwrap()).unwrap();
        assert_eq!(shown.len() + more, wanted.len(), "{} {query:?}", reader.address);
        assert!(shown.iter().all(|id| wanted.contains(*id)), "{} {query:?}: {shown:?}", reader.address);
        if query.is_none() {
            let votes = |id: &str| papers.iter().find(|paper| paper.id.slug() == id).unwrap().upvotes;
            assert!(shown.windows(2).all(|pair| votes(pair[0]) >= votes(pair[1])), "most voted first");
        }
        for id in &shown {
            assert!(seen.insert((*id).to_owned()), "{} got {id} twice", reader.address);
        }
    }
    let in_text: Vec<&Value> = sections.iter().flat_map(|section| section["papers"].as_array().unwrap()).collect();
    assert_eq!(in_text, mail["papers"].as_array().unwrap().iter().collect::<Vec<_>>(), "text and HTML tell the same");
    assert!(mail["html_bytes"].as_u64().unwrap() < 95_000);
    for header in ["list-unsubscribe", "list-unsubscribe-post", "list-id", "auto-submitted", "message-id", "date"] {
        assert!(mail["headers"].get(header).is_some(), "{header}");
    }
}

/// The mails of a folder as Python reads them, by reader; nobody may have two.
fn read(folder: &Path) -> HashMap<String, Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/read_mails.py");
    let output = Command::new("python3").arg(script).arg(folder).output().expect("python3 reads the mails");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mails: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let count = mails.len();
    let by_reader: HashMap<String, Value> = mails.into_iter().map(|mail| (mail["to"].as_str().unwrap().to_owned(), mail)).collect();
    assert_eq!(by_reader.len(), count, "at most one digest a reader and morning");
    by_reader
}

#[tokio::test]
async fn ten_invented_days_bring_every_reader_the_right_papers_once() {
    let first: NaiveDate = "2026-01-07".parse().unwrap();
    let working = (0..10).map(|n| first.checked_add_days(Days::new(n)).unwrap()).filter(|day| day.weekday().number_from_monday() <= 5);
    let days: Listing = working.map(|day| (day, invented(day, 24))).collect();
    let queries = ["robots", "title:proteins -robots", "\"quiet theory\"", "pipett*", "robots AND proteins", "heaps OR laundry"];
    for into_sink in [false, true] {
        ten_days(&days, &queries.map(str::to_owned), first, into_sink).await;
    }
}

#[tokio::test]
async fn ten_real_days_bring_every_reader_the_right_papers_once() {
    let Some(folder) = shared_data() else {
        eprintln!("no folder of real papers beside the checkout; the invented days cover the same ground");
        return;
    };
    let first: NaiveDate = "2025-08-05".parse().unwrap();
    let days = real_days(folder.clone(), first, first.checked_add_days(Days::new(9)).unwrap());
    let expressions = lines(folder.join("filters.jsonl.gz")).filter_map(|filter| Some(filter["expr"].as_str()?.replace('\n', " ")));
    // Every second one: the oracle is slow on purpose.
    let queries: Vec<String> = expressions.filter(|query| Filter::parse(query).is_ok()).step_by(2).collect();
    assert!(queries.len() > 40, "{} filters", queries.len());
    ten_days(&days, &queries, first, true).await;
}
