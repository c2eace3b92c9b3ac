//! Texts that mean harm: from sources, in forms and in addresses. They come out harmless or are refused with a
//! message, and the service stays up.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::harm::{DIGEST_HEADERS, check_mail, is_deceptive, texts};
use crate::support::html;
use crate::support::papers::item;
use crate::support::service::Service;

const ADDRESS: &str = "ada@example.org";
const ADDRESSES: [&str; 8] = [
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "https://arxiv.org@evil.example/",
    "https://example.org/\"><script>alert(1)</script>",
    "//evil.example/x",
    "https://exa\r\nmple.org/\r\nBcc: x@example.org",
    "\u{1}javascript:alert(1)",
    "https://[::1/",
];

/// A paper on robots that says `text` wherever a source can say something.
fn paper(number: usize, text: &str) -> Value {
    let url = ADDRESSES[number % ADDRESSES.len()];
    let mut item = item(&format!("9901.{number:05}"), text, &format!("Robots. {text} {text}"), 3);
    let account = json!({"fullname": text, "name": text, "avatarUrl": url, "user": text});
    item["paper"]["authors"] = json!([{"name": text}, {"name": null}, {"name": "Mara Lind"}]);
    item["paper"]["organization"] = account.clone();
    item["paper"]["submittedOnDailyBy"] = account.clone();
    item["submittedBy"] = account;
    item["paper"]["ai_summary"] = json!(text);
    item["paper"]["ai_keywords"] = json!([text, text]);
    item["paper"]["projectPage"] = json!(url);
    item["paper"]["githubRepo"] = json!(url);
    item["thumbnail"] = json!(url);
    item[text.chars().take(50).collect::<String>()] = json!({ "unknown": [text, 1e308, null] });
    item
}

/// A page of any status below 500, checked.
async fn page(service: &Service, path: &str) -> (u16, Vec<html::Token>) {
    let answer = service.get(path).await;
    let status = answer.status().as_u16();
    assert!(status < 500, "{path}: {status}");
    (status, html::checked(&answer.text().await.unwrap()))
}

#[tokio::test]
async fn whatever_a_source_says_is_harmless_in_pages_and_mails() {
    let service = Service::start("2026-01-11T18:00:00Z").await;
    service.join(ADDRESS, "").await;
    let first: NaiveDate = "2026-01-12".parse().unwrap();
    let mut mails = 0;
    for (number, text) in texts().iter().enumerate() {
        let day = first + Days::new(number as u64);
        service.hub.list(day, vec![paper(number, text)]);
        service.set(&format!("{day}T05:00:00Z"));
        let report = service.fetch(&day.to_string()).await;
        assert_eq!(report.papers + report.problems.len(), 1, "{:.40}", text);
        service.set(&format!("{day}T06:00:00Z"));
        service.work().await;
        let (_, listed) = page(&service, &format!("/papers/date/{day}")).await;
        let (status, shown) = page(&service, &format!("/papers/9901.{number:05}")).await;
        if report.papers == 0 {
            assert_eq!(status, 404);
            continue;
        }
        assert_eq!(status, 200);
        mails += 1;
        assert_eq!(service.digests(ADDRESS).len(), mails, "{:.40}", text);
        check_mail(service.mailbox().for_recipient(ADDRESS).last().unwrap(), ADDRESS, &DIGEST_HEADERS);
        let (_, digest) = page(&service, url::Url::parse(&service.link_in_mail(ADDRESS, "/digests/")).unwrap().path()).await;
        for tokens in [&listed, &shown, &digest] {
            assert!(!html::text(tokens).contains(is_deceptive), "{:.40}", text);
            assert!(html::text(tokens).len() < 100_000, "{:.40}", text);
        }
    }
    assert!(mails > 15, "most texts leave something to show");
}

#[tokio::test]
async fn a_paper_by_ten_thousand_authors_is_a_paper_like_others() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let mut crowd = paper(1, "A measurement by robots");
    crowd["paper"]["authors"] = (0..10_000).map(|n| json!({"name": format!("Author {n}")})).collect();
    crowd["paper"]["ai_keywords"] = (0..10_000).map(|n| json!(format!("keyword {n}"))).collect();
    service.hub.list("2026-01-12".parse().unwrap(), vec![crowd]);
    service.fetch("2026-01-12").await;
    service.join(ADDRESS, "author:\"Author 4\"").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    let mail = service.mailbox().for_recipient(ADDRESS).pop().unwrap();
    check_mail(&mail, ADDRESS, &DIGEST_HEADERS);
    assert!(mail.bytes.len() < 95_000);
    for path in ["/papers/date/2026-01-12", "/papers/9901.00001", "/papers?q=robots"] {
        assert_eq!(page(&service, path).await.0, 200);
    }
}

/// Sends a form and checks its answer: a page, no crash.
async fn post(service: &Service, path: &str, fields: &[(&str, &str)]) -> u16 {
    let answer = service.post(path, fields).await;
    let status = answer.status().as_u16();
    assert!([200, 413, 422].contains(&status), "{status} for {:.200?}", fields);
    html::checked(&answer.text().await.unwrap());
    status
}

#[tokio::test]
async fn whatever_is_typed_into_the_sign_up_form_is_taken_or_refused() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    for (number, text) in texts().iter().enumerate() {
        for name in ["address", "zone", "hour"] {
            let other = if name == "address" { ("hour", "7") } else { ("address", ADDRESS) };
            let status = post(&service, "/subscribe", &[(name, text), other]).await;
            assert_ne!(status, 200, "{name} {:.40}", text);
        }
        let address = format!("reader{number}@example.org");
        if post(&service, "/subscribe", &[("address", &address), ("keywords", text)]).await == 200 {
            service.deliver().await;
            let link = service.link_in_mail(&address, "/confirm/");
            for request in [service.client.get(&link), service.client.post(&link)] {
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 200, "{:.40}", text);
                html::checked(&answer.text().await.unwrap());
            }
            service.deliver().await;
            let welcome = service.mailbox().for_recipient(&address).pop().unwrap();
            assert!(welcome.subject().starts_with("Welcome") && welcome.header("bcc").is_none());
            html::checked(&welcome.html().unwrap());
        }
        assert_eq!(
            post(&service, "/subscribe", &[("address", &address), ("website", text)]).await,
            if text.len() > 200_000 { 413 } else { 200 }
        );
    }
}

#[tokio::test]
async fn whatever_a_reader_calls_a_filter_is_harmless_in_pages_and_mails() {
    let service = Service::start("2026-01-11T18:00:00Z").await;
    let preferences = service.join(ADDRESS, "robots").await;
    let first: NaiveDate = "2026-01-12".parse().unwrap();
    let days = [("weekday", "mon"), ("weekday", "tue"), ("weekday", "wed"), ("weekday", "thu"), ("weekday", "fri")];
    let days = [&days[..], &[("weekday", "sat"), ("weekday", "sun"), ("max_papers", "20")]].concat();
    for (number, text) in texts().iter().enumerate() {
        for name in ["filter_query", "filter_remove", "zone", "hour", "weekday", "max_papers", "unknown"] {
            post(&service, &preferences, &[&[("filter_query", "robots"), (name, text.as_str())], &days[..]].concat()).await;
        }
        let name: String = text.chars().take(80).collect();
        assert_eq!(
            post(&service, &preferences, &[&[("filter_name", name.as_str()), ("filter_query", "robots")], &days[..]].concat()).await,
            200
        );
        let day = first + Days::new(number as u64);
        service.hub.list(day, vec![paper(number, "Robots at work"), paper(number + 1000, "More robots")]);
        service.set(&format!("{day}T05:00:00Z"));
        service.fetch(&day.to_string()).await;
        service.set(&format!("{day}T06:00:00Z"));
        service.work().await;
        check_mail(service.mailbox().for_recipient(ADDRESS).last().unwrap(), ADDRESS, &DIGEST_HEADERS);
        assert_eq!(page(&service, &preferences).await.0, 200);
    }
    assert_eq!(service.digests(ADDRESS).len(), texts().len());
}

#[tokio::test]
async fn whatever_stands_in_an_address_is_answered_with_a_page() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let short = texts().into_iter().map(|text| encode(&text.chars().take(700).collect::<String>()));
    let raw = ["%ff%fe", "%00", "%", "%zz", "..%2f..%2fetc%2fpasswd", "xyz", "url:javascript:alert(1)", "doi:10.1/%0d%0aSet-Cookie:%20a=b"];
    for text in short.chain(raw.map(str::to_owned)) {
        for prefix in [
            "",
            "papers/",
            "papers/date/",
            "papers/week/",
            "papers/month/",
            "digests/",
            "confirm/",
            "preferences/",
            "unsubscribe/",
            "assets/",
        ] {
            let (status, tokens) = page(&service, &format!("/{prefix}{text}")).await;
            assert!((400..500).contains(&status), "/{prefix}{text}: {status}");
            assert!(html::text(&tokens).contains("newest papers"), "/{prefix}{text}: a page that leads on");
        }
        let (status, _) = page(&service, &format!("/papers?q={text}")).await;
        assert!([200, 400, 422].contains(&status), "{text}: {status}");
        assert_eq!(page(&service, &format!("/?{text}={text}")).await.0, 200);
    }
}

#[tokio::test]
async fn a_form_of_a_thousand_fields_or_of_noise_is_refused() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let many = vec![("keywords", "robots"); 1_000];
    assert_eq!(post(&service, "/subscribe", &[&[("address", ADDRESS)], &many[..]].concat()).await, 413);
    let twice = [("address", "one@example.org"), ("address", "two@example.org")];
    assert_eq!(post(&service, "/subscribe", &twice).await, 200, "the first one counts");
    for body in [&b"address=%ff%fe@example.org"[..], b"address=\xff\xfe@example.org", b"%%%=%%%&&&===", b"\0", b"address"] {
        let request = service.client.post(service.url("/subscribe")).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), 422);
        html::checked(&answer.text().await.unwrap());
    }
    service.deliver().await;
    assert_eq!(service.mailbox().all().iter().map(|mail| mail.to.clone()).collect::<Vec<_>>(), [["one@example.org"]]);
}

#[tokio::test]
async fn noise_on_the_wire_does_no_harm() {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    let base = &service.app.config.site.base_url;
    let header_bomb = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(5_000));
    for noise in [
        &b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"\x16\x03\x01\x02\0",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: x\r\n\r\n",
        header_bomb.as_bytes(),
    ] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", base.port().unwrap())).await.unwrap();
        // The service may hang up before it has read all of it.
        let _ = stream.write_all(noise).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(service.get("/healthz").await.status(), 200);
}
