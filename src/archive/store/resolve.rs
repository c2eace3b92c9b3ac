//! Who is who: which reports and which known rows are one paper. Pure.

use std::collections::HashMap;

use super::known::Known;
use super::{Report, Reports};
use crate::paper::{LIKENESS_DAYS, Likeness, PaperId, may_be_alike, may_share};

/// One paper: the rows that are known of it, oldest first, and the reports that speak of it, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub rows: Vec<i64>,
    pub reports: Vec<usize>,
}

/// The outcome for a set of reports.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    /// In the order of their first reports.
    pub groups: Vec<Group>,
    /// Which group each report belongs to.
    pub of_report: Vec<usize>,
    /// Each report's identities, without those that belong to another paper.
    pub identities: Vec<Vec<PaperId>>,
}

/// Equal titles that are compared with each other.
const MAX_COMPARED: usize = 8;

/// First the identities are followed, then, for what they leave apart, title and author.
///
/// An identity that two papers claim which cannot be one stays with the one that had it first.
pub(super) fn resolve(reports: &Reports, known: &Known) -> Groups {
    let mut sets = Sets::default();
    let mut owner: HashMap<PaperId, usize> = HashMap::new();
    let mut nodes: HashMap<i64, usize> = HashMap::new();
    let mut rows: Vec<i64> = known.papers.keys().copied().collect();
    rows.sort_unstable();
    for row in &rows {
        nodes.insert(*row, sets.add(known.papers[row].facts.identities()));
    }
    owner.extend(known.names.iter().filter_map(|(id, row)| Some((id.clone(), *nodes.get(row)?))));
    let first_report = rows.len();
    let mut identities = Vec::with_capacity(reports.reports.len());
    for report in &reports.reports {
        let node = sets.add(Vec::new());
        let mut kept = Vec::new();
        for id in report.paper.identities() {
            let at = *owner.entry(id.clone()).or_insert(node);
            if sets.may_join(at, node, may_share) {
                sets.join(at, node);
                sets.name(node, &id);
                kept.push(id);
            }
        }
        identities.push(kept);
    }
    for (report, other) in look_alikes(reports, known) {
        let node = first_report + report;
        let other = match other {
            Like::Row(row) => nodes[&row],
            Like::Report(other) => first_report + other,
        };
        if sets.may_join(other, node, may_be_alike) {
            sets.join(other, node);
        }
    }
    let mut groups = Groups { identities, ..Groups::default() };
    let mut places: HashMap<usize, usize> = HashMap::new();
    for report in 0..reports.reports.len() {
        let root = sets.root(first_report + report);
        let at = *places.entry(root).or_insert(groups.groups.len());
        if at == groups.groups.len() {
            groups.groups.push(Group::default());
        }
        groups.groups[at].reports.push(report);
        groups.of_report.push(at);
    }
    for row in rows {
        if let Some(at) = places.get(&sets.root(nodes[&row])) {
            groups.groups[*at].rows.push(row);
        }
    }
    groups
}

enum Like {
    Row(i64),
    Report(usize),
}

/// Reports and what resembles them, among rows and earlier reports.
fn look_alikes<'a>(reports: &'a Reports, known: &'a Known) -> impl Iterator<Item = (usize, Like)> + 'a {
    let rows = known.alike.iter().filter_map(|(report, row)| {
        let likeness = Likeness::of(&known.papers.get(row)?.facts)?;
        reports.reports[*report].likeness.as_ref()?.resembles(&likeness).then_some((*report, Like::Row(*row)))
    });
    let mut earlier: HashMap<i64, Vec<usize>> = HashMap::new();
    let mut pairs = Vec::new();
    for (place, report) in reports.reports.iter().enumerate().filter(|(_, report)| !report.days.is_empty()) {
        let Some(likeness) = &report.likeness else { continue };
        let same = earlier.entry(likeness.key()).or_default();
        let alike = same.iter().filter(|other| resemble(report, &reports.reports[**other]));
        pairs.extend(alike.map(|other| (place, Like::Report(*other))));
        if same.len() < MAX_COMPARED {
            same.push(place);
        }
    }
    rows.chain(pairs)
}

fn resemble(one: &Report, other: &Report) -> bool {
    let near = one.days.iter().any(|day| other.days.iter().any(|with| (*day - *with).num_days().abs() <= i64::from(LIKENESS_DAYS)));
    near && matches!((&one.likeness, &other.likeness), (Some(one), Some(other)) if one.resembles(other))
}

/// Disjoint sets of papers' records, each with its identities.
#[derive(Default)]
struct Sets {
    parent: Vec<usize>,
    ids: Vec<Vec<PaperId>>,
}

impl Sets {
    fn add(&mut self, ids: Vec<PaperId>) -> usize {
        self.parent.push(self.parent.len());
        self.ids.push(ids);
        self.parent.len() - 1
    }

    fn root(&self, mut node: usize) -> usize {
        while self.parent[node] != node {
            node = self.parent[node];
        }
        node
    }

    fn name(&mut self, node: usize, id: &PaperId) {
        let root = self.root(node);
        if !self.ids[root].contains(id) {
            self.ids[root].push(id.clone());
        }
    }

    fn may_join(&self, one: usize, other: usize, allowed: fn(&[PaperId], &[PaperId]) -> bool) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        one == other || allowed(&self.ids[one], &self.ids[other])
    }

    /// The set that was there first takes the other one in.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let (into, from) = (one.min(other), one.max(other));
            let ids = std::mem::take(&mut self.ids[from]);
            self.ids[into].extend(ids);
            self.parent[from] = into;
        }
    }
}
