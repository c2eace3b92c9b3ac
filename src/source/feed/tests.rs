use super::*;

/// Identity, title and day of each item, or why it cannot be read.
fn check(document: &str, expect: &[Result<(&str, &str, &str), &str>]) {
    let page =
        read(document, &Url::parse("https://lab.example/feeds/all").unwrap()).unwrap_or_else(|reason| panic!("{reason}: {document}"));
    let day = |item: &Item| item.day.map_or_else(String::new, |day| day.to_string());
    let found: Vec<_> = page.items.iter().map(|item| (item.paper.id.as_str(), item.paper.title.as_str(), day(item))).collect();
    let papers: Vec<_> = expect.iter().filter_map(|one| one.ok()).map(|(id, title, day)| (id, title, day.to_owned())).collect();
    assert_eq!(found, papers, "{document}");
    let problems: Vec<_> = page.problems.iter().map(|problem| problem.reason.as_str()).collect();
    assert_eq!(problems, expect.iter().filter_map(|one| one.err()).collect::<Vec<_>>(), "{document}");
}

/// An RSS feed of these items.
fn rss(items: &str) -> String {
    format!("<rss version='2.0'><channel><title>J</title><link>https://lab.example/</link>{items}</channel></rss>")
}

#[test]
fn a_feed_may_call_its_own_vocabulary_by_any_prefix() {
    check(
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:m='urn:m'><a:title>L</a:title><a:id>urn:l</a:id>
         <a:entry><a:title type='html'>Deep &lt;i&gt;larks&lt;/i&gt;</a:title><m:title>Not this</m:title><a:id>urn:1</a:id>
         <a:link href='/p/1'/><a:updated>2026-01-12T10:00:00Z</a:updated></a:entry></a:feed>",
        &[Ok(("url:https://lab.example/p/1", "Deep larks", "2026-01-12"))],
    );
}

#[test]
fn links_are_taken_from_where_the_feed_says_it_stands() {
    check(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://press.example/blog/'><title>L</title><id>urn:l</id>
         <entry xml:base='2026/'><title>Based</title><id>urn:1</id><link href='one.html'/></entry></feed>",
        &[Ok(("url:https://press.example/blog/2026/one.html", "Based", ""))],
    );
    check(&rss("<item><title>Below</title><link>p/2</link></item>"), &[Ok(("url:https://lab.example/feeds/p/2", "Below", ""))]);
}

#[test]
fn dates_are_read_as_they_are_written() {
    let dated = |date: &str| rss(&format!("<item><title>Dated</title><link>/1</link><pubDate>{date}</pubDate></item>"));
    for date in ["Mon, 12 Jan 2026 10:00 EST", "12 Jan 26 10:00:00 GMT", "2026-01-12 10:00:00", "2026-01-12", "12 January 2026"] {
        check(&dated(date), &[Ok(("url:https://lab.example/1", "Dated", "2026-01-12"))]);
    }
    check(&dated("12/01/2026"), &[Ok(("url:https://lab.example/1", "Dated", ""))]);
}

#[test]
fn items_without_an_identity_or_a_title_are_named() {
    check(
        &rss("<item><title><![CDATA[A <em>B</em> & C]]></title><guid isPermaLink='false'>77</guid><link>/1</link></item>
              <item><title>No address</title><guid isPermaLink='false'>78</guid></item>
              <item><link>/3</link><description>No title.</description></item>"),
        &[Ok(("url:https://lab.example/1", "A B & C", "")), Err("it has no id"), Err("it has no title")],
    );
}

#[test]
fn a_number_among_the_ids_of_a_json_feed_is_no_papers_id() {
    check(
        r#"{"version": "https://jsonfeed.org/version/1.1", "title": "L", "items": [
            {"id": 2601.12340, "url": "https://lab.example/7", "title": "Seven"}, {"id": 8, "title": "Eight"}, {"id": null, "title": "None"}]}"#,
        &[Ok(("url:https://lab.example/7", "Seven", "")), Err("it has no id"), Err("it has no id")],
    );
}
