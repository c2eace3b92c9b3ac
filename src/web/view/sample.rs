//! One example of every page, for tests.

use chrono::{DateTime, NaiveDate, Weekday};
use chrono_tz::Tz;

use super::*;
use crate::archive::OnDay;
use crate::filter::{Filter, Ranking};
use crate::paper::{Paper, PaperId};
use crate::preview::{self, Corpus, Preview};
use crate::standing::{Standing, State};

/// A text that breaks every page that forgets to escape it.
pub const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>' & \u{202E}drowkcab\u{0} {{site.name}}";

pub fn site() -> SiteView {
    SiteView { name: "Paperlark".into(), contact: Some("Run by the library of Example University, library@example.org".into()) }
}

pub fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 8, 7).unwrap()
}

pub fn moment() -> Moment {
    Moment::new(DateTime::from_timestamp(1_754_629_200, 0).unwrap(), Tz::Europe__Berlin)
}

/// A paper with everything.
pub fn paper() -> Paper {
    Paper {
        abstract_text:
            "Migrating larks sing while they climb, yet nobody has asked what a song costs at altitude. We recorded 412 flights \
            with microphones lighter than a feather and fitted a model of breath, wing beat and pitch. Birds that sing higher fly \
            lower, and the trade is steeper in wind. The recordings, the model and a guide for building the microphones are open. \
            We close with a list of questions that a small team could answer in one summer."
                .into(),
        authors: ["Ada Fontaine", "José Ñandú", "Łucja Wiśniewska", "王小明", "מרים כהן", "Sam O'Neil"].map(String::from).to_vec(),
        categories: vec!["q-bio.QM".into(), "cs.SD".into()],
        published: DateTime::from_timestamp(1_754_400_000, 0),
        upvotes: Some(1234),
        comments: Some(1),
        code_url: Some("https://code.example/lark/song?a=1&b=2".into()),
        github_stars: Some(87),
        project_url: Some("https://lark.example/".into()),
        organization: Some("Institute of Small Birds".into()),
        submitted_by: Some("fontaine".into()),
        ai_keywords: vec!["bioacoustics".into(), "flight".into()],
        sources: vec!["huggingface".into(), "arxiv".into()],
        ..Paper::new(PaperId::parse("2508.04100").unwrap(), "What a Song Costs: Breath, Pitch and Altitude in Singing Larks")
    }
}

/// A paper of which little is known.
pub fn bare_paper() -> Paper {
    Paper::new(PaperId::parse("10.1101/2025.08.06.123").unwrap(), "On Sparse Metadata")
}

/// A paper whose every text is hostile.
pub fn hostile_paper() -> Paper {
    let text = || HOSTILE.to_owned();
    Paper {
        abstract_text: text(),
        authors: vec![text(); 40],
        categories: vec![text()],
        code_url: Some("javascript:alert(1)".into()),
        project_url: Some("https://evil.example/\"onclick=\"alert(1)".into()),
        organization: Some(text()),
        submitted_by: Some(text()),
        ai_summary: Some(text()),
        ai_keywords: vec![text()],
        sources: vec![text()],
        ..Paper::new(PaperId::parse("10.1000/<script>alert(1)</script>").unwrap(), format!("{HOSTILE} {}", "x".repeat(300)))
    }
}

pub fn cards() -> Vec<PaperCard> {
    let summed_up = Paper {
        ai_summary: Some(
            "A typesetter of 1890 and a language model disagree about hyphens; the paper finds that both are right, and says when.".into(),
        ),
        upvotes: Some(36),
        comments: Some(4),
        ..Paper::new(PaperId::parse("2508.04231").unwrap(), "Hyphens Considered: Line Breaking with and without a Model")
    };
    let arabic = Paper {
        authors: vec!["سارة".into()],
        upvotes: Some(9),
        ..Paper::new(PaperId::parse("2508.04007").unwrap(), "دراسة قصيرة عن هجرة الطيور")
    };
    [paper(), summed_up, arabic, bare_paper()].iter().enumerate().map(|(place, paper)| PaperCard::new(paper, Some(place + 1))).collect()
}

pub fn form() -> SubscribeForm {
    SubscribeForm::empty(7, "Etc/UTC")
}

pub fn day_page() -> DayPage {
    let date = |day| Some(Period::Day(NaiveDate::from_ymd_opt(2025, 8, day).unwrap()));
    DayPage::new(Period::Day(day()), Neighbours { previous: date(6), next: date(8), newest: date(12) }, cards(), form())
}

pub fn empty_day_page() -> DayPage {
    let date = |day| Period::Day(NaiveDate::from_ymd_opt(2025, 8, day).unwrap());
    DayPage::new(date(9), Neighbours { previous: Some(date(8)), next: Some(date(11)), newest: None }, Vec::new(), form())
}

pub fn paper_page() -> PaperPage {
    let summary = Some("Singing costs a lark height, and wind makes the price steeper.".into());
    let listed = |source: &str, rank| Listing {
        day: Link { label: Period::Day(day()).name(), href: Period::Day(day()).href() },
        source: source.into(),
        rank,
    };
    PaperPage::new(&Paper { ai_summary: summary, ..paper() }, vec![listed("huggingface", Some(3)), listed("arxiv", None)])
}

/// Ten days in which four papers on larks were listed.
pub fn corpus() -> Corpus {
    let listed = |row: i64, day: u32, paper: Paper| OnDay { key: (row, 1), paper, day: NaiveDate::from_ymd_opt(2025, 8, day).unwrap() };
    let other = |number: u32, title: &str| Paper::new(PaperId::parse(&format!("2508.05{number:03}")).unwrap(), title);
    let papers = vec![
        listed(1, 7, paper()),
        listed(2, 7, other(1, "A Song of Larks, Transcribed")),
        listed(3, 7, other(2, "Heaps without Order")),
        listed(4, 5, other(3, "Lark or Nightingale: a Benchmark")),
        listed(5, 5, bare_paper()),
        listed(6, 1, other(4, "The Lark Ascending a Gradient")),
    ];
    Corpus::new(
        preview::Span { from: NaiveDate::from_ymd_opt(2025, 7, 29).unwrap(), to: NaiveDate::from_ymd_opt(2025, 8, 8).unwrap() },
        papers,
    )
}

/// The page that `query` leads to.
pub fn searched(query: &str, scope: Scope, page: usize) -> SearchPage {
    let (corpus, filter) = (corpus(), Filter::parse(query).unwrap());
    let asked = Asked { query: query.into(), scope, page, ..Asked::default() };
    let form = SubscribeForm { keywords: TextField::new(query), ..form() };
    let preview = Preview::new(&corpus, &filter);
    let view = PreviewView::new("q", query, scope, &preview, &[]);
    let of_day = |day| preview.days.iter().find(|known| known.day == day).unwrap().hits;
    let found = preview.results(asked.ranking, asked.places());
    SearchPage::new(&asked, form).with_results(&asked, view, preview.breadth.hits, &found, of_day, |found| PaperCard {
        matched: vec!["Larks".into()],
        ..PaperCard::new(&found.paper.paper, None)
    })
}

pub fn search_page() -> SearchPage {
    searched("larks OR nightingail", Scope::default(), 1)
}

pub fn wrong_search_page() -> SearchPage {
    let query = "title:lark AND (song";
    let problem = FilterProblem::new(None, query, 15..16, "This parenthesis is never closed: add ) at the end.");
    SearchPage { problem: Some(problem), ..new_search_page(query, Scope::default()) }
}

pub fn new_search_page(query: &str, scope: Scope) -> SearchPage {
    SearchPage::new(&Asked { query: query.into(), scope, page: 1, ..Asked::default() }, form())
}

/// What a filter brings, for a page of several filters.
pub fn preview(id: &str, query: &str) -> PreviewView {
    let (corpus, filter) = (corpus(), Filter::parse(query).unwrap());
    let preview = Preview::new(&corpus, &filter);
    let samples = preview.results(Ranking::default(), 0..3);
    let view = PreviewView::new(id, query, Scope::default(), &preview, &[]);
    view.summed_up(query, Scope::default(), samples.iter().map(|found| &found.paper.paper))
}

pub fn wrong_subscribe_page() -> SubscribePage {
    let keywords = "diffusion, flow matching\ntitle:lark AND (song\nupvotes:many";
    SubscribePage::new(SubscribeForm {
        address: TextField::new("ada@example,org")
            .with_error("The part behind @ must be a domain such as example.org: is the comma meant to be a dot?"),
        keywords: TextField::new(keywords),
        problems: vec![
            FilterProblem::new(Some(2), "title:lark AND (song", 15..16, "This parenthesis is never closed: add ) at the end."),
            FilterProblem::new(Some(3), "upvotes:many", 8..12, "Write a number, such as upvotes:>=10."),
        ],
        when: WhenFields::chosen(6, "Berlin").with_zone_error("This is no time zone we know: did you mean Europe/Berlin?"),
    })
}

pub fn confirm_page() -> ConfirmPage {
    let line = |name: Option<&str>, query: &str| FilterLine {
        name: name.map(String::from),
        query: query.into(),
        preview: Some(preview("0", query)),
    };
    ConfirmPage {
        action: "/confirm/t0ken".into(),
        subscribed: false,
        address: mask_address("ada@example.org"),
        filters: vec![line(Some("Larks"), "lark OR \"singing bird\""), line(None, "cat:cs.CL has:code")],
        hour: "07:00".into(),
        zone: "Europe/Berlin".into(),
    }
}

pub fn preferences_page() -> PreferencesPage {
    PreferencesPage {
        action: "/preferences/t0ken".into(),
        address: mask_address("ada@example.org"),
        subscribed: true,
        saved: true,
        previewed: false,
        errors: 0,
        next_digest: Some(moment()),
        filters: vec![
            FilterRow { preview: Some(preview("0", "lark OR song")), ..FilterRow::new(0, "Larks", "lark OR song") },
            FilterRow { preview: Some(preview("1", "cat:cs.CL has:code")), ..FilterRow::new(1, "", "cat:cs.CL has:code") },
            FilterRow::empty(2),
        ],
        filters_error: None,
        when: WhenFields::chosen(7, "Europe/Berlin"),
        weekdays: WeekdayChoice::week(&[Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]),
        weekdays_error: None,
        max_papers: TextField::new("20"),
        rankings: RankingChoice::all(Ranking::Trending),
        send_when_empty: false,
        paused: false,
        delete: "/preferences/t0ken/delete".into(),
        unsubscribe: "/unsubscribe/t0ken".into(),
    }
}

pub fn wrong_preferences_page() -> PreferencesPage {
    let problem = FilterProblem::new(None, "title:lark AND (song", 15..16, "This parenthesis is never closed: add ) at the end.");
    PreferencesPage {
        saved: false,
        errors: 4,
        next_digest: None,
        filters: vec![
            FilterRow { problem: Some(problem), ..FilterRow::new(0, "Larks", "title:lark AND (song") },
            FilterRow {
                name: TextField::new("Larks").with_error("Two filters cannot have one name."),
                remove: true,
                ..FilterRow::new(1, "", "lark")
            },
            FilterRow::empty(2),
        ],
        filters_error: Some("Too many filters: keep 100 at most.".into()),
        when: WhenFields::chosen(7, "Europe/Berlin").with_hour_error("Choose an hour from 0 to 23."),
        weekdays: WeekdayChoice::week(&[]),
        weekdays_error: Some("Tick at least one day, or pause instead.".into()),
        max_papers: TextField::new("1000").with_error("Give a number from 1 to 100."),
        paused: true,
        ..preferences_page()
    }
}

pub fn digest_page() -> DigestPage {
    let title = vec![
        Span::plain("What a Song Costs: Breath, Pitch and Altitude in "),
        Span::marked("Singing"),
        Span::plain(" "),
        Span::marked("Larks"),
    ];
    let teaser = vec![
        Span::plain("Migrating "),
        Span::marked("larks"),
        Span::plain(" sing while they climb, yet nobody has asked what a song costs at altitude."),
    ];
    let matched = vec!["Singing".into(), "Larks".into()];
    let card = PaperCard { title, teaser, matched, also: vec!["Open code".into()], ..PaperCard::new(&paper(), Some(1)) };
    let larks = DigestSection {
        name: Some("Larks".into()),
        query: Some("lark OR \"singing bird\"".into()),
        why: "New papers that match your filter.".into(),
        papers: vec![card],
        more: Some("and 12 more".into()),
    };
    let trending =
        DigestSection { name: None, query: None, why: "What readers voted for most.".into(), papers: cards().split_off(1), more: None };
    DigestPage {
        preferences: Some("/preferences/t0ken".into()),
        ..DigestPage::new(moment(), Period::Day(day()).name(), vec![larks, trending])
    }
}

/// One source in each state, and one that is switched off.
pub fn status_page() -> StatusPage {
    let now: chrono::DateTime<chrono::Utc> = "2025-08-07T06:00:00Z".parse().unwrap();
    let standing = |title: &str, state| Standing {
        name: title.to_lowercase(),
        title: title.to_owned(),
        enabled: title != "Off",
        last_success_at: (title != "New").then_some(now),
        next_check_at: Some(now),
        failures: 2,
        last_error: Some("http://10.0.0.7/secret".to_owned()),
        days: vec![(day(), state), (day().pred_opt().unwrap(), Some(State::Listed))],
    };
    let standings = [
        standing("Listed", Some(State::Listed)),
        standing("Quiet", Some(State::Quiet)),
        standing("Late", Some(State::Late)),
        standing("Failing", Some(State::Failing)),
        standing("New", None),
        standing("Off", None),
    ];
    StatusPage::new(now, chrono_tz::Tz::UTC, &standings)
}

/// A preview whose every text is hostile.
pub fn hostile_preview() -> PreviewView {
    let text = || HOSTILE.to_owned();
    let link = || Link { label: text(), href: format!("/papers?q={HOSTILE}") };
    PreviewView {
        count: text(),
        breadth: text(),
        explanation: vec![Span::marked(HOSTILE)],
        canonical: Some(text()),
        notes: vec![text()],
        samples: vec![link()],
        all: Some(link()),
        ..preview("hostile", "lark OR nightingail")
    }
}
