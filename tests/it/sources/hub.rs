//! The hub's list of a day, as it should be and with the oddities it is known for.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use paperlark::archive;
use serde_json::{Value, json};

use super::{MONDAY, NOW, answer, ask, day, find, new_papers, paper};
use crate::support::hub::Hub;
use crate::support::papers::{invented, item};
use crate::support::service::Service;

/// An item with every key the hub is known to send.
fn complete_item() -> Value {
    json!({
        "paper": {
            "id": "9901.00001", "title": "Knots that untie themselves", "summary": "We tie.\nThen we wait.",
            "authors": [
                {"_id": "a1", "name": "Mara Lind", "hidden": false, "status": "claimed_verified", "user": {"_id": "u1", "user": "mara"}},
                {"_id": "a2", "name": "Ōsugi Rentarō", "hidden": true}
            ],
            "publishedAt": "2026-01-09T08:30:00.000Z", "submittedOnDailyAt": "2026-01-12T06:00:00.000Z",
            "submittedOnDailyBy": {"_id": "u2", "fullname": "Second Name", "name": "second"},
            "upvotes": 57, "discussionId": "d1", "projectPage": "https://example.org/knots",
            "githubRepo": "https://github.com/example/knots", "githubStars": 311,
            "ai_summary": "Knots come loose on their own.", "ai_keywords": ["knots", "self-assembly"],
            "organization": {"_id": "o1", "name": "rope-lab", "fullname": "The Rope Laboratory", "avatar": "https://example.org/rope.png"},
            "mediaUrls": ["https://example.org/knot.mp4"]
        },
        "publishedAt": "2026-01-10T00:00:00.000Z", "title": "Knots that untie themselves", "summary": "We tie.\nThen we wait.",
        "thumbnail": "https://thumbnails.example.org/9901.00001.png", "numComments": 4,
        "submittedBy": {"_id": "u3", "avatarUrl": "/a.svg", "fullname": "Iris Vale", "name": "iris", "type": "user", "isPro": false, "followerCount": 12},
        "isAuthorParticipating": true
    })
}

#[tokio::test]
async fn every_field_of_an_item_is_kept() {
    let service = Service::start(NOW).await;
    service.hub.list(day(MONDAY), vec![complete_item()]);
    assert!(service.fetch(MONDAY).await.problems.is_empty());
    let kept = paper(&service, "9901.00001").await.paper;
    assert_eq!((kept.title.as_str(), kept.abstract_text.as_str()), ("Knots that untie themselves", "We tie. Then we wait."));
    assert_eq!(kept.authors, ["Mara Lind", "Ōsugi Rentarō"]);
    assert_eq!(kept.published, Some("2026-01-09T08:30:00Z".parse().unwrap()));
    assert_eq!((kept.upvotes, kept.comments, kept.github_stars), (Some(57), Some(4), Some(311)));
    assert_eq!(kept.code_url.as_deref(), Some("https://github.com/example/knots"));
    assert_eq!(kept.project_url.as_deref(), Some("https://example.org/knots"));
    assert_eq!(kept.thumbnail_url.as_deref(), Some("https://thumbnails.example.org/9901.00001.png"));
    assert_eq!((kept.organization.as_deref(), kept.submitted_by.as_deref()), (Some("The Rope Laboratory"), Some("Iris Vale")));
    assert_eq!(kept.ai_summary.as_deref(), Some("Knots come loose on their own."));
    assert_eq!(kept.ai_keywords, ["knots", "self-assembly"]);
    assert_eq!(kept.sources, ["huggingface"]);
}

#[tokio::test]
async fn known_oddities_of_the_hub_are_understood() {
    let service = Service::start(NOW).await;
    let mut outer = complete_item();
    outer["organization"] = outer["paper"].as_object_mut().unwrap().remove("organization").unwrap();
    outer.as_object_mut().unwrap().remove("submittedBy");
    outer["paper"]["githubRepo"] = json!("example/knots");
    let mut odd = item("9901.00002", "Left over", "Kept.", 1);
    odd["paper"]["projectPage"] = json!("javascript:alert(1)");
    odd["thumbnail"] = json!("data:image/png;base64,AAAA");
    odd["paper"]["organization"] = json!({"_id": "o", "name": "plain-name"});
    odd["paper"]["publishedAt"] = json!("yesterday");
    let bare = json!({"paper": {"id": "9901.00003v4"}, "title": "Only outside", "summary": "Also outside."});
    service.hub.list(day(MONDAY), vec![outer, odd, bare]);
    assert_eq!(service.fetch(MONDAY).await.problems, []);
    let outer = paper(&service, "9901.00001").await.paper;
    assert_eq!((outer.organization.as_deref(), outer.submitted_by.as_deref()), (Some("The Rope Laboratory"), Some("Second Name")));
    assert_eq!(outer.code_url.as_deref(), Some("https://github.com/example/knots"));
    let odd = paper(&service, "9901.00002").await.paper;
    assert_eq!((odd.project_url, odd.thumbnail_url, odd.published), (None, None, None));
    assert_eq!(odd.organization.as_deref(), Some("plain-name"));
    let bare = paper(&service, "9901.00003").await.paper;
    assert_eq!((bare.title.as_str(), bare.abstract_text.as_str(), bare.upvotes), ("Only outside", "Also outside.", None));
}

#[tokio::test]
async fn a_long_day_is_read_page_by_page() {
    for (count, pages) in [(49, 1), (50, 2), (100, 2), (249, 3)] {
        let service = Service::start(NOW).await;
        service.hub.list(day(MONDAY), invented(day(MONDAY), count));
        let report = service.fetch(MONDAY).await;
        assert_eq!((report.papers, super::new_papers(&report)), (count as usize, count as usize));
        let asked: Vec<String> = (0..pages).map(|page| format!("date={MONDAY} p={page} limit=100")).collect();
        assert_eq!(service.hub.asked(), asked);
    }
}

#[tokio::test]
async fn a_server_with_pages_of_its_own_size_or_without_pages_is_read_whole_once() {
    for (longest, ignores, papers) in [(Some(50), false, 120), (None, true, 100)] {
        let service = Service::start(NOW).await;
        service.hub.list(day(MONDAY), invented(day(MONDAY), 120));
        service.hub.limit_pages(longest, ignores);
        let report = ask(&service, "huggingface", Some(MONDAY)).await.unwrap();
        assert_eq!(new_papers(&report), papers, "{longest:?}");
        assert!(service.hub.asked().len() <= 3);
    }
}

#[tokio::test]
async fn each_page_is_asked_for_only_if_it_changed() {
    let service = Service::start(NOW).await;
    let mut items = invented(day(MONDAY), 250);
    service.hub.list(day(MONDAY), items.clone());
    service.fetch(MONDAY).await;
    assert!(service.fetch(MONDAY).await.not_modified);
    assert_eq!(service.hub.asked().len(), 8, "all four pages each time, the last one empty");
    items[120]["paper"]["upvotes"] = json!(900);
    service.hub.list(day(MONDAY), items);
    let changed = service.fetch(MONDAY).await;
    assert_eq!((changed.not_modified, changed.papers, changed.stored[0].1.updated), (false, 100, 1));
    assert!(service.fetch(MONDAY).await.not_modified);
}

#[tokio::test]
async fn new_votes_are_no_new_revision_and_no_new_arrival() {
    let service = Service::start(NOW).await;
    service.hub.list(day(MONDAY), vec![item("9901.00001", "A paper", "Text.", 3), item("9901.00002", "Another", "Text.", 1)]);
    service.fetch(MONDAY).await;
    service.hub.list(day(MONDAY), vec![item("9901.00001", "A paper", "Text.", 8), item("9901.00002", "Another", "Text.", 1)]);
    let again = service.fetch(MONDAY).await;
    let stored = &again.stored[0].1;
    assert_eq!((stored.batch, stored.new, stored.curated, stored.updated, stored.unchanged), (None, 0, 0, 1, 1));
    let (voted, other) = (paper(&service, "9901.00001").await, paper(&service, "9901.00002").await);
    assert_eq!((voted.key.1, voted.paper.upvotes, other.key.1), (1, Some(8), 1));
}

#[tokio::test]
async fn a_paper_named_twice_is_one_paper() {
    let service = Service::start(NOW).await;
    let twice =
        vec![item("9901.00001", "A paper", "Text.", 3), item("9901.00002", "B", "Text.", 1), item("9901.00001v2", "A paper", "Text.", 4)];
    service.hub.list(day(MONDAY), twice);
    assert_eq!(super::new_papers(&service.fetch(MONDAY).await), 2);
    assert_eq!(paper(&service, "9901.00001").await.paper.upvotes, Some(4));
    service.hub.list(day("2026-01-13"), vec![item("9901.00001", "A paper", "Text.", 9)]);
    service.set("2026-01-13T12:00:00Z");
    let next_day = service.fetch("2026-01-13").await;
    let stored = &next_day.stored[0].1;
    assert_eq!((stored.new, stored.curated, stored.listed, stored.updated), (0, 0, 1, 1));
    let row = paper(&service, "9901.00001").await;
    let days: Vec<String> =
        archive::days_listed(&service.app.db, row.key.0).await.unwrap().iter().map(|listed| listed.day.to_string()).collect();
    assert_eq!(days, [MONDAY, "2026-01-13"]);
}

#[tokio::test]
async fn broken_items_are_named_and_the_others_stored() {
    let service = Service::start(NOW).await;
    let broken = [
        (json!({"paper": {"id": 2504.1, "title": "A number", "summary": "x"}}), "ids are text"),
        (json!({"paper": {"id": "9901.00008", "title": " \n "}}), "no title"),
        (json!({"paper": {"id": "not an id", "title": "T"}}), "give an arXiv id"),
        (json!({"paper": {"title": "T"}}), "id"),
        (json!({"paper": "gone"}), "not an object"),
        (json!({"paper": {"id": "9901.00007", "title": "T", "upvotes": "many"}}), "many"),
        (json!("a text"), "text"),
        (json!(null), "null"),
    ];
    let mut items = vec![item("9901.00001", "First", "Text.", 1)];
    items.extend(broken.iter().map(|(item, _)| item.clone()));
    items.push(item("9901.00002", "Last", "Text.", 1));
    service.hub.list(day(MONDAY), items);
    let report = service.fetch(MONDAY).await;
    assert_eq!((report.papers, report.problems.len()), (2, broken.len()));
    for ((_, reason), (problem, number)) in broken.iter().zip(report.problems.iter().zip(2..)) {
        assert!(problem.reason.contains(reason), "{problem:?} should tell of {reason}");
        assert!(problem.place.ends_with(&format!("item {number}")), "{problem:?}");
    }
    assert!(find(&service, "9901.00002").await.is_some());
}

#[tokio::test]
async fn a_lone_surrogate_costs_no_paper() {
    let service = Service::start(NOW).await;
    let good = item("9901.00001", "Good", "Text.", 1).to_string();
    let broken = good.replace("9901.00001", "9901.00002").replace("Good", r"lone \ud800 surrogate");
    service.hub.answer_with(Some(answer(200, "application/json", format!("[{broken},{good}]"))));
    let report = ask(&service, "huggingface", Some(MONDAY)).await.unwrap();
    assert_eq!((report.papers, report.problems.len()), (2, 0));
    assert!(find(&service, "9901.00002").await.is_some());
}

#[tokio::test]
async fn hostile_texts_are_stored_as_harmless_ones() {
    let service = Service::start(NOW).await;
    let mut hostile = item("9901.00001", "A\u{0}B\r\nBcc: x@example.org", "\u{202e}backwards\u{0}", 1);
    hostile["paper"]["authors"][0]["name"] = json!("Ann\u{0}\u{7}a");
    hostile["odd\u{0}key"] = json!({"deep": ["\u{0}"]});
    hostile["paper"]["ai_summary"] = json!("x".repeat(50_000));
    service.hub.list(day(MONDAY), vec![hostile]);
    assert_eq!(service.fetch(MONDAY).await.problems, []);
    let kept = paper(&service, "9901.00001").await.paper;
    for text in [&kept.title, &kept.abstract_text, &kept.authors[0]] {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert_eq!(service.get("/papers/9901.00001").await.status(), 200);
}

#[tokio::test]
async fn an_id_of_any_length_leaves_the_archive_readable() {
    let service = Service::start(NOW).await;
    let ids = [
        format!("https://example.org/{}", "é".repeat(240)),
        format!("https://example.org/{}", "a".repeat(490)),
        format!("10.1000/{}", "b".repeat(503)),
        ".x/1234567".to_owned(),
    ];
    let mut items = vec![item("9901.00001", "Ordinary", "Text.", 1)];
    items.extend(ids.iter().map(|id| item(id, "Odd", "Text.", 1)));
    service.hub.list(day(MONDAY), items);
    let report = service.fetch(MONDAY).await;
    assert_eq!(report.papers + report.problems.len(), 5);
    let page = service.get(&format!("/papers/date/{MONDAY}")).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Ordinary"));
}

#[tokio::test]
async fn a_weekend_without_papers_is_no_trouble() {
    let service = Service::start(NOW).await;
    service.hub.list(day("2026-01-11"), vec![]);
    let report = service.fetch("2026-01-11").await;
    assert_eq!((report.papers, super::new_papers(&report), report.problems.len()), (0, 0, 0));
    assert!(report.stored.iter().all(|(_, stored)| stored.batch.is_none()));
    assert!(service.fetch("2026-01-11").await.not_modified);
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let service = Service::start(NOW).await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&serde_json::to_vec(&invented(day(MONDAY), 5)).unwrap()).unwrap();
    let mut compressed = answer(200, "application/json", gzip.finish().unwrap());
    compressed.headers.push(("content-encoding", "gzip".into()));
    service.hub.answer_with(Some(compressed));
    assert_eq!(service.fetch(MONDAY).await.papers, 5);
}

#[tokio::test]
async fn a_hub_that_moved_is_followed() {
    let service = Service::start_with(NOW, &[("FETCH_PRIVATE_HOSTS", "127.0.0.1")]).await;
    let moved = Hub::start().await;
    moved.list(day(MONDAY), invented(day(MONDAY), 3));
    let mut redirect = answer(308, "text/html", "moved");
    redirect.headers.push(("location", format!("{}api/daily_papers?date={MONDAY}&limit=100&p=0", moved.url)));
    service.hub.answer_with(Some(redirect));
    assert_eq!(ask(&service, "huggingface", Some(MONDAY)).await.unwrap().papers, 3);
    assert_eq!((service.hub.asked().len(), moved.asked().len()), (1, 1));
}
