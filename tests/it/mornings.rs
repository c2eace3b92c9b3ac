//! Mornings: what a reader gets, day by day.

use std::time::Duration;

use crate::support::papers::{invented, item};
use crate::support::service::Service;

/// A Monday; the hub lists papers from here on.
const MONDAY: &str = "2026-01-12";

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_new_reader_gets_the_latest_day_then_each_morning_what_is_new() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day("2026-01-09"), invented(day("2026-01-09"), 8));
    service.hub.list(day(MONDAY), invented(day(MONDAY), 8));
    service.fetch("2026-01-09").await;
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "robots").await;

    service.set("2026-01-13T05:59:59Z");
    assert_eq!(service.work().await.mails, 0, "seven o'clock in Berlin is six in Greenwich");
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(service.work().await.mails, 1);
    let first = service.digests("ada@example.org");
    assert_eq!(first.len(), 1);
    let mut found = first[0].clone();
    found.sort();
    assert_eq!(found, ["9901.01100", "9901.01102", "9901.01104", "9901.01106"], "Monday's papers on robots, none of Friday's");

    service.hub.list(day("2026-01-13"), invented(day("2026-01-13"), 4));
    service.fetch("2026-01-13").await;
    service.fetch(MONDAY).await;
    service.set("2026-01-14T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org")[1].len(), 2);
    service.set("2026-01-15T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org").len(), 2, "nothing new, no mail");
}

#[tokio::test]
async fn without_filters_the_trending_papers_come_most_voted_first() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let votes = [("9901.00001", 3), ("9901.00002", 40), ("9901.00003", 7)];
    service.hub.list(day(MONDAY), votes.map(|(id, upvotes)| item(id, &format!("Paper {id}"), "An abstract.", upvotes)).to_vec());
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org"), [["9901.00002", "9901.00003", "9901.00001"]]);
}

#[tokio::test]
async fn a_paper_that_earns_its_votes_later_comes_then_and_only_once() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), vec![item("9901.00001", "Robot hands", "Hands.", 2)]);
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "robot upvotes:>=10").await;
    for (morning, upvotes, digests) in [("2026-01-13", 2, 0), ("2026-01-14", 12, 1), ("2026-01-15", 30, 1)] {
        service.hub.list(day(MONDAY), vec![item("9901.00001", "Robot hands", "Hands.", upvotes)]);
        service.set(&format!("{morning}T05:00:00Z"));
        service.fetch(MONDAY).await;
        service.set(&format!("{morning}T06:00:00Z"));
        service.work().await;
        assert_eq!(service.digests("ada@example.org").len(), digests, "{morning}");
    }
}

#[tokio::test]
async fn after_an_outage_one_digest_holds_all_that_was_missed() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 2));
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "robots OR proteins").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    for missed in ["2026-01-13", "2026-01-14", "2026-01-15"] {
        service.hub.list(day(missed), invented(day(missed), 4));
    }
    service.set("2026-01-16T06:30:00Z");
    for missed in ["2026-01-13", "2026-01-14", "2026-01-15"] {
        service.fetch(missed).await;
    }
    service.work().await;
    let digests = service.digests("ada@example.org");
    assert_eq!((digests.len(), digests[1].len()), (2, 9));
}

#[tokio::test]
async fn a_digest_that_could_not_leave_is_taken_over_by_the_next() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 4));
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "robots").await;
    let fault = paperlark::catcher::Fault::reply(paperlark::catcher::Stage::Mail, "421 4.3.2 closing down");
    service.catcher.faults().add(fault);
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org").len(), 0);
    service.hub.list(day("2026-01-13"), invented(day("2026-01-13"), 4));
    service.fetch("2026-01-13").await;
    service.set("2026-01-14T06:00:00Z");
    assert_eq!(service.work().await.superseded, 1);
    service.catcher.faults().clear();
    service.pass(Duration::from_secs(600));
    service.deliver().await;
    let digests = service.digests("ada@example.org");
    assert_eq!((digests.len(), digests[0].len()), (1, 4), "both days' papers, in one mail");
}

#[tokio::test]
async fn history_can_be_read_but_starts_no_mail() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day("2025-06-02"), invented(day("2026-03-02"), 8));
    service.fetch("2025-06-02").await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(service.work().await.mails, 0);
    let page = service.get("/papers/date/2025-06-02").await.text().await.unwrap();
    assert!(page.contains("Robots that fold laundry"));
}

#[tokio::test]
async fn a_reader_who_comes_back_gets_nothing_a_second_time() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 4));
    service.fetch(MONDAY).await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    let leave = service.link_in_mail("ada@example.org", "/unsubscribe/");
    service.client.post(&leave).send().await.unwrap();
    service.deliver().await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-14T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests("ada@example.org").len(), 1);
}

#[tokio::test]
async fn fetching_twice_changes_nothing_and_asks_politely() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 30));
    let first = service.fetch(MONDAY).await;
    assert_eq!((first.papers, first.stored[0].1.new), (30, 30));
    service.pass(Duration::from_secs(60));
    assert!(service.fetch(MONDAY).await.not_modified);
    service.hub.list(day(MONDAY), invented(day(MONDAY), 31));
    let third = service.fetch(MONDAY).await;
    assert_eq!((third.stored[0].1.new, third.stored[0].1.unchanged), (1, 30));
}

#[tokio::test]
async fn a_digest_sent_ahead_of_its_hour_and_new_choices_cost_nobody_the_next() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 4));
    service.fetch(MONDAY).await;
    let preferences = service.join("ada@example.org", "robots").await;
    service.join("bob@example.org", "robots").await;
    service.set("2026-01-13T05:30:00Z");
    let ada = "ada@example.org".parse().unwrap();
    let id = paperlark::subscriber::find(&service.app.db, &ada).await.unwrap().unwrap();
    paperlark::pipeline::compose::ahead(&service.app, service.now(), id).await.unwrap();
    // Saving sets the same hour of the same day once more.
    let fields = [
        ("filter_query", "robots"),
        ("zone", "Europe/Berlin"),
        ("hour", "7"),
        ("weekday", "tue"),
        ("weekday", "wed"),
        ("max_papers", "20"),
    ];
    assert_eq!(service.post(&preferences, &fields).await.status(), 200);
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    assert_eq!((service.digests("ada@example.org").len(), service.digests("bob@example.org").len()), (1, 1));
}

#[tokio::test]
async fn a_reader_whose_rows_are_at_odds_costs_nobody_else_the_digest() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 4));
    service.fetch(MONDAY).await;
    for reader in ["ada@example.org", "bob@example.org", "eve@example.org"] {
        service.join(reader, "robots").await;
    }
    // As no code of ours writes it: a window that begins where another of the same reader's begins.
    let broken = "insert into digest (subscriber_id, id, kind, due_at, composed_at, day, after_batch, through_batch, papers, content)
                  select id, gen_random_uuid(), 'morning', now(), now(), now(), 0, 1, '{}', '{\"sections\":[]}'
                  from subscriber where address = 'bob@example.org'";
    sqlx::query(broken).execute(&service.app.db).await.unwrap();
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(service.work().await.mails, 2);
    assert_eq!((service.digests("ada@example.org").len(), service.digests("eve@example.org").len()), (1, 1));
}
