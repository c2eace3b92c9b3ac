//! The public pages of papers.

use serde_json::json;

use crate::support::html;
use crate::support::papers::{invented, item};
use crate::support::service::Service;

async fn service() -> Service {
    Service::start("2026-01-12T18:00:00Z").await
}

async fn list(service: &Service, day: &str, count: u32) {
    service.hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), count));
    service.fetch(day).await;
}

async fn read(service: &Service, path: &str) -> (u16, Vec<html::Token>) {
    let answer = service.get(path).await;
    (answer.status().as_u16(), html::checked(&answer.text().await.unwrap()))
}

/// The links of a kind: `prev`, `next`.
fn rel(tokens: &[html::Token], kind: &str) -> Vec<String> {
    let attributes = tokens.iter().filter_map(|token| if let html::Token::Open(_, attributes) = token { Some(attributes) } else { None });
    let wanted = attributes.filter(|attributes| attributes.contains(&("rel".to_owned(), kind.to_owned())));
    wanted.flat_map(|attributes| attributes.iter().filter(|(name, _)| name == "href").map(|(_, href)| href.clone())).collect()
}

/// The papers a page lists, in its order.
fn papers(tokens: &[html::Token]) -> Vec<String> {
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        if let [html::Token::Open(heading, _), html::Token::Open(_, attributes)] = pair
            && heading == "h3"
        {
            found.extend(attributes.iter().filter_map(|(_, href)| href.strip_prefix("/papers/").map(str::to_owned)));
        }
    }
    found
}

#[tokio::test]
async fn a_day_lists_its_papers_most_voted_first_and_leads_to_its_neighbours() {
    let service = service().await;
    list(&service, "2026-01-09", 3).await;
    let votes = [("9901.00001", 3), ("9901.00002", 40), ("9901.00003", 7)];
    service.hub.list("2026-01-12".parse().unwrap(), votes.map(|(id, votes)| item(id, &format!("Paper {id}"), "Short.", votes)).to_vec());
    service.fetch("2026-01-12").await;
    list(&service, "2026-01-14", 1).await;

    let (status, monday) = read(&service, "/papers/date/2026-01-12").await;
    assert_eq!((status, papers(&monday)), (200, vec!["9901.00002".into(), "9901.00003".into(), "9901.00001".into()]));
    assert_eq!(
        (rel(&monday, "prev"), rel(&monday, "next")),
        (vec!["/papers/date/2026-01-09".into()], vec!["/papers/date/2026-01-14".into()])
    );
    let text = html::text(&monday);
    assert!(text.contains("Monday 12 January 2026") && text.contains("3 papers") && text.contains("40 upvotes"), "{text}");
    let (_, newest) = read(&service, "/").await;
    assert_eq!(papers(&newest), ["9901.01300"], "the front page is the newest day");
    assert_eq!((rel(&newest, "prev").len(), rel(&newest, "next").len()), (1, 0));
}

#[tokio::test]
async fn a_day_without_papers_leads_across_the_gap() {
    let service = service().await;
    list(&service, "2026-01-09", 3).await;
    list(&service, "2026-01-12", 3).await;
    for (day, words) in [("2026-01-10", "A quiet weekend"), ("2026-01-11", "A quiet weekend")] {
        let (status, tokens) = read(&service, &format!("/papers/date/{day}")).await;
        assert_eq!(status, 200);
        assert!(html::text(&tokens).contains(words));
        assert_eq!(
            (rel(&tokens, "prev"), rel(&tokens, "next")),
            (vec!["/papers/date/2026-01-09".into()], vec!["/papers/date/2026-01-12".into()])
        );
    }
    for (day, words) in [("2026-01-13", "A quiet day"), ("1999-12-31", "A quiet day"), ("2999-01-01", "A quiet day")] {
        let (status, tokens) = read(&service, &format!("/papers/date/{day}")).await;
        assert!(status == 200 && papers(&tokens).is_empty() && html::text(&tokens).contains(words), "{day}");
    }
}

#[tokio::test]
async fn a_fresh_install_says_what_to_do_and_takes_subscribers() {
    let service = service().await;
    let (status, tokens) = read(&service, "/").await;
    assert!(status == 200 && html::text(&tokens).contains("paperlark fetch"));
    assert!(html::form(&tokens, "/subscribe").iter().any(|(name, _)| name == "address"));
    assert_eq!(read(&service, "/papers?q=robots").await.0, 200);
    service.join("ada@example.org", "robots").await;
}

#[tokio::test]
async fn a_week_and_a_month_hold_the_papers_of_their_days() {
    let service = service().await;
    for (day, count) in [("2025-12-29", 2), ("2026-01-04", 2), ("2026-01-05", 2), ("2026-01-31", 2), ("2026-02-01", 2)] {
        let papers = (0..count)
            .map(|n| item(&format!("{}.{:05}", day[2..7].replace('-', ""), day[8..].parse::<u32>().unwrap() * 10 + n), "T", "S", n));
        service.hub.list(day.parse().unwrap(), papers.collect());
        service.fetch(day).await;
    }
    for (path, count, previous, next) in [
        ("/papers/week/2026-W01", 4, None, Some("/papers/week/2026-W02")),
        ("/papers/week/2026-W02", 2, Some("/papers/week/2026-W01"), Some("/papers/week/2026-W05")),
        ("/papers/month/2026-01", 6, Some("/papers/month/2025-12"), Some("/papers/month/2026-02")),
        ("/papers/month/2025-11", 0, None, Some("/papers/month/2025-12")),
    ] {
        let (status, tokens) = read(&service, path).await;
        assert_eq!((status, papers(&tokens).len()), (200, count), "{path}");
        assert_eq!(
            (rel(&tokens, "prev").first().map(String::as_str), rel(&tokens, "next").first().map(String::as_str)),
            (previous, next),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_no_date_is_refused_with_an_example() {
    let service = service().await;
    for path in [
        "date/2026-02-30",
        "date/2026-13-01",
        "date/today",
        "date/20260112",
        "date/-9999-01-01",
        "date/+262142-12-31",
        "date/0000-00-00",
        "week/2026-W54",
        "week/2025-W53",
        "week/2026-W00",
        "week/2026-02",
        "week/262142-W52",
        "week/-9999-W01",
        "week/99999999999999-W01",
        "month/2026-13",
        "month/2026-1-1",
        "month/262142-12",
        "month/-9999-01",
        "month/january",
    ] {
        let (status, tokens) = read(&service, &format!("/papers/{path}")).await;
        assert_eq!(status, 400, "{path}");
        assert!(html::text(&tokens).contains("is written like"), "{path}");
    }
}

#[tokio::test]
async fn a_paper_has_a_page_under_every_spelling_of_its_id() {
    let service = service().await;
    let mut paper = item("9901.00001", "Robots that fold laundry", "First line.\nSecond line.", 3);
    paper["paper"]["githubRepo"] = json!("https://github.com/example/fold");
    service.hub.list("2026-01-12".parse().unwrap(), vec![paper]);
    service.fetch("2026-01-12").await;
    for id in ["9901.00001", "9901.00001v3", "arXiv:9901.00001", "https://arxiv.org/abs/9901.00001", "10.48550/arXiv.9901.00001"] {
        let (status, tokens) = read(&service, &format!("/papers/{id}")).await;
        let text = html::text(&tokens);
        assert!(status == 200 && text.contains("Robots that fold laundry") && text.contains("Mara Lind, Teo Okafor"), "{id}");
        let links = html::links(&tokens);
        for link in [
            "https://arxiv.org/abs/9901.00001",
            "https://arxiv.org/pdf/9901.00001",
            "https://github.com/example/fold",
            "/papers/date/2026-01-12",
        ] {
            assert!(links.contains(link), "{link}");
        }
    }
    for unknown in ["9901.99999", "10.1000/182", "https://example.org/x", "nonsense", "xyz"] {
        let (status, tokens) = read(&service, &format!("/papers/{unknown}")).await;
        assert!(status == 404 && html::text(&tokens).contains("no such paper"), "{unknown}");
    }
}

#[tokio::test]
async fn the_browser_shows_the_whole_digest_where_the_mail_says_how_much_more_there_is() {
    let service = service().await;
    list(&service, "2026-01-12", 60).await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    let mail = service.mailbox().for_recipient("ada@example.org").pop().unwrap();
    assert!(mail.text().unwrap().contains("and 10 more papers for “robots”"), "{}", mail.text().unwrap());
    assert_eq!(service.digests("ada@example.org")[0].len(), 20);
    let link = service.link_in_mail("ada@example.org", "/digests/");
    let tokens = html::checked(&service.client.get(&link).send().await.unwrap().text().await.unwrap());
    let (text, shown) = (html::text(&tokens), papers(&tokens));
    assert_eq!(shown.len(), 30, "30 of 60 invented papers are on robots");
    assert_eq!(shown[..20], service.digests("ada@example.org")[0]);
    assert!(text.contains("30 papers for 1 filter") && !text.contains("and 10 more"), "{text}");
}
