//! What storing a set of reports will write, worked out from what is known. Pure but for the look-up.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::value::RawValue;
use sqlx::PgConnection;

use super::known::Known;
use super::resolve::{Groups, resolve};
use super::{Outcome, Reports, Stored};
use crate::paper::{Counts, Likeness, Paper, PaperId};

/// A paper and what is to be written of it.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its row; a new paper has none yet.
    pub row: Option<i64>,
    /// The canonical identity.
    pub identity: PaperId,
    /// Identities to be noted beside it.
    pub aliases: Vec<PaperId>,
    pub title_key: Option<i64>,
    pub counts: Counts,
    /// Its next revision, where the facts have changed.
    pub revision: Option<(i32, Box<RawValue>)>,
    /// Whether the row itself changes.
    pub changed: bool,
}

/// What becomes a batch.
#[derive(Debug)]
pub(super) struct PlannedBatch {
    /// Place among the outcome's days.
    pub place: usize,
    pub day: NaiveDate,
    pub history: bool,
    /// Papers by place, with their rank.
    pub listed: Vec<(usize, i32)>,
    pub new: Vec<usize>,
    pub curated: Vec<usize>,
}

/// Everything that will be written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Of the archive, when the plan was made.
    pub version: i64,
    /// Rows that give way to others, in order.
    pub unions: Vec<(i64, i64)>,
    /// Of each row that takes others in: when its papers arrived, and as what.
    pub arrivals: Vec<(i64, Vec<(i64, String)>)>,
    pub papers: Vec<Planned>,
    pub batches: Vec<PlannedBatch>,
    pub outcome: Outcome,
}

impl Plan {
    pub async fn make(tx: &mut PgConnection, reports: &Reports, curated: &[String]) -> sqlx::Result<Self> {
        let known = Known::load(tx, reports, curated).await?;
        Ok(Self::of(reports, &known, curated.contains(&reports.source)))
    }

    /// Whether there is anything to write but validators.
    pub fn changes_papers(&self) -> bool {
        !self.unions.is_empty() || !self.batches.is_empty() || self.papers.iter().any(|paper| paper.changed)
    }

    /// The plan for `reports`, of a source that is curated or not.
    pub fn of(reports: &Reports, known: &Known, is_curated: bool) -> Self {
        let groups = resolve(reports, known);
        let mut plan = Self { version: known.version, ..Self::default() };
        let mut states = Vec::with_capacity(groups.groups.len());
        for place in 0..groups.groups.len() {
            states.push(plan.add_paper(place, reports, known, &groups));
        }
        let mut counted = HashSet::new();
        for (day, history, listed) in &reports.days {
            let papers = distinct(listed.iter().map(|report| groups.of_report[*report]));
            let mut stored = Stored::default();
            plan.count(&papers, &mut counted, &mut stored, &groups);
            plan.add_day(*day, *history, &papers, &mut states, is_curated, &mut stored);
            plan.outcome.days.push((*day, stored));
        }
        let papers = distinct(reports.updates.iter().map(|report| groups.of_report[*report]));
        let mut updates = Stored::default();
        plan.count(&papers, &mut counted, &mut updates, &groups);
        plan.outcome.updates = updates;
        plan
    }

    /// Merges what is known and reported of one paper.
    fn add_paper(&mut self, place: usize, reports: &Reports, known: &Known, groups: &Groups) -> State {
        let group = &groups.groups[place];
        let mut rows: Vec<_> = group.rows.iter().map(|row| &known.papers[row]).collect();
        // The row whose identity is the best one keeps it; ids of rows only settle ties.
        rows.sort_by(|one, other| one.facts.id.precedence().cmp(&other.facts.id.precedence()).then(one.id.cmp(&other.id)));
        let survivor = rows.first();
        let told = group.reports.iter().map(|report| {
            let mut paper = reports.reports[*report].paper.clone();
            paper.set_identities(groups.identities[*report].clone());
            paper
        });
        let Some(mut facts) = rows.iter().map(|row| row.facts.clone()).chain(told).reduce(|mut known, told| {
            known.merge(told);
            known
        }) else {
            return State::default();
        };
        let identity = facts.id.clone();
        let noted: HashSet<PaperId> = rows.iter().flat_map(|row| row.facts.identities()).collect();
        let own = survivor.map(|row| row.facts.id.clone()).filter(|id| *id != identity);
        let aliases = facts.aliases.iter().filter(|id| !noted.contains(id)).cloned().chain(own).collect();
        let title_key = Likeness::of(&facts).map(|likeness| likeness.key());
        let counts = facts.take_counts();
        let before = survivor.map(|row| {
            let mut facts = row.facts.clone();
            (facts.take_counts(), facts)
        });
        let learnt = before.as_ref().is_none_or(|(_, before)| *before != facts);
        let revision = learnt.then(|| (survivor.map_or(1, |row| row.revision + 1), to_json(&facts)));
        let changed = learnt || before.is_none_or(|(before, _)| before != counts);
        self.papers.push(Planned { row: survivor.map(|row| row.id), identity, aliases, title_key, counts, revision, changed });

        let mut arrivals: Vec<(i64, String)> = group.rows.iter().filter_map(|row| known.arrivals.get(row)).flatten().cloned().collect();
        if let (Some(survivor), true) = (survivor, rows.len() > 1) {
            self.unions.extend(rows.iter().skip(1).map(|row| (row.id, survivor.id)));
            arrivals = united(arrivals);
            self.arrivals.push((survivor.id, arrivals.clone()));
        }
        State {
            arrived: !arrivals.is_empty(),
            chosen: arrivals.iter().any(|(_, kind)| kind == "curated") || group.rows.iter().any(|row| known.chosen.contains(row)),
            listed: group.rows.iter().filter_map(|row| known.listed.get(row)).flatten().copied().collect(),
        }
    }

    /// Counts what the papers of one list, or of the mentions, are to the archive; each paper once.
    fn count(&self, papers: &[usize], counted: &mut HashSet<usize>, stored: &mut Stored, groups: &Groups) {
        for place in papers {
            let paper = &self.papers[*place];
            if !counted.insert(*place) {
                stored.unchanged += 1;
                continue;
            }
            match (paper.row, &paper.revision, paper.changed) {
                (None, ..) => stored.new += 1,
                (Some(_), _, true) => stored.updated += 1,
                (Some(_), _, false) => stored.unchanged += 1,
            }
            stored.merged += groups.groups[*place].rows.len().saturating_sub(1);
        }
    }

    fn add_day(&mut self, day: NaiveDate, history: bool, papers: &[usize], states: &mut [State], is_curated: bool, stored: &mut Stored) {
        let place = self.outcome.days.len();
        let mut batch = PlannedBatch { place, day, history, listed: Vec::new(), new: Vec::new(), curated: Vec::new() };
        for (paper, rank) in papers.iter().zip(1i32..) {
            let state = &mut states[*paper];
            if !state.listed.insert(day) {
                continue;
            }
            batch.listed.push((*paper, rank));
            // History has no news, and takes none away: who is listed again among the news arrives then.
            if history {
                continue;
            }
            if !std::mem::replace(&mut state.arrived, true) {
                batch.new.push(*paper);
            } else if is_curated && !state.chosen {
                batch.curated.push(*paper);
            }
            state.chosen |= is_curated;
        }
        (stored.listed, stored.curated) = (batch.listed.len(), batch.curated.len());
        if !batch.listed.is_empty() {
            self.batches.push(batch);
        }
    }
}

/// What has become of a paper so far.
#[derive(Debug, Default)]
struct State {
    /// Among the news of any source.
    arrived: bool,
    /// Among the news of a curated source.
    chosen: bool,
    /// The days this source listed it.
    listed: HashSet<NaiveDate>,
}

fn distinct(places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = HashSet::new();
    places.filter(|place| seen.insert(*place)).collect()
}

fn to_json(facts: &Paper) -> Box<RawValue> {
    serde_json::value::to_raw_value(facts).expect("a paper's facts are plain JSON")
}

/// The arrivals of several rows as those of one paper.
///
/// The very first stays `new`: nobody can have been sent the paper before. Every later `new` becomes `again`,
/// because whoever was sent the paper under its other identity must not get it twice, and whoever was not must
/// not miss it. Only the first `curated` is one.
fn united(mut arrivals: Vec<(i64, String)>) -> Vec<(i64, String)> {
    let weight = |kind: &str| ["new", "curated", "again"].iter().position(|one| *one == kind);
    arrivals.sort_by(|one, other| one.0.cmp(&other.0).then(weight(&one.1).cmp(&weight(&other.1))));
    arrivals.dedup_by_key(|arrival| arrival.0);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (place, (_, kind)) in arrivals.iter_mut().enumerate() {
        let before = seen.entry(kind.clone()).or_default();
        if (kind == "new" && place > 0) || (kind == "curated" && *before > 0) {
            "again".clone_into(kind);
        } else {
            *before += 1;
        }
    }
    arrivals
}

#[cfg(test)]
mod tests;
