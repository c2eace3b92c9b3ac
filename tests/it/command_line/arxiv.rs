//! arXiv by the command line: a day on which the service was down, and what the announcements left out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveDateTime};
use paperlark::catcher::Catcher;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::database::TestDatabase;
use crate::support::hub::Answer;
use crate::support::program::Program;
use crate::support::service::papers_of;
use crate::support::stand_in::{Asked, StandIn};

const ADDRESS: &str = "ada@example.org";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The three papers that are listed on `day`, submitted the day before.
fn listed(day: NaiveDate) -> [String; 3] {
    [1, 2, 3].map(|n| format!("99{}.0000{n}", day.format("%d")))
}

fn xml(body: String) -> Answer {
    Answer { status: 200, headers: vec![("content-type", "text/xml".into())], body: body.into() }
}

/// Today's feed, and what the query API knows of the days from Monday to `today`.
fn announced(today: NaiveDate, asked: &Asked) -> Answer {
    if asked.path == "/rss/cs.SD" {
        let item = |id: &String| {
            format!("<item><title>Larks, paper {id}</title><guid>oai:arXiv.org:{id}v1</guid><category>cs.SD</category></item>")
        };
        let stamp = today.format("%a, %d %b %Y 00:00:00 -0500");
        let items: String = listed(today).iter().map(item).collect();
        return xml(format!("<rss version=\"2.0\"><channel><title>cs.SD</title><pubDate>{stamp}</pubDate>{items}</channel></rss>"));
    }
    let span = asked.query("search_query").split_once("submittedDate:[").unwrap().1.trim_end_matches(']');
    let ends: Vec<NaiveDateTime> = span.split(" TO ").map(|time| NaiveDateTime::parse_from_str(time, "%Y%m%d%H%M").unwrap()).collect();
    let days = day("2026-01-12").iter_days().take_while(|listed| *listed <= today);
    let found = days.map(|listed| (listed, (listed - Days::new(1)).and_hms_opt(18, 30, 0).unwrap()));
    let found: Vec<_> = found.filter(|(_, submitted)| (ends[0]..=ends[1]).contains(submitted)).collect();
    let entry = |id: String| {
        format!("<entry><id>http://arxiv.org/abs/{id}v1</id><title>Larks, paper {id}</title><category term=\"cs.SD\"/></entry>")
    };
    let entries: String = found.iter().flat_map(|(day, _)| listed(*day)).map(entry).collect();
    xml(format!("<feed><totalResults>{}</totalResults>{entries}</feed>", 3 * found.len()))
}

/// The program with arXiv as its only source, a reader of larks, and her mailbox.
struct Stage {
    program: Program,
    config: String,
    catcher: Catcher,
    _database: TestDatabase,
}

impl Stage {
    async fn set(arxiv: &StandIn) -> Self {
        let (program, database) = Program::with_database().await;
        let catcher = Catcher::start("127.0.0.1:0".parse().unwrap(), None, chrono::DateTime::default).await.unwrap();
        let program = program.set("RELAY_PORT", &catcher.smtp_address().port().to_string());
        let program = program.set("SOURCE_HUGGINGFACE_ENABLED", "false").set("WEB_LISTEN", "127.0.0.1:0");
        let table = format!(
            "[source.arxiv]\nkind = \"arxiv\"\ncategories = [\"cs.SD\"]\nschedule = \"10 * * * *\"\nbase_url = \"{}\"\n",
            arxiv.url
        );
        let config = program.file("paperlark.toml", table);
        let stage = Self { program, config, catcher, _database: database };
        // Her digests come when the test sends them.
        let add = ["subscriber", "add", ADDRESS, "--filter", "larks", "--weekdays", "sun", "--zone", "Etc/UTC"];
        stage.at("2026-01-12T11:00:00Z").run(&stage.arguments(&add)).await.ends(0);
        stage
    }

    fn at(&self, now: &str) -> Program {
        self.program.clone_settings().set("CLOCK_START", now)
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["--config", &self.config], arguments].concat()
    }

    /// Runs the service at `now` until arXiv has answered.
    async fn serve(&self, now: &str) {
        let program = self.at(now);
        let mut child = program.command(&self.arguments(&["serve"])).spawn().unwrap();
        let asked = async {
            loop {
                let status = program.run(&self.arguments(&["source", "status", "--json"])).await.ends(0).json();
                if status[0]["last_success_at"].as_str().is_some_and(|at| at[..10] == now[..10]) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(90), asked).await.expect("arXiv is asked");
        kill_process(Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    }

    /// The papers of the digest that is sent at `now`, sorted; none where none was sent.
    async fn digest(&self, now: &str) -> Vec<String> {
        self.catcher.mailbox().clear();
        let ran = self.at(now).run(&self.arguments(&["digest", "--to", ADDRESS])).await.ends(0);
        let mails = self.catcher.mailbox().for_recipient(ADDRESS);
        let mut papers: Vec<String> = mails.iter().filter_map(|mail| mail.text()).flat_map(|text| papers_of(&text)).collect();
        assert_eq!(papers.is_empty(), ran.out.contains("no mail was sent"), "{}", ran.out);
        papers.sort();
        papers
    }
}

#[tokio::test]
async fn a_day_on_which_the_service_was_down_is_made_up_and_comes_once() {
    let today = Arc::new(Mutex::new(day("2026-01-12")));
    let shown = today.clone();
    let arxiv = StandIn::start(move |asked| announced(*shown.lock().unwrap(), asked)).await;
    let stage = Stage::set(&arxiv).await;
    stage.serve("2026-01-12T12:00:00Z").await;
    assert_eq!(stage.digest("2026-01-12T13:00:00Z").await, listed(day("2026-01-12")));
    arxiv.asked();

    // Down on Tuesday, and up again on Wednesday.
    *today.lock().unwrap() = day("2026-01-14");
    stage.serve("2026-01-14T12:00:00Z").await;
    assert_eq!(arxiv.asked().len(), 2, "Tuesday by the query API, today by the feed");
    let both = [listed(day("2026-01-13")), listed(day("2026-01-14"))].concat();
    assert_eq!(stage.digest("2026-01-14T13:00:00Z").await, both);
    let status = stage.at("2026-01-14T13:00:00Z").run(&stage.arguments(&["source", "status"])).await.ends(0);
    status.says(&["arxiv", "listed", "Mon listed, Tue listed, Wed listed"]);

    *today.lock().unwrap() = day("2026-01-15");
    stage.serve("2026-01-15T12:00:00Z").await;
    assert_eq!(stage.digest("2026-01-15T13:00:00Z").await, listed(day("2026-01-15")), "nothing of it twice");
}

/// OAI-PMH: on Monday what its feed had, two papers it had left out, and an old one that was changed; in November many.
fn records(asked: &Asked) -> Answer {
    let record = |id: &str, created: &str| {
        format!(
            "<record><header><identifier>oai:arXiv.org:{id}</identifier></header><metadata><arXiv><id>{id}</id><created>{created}</created>\
             <authors/><title>Larks, paper {id}</title><categories>cs.SD</categories></arXiv></metadata></record>"
        )
    };
    let records = match (asked.query("from"), asked.query("resumptionToken")) {
        ("2026-01-12", "") => {
            let known: String = listed(day("2026-01-12")).iter().map(|id| record(id, "2026-01-09")).collect();
            format!("{known}{}<resumptionToken>more</resumptionToken>", record("9912.00007", "2026-01-09"))
        }
        (_, "more") => record("9912.00008", "2026-01-08") + &record("9801.00001", "2025-06-01"),
        ("2025-11-10", _) => (100..140).map(|n| record(&format!("9811.00{n}"), "2025-11-07")).collect(),
        _ => return xml("<OAI-PMH><error code=\"noRecordsMatch\">Nothing.</error></OAI-PMH>".into()),
    };
    xml(format!("<OAI-PMH><ListRecords>{records}</ListRecords></OAI-PMH>"))
}

#[tokio::test]
async fn what_the_feed_left_out_is_found_by_reconciling_and_nothing_old_is_mailed() {
    let arxiv = StandIn::start(|asked| match asked.path.as_str() {
        "/oai" => records(asked),
        _ => announced(day("2026-01-12"), asked),
    })
    .await;
    let stage = Stage::set(&arxiv).await;
    let fetch = async |arguments: &[&str]| {
        let arguments = [&["fetch", "arxiv"], arguments].concat();
        stage.at("2026-01-12T12:00:00Z").run(&stage.arguments(&arguments)).await.ends(0)
    };
    fetch(&[]).await.says(&["3 papers: 3 new"]);
    assert_eq!(stage.digest("2026-01-12T13:00:00Z").await, listed(day("2026-01-12")));

    let ran = fetch(&["--reconcile", "--since", "2026-01-11"]).await;
    ran.says(&[
        "arxiv 2026-01-11: nothing is listed",
        "arxiv 2026-01-12: 5 papers: 2 new, ",
        "2 fetches: 2 new papers, 0 items skipped, 0 failed",
    ]);
    assert_eq!(stage.digest("2026-01-12T14:00:00Z").await, ["9912.00007", "9912.00008"]);

    fetch(&["--reconcile", "--since", "2025-11-01", "--until", "2025-11-30"])
        .await
        .says(&["arxiv 2025-11-10: 40 papers: 40 new", "30 fetches"]);
    assert_eq!(stage.digest("2026-01-12T15:00:00Z").await, [""; 0], "the past starts no mail");
    fetch(&["--reconcile", "--since", "2026-01-11"]).await.says(&["2 fetches: 0 new papers"]);
    assert_eq!(stage.digest("2026-01-12T16:00:00Z").await, [""; 0]);
}
