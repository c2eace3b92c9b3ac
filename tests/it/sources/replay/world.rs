//! What two overlapping sources listed day by day: invented, or real where the data folder is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use crate::support::papers::{item, lines};

/// A paper as one source tells it.
#[derive(Clone)]
pub struct Told {
    pub title: String,
    pub abstract_text: String,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    /// To arXiv, for those of its list.
    pub submitted: Option<NaiveDateTime>,
}

/// Two sources, with their papers by id and their lists by day, repetitions and all.
#[derive(Default)]
pub struct World {
    pub arxiv: BTreeMap<NaiveDate, Vec<String>>,
    pub hub: BTreeMap<NaiveDate, Vec<(String, u32)>>,
    pub by_arxiv: HashMap<String, Told>,
    pub by_hub: HashMap<String, Told>,
    /// arXiv's papers by the time of their submission.
    pub submitted: BTreeMap<NaiveDateTime, BTreeSet<String>>,
}

impl World {
    /// Eight days: on the weekend arXiv's list of Friday is there again, and the hub takes up a paper a day after arXiv.
    pub fn invented() -> Self {
        let mut world = Self::default();
        let first: NaiveDate = "2026-01-07".parse().unwrap();
        let told = |title: String, category: &str| Told {
            abstract_text: format!("What we found out about it: {title}."),
            title,
            authors: vec!["Mara Lind".into(), "Teo Okafor".into()],
            categories: vec![category.into()],
            submitted: None,
        };
        for (number, day) in (0u32..8).zip(first.iter_days()) {
            if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                let friday = world.arxiv.values().next_back().unwrap().clone();
                world.arxiv.insert(day, friday);
                continue;
            }
            let ids: Vec<String> = (0..24).map(|n| format!("9901.{:05}", number * 100 + n)).collect();
            for (n, id) in ids.iter().enumerate() {
                let category = ["cs.CL", "cs.CV", "cs.LG", "eess.AS"][n % 4];
                let title = format!("Model {n} of day {number} costs $n^2$ larks");
                let mut paper = told(title.clone(), category);
                paper.categories.push("cs.AI".into());
                world.by_arxiv.insert(id.clone(), paper);
                // The hub loses the signs of TeX.
                world.by_hub.insert(id.clone(), told(title.replace('$', ""), category));
            }
            let own = (0..3).map(|n| format!("9902.{:05}", number * 10 + n));
            for id in own.clone() {
                world.by_hub.insert(id.clone(), told(format!("Only the hub has paper {id}"), "cs.CL"));
            }
            let yesterdays = world.arxiv.values().next_back().into_iter().flatten().step_by(6).cloned();
            // One of today's too, and one that it lists again tomorrow.
            let listed: Vec<String> = own.chain(yesterdays).chain([ids[1].clone(), ids[2].clone()]).collect();
            world.hub.insert(day, listed.into_iter().zip(1..).collect());
            let crossed = ids.iter().step_by(5).cloned().collect();
            world.arxiv.insert(day, [ids, crossed].concat());
        }
        world.submit();
        world
    }

    /// All days of the data folder, or those of `span`.
    pub fn real(folder: &Path, span: Option<(NaiveDate, NaiveDate)>) -> Self {
        let is_wanted = |day: &NaiveDate| span.is_none_or(|(first, last)| (first..=last).contains(day));
        let texts = |value: &Value| value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let told = |file: &str| -> HashMap<String, Told> {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let paper = |line: Value| Told {
                title: text(&line["title"]),
                abstract_text: text(&line["abstract"]),
                authors: texts(&line["authors"]),
                categories: texts(&line["categories"]),
                submitted: None,
            };
            lines(folder.join(file)).map(|line| (text(&line["id"]), paper(line))).collect()
        };
        let mut world = Self { by_arxiv: told("papers-arxiv-cs.jsonl.gz"), by_hub: told("papers-hf-daily.jsonl.gz"), ..Self::default() };
        for line in lines(folder.join("days-arxiv-cs.jsonl.gz")) {
            let day: NaiveDate = line["date"].as_str().unwrap().parse().unwrap();
            world.arxiv.entry(day).or_default().extend(texts(&line["ids"]));
        }
        for line in lines(folder.join("days-hf-daily.jsonl.gz")) {
            let at: DateTime<Utc> = line["snapshot_at"].as_str().unwrap().parse().unwrap();
            // Most were taken just after midnight and show the day that had ended.
            let listed = world.hub.entry((at - TimeDelta::hours(1)).date_naive()).or_default();
            for (id, votes) in texts(&line["ids"]).into_iter().zip(line["upvotes"].as_array().unwrap()) {
                let votes = u32::try_from(votes.as_u64().unwrap()).unwrap();
                match listed.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, known)) => *known = votes,
                    None => listed.push((id, votes)),
                }
            }
        }
        world.arxiv.retain(|day, _| is_wanted(day));
        world.hub.retain(|day, _| is_wanted(day));
        world.submit();
        world
    }

    /// Has each paper of arXiv submitted before noon in New York on the last working day before it is listed first.
    fn submit(&mut self) {
        for (day, ids) in &self.arxiv {
            let back = if day.weekday() == Weekday::Mon { 3 } else { 1 };
            let time = (*day - Days::new(back)).and_hms_opt(15, 30, 0).unwrap();
            for id in ids {
                self.by_arxiv.get_mut(id).unwrap().submitted.get_or_insert(time);
            }
        }
        for (id, told) in &self.by_arxiv {
            if let Some(time) = told.submitted {
                self.submitted.entry(time).or_default().insert(id.clone());
            }
        }
    }

    /// The first day and the last.
    pub fn span(&self) -> (NaiveDate, NaiveDate) {
        let days = || self.arxiv.keys().chain(self.hub.keys());
        (*days().min().unwrap(), *days().max().unwrap())
    }

    /// What the hub answers for `day`.
    pub fn hub_items(&self, day: NaiveDate) -> Vec<Value> {
        let item = |(id, votes): &(String, u32)| {
            let told = &self.by_hub[id];
            let mut item = item(id, &told.title, &told.abstract_text, *votes);
            item["paper"]["authors"] = told.authors.iter().map(|name| json!({"name": name})).collect();
            item
        };
        self.hub.get(&day).into_iter().flatten().map(item).collect()
    }

    /// The papers that `day`'s announcement replaces: some of those announced a few days before.
    pub fn replaced(&self, day: NaiveDate) -> BTreeSet<&str> {
        let before = day.checked_sub_days(Days::new(3)).and_then(|before| self.arxiv.get(&before));
        before.into_iter().flatten().map(String::as_str).filter(|id| id.ends_with('7')).collect()
    }

    /// All entries of all lists, repeated ones too.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.arxiv.values().flatten().chain(self.hub.values().flatten().map(|(id, _)| id)).map(String::as_str)
    }
}
