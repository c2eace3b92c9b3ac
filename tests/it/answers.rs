//! What every answer has in common: protection, caching, errors as pages, limits.

use std::net::Ipv4Addr;

use reqwest::{Client, Method, Response};

use crate::support::html;
use crate::support::papers::invented;
use crate::support::service::Service;

const HEADERS: [&str; 6] = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
];

async fn service() -> Service {
    Service::start("2026-01-12T18:00:00Z").await
}

async fn read(service: &Service, path: &str) -> (u16, Vec<html::Token>) {
    let answer = service.get(path).await;
    (answer.status().as_u16(), html::checked(&answer.text().await.unwrap()))
}

#[tokio::test]
async fn assets_are_cached_for_good_and_asked_for_once() {
    let service = service().await;
    let (_, tokens) = read(&service, "/").await;
    let assets: Vec<String> = html::links(&tokens).into_iter().filter(|link| link.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for path in assets {
        let answer = service.get(&path).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        let etag = header("etag");
        for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let again = service.client.get(service.url(&path)).header("if-none-match", &known).send().await.unwrap();
            assert_eq!(again.status(), 304, "{known}");
            assert_eq!(again.headers()["etag"], etag.as_str());
            assert_eq!(again.bytes().await.unwrap().len(), 0);
        }
        let changed = service.client.get(service.url(&path)).header("if-none-match", "\"other\"").send().await.unwrap();
        assert_eq!(changed.status(), 200);
    }
    for path in ["/assets/", "/assets/nothing.css", "/assets/%2e%2e%2fCargo.toml"] {
        assert_eq!(service.get(path).await.status(), 404, "{path}");
    }
    assert_eq!(service.get("/favicon.ico").await.headers()["content-type"], "image/svg+xml");
}

async fn send(service: &Service, method: Method, path: &str, kind: &str, body: String) -> Response {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.request(method, service.url(path)).header("content-type", kind).body(body).send().await.unwrap()
}

#[tokio::test]
async fn every_answer_is_protected_and_sets_no_cookie_and_every_error_is_a_page() {
    let service = Service::start_with("2026-01-12T18:00:00Z", &[("SIGNUP_PER_NETWORK", "1")]).await;
    let preferences = service.join("ada@example.org", "robots").await;
    let form = "application/x-www-form-urlencoded";
    let sign_up = "address=bob%40example.org".to_owned();
    let (get, post) = (Method::GET, Method::POST);
    for (method, path, kind, body, status, words) in [
        (get.clone(), "/", form, String::new(), 200, "No papers yet"),
        (get.clone(), "/nothing", form, String::new(), 404, "Nothing lives here"),
        (get.clone(), "/blitz", form, String::new(), 404, "Nothing lives here"),
        (post.clone(), "/papers/date/2026-01-12", form, String::new(), 405, "does not work this way"),
        (Method::DELETE, "/subscribe", form, String::new(), 405, "does not work this way"),
        (get.clone(), "/preferences/bad", form, String::new(), 403, "This link does not fit"),
        (post.clone(), "/subscribe", form, "x".repeat(600_000), 413, "too much at once"),
        (post.clone(), &preferences, form, "x".repeat(600_000), 413, "too much at once"),
        (post.clone(), "/subscribe", "application/json", "{}".to_owned(), 415, "application/x-www-form-urlencoded"),
        (post.clone(), "/subscribe", form, "address=".to_owned(), 422, "address"),
        (post.clone(), "/subscribe", form, sign_up, 429, "One moment"),
        (post.clone(), &preferences, form, "weekday=mon&max_papers=20".to_owned(), 303, ""),
    ] {
        let answer = send(&service, method.clone(), path, kind, body).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        for name in HEADERS {
            assert!(answer.headers().contains_key(name), "{name} of {method} {path}");
        }
        assert!(!answer.headers().contains_key("set-cookie"));
        assert_eq!(status == 405, answer.headers().contains_key("allow"), "RFC 9110 section 15.5.6: {method} {path}");
        if status >= 400 {
            assert_eq!(answer.headers()["cache-control"], if status == 422 { "no-cache" } else { "no-store" }, "{path}");
        }
        let text = html::text(&html::checked(&answer.text().await.unwrap()));
        assert!(text.contains(words), "{method} {path}: {text}");
    }
}

#[tokio::test]
async fn pages_of_one_reader_are_kept_by_nobody_and_found_by_no_search_engine() {
    let service = service().await;
    service.hub.list("2026-01-12".parse().unwrap(), invented("2026-01-12".parse().unwrap(), 4));
    service.fetch("2026-01-12").await;
    service.join("ada@example.org", "robots").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    for kind in ["confirm", "preferences", "unsubscribe", "digests"] {
        let answer = service.client.get(service.link_in_mail("ada@example.org", &format!("/{kind}/"))).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["cache-control"]), (200, &"no-store".parse().unwrap()), "{kind}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        let text = answer.text().await.unwrap();
        assert!(text.contains("<meta name=\"robots\" content=\"noindex\">") && !text.contains("ada@example.org"), "{kind}");
    }
    assert_eq!(service.get("/").await.headers()["cache-control"], "no-cache");
    let robots = service.get("/robots.txt").await.text().await.unwrap();
    for kind in ["confirm", "preferences", "unsubscribe", "digests"] {
        assert!(robots.contains(&format!("Disallow: /{kind}/\n")));
    }
}

#[tokio::test]
async fn health_and_readiness_are_plain_words() {
    let service = service().await;
    for (path, words) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = service.get(path).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, words));
    }
    service.app.db.close().await;
    assert_eq!(service.get("/healthz").await.status(), 200);
    let ready = service.get("/readyz").await;
    assert_eq!((ready.status().as_u16(), ready.text().await.unwrap().as_str()), (503, "the database does not answer\n"));
    let (status, tokens) = read(&service, "/").await;
    assert!(status == 503 && html::text(&tokens).contains("short rest"));
}

#[tokio::test]
async fn the_limit_of_sign_ups_counts_networks_as_a_trusted_proxy_names_them() {
    for (trusted, expect) in [("true", [200, 200, 429, 200]), ("false", [200, 200, 429, 429])] {
        let settings = [("SIGNUP_PER_NETWORK", "2"), ("WEB_TRUST_FORWARDED_FOR", trusted)];
        let service = Service::start_with("2026-01-12T18:00:00Z", &settings).await;
        let mut statuses = Vec::new();
        for (number, visitor) in
            [Ipv4Addr::new(192, 0, 2, 1), [192, 0, 2, 9].into(), [192, 0, 2, 200].into(), [198, 51, 100, 1].into()].iter().enumerate()
        {
            let request =
                service.client.post(service.url("/subscribe")).header("x-forwarded-for", format!("203.0.113.{number}, {visitor}"));
            let request =
                request.header("content-type", "application/x-www-form-urlencoded").body(format!("address=r{number}%40example.org"));
            statuses.push(request.send().await.unwrap().status().as_u16());
        }
        assert_eq!(statuses, expect, "trusted: {trusted}");
    }
}
