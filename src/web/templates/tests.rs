use std::collections::{BTreeMap, HashSet};

use super::*;
use crate::web::view::sample::{self, HOSTILE};
use crate::web::view::*;
use markup::{Tag, tags, unescape};

mod markup;

/// Every page at least once, by a name of its own.
fn rendered() -> BTreeMap<&'static str, String> {
    let (pages, site) = (Pages::new(None).unwrap(), sample::site());
    let mut all = BTreeMap::new();
    macro_rules! render {
        ($($name:literal: $page:expr),+ $(,)?) => { $(all.insert($name, pages.render(&site, &$page).unwrap());)+ };
    }
    let action = |path: &str| path.to_owned();
    let address = || mask_address("ada@example.org");
    render! {
        "day": sample::day_page(),
        "day-empty": sample::empty_day_page(),
        "day-lonely": DayPage::new(Period::Month(sample::day()), Neighbours::default(), Vec::new(), sample::form()),
        "day-fresh": DayPage::fresh_install(sample::form()),
        "paper": sample::paper_page(),
        "paper-bare": PaperPage::new(&sample::bare_paper(), Vec::new()),
        "search": sample::search_page(),
        "search-wrong": sample::wrong_search_page(),
        "search-nothing": sample::searched("kryptonite", Scope::default(), 1),
        "search-beyond": sample::searched("lark", Scope::default(), 9),
        "search-new": sample::new_search_page("", Scope::default()),
        "search-week": sample::searched("lark -song", Scope::new(Some(Period::Week(sample::day()))), 1),
        "subscribe": SubscribePage::new(sample::form()),
        "subscribe-wrong": sample::wrong_subscribe_page(),
        "subscribed": SubscribedPage { from_address: "digest@paperlark.example".into(), valid: "48 hours".into() },
        "confirm": sample::confirm_page(),
        "confirm-trending": ConfirmPage { filters: Vec::new(), ..sample::confirm_page() },
        "confirmed": ConfirmedPage { next_digest: Some(sample::moment()), preferences: "/preferences/t0ken".into() },
        "expired": ExpiredPage { used: false, resend: Some(action("/confirm/t0ken/again")) },
        "expired-used": ExpiredPage { used: true, resend: None },
        "preferences": sample::preferences_page(),
        "preferences-tried": PreferencesPage { previewed: true, saved: false, ..sample::preferences_page() },
        "preferences-wrong": sample::wrong_preferences_page(),
        "unsubscribe": UnsubscribePage { action: action("/unsubscribe/t0ken"), address: address(), preferences: Some("/preferences/t0ken".into()) },
        "unsubscribed": UnsubscribedPage { address: address() },
        "delete": DeletePage { action: action("/preferences/t0ken/delete"), address: address(), preferences: "/preferences/t0ken".into() },
        "deleted": DeletedPage {},
        "digest": sample::digest_page(),
        "digest-quiet": DigestPage::new(sample::moment(), Period::Day(sample::day()).name(), Vec::new()),
        "status": sample::status_page(),
        "error": ErrorPage::new(404),
        "error-detail": ErrorPage::new(400).with_detail("The day 2025-02-30 does not exist."),
    }
    all.append(&mut hostile());
    all
}

/// The pages that show what others wrote, all of it hostile.
fn hostile() -> BTreeMap<&'static str, String> {
    let (pages, site) = (Pages::new(None).unwrap(), SiteView { name: HOSTILE.into(), contact: Some(HOSTILE.into()) });
    let mut all = BTreeMap::new();
    macro_rules! render {
        ($($name:literal: $page:expr),+ $(,)?) => { $(all.insert($name, pages.render(&site, &$page).unwrap());)+ };
    }
    let text = || HOSTILE.to_owned();
    let paper = sample::hostile_paper();
    let card = || PaperCard {
        title: vec![Span::marked(HOSTILE), Span::plain(HOSTILE)],
        matched: vec![text()],
        also: vec![text()],
        thumbnail: Some(format!("/thumbnails/{HOSTILE}")),
        ..PaperCard::new(&paper, Some(1))
    };
    let field = || TextField::new(HOSTILE).with_error(HOSTILE);
    let problem = || FilterProblem::new(Some(1), HOSTILE, 2..9, HOSTILE);
    let when = WhenFields::chosen(7, HOSTILE).with_zone_error(HOSTILE).with_hour_error(HOSTILE);
    let form = SubscribeForm { address: field(), keywords: field(), problems: vec![problem()], when: when.clone() };
    let link = || Link { label: text(), href: format!("/papers/{HOSTILE}") };
    let listing = Listing { day: link(), source: text(), rank: None };
    let section = DigestSection { name: Some(text()), query: Some(text()), why: text(), papers: vec![card()], more: Some(text()) };
    let row = FilterRow {
        name: field(),
        problem: Some(problem()),
        preview: Some(sample::hostile_preview()),
        ..FilterRow::new(0, HOSTILE, HOSTILE)
    };
    render! {
        "hostile-day": DayPage::new(Period::Day(sample::day()), Neighbours::default(), vec![card()], form.clone()),
        "hostile-paper": PaperPage::new(&paper, vec![listing]),
        "hostile-search": SearchPage { problem: Some(problem()), days: vec![DayResults { papers: vec![card()], day: link(), iso: text(), count: text() }], preview: Some(sample::hostile_preview()), form: form.clone(), ..sample::new_search_page(HOSTILE, Scope::default()) },
        "hostile-subscribe": SubscribePage::new(form),
        "hostile-digest": DigestPage::new(sample::moment(), text(), vec![section]),
        "hostile-confirm": ConfirmPage { subscribed: true, filters: vec![FilterLine { name: Some(text()), query: text(), preview: Some(sample::hostile_preview()) }], hour: text(), zone: text(), address: text(), action: format!("/{HOSTILE}") },
        "hostile-preferences": PreferencesPage { filters: vec![row], max_papers: field(), when, filters_error: Some(text()), weekdays_error: Some(text()), ..sample::wrong_preferences_page() },
        "hostile-error": ErrorPage::new(400).with_detail(HOSTILE),
    }
    all
}

/// The part of a page between its head and its foot.
fn main_of(html: &str) -> &str {
    let start = html.find("<main").unwrap();
    &html[start..html.find("</main>").unwrap()]
}

#[test]
fn every_page_is_whole_and_has_one_heading() {
    for (name, html) in rendered() {
        // The drawings in a page have titles too.
        let (head, _) = html.split_once("<body>").unwrap();
        let count = |element: &str| tags(if element == "title" { head } else { &html }).iter().filter(|tag| tag.name == element).count();
        assert_eq!((count("html"), count("main"), count("h1"), count("title")), (1, 1, 1, 1), "{name}");
        assert!(html.ends_with("</html>\n"), "{name}");
    }
}

#[test]
fn pages_hold_nothing_that_the_content_security_policy_forbids() {
    for (name, html) in rendered() {
        for tag in tags(&html) {
            assert!(!matches!(tag.name.as_str(), "style" | "base" | "iframe" | "object" | "embed"), "{name}: {tag:?}");
            for (attribute, value) in &tag.attributes {
                assert!(!attribute.starts_with("on") && attribute != "style", "{name}: {tag:?}");
                let local = value.starts_with('/') && !value.starts_with("//") || value.starts_with('#');
                let web = value.starts_with("https://") || value.starts_with("http://");
                match attribute.as_str() {
                    "href" => assert!(local || (tag.name == "a" && web), "{name}: {tag:?}"),
                    "src" | "action" => assert!(local, "{name}: {tag:?}"),
                    _ => {}
                }
            }
        }
        assert_eq!(html.matches("<script").count(), 1, "{name}");
        assert!(html.contains(".js?v=") && html.contains("\" defer></script>"), "{name}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let elements: HashSet<String> = rendered().values().flat_map(|html| tags(html)).map(|tag| tag.name).collect();
    assert!(elements.contains("mark") && elements.contains("bdi"));
    for (name, html) in hostile() {
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{name}");
        assert!(!html.contains("<script>") && !html.contains("<img src=x") && !html.contains('\0'), "{name}");
        assert!(html.contains("{{site.name}}"), "{name}: text is no template");
        assert!(
            tags(&html).iter().filter_map(|tag| tag.get("src")).all(|src| src.starts_with("/assets/") || src.starts_with("/thumbnails/")),
            "{name}"
        );
    }
}

#[test]
fn every_reference_inside_a_page_finds_its_target() {
    for (name, html) in rendered() {
        let tags = tags(&html);
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.get("id")) {
            assert!(ids.insert(id), "{name}: id {id} twice");
        }
        let anchors = tags.iter().filter_map(|tag| tag.get("href")?.strip_prefix('#'));
        let references = ["for", "list", "aria-describedby", "aria-labelledby"];
        let references = tags.iter().flat_map(|tag| references.iter().filter_map(|name| tag.get(name))).flat_map(str::split_whitespace);
        for id in anchors.chain(references) {
            assert!(ids.contains(id), "{name}: no element has the id {id}");
        }
    }
}

#[test]
fn every_field_has_a_label() {
    for (name, html) in rendered() {
        let tags = tags(&html);
        let labelled: HashSet<&str> = tags.iter().filter_map(|tag| tag.get("for")).collect();
        let fields = |tag: &&Tag| {
            matches!(tag.name.as_str(), "input" | "select" | "textarea") && !matches!(tag.get("type"), Some("checkbox" | "hidden"))
        };
        for field in tags.iter().filter(fields) {
            assert!(field.get("id").is_some_and(|id| labelled.contains(id)), "{name}: {field:?}");
        }
    }
}

#[test]
fn forms_send_the_fields_that_the_handlers_read() {
    let pages = rendered();
    let check = |page: &str, action: &str, expect: &[&str]| {
        let start = pages[page].find(&format!("action=\"{action}\"")).unwrap();
        let form = &pages[page][start..];
        let form = format!("<!DOCTYPE html><form {}", &form[..form.find("</form>").unwrap()]);
        let mut names: Vec<String> = tags(&form).iter().filter_map(|tag| tag.get("name").map(str::to_owned)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names, expect, "{page}");
    };
    check("day", "/subscribe", &["address", "hour", "keywords", "website", "zone"]);
    check("search", "/papers", &["q"]);
    check("search-week", "/papers", &["q", "week"]);
    check("confirm", "/confirm/t0ken", &[]);
    check("unsubscribe", "/unsubscribe/t0ken", &[]);
    check(
        "preferences",
        "/preferences/t0ken",
        &[
            "filter_name",
            "filter_query",
            "filter_remove",
            "hour",
            "max_papers",
            "paused",
            "preview",
            "ranking",
            "send_when_empty",
            "weekday",
            "zone",
        ],
    );
}

#[test]
fn what_was_typed_comes_back_unchanged() {
    let typed = "\n  two spaces & <b>\n\n\"quoted\" 'single' = `tick`\n\ttab ✓ {{x}}\n";
    let form = SubscribeForm { keywords: TextField::new(typed), ..sample::form() };
    let html = Pages::new(None).unwrap().render(&sample::site(), &SubscribePage::new(form)).unwrap();
    let (_, after) = html.split_once("<textarea").unwrap();
    let (content, _) = after.split_once(">\n").unwrap().1.split_once("</textarea>").unwrap();
    assert_eq!(unescape(content), typed);
}

#[test]
fn pages_of_one_reader_are_kept_from_search_engines() {
    let pages = rendered();
    for (name, private) in [
        ("day", false),
        ("paper", false),
        ("subscribe", false),
        ("status", false),
        ("confirm", true),
        ("preferences", true),
        ("digest", true),
        ("unsubscribe", true),
    ] {
        assert_eq!(pages[name].contains("content=\"noindex\""), private, "{name}");
    }
}

#[test]
fn only_a_fresh_install_tells_the_operator_to_fetch() {
    let pages = rendered();
    let telling: Vec<_> = pages.iter().filter(|(_, html)| html.contains("paperlark fetch")).map(|(name, _)| *name).collect();
    assert_eq!(telling, ["day-fresh"]);
    assert!(pages["day-empty"].contains("href=\"/papers/date/2025-08-08\"") && pages["day-empty"].contains("A quiet weekend"));
}

#[test]
fn the_pages_of_digest_paper_search_preferences_and_confirmation_stay_as_they_are() {
    let pages = rendered();
    insta::assert_snapshot!("digest", main_of(&pages["digest"]));
    insta::assert_snapshot!("paper", main_of(&pages["paper"]));
    insta::assert_snapshot!("confirm", main_of(&pages["confirm"]));
    insta::assert_snapshot!("preferences", main_of(&pages["preferences"]).split_once("<legend>When").unwrap().0);
    // The box to subscribe stands in between, and is looked at elsewhere.
    let (head, results) = main_of(&pages["search"]).split_once("<section class=\"signup\"").unwrap();
    insta::assert_snapshot!("search", format!("{head}…{}", results.split_once("</section>").unwrap().1));
}

/// A folder whose `page/NAME` holds `content`.
fn folder(name: &str, content: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("page")).unwrap();
    std::fs::write(folder.path().join("page").join(name), content).unwrap();
    folder
}

#[test]
fn an_operators_template_replaces_the_built_in_one() {
    let folder = folder("deleted.hbs", "{{#> layout}}<h1>Gone from {{site.name}}</h1>{{/layout}}");
    let pages = Pages::new(Some(folder.path())).unwrap();
    assert!(pages.render(&sample::site(), &DeletedPage {}).unwrap().contains("<h1>Gone from Paperlark</h1>"));
    assert!(pages.render(&sample::site(), &ErrorPage::new(404)).unwrap().contains("Nothing lives here"));
}

#[test]
fn a_folder_of_templates_that_cannot_be_used_is_refused() {
    let missing = Pages::new(Some(Path::new("/nowhere/at/all"))).err().unwrap();
    assert!(matches!(missing, TemplateError::Read { .. }), "{missing}");
    let broken = Pages::new(Some(folder("day.hbs", "{{#if").path())).err().unwrap();
    assert!(matches!(&broken, TemplateError::Syntax { name, .. } if name == "day"), "{broken}");
    let misspelt = Pages::new(Some(folder("dya.hbs", "").path())).err().unwrap();
    assert!(misspelt.to_string().contains("day.hbs"), "{misspelt}");
    let empty = tempfile::tempdir().unwrap();
    assert!(Pages::new(Some(empty.path())).is_ok());
}

#[test]
fn an_unknown_variable_is_an_error() {
    for wrong in [
        "{{nosuch}}",
        "{{page.nosuch}}",
        "{{#if nosuch}}x{{/if}}",
        "{{#unless page.nosuch}}x{{/unless}}",
        "{{#if (or nosuch title)}}x{{/if}}",
        "{{#each page.nosuch}}x{{/each}}",
        "{{> nosuch}}",
    ] {
        let folder = folder("deleted.hbs", wrong);
        let error = Pages::new(Some(folder.path())).unwrap().render(&sample::site(), &DeletedPage {}).unwrap_err();
        assert!(error.to_string().starts_with("page deleted cannot be rendered"), "{wrong}: {error}");
    }
}
