//! Papers for tests: invented ones, and real ones where the data folder is there.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

/// An item in the hub's own JSON.
pub fn item(id: &str, title: &str, summary: &str, upvotes: u32) -> Value {
    json!({
        "paper": {
            "id": id, "title": title, "summary": summary, "upvotes": upvotes,
            "authors": [{"_id": "1", "name": "Mara Lind", "hidden": false}, {"_id": "2", "name": "Teo Okafor", "hidden": false}],
            "publishedAt": "2026-01-10T00:00:00.000Z", "submittedOnDailyAt": "2026-01-12T00:00:00.000Z"
        },
        "title": title, "summary": summary, "publishedAt": "2026-01-10T00:00:00.000Z", "numComments": 2
    })
}

/// `count` invented papers of a day, some on robots, some on proteins, some on both.
pub fn invented(day: NaiveDate, count: u32) -> Vec<Value> {
    let subject = |n: u32| match n % 4 {
        0 => "Robots that fold laundry",
        1 => "Proteins in motion",
        2 => "Robots that pipette proteins",
        _ => "A quiet theory of heaps",
    };
    let number = |n: u32| ((day - NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()).num_days() * 100 + i64::from(n)).rem_euclid(100_000);
    (0..count)
        .map(|n| {
            item(
                &format!("9901.{:05}", number(n)),
                &format!("{} ({day}, {n})", subject(n)),
                &format!("We study {} with care.", subject(n)),
                n * 3 % 17,
            )
        })
        .collect()
}

/// The folder of real papers and filters beside the checkout, or where PAPERLARK_TEST_DATA says.
pub fn shared_data() -> Option<PathBuf> {
    let folder =
        std::env::var_os("TEST_DATA").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    folder.join("papers-hf-daily.jsonl.gz").is_file().then_some(folder)
}

/// The lines of a gzipped JSON Lines file.
pub fn lines(path: PathBuf) -> impl Iterator<Item = Value> {
    let file = BufReader::new(MultiGzDecoder::new(std::fs::File::open(path).unwrap()));
    file.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

/// What the hub listed on each day of `[from, to]`: the papers first seen in that day's last snapshot.
pub fn real_days(folder: PathBuf, from: NaiveDate, to: NaiveDate) -> BTreeMap<NaiveDate, Vec<Value>> {
    let papers: HashMap<String, Value> =
        lines(folder.join("papers-hf-daily.jsonl.gz")).map(|paper| (paper["id"].as_str().unwrap().to_owned(), paper)).collect();
    let mut seen = std::collections::HashSet::new();
    let mut days: BTreeMap<NaiveDate, Vec<Value>> = BTreeMap::new();
    for snapshot in lines(folder.join("days-hf-daily.jsonl.gz")) {
        let at: DateTime<Utc> = snapshot["snapshot_at"].as_str().unwrap().parse().unwrap();
        // Most snapshots were taken just after midnight: they show the day that had ended.
        let day = (at - chrono::TimeDelta::hours(1)).date_naive();
        let (ids, upvotes) = (snapshot["ids"].as_array().unwrap(), snapshot["upvotes"].as_array().unwrap());
        for (id, upvotes) in ids.iter().zip(upvotes) {
            let id = id.as_str().unwrap();
            if !seen.insert(id.to_owned()) || !(from..=to).contains(&day) {
                continue;
            }
            if let Some(paper) = papers.get(id) {
                let upvotes = u32::try_from(upvotes.as_u64().unwrap()).unwrap();
                let (title, summary) = (paper["title"].as_str().unwrap(), paper["abstract"].as_str().unwrap());
                days.entry(day).or_default().push(item(id, title, summary, upvotes));
            }
        }
    }
    days
}
