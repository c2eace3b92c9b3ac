//! What is known of each day of a source, where it is shown, and how digests wait for a late one.

use paperlark::pipeline::{compose, fetch};
use paperlark::standing::{self, State};

use super::{MONDAY, add_source, answer, day, source};
use crate::support::papers::invented;
use crate::support::service::Service;

const TUESDAY: &str = "2026-01-13";

/// A service whose hub has its list by five in the morning, and whose digests may wait for it.
async fn service_with(settings: &[(&str, &str)]) -> Service {
    let settings = [&[("DIGEST_LOOKBACK", "1day")], settings].concat();
    let mut service = Service::start_with("2026-01-12T04:00:00Z", &settings).await;
    let url = service.hub.url.clone();
    let table = format!("kind = \"huggingface\"\nbase_url = \"{url}\"\nexpected_by = \"05:00\"\ntitle = \"The Hub\"");
    add_source(&mut service, "huggingface", source(&table)).await;
    service
}

async fn step_at(service: &Service, now: &str) {
    service.set(now);
    fetch::step(&service.app, service.now()).await.unwrap();
}

/// The state of `on`, as the overview has it.
async fn state(service: &Service, on: &str) -> Option<State> {
    let overview = standing::overview(&service.app.db, &service.app.config, service.now()).await.unwrap();
    overview[0].days.iter().find(|(day, _)| *day == on.parse().unwrap()).and_then(|(_, state)| *state)
}

#[tokio::test]
async fn a_day_is_quiet_late_failing_or_listed() {
    let service = service_with(&[]).await;
    step_at(&service, "2026-01-12T04:00:00Z").await;
    assert_eq!(state(&service, MONDAY).await, None, "too early to tell");
    assert_eq!(state(&service, "2026-01-11").await, Some(State::Quiet), "a Sunday");
    step_at(&service, "2026-01-12T05:30:00Z").await;
    assert_eq!(state(&service, MONDAY).await, Some(State::Late));
    service.hub.answer_with(Some(answer(500, "text/plain", "")));
    step_at(&service, "2026-01-12T07:30:00Z").await;
    assert_eq!(state(&service, MONDAY).await, Some(State::Failing));
    service.hub.answer_with(None);
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-12T08:30:00Z").await;
    assert_eq!(state(&service, MONDAY).await, Some(State::Listed));
    service.hub.answer_with(Some(answer(500, "text/plain", "")));
    step_at(&service, "2026-01-12T09:30:00Z").await;
    assert_eq!(state(&service, MONDAY).await, Some(State::Listed), "what came has come");
}

#[tokio::test]
async fn yesterdays_list_under_todays_date_is_late() {
    let service = service_with(&[]).await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-12T06:00:00Z").await;
    service.hub.list(day(TUESDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-13T06:00:00Z").await;
    assert_eq!(state(&service, TUESDAY).await, Some(State::Late));
    assert_eq!(state(&service, MONDAY).await, Some(State::Listed));
    service.hub.list(day(TUESDAY), [invented(day(TUESDAY), 1), invented(day(MONDAY), 3)].concat());
    step_at(&service, "2026-01-13T07:30:00Z").await;
    assert_eq!(state(&service, TUESDAY).await, Some(State::Listed), "one new paper is enough");
}

#[tokio::test]
async fn the_status_page_tells_states_to_anyone_and_errors_to_nobody() {
    let service = service_with(&[]).await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();
    // The pages run with the configuration they were started with; what they show is in the database.
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-12T06:00:00Z").await;
    let html = page("/status").await;
    assert!(html.contains("All sources are as they should be.") && html.contains("Today’s papers are here"), "{html}");
    assert!(html.contains("title=\"Mon 12 January: listed\"") && html.contains("title=\"Sun 11 January: quiet\""), "{html}");
    service.hub.answer_with(Some(answer(500, "text/plain", "")));
    step_at(&service, "2026-01-13T06:00:00Z").await;
    let html = page("/status").await;
    assert!(html.contains("It does not answer") && !html.contains("answered 500") && !html.contains(service.hub.url.as_str()), "{html}");
    assert!(page("/").await.contains("href=\"/status\""));
}

/// Reads the text of the newest digest of Ada, who gets hers at seven in Berlin, six in Greenwich.
fn newest(service: &Service) -> String {
    let mails = service.mailbox().for_recipient("ada@example.org");
    mails.iter().rev().filter_map(|mail| mail.text()).find(|text| text.contains("/digests/")).unwrap_or_default()
}

#[tokio::test]
async fn a_digest_without_a_late_source_says_so() {
    let service = service_with(&[]).await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-12T06:30:00Z").await;
    service.join("ada@example.org", "").await;
    step_at(&service, "2026-01-13T05:30:00Z").await;
    service.set("2026-01-13T06:00:00Z");
    assert_eq!(service.work().await.mails, 1, "nothing is waited for");
    let text = newest(&service).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("The Hub had not published by 07:00."), "{text}");
    let web = text.split_whitespace().find(|word| word.contains("/digests/")).unwrap().to_owned();
    let page = service.client.get(&web).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("The Hub had not published by 07:00."), "{page}");
}

#[tokio::test]
async fn digests_wait_for_a_late_source_as_long_as_they_may() {
    let service = service_with(&[("DIGEST_WAIT_FOR", "huggingface"), ("DIGEST_WAIT_LIMIT", "2h")]).await;
    service.hub.list(day(MONDAY), invented(day(MONDAY), 3));
    step_at(&service, "2026-01-12T06:30:00Z").await;
    service.join("ada@example.org", "").await;
    step_at(&service, "2026-01-13T05:30:00Z").await;
    for now in ["2026-01-13T06:00:00Z", "2026-01-13T07:59:59Z"] {
        service.set(now);
        assert_eq!(service.work().await, compose::Composed::default(), "{now}");
    }
    service.set("2026-01-13T08:00:00Z");
    assert_eq!(service.work().await.mails, 1, "two hours are enough");
    assert!(newest(&service).contains("The Hub had not published by 09:00."), "{}", newest(&service));
    // The day after, the list comes within the two hours.
    step_at(&service, "2026-01-14T05:30:00Z").await;
    service.set("2026-01-14T06:00:00Z");
    assert_eq!(service.work().await.mails, 0);
    service.hub.list(day("2026-01-14"), invented(day("2026-01-14"), 3));
    step_at(&service, "2026-01-14T06:40:00Z").await;
    assert_eq!(service.work().await.mails, 1, "at once");
    assert!(!newest(&service).contains("had not published"), "{}", newest(&service));
}
