//! Trying filters out: the search page, its JSON, the preferences' previews, the command line.

mod agreement;

use serde_json::{Value, json};

use crate::support::html;
use crate::support::papers::{invented, item};
use crate::support::program::Program;
use crate::support::service::Service;

/// A service on whose last three working days papers were listed, twelve a day.
async fn service() -> Service {
    let service = Service::start("2026-01-14T18:00:00Z").await;
    for day in ["2026-01-12", "2026-01-13", "2026-01-14"] {
        service.hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), 12));
        service.fetch(day).await;
    }
    service
}

async fn page(service: &Service, path: &str) -> (u16, Vec<html::Token>) {
    let answer = service.get(path).await;
    (answer.status().as_u16(), html::checked(&answer.text().await.unwrap()))
}

async fn preview(service: &Service, fields: &str) -> (u16, Value) {
    let answer = service.get(&format!("/api/filters/preview?{fields}")).await;
    let status = answer.status().as_u16();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"), "{fields}");
    (status, answer.json().await.unwrap())
}

/// The texts of all elements `name`, in order.
fn texts(tokens: &[html::Token], name: &str) -> Vec<String> {
    let starts = tokens.iter().enumerate().filter(|(_, token)| matches!(token, html::Token::Open(open, _) if open == name));
    let inner = starts.map(|(at, _)| {
        let end = tokens[at..].iter().position(|token| *token == html::Token::Close(name.to_owned())).unwrap();
        html::text(&tokens[at..at + end])
    });
    inner.collect()
}

#[tokio::test]
async fn a_search_shows_results_by_day_with_what_matched_and_how_broad_it_is() {
    let service = service().await;
    let (status, tokens) = page(&service, "/papers?q=robots+-proteins").await;
    assert_eq!(status, 200);
    let days: Vec<String> = texts(&tokens, "h2").into_iter().filter(|heading| heading.contains("2026")).collect();
    assert_eq!(days, ["Wednesday, 14 January 2026 3 papers", "Tuesday, 13 January 2026 3 papers", "Monday, 12 January 2026 3 papers"]);
    let text = html::text(&tokens);
    for expected in ["9 papers", "25 % of the 36 papers of the last 30 days", "about 3 papers a day", "Read as", "Matched Robots"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(texts(&tokens, "mark").iter().all(|mark| mark == "Robots") && texts(&tokens, "mark").len() == 18);
    assert_eq!(texts(&tokens, "rect").len(), 3, "a bar for each day that has papers");
    let form = html::form(&tokens, "/subscribe");
    assert!(form.contains(&("keywords".to_owned(), "robots -proteins".to_owned())), "{form:?}");
}

#[tokio::test]
async fn a_mistake_is_pointed_at_and_a_misspelt_word_is_corrected_by_a_link() {
    let service = service().await;
    let (status, tokens) = page(&service, "/papers?q=robots+(laundry").await;
    assert_eq!(status, 422);
    assert!(texts(&tokens, "pre")[0].contains('^'), "{:?}", texts(&tokens, "pre"));
    let (status, tokens) = page(&service, "/papers?q=lanudry+fold").await;
    assert!(status == 200 && html::text(&tokens).contains("lanudry occurs nowhere: did you mean laundry?"), "{}", html::text(&tokens));
    let corrected = html::links(&tokens).into_iter().find(|link| link.starts_with("/papers?q=laundry")).expect("a link to what is meant");
    let (status, tokens) = page(&service, &corrected).await;
    assert!(status == 200 && html::text(&tokens).contains("9 papers"));
}

#[tokio::test]
async fn a_day_a_week_or_a_month_can_be_searched_alone() {
    let service = service().await;
    for (period, hits) in [("day=2026-01-13", 6), ("week=2026-W03", 18), ("month=2026-01", 18), ("month=2025-12", 0), ("day=2026-01-11", 0)]
    {
        let (status, tokens) = page(&service, &format!("/papers?q=robots&{period}")).await;
        let (_, json) = preview(&service, &format!("q=robots&{period}")).await;
        assert_eq!((status, &json["hits"]), (200, &json!(hits)), "{period}");
        let field: Vec<&str> = period.split('=').collect();
        assert!(html::form(&tokens, "/papers").contains(&(field[0].to_owned(), field[1].to_owned())), "the scope stays with the form");
    }
    for day in ["/papers/date/2026-01-13", "/papers/week/2026-W03", "/papers/month/2026-01"] {
        let (_, tokens) = page(&service, day).await;
        let link = html::links(&tokens).into_iter().find(|link| link.starts_with("/papers?")).expect("a link to the search");
        assert_eq!(page(&service, &link).await.0, 200, "{link}");
    }
    assert_eq!(page(&service, "/papers?q=robots&day=yesterday").await.0, 400);
}

#[tokio::test]
async fn many_results_come_in_pages_that_miss_and_repeat_nothing() {
    let service = Service::start("2026-01-14T18:00:00Z").await;
    for day in ["2026-01-13", "2026-01-14"] {
        service.hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), 50));
        service.fetch(day).await;
    }
    let mut seen = Vec::new();
    let mut next = Some("/papers?q=robots+OR+proteins&sort=trending".to_owned());
    while let Some(path) = next {
        let (status, tokens) = page(&service, &path).await;
        assert_eq!(status, 200);
        seen.extend(texts(&tokens, "h3"));
        let links = html::links(&tokens).into_iter().filter(|link| link.starts_with("/papers?"));
        let later = |link: &String| link.split("&page=").nth(1).and_then(|page| page.parse::<usize>().ok());
        let here = later(&path).unwrap_or(1);
        next = links.filter(|link| later(link) == Some(here + 1)).find(|link| link.contains("sort=trending"));
    }
    let distinct: std::collections::HashSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (76, 76));
    let (status, tokens) = page(&service, "/papers?q=robots&page=999").await;
    assert!(status == 200 && html::text(&tokens).contains("Nothing to show here"));
}

#[tokio::test]
async fn the_json_has_figures_advice_and_reasons_and_says_what_is_wrong() {
    let service = service().await;
    let (status, found) = preview(&service, "q=robots+OR+kryptonite&limit=2").await;
    assert_eq!(status, 200);
    assert_eq!((&found["ok"], &found["canonical"]), (&json!(true), &json!("robots OR kryptonite")));
    assert_eq!((&found["papers"], &found["hits"], &found["share"], &found["more"]), (&json!(36), &json!(18), &json!(0.5), &json!(16)));
    assert_eq!((&found["until"], found["days"].as_array().unwrap().len()), (&json!("2026-01-14"), 30));
    assert_eq!(found["days"][29], json!({"day": "2026-01-14", "papers": 12, "hits": 6}));
    let kinds: Vec<&Value> = found["advice"].as_array().unwrap().iter().map(|advice| &advice["kind"]).collect();
    assert_eq!(kinds, ["unseen", "broad"], "{found}");
    assert_eq!(found["results"].as_array().unwrap().len(), 2);
    assert_eq!(found["results"][0]["matched"], json!(["Robots"]));
    for (fields, status) in [("q=robots+(", 422), ("q=", 422), ("", 422), ("q=a&day=x", 400), ("q=a&limit=many", 400)] {
        let (answered, wrong) = preview(&service, fields).await;
        assert_eq!(answered, status, "{fields}");
        assert!(!wrong["message"].as_str().unwrap().is_empty(), "{fields}: {wrong}");
        assert_eq!(wrong["column"].is_u64(), status == 422, "{fields}: {wrong}");
    }
}

#[tokio::test]
async fn filters_are_tried_on_the_preferences_page_before_they_are_saved() {
    let service = service().await;
    let preferences = service.join("ada@example.org", "robots").await;
    let (status, tokens) = page(&service, &preferences).await;
    assert!(status == 200 && html::text(&tokens).contains("18 papers"), "{}", html::text(&tokens));
    let form = html::form(&tokens, &preferences);
    let typed = |query: &str| {
        let fields = form.iter().map(|(name, value)| match name.as_str() {
            "filter_query" if !value.is_empty() => (name.clone(), query.to_owned()),
            "ranking" => (name.clone(), "newest".to_owned()),
            _ => (name.clone(), value.clone()),
        });
        fields.chain([("preview".to_owned(), "0".to_owned())]).collect::<Vec<_>>()
    };
    for (query, status, words) in
        [("proteins -robots", 200, "9 papers"), ("lanudry", 200, "did you mean laundry"), ("robots (", 422, "Nothing was saved")]
    {
        let fields = typed(query);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = service.post(&preferences, &fields).await;
        assert_eq!(answer.status(), status, "{query}");
        let tokens = html::checked(&answer.text().await.unwrap());
        assert!(html::text(&tokens).contains(words), "{query}: {}", html::text(&tokens));
        assert!(html::form(&tokens, &preferences).contains(&("filter_query".to_owned(), query.to_owned())), "what was typed stays");
        assert!(html::form(&tokens, &preferences).contains(&("ranking".to_owned(), "newest".to_owned())), "what was chosen stays");
    }
    let (_, tokens) = page(&service, &preferences).await;
    assert_eq!(html::form(&tokens, &preferences), form, "nothing of it was saved");
}

#[tokio::test]
async fn the_page_to_confirm_tells_what_a_filter_would_have_brought() {
    let service = service().await;
    let fields = [("address", "ada@example.org"), ("keywords", "lanudry\nrobots"), ("zone", "Europe/Berlin"), ("hour", "7")];
    assert_eq!(service.post("/subscribe", &fields).await.status(), 200, "odd filters are not refused");
    service.deliver().await;
    let link = service.link_in_mail("ada@example.org", "/confirm/");
    let text = html::text(&html::checked(&service.client.get(&link).send().await.unwrap().text().await.unwrap()));
    assert!(text.contains("lanudry occurs nowhere: did you mean laundry") && text.contains("about 6 papers a day"), "{text}");
}

#[tokio::test]
async fn a_reader_chooses_the_order_under_each_filter() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let paper = |id: &str, title: &str, votes: u32, published: &str| {
        let mut paper = item(id, title, "A note.", votes);
        paper["paper"]["publishedAt"] = json!(published);
        paper
    };
    let papers = vec![
        paper("9901.00001", "Robots, robots, robots", 1, "2026-01-02T00:00:00.000Z"),
        paper("9901.00002", "A long title on many matters with robots among them", 9, "2026-01-01T00:00:00.000Z"),
        paper("9901.00003", "A rather long title on robots", 4, "2026-01-03T00:00:00.000Z"),
    ];
    service.hub.list("2026-01-12".parse().unwrap(), papers);
    service.fetch("2026-01-12").await;
    for (ranking, order) in [
        ("relevance", ["9901.00001", "9901.00003", "9901.00002"]),
        ("trending", ["9901.00002", "9901.00003", "9901.00001"]),
        ("newest", ["9901.00003", "9901.00001", "9901.00002"]),
    ] {
        let address = format!("{ranking}@example.org");
        let preferences = service.join(&address, "robots").await;
        let (_, tokens) = page(&service, &preferences).await;
        let fields: Vec<(String, String)> = html::form(&tokens, &preferences)
            .into_iter()
            .map(|(name, value)| if name == "ranking" { (name, ranking.to_owned()) } else { (name, value) })
            .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(service.post(&preferences, &fields).await.status(), 200);
        service.set("2026-01-13T06:00:00Z");
        service.work().await;
        assert_eq!(service.digests(&address), [order], "{ranking}");
        let (_, found) = preview(&service, &format!("q=robots&sort={ranking}")).await;
        let ids: Vec<&str> =
            found["results"].as_array().unwrap().iter().filter_map(|found| found["id"].as_str()?.strip_prefix("arxiv:")).collect();
        assert_eq!(ids, order, "{ranking}: the preview has the same order");
        service.set("2026-01-12T18:00:00Z");
    }
}

#[tokio::test]
async fn a_mail_and_its_web_copy_say_what_of_each_paper_matched() {
    let service = service().await;
    service.join("ada@example.org", "fold laundry").await;
    service.set("2026-01-15T06:00:00Z");
    service.work().await;
    let mail = service.mailbox().for_recipient("ada@example.org").pop().unwrap().text().unwrap();
    assert!(mail.contains("Matched: fold, laundry"), "{mail}");
    let link = service.link_in_mail("ada@example.org", "/digests/");
    let text = html::text(&html::checked(&service.client.get(&link).send().await.unwrap().text().await.unwrap()));
    assert!(text.contains("Matched fold , laundry") || text.contains("Matched fold, laundry"), "{text}");
}

#[tokio::test]
async fn the_command_line_tries_a_filter_on_the_archive() {
    let (program, database) = Program::with_database().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sample");
    let hub = crate::support::hub::Hub::start().await;
    for (number, day) in (1..).zip(["2026-01-12", "2026-01-13", "2026-01-14"]) {
        let items: Vec<Value> = serde_json::from_slice(&std::fs::read(format!("{folder}/day-{number}.json")).unwrap()).unwrap();
        hub.list(day.parse().unwrap(), items);
    }
    let program = program.set("SOURCE_HUGGINGFACE_BASE_URL", hub.url.as_str()).set("CLOCK_START", "2026-01-14T18:00:00Z");
    program.run(&["filter", "check", "models"]).await.ends(0).says(&["Understood as: models"]);
    program.run(&["fetch", "--since", "2026-01-12"]).await.ends(0);
    let found = program.run(&["filter", "check", "models"]).await.ends(0);
    found.says(&["Understood as: models", "Matches ", "listed from 2025-12-16 to 2026-01-14", "│", "matched: "]);
    let day = program.run(&["filter", "check", "models", "--since", "2026-01-14", "--json", "--sort", "trending"]).await.ends(0).json();
    assert_eq!((&day["since"], &day["until"]), (&json!("2026-01-14"), &json!("2026-01-14")), "{day}");
    let votes: Vec<u64> = day["results"].as_array().unwrap().iter().filter_map(|found| found["upvotes"].as_u64()).collect();
    assert!(!votes.is_empty() && votes.is_sorted_by(|a, b| a >= b), "{votes:?}");
    program.run(&["filter", "check", "modles"]).await.ends(0).says(&["Matches none of ", "`modles` occurs nowhere: did you mean `model"]);
    program.run(&["filter", "check", "models", "--sort", "best"]).await.ends(2).complains(&["choose relevance, trending or newest"]);
    drop(database);
    program.run(&["filter", "check", "models"]).await.ends(0).says(&["Understood as: models"]).complains(&["could not be tried"]);
    program.run(&["filter", "check", "models", "--since", "2026-01-14"]).await.ends(1).complains(&["cannot connect"]);
}
