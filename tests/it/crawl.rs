//! Link scanners fetch every link in every mail, and some of what they find there: nothing may happen.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Client, Method};

use crate::support::html;
use crate::support::papers::invented;
use crate::support::service::Service;
use crate::support::tables::dump;

/// Readers in every state, and several days of papers.
async fn busy_service() -> Service {
    let service = Service::start("2026-01-12T18:00:00Z").await;
    for day in ["2026-01-08", "2026-01-09", "2026-01-12"] {
        service.hub.list(day.parse().unwrap(), invented(day.parse().unwrap(), 40));
        service.fetch(day).await;
    }
    service.join("ada@example.org", "robots").await;
    service.join("bob@example.org", "").await;
    service.join("eve@example.org", "heaps").await;
    service.set("2026-01-13T06:00:00Z");
    service.work().await;
    service.client.post(service.link_in_mail("eve@example.org", "/unsubscribe/")).send().await.unwrap();
    service.join("dan@example.org", "proteins").await;
    service.post("/subscribe", &[("address", "new@example.org"), ("keywords", "robots")]).await;
    service.deliver().await;
    service
}

/// Every address in every mail: headers, text and HTML.
fn links_in_mails(service: &Service) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for mail in service.mailbox().all() {
        let headers = mail.headers().into_iter().filter(|(name, _)| name.starts_with("List-")).map(|(_, value)| value);
        let text = mail.text().unwrap();
        let words = headers.chain([text]).collect::<Vec<_>>().join(" ");
        let addresses = words.split(|c: char| c.is_whitespace() || "<>,".contains(c)).filter(|word| word.starts_with("http"));
        links.extend(addresses.map(str::to_owned));
        links.extend(html::links(&html::checked(&mail.html().unwrap())));
    }
    links
}

/// Fetches everything that can be reached on our own host, by HEAD and by GET; gives each address with its status.
async fn crawl(service: &Service, start: BTreeSet<String>) -> BTreeMap<String, u16> {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_gzip().no_brotli().no_deflate().build().unwrap();
    let base = service.app.config.site.base_url.clone();
    let (mut open, mut seen) = (Vec::from_iter(start), BTreeMap::new());
    while let Some(link) = open.pop() {
        let mut url = base.join(&link).unwrap();
        url.set_fragment(None);
        if url.origin() != base.origin() || seen.contains_key(url.as_str()) {
            continue;
        }
        let mut answers = Vec::new();
        for method in [Method::HEAD, Method::GET] {
            let answer = client.request(method, url.clone()).send().await.unwrap();
            let mut headers = answer.headers().clone();
            headers.remove("date");
            answers.push((answer.status(), headers, answer.text().await.unwrap()));
        }
        let [head, get] = answers.as_slice() else { unreachable!("two methods") };
        assert_eq!((head.0, &head.1), (get.0, &get.1), "HEAD and GET of {url}");
        assert_eq!(head.2, "", "{url}");
        seen.insert(url.to_string(), get.0.as_u16());
        if get.1.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
            open.extend(html::links(&html::checked(&get.2)).iter().filter_map(|link| Some(url.join(link).ok()?.into())));
        }
        open.extend(get.1.get("location").and_then(|location| Some(url.join(location.to_str().ok()?).ok()?.into())));
    }
    seen
}

#[tokio::test]
async fn whoever_only_looks_changes_nothing() {
    let service = busy_service().await;
    let (before, mails) = (dump(&service.app.db).await, service.mailbox().len());
    let links = links_in_mails(&service);
    for kind in ["/confirm/", "/preferences/", "/unsubscribe/", "/digests/", "/papers/"] {
        assert!(links.iter().any(|link| link.contains(kind)), "the mails link to {kind}");
    }
    let seen = crawl(&service, links).await;
    assert!(seen.len() > 150, "{} addresses", seen.len());
    assert!(seen.keys().any(|url| url.ends_with("/delete?") || url.ends_with("/delete")), "also the pages that only ask");
    assert_eq!(dump(&service.app.db).await, before);
    service.deliver().await;
    assert_eq!(service.mailbox().len(), mails);
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let service = busy_service().await;
    let seen = crawl(&service, links_in_mails(&service)).await;
    let broken: Vec<_> = seen.iter().filter(|(_, status)| **status >= 400).collect();
    assert!(broken.iter().all(|(url, status)| url.contains("/confirm/") && **status == 410), "{broken:#?}");
    assert_eq!(broken.len(), 1, "the used link of the reader who left: {broken:#?}");
}
