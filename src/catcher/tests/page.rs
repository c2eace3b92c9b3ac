//! The inbox over HTTP.

use serde_json::Value;

use super::*;

fn browser() -> reqwest::Client {
    // A second installation in the same process is refused, and the first is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

async fn get(catcher: &Catcher, path: &str) -> reqwest::Response {
    browser().get(format!("{}{path}", catcher.inbox_url().unwrap())).send().await.unwrap()
}

async fn page(catcher: &Catcher, path: &str) -> String {
    let response = get(catcher, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

async fn receive(catcher: &Catcher, to: &str, mail: &str) {
    let mut raw = Raw::connect(catcher).await;
    raw.ask("EHLO test").await;
    raw.ask("MAIL FROM:<digest@example.org>").await;
    raw.ask(&format!("RCPT TO:<{to}>")).await;
    raw.ask("DATA").await;
    let reply = raw.ask(&format!("{}\r\n.", mail.replace('\n', "\r\n"))).await;
    assert!(reply.starts_with("250"), "{reply}");
}

const HOSTILE: &str = "From: \"<b>Mallory</b>\" <m@example.org>
Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E_&_=C3=BCber?=
List-Unsubscribe: <https://example.org/u/1>,
 <mailto:u@example.org>
Content-Type: text/html; charset=utf-8

<script>alert(2)</script><a href=https://example.org/confirm>Confirm</a>";

#[tokio::test]
async fn an_empty_inbox_says_what_to_do() {
    let catcher = start().await;
    let html = page(&catcher, "").await;
    assert!(html.contains("No mail yet") && html.contains("Nothing leaves this machine"), "{html}");
}

#[tokio::test]
async fn the_list_has_the_newest_mail_first_and_can_be_limited_to_a_recipient() {
    let catcher = start().await;
    receive(&catcher, "ada+1@example.org", "Subject: One\n\nHi").await;
    receive(&catcher, "bob@example.org", "Subject: Two\n\nHi").await;
    let html = page(&catcher, "").await;
    assert!(html.find("Two").unwrap() < html.find("One").unwrap(), "{html}");
    assert!(html.contains("12 Jan, 06:00") && html.contains("1 KB"));
    let html = page(&catcher, "?to=ada%2B1%40example%2Eorg").await;
    assert!(html.contains("One") && !html.contains("Two"), "{html}");
    assert!(html.contains("/messages/1?to&#x3D;ada%2B1%40example%2Eorg"), "{html}");
}

#[tokio::test]
async fn older_mail_is_one_click_away() {
    let catcher = start().await;
    for n in 0..101 {
        catcher
            .mailbox()
            .store(String::new(), vec!["ada@example.org".to_owned()], morning(), format!("Subject: n{n}\r\n\r\n").into())
            .unwrap();
    }
    let html = page(&catcher, "").await;
    assert!(html.contains("n100<") && !html.contains("n0<") && html.contains("/?before&#x3D;2"), "{html}");
    let html = page(&catcher, "?before=2").await;
    assert!(html.contains("n0<") && !html.contains("Older mail"), "{html}");
}

#[tokio::test]
async fn a_hostile_mail_is_shown_escaped_and_framed() {
    let catcher = start().await;
    receive(&catcher, "ada@example.org", HOSTILE).await;
    for view in ["", "/html", "/text", "/headers", "/source"] {
        let html = page(&catcher, &format!("messages/1{view}")).await;
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; über"), "{html}");
        assert!(!html.contains("<script>alert") && !html.contains("<b>Mallory"), "{html}");
        assert_eq!(html.contains("<iframe"), matches!(view, "" | "/html"), "{view}");
    }
    let headers = page(&catcher, "messages/1/headers").await;
    assert!(headers.contains("&lt;https://example.org/u/1&gt;, &lt;mailto:u@example.org&gt;"), "{headers}");
}

#[tokio::test]
async fn the_frame_runs_no_script_and_opens_links_outside() {
    let catcher = start().await;
    receive(&catcher, "ada@example.org", HOSTILE).await;
    let response = get(&catcher, "messages/1/frame").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
    assert!(response.text().await.unwrap().ends_with("Confirm</a>\r\n<base target=\"_blank\">"));
    let response = get(&catcher, "").await;
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
}

#[tokio::test]
async fn a_plain_mail_opens_as_text() {
    let catcher = start().await;
    receive(&catcher, "ada@example.org", "Subject: Plain\n\nOnly <text> here").await;
    let html = page(&catcher, "messages/1").await;
    assert!(html.contains("Only &lt;text&gt; here") && !html.contains("<iframe") && !html.contains(">HTML</a>"), "{html}");
    assert_eq!(get(&catcher, "messages/1/frame").await.status(), 404);
    assert!(page(&catcher, "messages/1/html").await.contains("no HTML part"));
}

#[tokio::test]
async fn scripts_read_list_mail_and_bytes_and_may_empty_the_inbox() {
    let catcher = start().await;
    receive(&catcher, "ada@example.org", HOSTILE).await;
    receive(&catcher, "bob@example.org", "Message-ID: <two@example.org>\nSubject: Two\n\nHi").await;
    let list: Value = get(&catcher, "api/messages?to=bob@example.org").await.json().await.unwrap();
    let expect = serde_json::json!([{
        "id": 2, "from": "digest@example.org", "to": ["bob@example.org"], "subject": "Two", "message_id": "two@example.org",
        "received_at": "2026-01-12T06:00:03Z", "size": 51
    }]);
    assert_eq!(list, expect);
    let mail: Value = get(&catcher, "api/messages/1").await.json().await.unwrap();
    assert_eq!(mail["headers"][2], serde_json::json!(["List-Unsubscribe", "<https://example.org/u/1>, <mailto:u@example.org>"]));
    assert!(mail["html"].as_str().unwrap().contains("/confirm") && mail["text"].is_null());
    let raw = get(&catcher, "messages/1/raw").await.bytes().await.unwrap();
    assert_eq!(raw, catcher.mailbox().all()[0].bytes);
    let cleared = browser().delete(format!("{}api/messages", catcher.inbox_url().unwrap())).send().await.unwrap();
    assert_eq!((cleared.status().as_u16(), catcher.mailbox().len()), (204, 0));
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_makes_no_sense_400() {
    let catcher = start().await;
    receive(&catcher, "ada@example.org", "Subject: One\n\nHi").await;
    for (path, status) in [
        ("messages/2", 404),
        ("messages/0/text", 404),
        ("messages/2/raw", 404),
        ("api/messages/2", 404),
        ("messages/one", 400),
        ("messages/1/upside-down", 400),
        ("?before=yesterday", 400),
        ("?fro=typo", 400),
        ("nowhere", 404),
        ("inbox.css", 200),
        ("inbox.js", 200),
    ] {
        assert_eq!(get(&catcher, path).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_web_site_that_borrows_the_address_is_turned_away() {
    let catcher = start().await;
    let port = catcher.inbox_url().unwrap();
    for (host, status) in
        [("evil.example.org", 421), ("localhost.evil.example.org", 421), ("localhost:8025", 200), ("127.0.0.1", 200), ("[::1]:9", 200)]
    {
        let response = browser().get(&port).header("host", host).send().await.unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
}
