//! The page where a reader changes their mind, and what follows from it.

use crate::support::html;
use crate::support::papers::invented;
use crate::support::service::Service;
use crate::support::tables::{dump, rows_of, subscriber_id};

const ADDRESS: &str = "ada@example.org";

type Fields = Vec<(String, String)>;

/// A service where Monday's papers have come and one reader has joined, with the path of their preferences.
async fn joined() -> (Service, String) {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    list(&service, "2026-01-12").await;
    let preferences = service.join(ADDRESS, "robots").await;
    (service, preferences)
}

async fn list(service: &Service, day: &str) {
    service.hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), 4));
    service.fetch(day).await;
}

async fn shown(service: &Service, path: &str) -> (Fields, String) {
    let page = html::checked(&service.get(path).await.text().await.unwrap());
    (html::form(&page, path), html::text(&page))
}

/// The fields as the page shows them, with those of some names replaced.
async fn with(service: &Service, path: &str, changes: &[(&str, &[&str])]) -> Fields {
    let (mut fields, _) = shown(service, path).await;
    for (name, values) in changes {
        fields.retain(|(field, _)| field != name);
        fields.extend(values.iter().map(|value| ((*name).to_owned(), (*value).to_owned())));
    }
    fields
}

async fn save(service: &Service, path: &str, fields: &Fields) -> (u16, String) {
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = service.post(path, &pairs).await;
    let status = answer.status().as_u16();
    (status, html::text(&html::checked(&answer.text().await.unwrap())))
}

#[tokio::test]
async fn every_choice_is_kept_and_shown_again() {
    let (service, path) = joined().await;
    let wanted: &[(&str, &[&str])] = &[
        ("filter_name", &["Machines that walk", "", "Café & <b>"]),
        ("filter_query", &["robots OR \"legged locomotion\"", "title:proteins -survey", "upvotes:>=10 cat:cs.*"]),
        ("zone", &["America/St_Johns"]),
        ("hour", &["22"]),
        ("weekday", &["mon", "fri"]),
        ("max_papers", &["7"]),
        ("send_when_empty", &["true"]),
    ];
    let (status, text) = save(&service, &path, &with(&service, &path, wanted).await).await;
    assert!(status == 200 && text.contains("Saved."), "{status} {text}");
    assert!(text.contains("Monday, 12 January 2026 at 22:00 (America/St Johns)"), "Monday's hour is still to come there: {text}");
    let (fields, _) = shown(&service, &path).await;
    for (name, values) in wanted {
        let found: Vec<_> = fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect();
        let kept = if name.starts_with("filter_") { &found[..found.len() - 1] } else { &found[..] };
        assert_eq!(kept, *values, "{name}");
    }
    let before = dump(&service.app.db).await;
    save(&service, &path, &fields).await;
    assert_eq!(dump(&service.app.db).await, before, "saving what is shown changes nothing");
}

#[tokio::test]
async fn a_removed_filter_is_gone_and_the_others_stay() {
    let (service, path) = joined().await;
    let three: &[(&str, &[&str])] = &[("filter_query", &["robots", "proteins", "heaps"]), ("filter_name", &["", "", ""])];
    save(&service, &path, &with(&service, &path, three).await).await;
    save(&service, &path, &with(&service, &path, &[("filter_remove", &["1"])]).await).await;
    let (fields, _) = shown(&service, &path).await;
    let queries: Vec<_> = fields.iter().filter(|(name, _)| name == "filter_query").map(|(_, query)| query.as_str()).collect();
    assert_eq!(queries, ["robots", "heaps", ""]);
}

#[tokio::test]
async fn with_any_error_nothing_is_saved_and_all_is_shown_again() {
    let (service, path) = joined().await;
    let long = "x".repeat(81);
    let many = vec!["robots"; 51];
    let before = dump(&service.app.db).await;
    let wrong: [(&str, &[&str], &str); 9] = [
        ("filter_query", &["robots", "(unclosed"], "parenthesis"),
        ("filter_query", &many, "At most 50 filters"),
        ("filter_name", &[&long], "At most 80 characters"),
        ("zone", &["Europe/Nowhere"], "Europe/"),
        ("hour", &["24"], "from 0 to 23"),
        ("weekday", &[], "at least one day"),
        ("max_papers", &["0"], "from 1 to 100"),
        ("max_papers", &["101"], "from 1 to 100"),
        ("max_papers", &["many"], "from 1 to 100"),
    ];
    for (name, values, message) in wrong {
        let other = if name == "max_papers" { ("hour", &["5"][..]) } else { ("max_papers", &["9"][..]) };
        let fields = with(&service, &path, &[(name, values), other]).await;
        let (status, text) = save(&service, &path, &fields).await;
        assert_eq!(status, 422, "{name} {values:?}");
        assert!(text.contains("Nothing was saved yet") && text.contains(message), "{name} {values:?}: {text}");
        assert_eq!(dump(&service.app.db).await, before, "{name} {values:?}");
    }
    let fields = with(&service, &path, &[("max_papers", &["0"]), ("filter_query", &["typed \"with care"]), ("filter_name", &["A"])]).await;
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let again = html::checked(&service.post(&path, &pairs).await.text().await.unwrap());
    let fields = html::form(&again, &path);
    for (name, value) in [("max_papers", "0"), ("filter_query", "typed \"with care"), ("filter_name", "A")] {
        assert!(fields.contains(&(name.to_owned(), value.to_owned())), "{name}: {fields:?}");
    }
}

#[tokio::test]
async fn fewer_papers_and_another_hour_hold_from_the_next_digest() {
    let (service, path) = joined().await;
    save(&service, &path, &with(&service, &path, &[("max_papers", &["1"]), ("hour", &["9"])]).await).await;
    service.set("2026-01-13T07:59:59Z");
    assert_eq!(service.work().await.mails, 0);
    service.set("2026-01-13T08:00:00Z");
    assert_eq!(service.work().await.mails, 1);
    assert_eq!(service.digests(ADDRESS)[0].len(), 1);
}

#[tokio::test]
async fn deleted_data_are_gone_from_every_table_and_a_waiting_digest_stays_unsent() {
    let (service, path) = joined().await;
    service.join("bob@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    list(&service, "2026-01-13").await;
    service.post("/subscribe", &[("address", ADDRESS), ("keywords", "proteins")]).await;
    service.set("2026-01-14T06:00:00Z");
    assert_eq!(paperlark::pipeline::compose::step(&service.app, service.now()).await.unwrap().mails, 2);
    let digest = service.link_in_mail(ADDRESS, "/digests/");
    let (id, bob) = (subscriber_id(&service.app.db, ADDRESS).await, subscriber_id(&service.app.db, "bob@example.org").await);
    let (kept, bobs) = (rows_of(&service.app.db, id).await, rows_of(&service.app.db, bob).await);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["attempt", "digest", "filter", "mail", "signup", "subscriber"]);
    let mails = service.mailbox().for_recipient(ADDRESS).len();

    let delete = format!("{path}/delete");
    assert_eq!(service.get(&delete).await.status(), 200);
    assert_eq!(rows_of(&service.app.db, id).await, kept, "looking deletes nothing");
    for _ in 0..2 {
        assert_eq!(service.post(&delete, &[]).await.status(), 200);
        assert!(rows_of(&service.app.db, id).await.is_empty());
    }
    assert_eq!(rows_of(&service.app.db, bob).await, bobs);
    let everything = format!("{:?}", dump(&service.app.db).await);
    assert!(!everything.contains(ADDRESS), "the address is nowhere");
    service.work().await;
    assert_eq!(service.mailbox().for_recipient(ADDRESS).len(), mails);
    assert_eq!(service.digests("bob@example.org").len(), 2);
    assert_eq!(service.get(&path).await.status(), 410);
    assert_eq!(service.post(&path, &[("max_papers", "5")]).await.status(), 410);
    assert_eq!(service.client.get(&digest).send().await.unwrap().status(), 410);
}

#[tokio::test]
async fn a_pause_stops_the_mails_and_its_end_brings_what_was_missed() {
    let (service, path) = joined().await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    list(&service, "2026-01-13").await;
    service.set("2026-01-14T06:00:00Z");
    assert_eq!(paperlark::pipeline::compose::step(&service.app, service.now()).await.unwrap().mails, 1);
    let (status, text) = save(&service, &path, &with(&service, &path, &[("paused", &["true"])]).await).await;
    assert!(status == 200 && text.contains("Paused"), "{text}");
    service.work().await;
    assert_eq!(service.digests(ADDRESS).len(), 1, "what was queued waits too");
    list(&service, "2026-01-14").await;
    service.set("2026-01-16T06:00:00Z");
    assert_eq!(service.work().await.mails, 0);
    save(&service, &path, &with(&service, &path, &[("paused", &[])]).await).await;
    service.set("2026-01-17T06:00:00Z");
    service.work().await;
    let digests = service.digests(ADDRESS);
    assert_eq!(digests.len(), 2);
    let mut caught_up = digests[1].clone();
    caught_up.sort();
    assert_eq!(caught_up, ["9901.01200", "9901.01202", "9901.01300", "9901.01302"], "both days that were missed, and nothing twice");
}

#[tokio::test]
async fn somebody_who_left_is_told_so_on_their_preferences_page() {
    let (service, path) = joined().await;
    service.client.post(service.link_in_mail(ADDRESS, "/unsubscribe/")).send().await.unwrap();
    let (fields, text) = shown(&service, &path).await;
    assert!(text.contains("unsubscribed") && !text.contains("Your next digest"), "{text}");
    save(&service, &path, &fields).await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    assert_eq!(service.digests(ADDRESS).len(), 0, "saving preferences subscribes nobody");
}
