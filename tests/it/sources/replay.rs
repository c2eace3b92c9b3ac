//! Days of two overlapping sources, replayed through servers that speak their protocols, by two hosts that each ask
//! everything twice: each paper is stored once, and reaches each reader once.
//!
//! `make replay` takes all days of the data folder and prints the counts; the test takes invented days, and a few
//! real ones where the folder is there.

mod servers;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use paperlark::App;
use paperlark::pipeline::fetch::{self, Report};
use paperlark::standing::Mode;
use paperlark::text;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::{add_source, paper, source};
use crate::support::papers::shared_data;
use crate::support::service::Service;
use servers::Arxiv;
use world::World;

/// All papers, in sections small enough (200) that the digest's page shows each of them whole.
const EVERYTHING: &str = "cat:cs.CV model learning\ncat:cs.CV model image\ncat:cs.CV model\ncat:cs.CV learning\ncat:cs.CV\n\
    cat:cs.CL model learning\ncat:cs.CL model reasoning\ncat:cs.CL model\ncat:cs.CL\nsource:arxiv OR source:huggingface";

const READERS: [(&str, &str); 2] = [("everything@example.org", EVERYTHING), ("trending@example.org", "")];

/// The identities among `ids`, told without the program's own reading of them: an id of arXiv is its text up to the version.
fn identities<'a>(ids: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let bare = |id: &'a str| match id.rfind('v') {
        Some(at) if id[at + 1..].parse::<u32>().is_ok() => &id[..at],
        _ => id,
    };
    ids.map(bare).collect()
}

/// Papers stored, as the fetches themselves report it.
#[derive(Default)]
struct Tally {
    fetches: usize,
    stored: usize,
}

impl Tally {
    fn add(&mut self, report: &Report) {
        assert_eq!(report.problems, []);
        self.fetches += 1;
        self.stored += report.stored.iter().map(|(_, stored)| stored.new).sum::<usize>();
        self.stored -= report.stored.iter().map(|(_, stored)| stored.merged).sum::<usize>();
    }
}

/// A service that has both sources, and another host of it.
async fn two_hosts(now: NaiveDate, arxiv: &Arxiv) -> (Service, App) {
    let mut service = Service::start(&format!("{now}T00:30:00Z")).await;
    let table = format!("kind = \"arxiv\"\ncategories = [\"cs\"]\nbase_url = \"{}\"", arxiv.server.url);
    add_source(&mut service, "arxiv", source(&table)).await;
    let other = App::with_clock((*service.app.config).clone(), service.app.db.clone(), service.app.clock.clone()).await.unwrap();
    for (address, filters) in READERS {
        service.join(address, filters).await;
    }
    service.mailbox().clear();
    (service, other)
}

/// The papers of this morning's digest of `address`, from the digest's page.
async fn digest(service: &Service, address: &str) -> Vec<String> {
    let mails = service.mailbox().for_recipient(address);
    assert!(mails.len() <= 1, "{address} got {} mails", mails.len());
    if mails.is_empty() {
        return Vec::new();
    }
    let page = service.client.get(service.link_in_mail(address, "/digests/")).send().await.unwrap().text().await.unwrap();
    let titles = page.split("<h3 dir=\"auto\"><a href=\"/papers/").skip(1);
    titles.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Day after day as it comes, and a digest each morning.
async fn morning_by_morning(world: &Arc<World>) {
    let begun = Instant::now();
    let arxiv = Arxiv::start(world).await;
    let (first, last) = world.span();
    let (service, other) = two_hosts(first, &arxiv).await;
    let mut tally = Tally::default();
    let mut received: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for day in first.iter_days().take_while(|day| *day <= last) {
        service.set(&format!("{day}T22:00:00Z"));
        arxiv.announce(day);
        service.hub.list(day, world.hub_items(day));
        let ask = async |app: &App| {
            let hub = fetch::fetch(app, app.clock.now(), "huggingface", Some(day));
            let (hub, arxiv) = tokio::join!(hub, fetch::fetch(app, app.clock.now(), "arxiv", None));
            [hub.unwrap(), arxiv.unwrap()]
        };
        let (one, two, three, four) = tokio::join!(ask(&service.app), ask(&other), ask(&service.app), ask(&other));
        [one, two, three, four].as_flattened().iter().for_each(|report| tally.add(report));
        service.set(&format!("{}T06:00:00Z", day.checked_add_days(Days::new(1)).unwrap()));
        service.work().await;
        for (address, _) in READERS {
            received.entry(address).or_default().extend(digest(&service, address).await);
        }
        service.mailbox().clear();
    }
    let all = identities(world.entries());
    let trending = identities(world.hub.values().flatten().map(|(id, _)| id.as_str()));
    println!(
        "{first} to {last}: {} entries in lists, {} identities; {} fetches stored {} papers; in {:.0} s",
        world.entries().count(),
        all.len(),
        tally.fetches,
        tally.stored,
        begun.elapsed().as_secs_f32()
    );
    assert_eq!(tally.stored, all.len());
    for ((address, _), expected) in READERS.into_iter().zip([&all, &trending]) {
        let got = &received[address];
        let different: BTreeSet<&str> = got.iter().map(String::as_str).collect();
        println!("{address}: {} papers in digests, {} different, {} expected", got.len(), different.len(), expected.len());
        assert_eq!(got.len(), different.len(), "{address} got a paper twice");
        assert!(different == *expected, "{address} misses {:?}", expected.difference(&different).take(5).collect::<Vec<_>>());
    }
    titles_are_arxivs(&service, world).await;
}

/// Where both sources carry a paper, its title is arXiv's, TeX and all, and its votes are the hub's.
async fn titles_are_arxivs(service: &Service, world: &World) {
    let both: Vec<&String> = world.by_arxiv.keys().filter(|id| world.by_hub.contains_key(*id)).collect();
    let listed = identities(world.arxiv.values().flatten().map(String::as_str));
    let on_hub = identities(world.hub.values().flatten().map(|(id, _)| id.as_str()));
    let mut repaired = 0;
    for id in both.into_iter().filter(|id| listed.contains(id.as_str()) && on_hub.contains(id.as_str())) {
        let row = paper(service, id).await;
        let arxivs = text::one_line(&text::tex_to_unicode(&text::paragraph(&world.by_arxiv[id].title)));
        assert_eq!(row.paper.title, arxivs, "{id}");
        assert!(row.paper.upvotes.is_some(), "{id}");
        repaired += usize::from(world.by_arxiv[id].title.contains('$') && !world.by_hub[id].title.contains('$'));
    }
    println!("{repaired} titles of which the hub had lost the signs are arXiv's own");
}

/// Everything from the past, by other interfaces, in one random order a host: nothing of it starts a mail.
async fn all_at_once_in_any_order(world: &Arc<World>) {
    let begun = Instant::now();
    let arxiv = Arxiv::start(world).await;
    let (first, last) = world.span();
    let (service, other) = two_hosts(last.checked_add_days(Days::new(60)).unwrap(), &arxiv).await;
    for day in world.hub.keys() {
        service.hub.list(*day, world.hub_items(*day));
    }
    let host = async |app: &App, seed: u64| {
        let mut tally = Tally::default();
        let now = app.clock.now();
        let past = async |name, mode| fetch::past(app, now, name, mode, (first, last), false).await.unwrap();
        let stretches = [past("huggingface", Mode::Listed).await, past("arxiv", Mode::Listed).await, past("arxiv", Mode::Changed).await];
        let days = |place: usize| if place == 0 { world.hub.keys().collect::<Vec<_>>() } else { world.arxiv.keys().collect() };
        let once: Vec<(usize, NaiveDate)> = (0..3).flat_map(|place| days(place).into_iter().map(move |day| (place, *day))).collect();
        let mut twice = [once.clone(), once].concat();
        twice.shuffle(&mut StdRng::seed_from_u64(seed));
        for (place, day) in twice {
            tally.add(&stretches[place].ask(app, now, day).await.unwrap());
        }
        tally
    };
    let (one, two) = tokio::join!(host(&service.app, 1), host(&other, 2));
    let (stored, fetches) = (one.stored + two.stored, one.fetches + two.fetches);
    let all = identities(world.entries());
    println!("in any order: {fetches} fetches by two hosts stored {stored} papers; in {:.0} s", begun.elapsed().as_secs_f32());
    assert_eq!(stored, all.len());
    titles_are_arxivs(&service, world).await;
    service.pass(std::time::Duration::from_secs(24 * 60 * 60));
    assert_eq!(service.work().await.mails, 0, "the past starts no mail");
}

#[tokio::test]
async fn invented_days_of_two_sources_bring_each_paper_once() {
    let world = Arc::new(World::invented());
    morning_by_morning(&world).await;
    all_at_once_in_any_order(&world).await;
}

#[tokio::test]
async fn real_days_of_two_sources_bring_each_paper_once() {
    let whole = std::env::var_os("REPLAY").is_some();
    let Some(folder) = shared_data() else {
        assert!(!whole, "there is no folder of real papers; TEST_DATA names one");
        eprintln!("skipped: there is no folder of real papers");
        return;
    };
    let few = ("2025-05-09".parse().unwrap(), "2025-05-12".parse().unwrap());
    let world = Arc::new(World::real(&folder, (!whole).then_some(few)));
    morning_by_morning(&world).await;
    if whole {
        all_at_once_in_any_order(&world).await;
    }
}
