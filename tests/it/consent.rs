//! Consent: who gets mail, who asked for it, and that nobody learns of anybody else.

use std::time::Duration;

use paperlark::catcher::Fault;
use paperlark::token::Purpose;
use reqwest::header::{CONTENT_TYPE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};

use crate::support::html;
use crate::support::papers::invented;
use crate::support::service::Service;
use crate::support::tables::{dump, subscriber_id};

const ADDRESS: &str = "ada@example.org";
const FORM: &str = "application/x-www-form-urlencoded";
const HOUR: Duration = Duration::from_secs(3600);

async fn service() -> Service {
    Service::start("2026-01-12T18:00:00Z").await
}

async fn sign_up(service: &Service, address: &str, keywords: &str) {
    let answer = service.post("/subscribe", &[("address", address), ("keywords", keywords)]).await;
    assert_eq!(answer.status(), 200);
    service.deliver().await;
}

/// The queries on a reader's preferences page.
async fn filters(service: &Service, preferences: &str) -> Vec<String> {
    let page = html::checked(&service.get(preferences).await.text().await.unwrap());
    let fields = html::form(&page, preferences).into_iter();
    fields.filter(|(name, query)| name == "filter_query" && !query.is_empty()).map(|(_, query)| query).collect()
}

async fn press(service: &Service, url: &str) -> u16 {
    service.client.post(url).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_answer_to_a_sign_up_tells_nobody_who_is_known() {
    let service = service().await;
    sign_up(&service, "pending@example.org", "robots").await;
    service.join("active@example.org", "robots").await;
    service.join("gone@example.org", "robots").await;
    press(&service, &service.link_in_mail("gone@example.org", "/unsubscribe/")).await;
    service.catcher.faults().add(Fault::recipient("suppressed@example.org", "550 5.1.1 no such user"));
    sign_up(&service, "suppressed@example.org", "robots").await;
    service.catcher.faults().clear();
    service.pass(HOUR);
    service.deliver().await;
    service.mailbox().clear();

    let mut answers = Vec::new();
    for (kind, mails) in [("new", 1), ("pending", 0), ("active", 1), ("gone", 1), ("suppressed", 0)] {
        let address = format!("{kind}@example.org");
        let answer = service.post("/subscribe", &[("address", &address), ("keywords", "proteins")]).await;
        let mut headers = answer.headers().clone();
        headers.remove("date");
        let answer = (answer.status(), headers, answer.text().await.unwrap());
        service.deliver().await;
        let sent = service.mailbox().for_recipient(&address);
        assert_eq!(sent.len(), mails, "{kind}");
        assert!(sent.iter().all(|mail| mail.text().unwrap().contains("/confirm/")), "{kind}");
        answers.push(answer);
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

#[tokio::test]
async fn a_confirmation_mail_repeats_nothing_the_visitor_typed() {
    let service = service().await;
    sign_up(&service, ADDRESS, "cheapwatches OR evilexample").await;
    let mails = service.mailbox().for_recipient(ADDRESS);
    let all = format!("{}{}{}", mails[0].subject(), mails[0].text().unwrap(), mails[0].html().unwrap());
    assert!(mails.len() == 1 && !all.contains("cheapwatches") && !all.contains("evilexample"));
    assert_eq!(mails[0].header("list-unsubscribe"), None, "there is nothing to leave yet");
}

#[tokio::test]
async fn a_confirmation_link_works_once() {
    let service = service().await;
    service.join(ADDRESS, "robots").await;
    let confirm = service.link_in_mail(ADDRESS, "/confirm/");
    assert_eq!(press(&service, &confirm).await, 200, "pressing twice does no harm");
    service.deliver().await;
    let mails = service.mailbox().for_recipient(ADDRESS);
    assert_eq!(mails.len(), 2, "the confirmation and one welcome");
    press(&service, &service.link_in_mail(ADDRESS, "/unsubscribe/")).await;
    let before = dump(&service.app.db).await;
    let again = service.client.post(&confirm).send().await.unwrap();
    assert_eq!(again.status(), 410);
    assert!(html::text(&html::checked(&again.text().await.unwrap())).contains("used already"));
    assert_eq!(dump(&service.app.db).await, before, "an old link brings nobody back");
}

#[tokio::test]
async fn a_confirmation_link_works_for_48_hours() {
    for (seconds, status) in [(48 * 3600 - 1, 200), (48 * 3600, 410)] {
        let service = service().await;
        sign_up(&service, ADDRESS, "robots").await;
        let confirm = service.link_in_mail(ADDRESS, "/confirm/");
        service.pass(Duration::from_secs(seconds));
        assert_eq!(service.client.get(&confirm).send().await.unwrap().status(), status);
        assert_eq!(press(&service, &confirm).await, status);
        service.deliver().await;
        assert_eq!(service.mailbox().for_recipient(ADDRESS).len(), if status == 200 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn an_address_that_never_answers_gets_one_mail_a_day_and_three_ever() {
    let service = service().await;
    let mut mails = Vec::new();
    for quarter in 0..40 {
        sign_up(&service, ADDRESS, "robots").await;
        if quarter % 4 == 3 {
            mails.push(service.mailbox().for_recipient(ADDRESS).len());
        }
        service.pass(6 * HOUR);
    }
    assert_eq!(mails[..4], [1, 2, 3, 3]);
    assert_eq!(mails.last(), Some(&3));
}

#[tokio::test]
async fn a_second_sign_up_amends_the_wish_that_waits() {
    let service = service().await;
    sign_up(&service, ADDRESS, "robts").await;
    let fields = [("address", "ADA@example.org"), ("keywords", "robots"), ("zone", "Asia/Tokyo"), ("hour", "9")];
    service.post("/subscribe", &fields).await;
    service.deliver().await;
    assert_eq!(service.mailbox().len(), 1, "the link in the inbox stays the way in");
    let confirm = service.link_in_mail(ADDRESS, "/confirm/");
    let asked = html::text(&html::checked(&service.client.get(&confirm).send().await.unwrap().text().await.unwrap()));
    assert!(asked.contains("09:00 (Asia/Tokyo)") && asked.contains("robots") && !asked.contains("robts"), "{asked}");
    press(&service, &confirm).await;
    service.deliver().await;
    let preferences = path_of(&service.link_in_mail(ADDRESS, "/preferences/"));
    assert_eq!(filters(&service, &preferences).await, ["robots"]);
}

#[tokio::test]
async fn a_second_sign_up_of_a_reader_adds_filters_once_confirmed() {
    let service = service().await;
    let preferences = service.join(ADDRESS, "robots").await;
    sign_up(&service, ADDRESS, "proteins\nrobots").await;
    assert_eq!(filters(&service, &preferences).await, ["robots"], "anybody could have typed that address");
    press(&service, &service.link_in_mail(ADDRESS, "/confirm/")).await;
    assert_eq!(filters(&service, &preferences).await, ["robots", "proteins"]);
}

/// A reader with a digest, and a valid link of every kind.
async fn reader_with_links() -> (Service, Vec<(&'static str, String)>) {
    let service = service().await;
    let monday = "2026-01-12".parse().unwrap();
    service.hub.list(monday, invented(monday, 4));
    service.fetch("2026-01-12").await;
    service.join(ADDRESS, "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    let kinds = ["confirm", "preferences", "unsubscribe", "digests"];
    let token = |kind: &str| service.link_in_mail(ADDRESS, &format!("/{kind}/")).rsplit('/').next().unwrap().to_owned();
    let links = kinds.map(|kind| (kind, token(kind))).to_vec();
    (service, links)
}

#[tokio::test]
async fn a_link_opens_only_what_it_was_made_for() {
    let (service, links) = reader_with_links().await;
    let id = subscriber_id(&service.app.db, ADDRESS).await;
    let bounce = service.app.keys.sign(Purpose::Bounce, id, &[]);
    let before = dump(&service.app.db).await;
    for (kind, own) in &links {
        assert_eq!(service.get(&format!("/{kind}/{own}")).await.status(), 200, "{kind}");
        let others = links.iter().filter(|(other, _)| other != kind).map(|(_, token)| token.as_str());
        for token in others.chain([bounce.as_str(), "bad", "%00", "%FF%FE", "a b"]) {
            let path = format!("/{kind}/{token}");
            let mut statuses = vec![service.get(&path).await.status().as_u16()];
            if *kind != "digests" {
                statuses.push(service.post(&path, &[("hour", "7")]).await.status().as_u16());
            }
            assert!(statuses.iter().all(|status| [400, 403, 404].contains(status)), "{path}: {statuses:?}");
            assert!(statuses[0] == 403 || token.contains('%'), "{path}: {statuses:?}");
        }
    }
    assert_eq!(dump(&service.app.db).await, before);
}

#[tokio::test]
async fn a_link_with_any_character_changed_or_missing_is_refused() {
    let (service, links) = reader_with_links().await;
    for (kind, token) in &links {
        for at in 0..token.len() {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            for damaged in [&changed, &token[..at]].into_iter().filter(|damaged| !damaged.is_empty()) {
                assert_eq!(service.get(&format!("/{kind}/{damaged}")).await.status(), 403, "{kind} {damaged}");
            }
        }
        assert_eq!(service.get(&format!("/{kind}/{token}A")).await.status(), 403);
        assert_eq!(service.get(&format!("/{kind}/{token}=")).await.status(), 403);
    }
}

/// What a mail program does when its own button is pressed (RFC 8058 § 3.2).
async fn one_click(service: &Service, url: &str, kind: &str, body: &str) -> Response {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.post(url).header(CONTENT_TYPE, kind).body(body.to_owned()).send().await.unwrap();
    assert!(!answer.headers().contains_key(SET_COOKIE) && !answer.headers().contains_key(LOCATION));
    service.deliver().await;
    answer
}

#[tokio::test]
async fn one_click_leaves_at_once_and_as_often_as_it_is_pressed() {
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (kind, body) in [(FORM, "List-Unsubscribe=One-Click"), ("multipart/form-data; boundary=x", multipart)] {
        let service = service().await;
        let preferences = service.join(ADDRESS, "robots").await;
        let welcome = service.mailbox().for_recipient(ADDRESS).pop().unwrap();
        assert_eq!(welcome.header("list-unsubscribe-post").as_deref(), Some("List-Unsubscribe=One-Click"));
        let header = welcome.header("list-unsubscribe").unwrap();
        let url = header.split_once('<').unwrap().1.split_once('>').unwrap().0;
        for _ in 0..2 {
            assert_eq!(one_click(&service, url, kind, body).await.status(), 200);
        }
        assert_eq!(service.mailbox().for_recipient(ADDRESS).len(), 2, "no goodbye: the mail program has said so");
        service.post(&format!("{preferences}/delete"), &[]).await;
        assert_eq!(one_click(&service, url, kind, body).await.status(), 200, "also for a reader who is gone");
    }
}

#[tokio::test]
async fn the_button_on_the_page_says_goodbye_once() {
    let service = service().await;
    service.join(ADDRESS, "robots").await;
    let leave = service.link_in_mail(ADDRESS, "/unsubscribe/");
    let page = html::checked(&service.client.get(&leave).send().await.unwrap().text().await.unwrap());
    assert_eq!(html::form(&page, &path_of(&leave)), [], "the button is all there is to press");
    for _ in 0..2 {
        assert_eq!(service.post(&path_of(&leave), &[]).await.status(), 200);
        service.deliver().await;
    }
    let mails = service.mailbox().for_recipient(ADDRESS);
    assert_eq!(mails.iter().filter(|mail| mail.subject().contains("no more mail")).count(), 1);
}

fn path_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.path().to_owned())
}
