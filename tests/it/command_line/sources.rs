//! `paperlark source`, and past days that are asked for in several goes.

use std::time::Duration;

use serde_json::json;

use crate::support::hub::Hub;
use crate::support::papers::{invented, item};
use crate::support::program::Program;
use crate::support::raw::{Raw, Reply, http};

const CLOCK: (&str, &str) = ("CLOCK_START", "2026-01-12T12:00:00Z");
const JSON: &str = "content-type: application/json";

async fn with_hub() -> (Program, crate::support::database::TestDatabase, Hub) {
    let (program, database) = Program::with_database().await;
    let hub = Hub::start().await;
    (program.set(CLOCK.0, CLOCK.1).set("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str()), database, hub)
}

#[tokio::test]
async fn sources_are_listed_with_their_settings_and_no_secrets() {
    let (program, _database, _hub) = with_hub().await;
    let key = program.file("key", "s3cret-key\n");
    let settings = format!(
        "[source.genes]\nkind = \"pubmed\"\nquery = \"crispr[Title]\"\napi_key_file = {key:?}\nschedule = \"0 6 * * *\"\nenabled = false\n\
         [source.language]\nkind = \"arxiv\"\ncategories = [\"cs.CL\", \"cs.IR\"]\nschedule = \"@hourly\"\nzone = \"America/New_York\"\n"
    );
    let file = program.file("own.toml", settings);
    let listed = program.run(&["--config", &file, "source", "list"]).await.ends(0);
    let listed = listed.says(&["genes", "PubMed", "crispr[Title]", "cs.CL cs.IR", "@hourly (America/New_York)", "huggingface"]);
    assert!(!listed.out.contains("s3cret"));
    let listed = program.run(&["--config", &file, "source", "list", "--json"]).await.ends(0);
    assert!(!listed.out.contains("s3cret"));
    assert_eq!((&listed.json()[0]["name"], &listed.json()[2]["categories"]), (&json!("genes"), &json!(["cs.CL", "cs.IR"])));
}

#[tokio::test]
async fn a_source_that_lacks_what_its_kind_needs_is_code_3_with_advice() {
    let program = Program::new();
    for (table, expect) in [
        ("kind = \"arxiv\"", "source.x.categories: an arxiv source needs them"),
        ("kind = \"arxiv\"\ncategories = [\"cs.CL+cs.AI\"]", "\"cs.CL+cs.AI\" is no category of arXiv"),
        ("kind = \"feed\"", "source.x.url: a feed source needs it"),
        ("kind = \"feed\"\nurl = \"ftp://a.org/feed\"", "must begin with https://"),
        ("kind = \"pubmed\"", "source.x.query"),
        ("kind = \"openalex\"\nquery = \"robots\"", "needs email or api_key"),
        ("kind = \"crossref\"\nquery = \"robots\"", "source.x.email"),
        ("kind = \"file\"", "source.x.path"),
        ("kind = \"feed\"\nurl = \"https://a.org/\"\nexpected_by = \"noon\"", "\"noon\" is no time of day"),
        ("kind = \"feed\"\nurl = \"https://a.org/\"\ncategory = \"cs\"", "did you mean source.x.categories?"),
        ("kind = \"gopher\"", "gopher"),
    ] {
        let file = program.file("own.toml", format!("[source.x]\nschedule = \"@hourly\"\n{table}\n"));
        program.run(&["--config", &file, "config", "check"]).await.ends(3).complains(&[expect]);
    }
}

#[tokio::test]
async fn a_test_shows_five_papers_and_all_problems_and_stores_nothing() {
    let (program, _database, hub) = with_hub().await;
    let monday = "2026-01-12".parse().unwrap();
    let broken = [json!("nonsense"), json!({"paper": {"id": 7, "title": "T"}})];
    hub.list(monday, [invented(monday, 7), broken.into()].concat());
    let ran = program.run(&["source", "test", "huggingface"]).await.ends(4).complains(&["2 items cannot be read"]);
    let ran = ran.says(&["2026-01-12: 7 papers", "arxiv:9901.01104", "skipped page 1, item 9: ", "ids are text"]);
    assert!(!ran.out.contains("9901.01105"), "{}", ran.out);
    program.run(&["fetch"]).await.ends(4).says(&["7 papers: 7 new"]);
    program.run(&["source", "test", "hugingface"]).await.ends(2).complains(&["there is huggingface"]);
    program.run(&["source", "test", "huggingface", "--date", "2026-01-11"]).await.ends(0).says(&["Nothing is listed."]);
}

#[tokio::test]
async fn what_could_not_be_read_is_kept_as_it_came() {
    let (program, _database, hub) = with_hub().await;
    program.run(&["source", "rejects"]).await.ends(0).says(&["Every item could be read."]);
    hub.list("2026-01-12".parse().unwrap(), vec![item("9901.00001", "Good", "Text.", 1), json!({"paper": {"id": "odd one"}})]);
    program.run(&["fetch"]).await.ends(4);
    program.run(&["source", "rejects"]).await.ends(0).says(&["huggingface page 1, item 2, last seen 2026-01-12", "\"odd one\""]);
    let kept = program.run(&["source", "rejects", "huggingface", "--json"]).await.ends(0).json();
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(kept[0]["payload"], "{\"paper\":{\"id\":\"odd one\"}}");
    program.run(&["source", "rejects", "other"]).await.ends(0).says(&["Every item could be read."]);
    let later = program.set("CLOCK_START", "2026-03-01T12:00:00Z");
    hub.list("2026-03-01".parse().unwrap(), vec![json!({"paper": {"id": "another"}})]);
    later.run(&["fetch"]).await.ends(4);
    let kept = later.run(&["source", "rejects", "--json"]).await.ends(0).json();
    assert_eq!(kept.as_array().unwrap().len(), 1, "the old one was let go: {kept}");
}

#[tokio::test]
async fn the_status_of_a_fresh_install_says_that_nothing_is_known() {
    let (program, _database, _hub) = with_hub().await;
    program.run(&["source", "status"]).await.ends(0).says(&["NAME", "TODAY", "huggingface  -"]);
    let status = program.run(&["source", "status", "--json"]).await.ends(0).json();
    assert_eq!((&status[0]["name"], &status[0]["days"][0]), (&json!("huggingface"), &json!(["2026-01-12", null])));
}

#[tokio::test]
async fn the_status_says_when_arxivs_holidays_of_the_next_year_have_to_be_added() {
    let (program, _database, _hub) = with_hub().await;
    let file = program.file("own.toml", "[source.arxiv]\nkind = \"arxiv\"\ncategories = [\"cs.CL\"]\nschedule = \"@hourly\"\n");
    let status = ["--config", &file, "source", "status"];
    let november = program.set("CLOCK_START", "2026-11-30T12:00:00Z");
    let ran = november.run(&status).await.ends(0).says(&["arxiv "]);
    assert!(!ran.out.contains("no_mail"), "{}", ran.out);
    let december = november.set("CLOCK_START", "2026-12-01T12:00:00Z");
    december.run(&status).await.ends(0).says(&["fetch.arxiv_no_mail_days names no day of 2027"]);
}

#[tokio::test]
async fn past_days_are_gone_on_with_where_they_failed_or_were_stopped() {
    let (program, _database) = Program::with_database().await;
    let raw = Raw::start().await;
    let program = program.set(CLOCK.0, CLOCK.1).set("SOURCE_HUGGINGFACE_BASE_URL", &raw.url);
    let list = |ids: &[&str]| serde_json::to_string(&ids.iter().map(|id| item(id, "T", "x", 1)).collect::<Vec<_>>()).unwrap();
    raw.reply("", Reply::Bytes(http("200 OK", &[JSON], list(&["9901.00001"]))));
    raw.reply("2026-01-10", Reply::Bytes(http("500 Internal Server Error", &[], "")));
    let fetch = ["fetch", "huggingface", "--since", "2026-01-09"];
    program.run(&fetch).await.ends(4).complains(&["1 of 4 fetches failed"]);
    assert_eq!(raw.asked().len(), 4);
    // Stopped while a day hangs.
    raw.reply("2026-01-10", Reply::Drip(Vec::new(), vec![b' '; 999], Duration::from_secs(1)));
    let mut child = program.command(&fetch).spawn().unwrap();
    while raw.asked_at().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pid = rustix::process::Pid::from_raw(child.id().unwrap().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(4));
    raw.asked();
    raw.reply("2026-01-10", Reply::Bytes(http("200 OK", &[JSON], list(&["9901.00002"]))));
    let ran = program.run(&fetch).await.ends(0);
    ran.says(&["huggingface: 3 days done before, going on from 2026-01-10", "2026-01-10: 1 paper: 1 new"]);
    assert_eq!(raw.asked().len(), 1, "only the day that failed");
    program.run(&fetch).await.ends(0);
    assert_eq!(raw.asked().len(), 4, "all was done, so it begins anew");
    program.run(&["fetch", "--since", "2026-01-09", "--until", "2026-01-10"]).await.ends(0).says(&["2 fetches"]);
    program.run(&["fetch", "--since", "2026-01-09", "--until", "2026-01-08"]).await.ends(2).complains(&["is before --since"]);
    program.run(&["fetch", "--since", "2026-01-09", "--reconcile"]).await.ends(4).says(&["leave out --reconcile"]);
}
