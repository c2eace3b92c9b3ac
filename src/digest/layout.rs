//! The choice for one reader. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{Content, Entry, Section, Window};
use crate::archive::Arrived;
use crate::filter::{NamedFilter, Ranking, Standing};
use crate::matching::{Catalogue, Compiled, Matcher};

/// Filters with their programs.
pub type Filters = Vec<(NamedFilter, Compiled)>;

/// The programs of stored filters. A filter that the language no longer takes is left out and told in the log: one bad row must
/// not cost its reader the digest.
pub fn compile(catalogue: &Catalogue, subscriber_id: i64, filters: &[NamedFilter]) -> Filters {
    let compile = |named: &NamedFilter| match catalogue.compile(&named.query) {
        Ok(compiled) => Some((named.clone(), compiled)),
        Err(error) => {
            tracing::error!(subscriber_id, column = error.column(), "a stored filter is no longer understood");
            None
        }
    };
    filters.iter().filter_map(compile).collect()
}

/// A window, and what runs the filters of one catalogue over it.
pub struct Searched<'a> {
    window: &'a Window,
    matcher: Matcher<'a>,
}

impl<'a> Searched<'a> {
    /// Makes `window` ready for the filters of `catalogue`.
    pub fn new(window: &'a Window, catalogue: &'a Catalogue) -> Self {
        Self { window, matcher: window.index.matcher(catalogue) }
    }

    fn find(&mut self, wanted: &Wanted<'_>, filter: &Compiled) -> Vec<Found<'a>> {
        let papers = &self.window.papers;
        let is_wanted = |ordinal: &u32| is_news(&papers[*ordinal as usize], wanted);
        let ordinals: Vec<u32> = self.matcher.matches(filter).iter().copied().filter(is_wanted).collect();
        let relevance = self.matcher.relevance(filter, &ordinals);
        let found = ordinals.into_iter().zip(relevance);
        found.map(|(ordinal, relevance)| Found::new(&papers[ordinal as usize], relevance)).collect()
    }
}

/// What one reader wants of a window.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// In the order of the digest; none means the trending papers.
    pub filters: &'a [(NamedFilter, Compiled)],
    /// Shown in the mail at most.
    pub max_papers: usize,
    /// In which order the papers of one filter come.
    pub ranking: Ranking,
    /// Papers this reader got before.
    pub sent: &'a HashSet<i64>,
}

/// The most papers of a section that are kept for the web copy; a filter that matches thousands
/// says how many more there are.
const MAX_KEPT: usize = 200;

struct Found<'a> {
    arrived: &'a Arrived,
    standing: Standing,
}

impl<'a> Found<'a> {
    fn new(arrived: &'a Arrived, relevance: f32) -> Self {
        let Arrived { paper, key, .. } = arrived;
        Self { arrived, standing: Standing { relevance, upvotes: paper.upvotes, published: paper.published, paper: key.0 } }
    }
}

/// Lays out the digest of one reader: a section for each filter in their order, best papers first;
/// a paper that several filters found stands once, under the first, with the others named.
///
/// Known papers count only when this reader was not sent them. Filters on changing facts look at
/// `recent` too, where such a fact may have become true since a paper arrived.
pub fn lay_out<'a, 'b: 'a>(window: &mut Searched<'a>, recent: Option<&mut Searched<'b>>, wanted: &Wanted<'_>) -> Content {
    let mut sections = if wanted.filters.is_empty() { trending(window.window, wanted) } else { filtered(window, recent, wanted) };
    let shown = share(&sections.iter().map(|section| section.papers.len()).collect::<Vec<_>>(), wanted.max_papers);
    for (section, shown) in sections.iter_mut().zip(shown) {
        section.shown = shown;
    }
    Content { note: None, sections }
}

fn is_news(arrived: &Arrived, wanted: &Wanted<'_>) -> bool {
    arrived.new || !wanted.sent.contains(&arrived.key.0)
}

fn trending(window: &Window, wanted: &Wanted<'_>) -> Vec<Section> {
    let mut papers: Vec<&Arrived> = window.papers.iter().filter(|arrived| arrived.curated && is_news(arrived, wanted)).collect();
    papers.sort_by_key(|arrived| (Reverse(arrived.paper.upvotes), arrived.key.0));
    let entries = papers
        .iter()
        .map(|arrived| Entry { paper: arrived.key.0, revision: arrived.key.1, upvotes: arrived.paper.upvotes, also: Vec::new() })
        .collect();
    section(None, None, entries).into_iter().collect()
}

fn filtered<'a, 'b: 'a>(window: &mut Searched<'a>, mut recent: Option<&mut Searched<'b>>, wanted: &Wanted<'_>) -> Vec<Section> {
    let found: Vec<Vec<Found<'_>>> =
        wanted.filters.iter().map(|(_, filter)| matches(window, recent.as_deref_mut(), wanted, filter)).collect();
    let mut first: HashMap<i64, usize> = HashMap::new();
    let mut also: HashMap<i64, Vec<String>> = HashMap::new();
    for (place, papers) in found.iter().enumerate() {
        for paper in papers {
            let id = paper.arrived.key.0;
            if *first.entry(id).or_insert(place) != place {
                also.entry(id).or_default().push(wanted.filters[place].0.name.clone());
            }
        }
    }
    let mut sections = Vec::new();
    for (place, papers) in found.into_iter().enumerate() {
        let own = papers.iter().filter(|paper| first[&paper.arrived.key.0] == place).map(|paper| {
            let (upvotes, (paper, revision)) = (paper.arrived.paper.upvotes, paper.arrived.key);
            Entry { paper, revision, upvotes, also: also.remove(&paper).unwrap_or_default() }
        });
        let named = &wanted.filters[place].0;
        sections.extend(section(Some(named.name.clone()), Some(named.query.clone()), own.collect()));
    }
    sections
}

/// What one filter finds, best first by the reader's ranking.
fn matches<'a, 'b: 'a>(
    window: &mut Searched<'a>,
    recent: Option<&mut Searched<'b>>,
    wanted: &Wanted<'_>,
    filter: &Compiled,
) -> Vec<Found<'a>> {
    let mut found: Vec<Found<'a>> = window.find(wanted, filter);
    if let Some(recent) = recent.filter(|_| filter.depends_on_changing_facts()) {
        let known: HashSet<i64> = found.iter().map(|paper| paper.arrived.key.0).collect();
        found.extend(recent.find(wanted, filter).into_iter().filter(|paper| !known.contains(&paper.arrived.key.0)));
    }
    found.sort_by(|a, b| wanted.ranking.compare(&a.standing, &b.standing));
    found
}

fn section(name: Option<String>, query: Option<String>, mut papers: Vec<Entry>) -> Option<Section> {
    let more = papers.len().saturating_sub(MAX_KEPT);
    papers.truncate(MAX_KEPT);
    (!papers.is_empty()).then_some(Section { name, query, papers, shown: 0, more })
}

/// Shares `total` places among sections of the given sizes, one each in turn, so that a broad first
/// filter does not crowd out the others.
fn share(sizes: &[usize], total: usize) -> Vec<usize> {
    let mut shares = vec![0; sizes.len()];
    let mut left = total.min(sizes.iter().sum());
    while left > 0 {
        for (share, size) in shares.iter_mut().zip(sizes) {
            if left > 0 && *share < *size {
                *share += 1;
                left -= 1;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::{Paper, PaperId};

    fn arrived(id: i64, title: &str, upvotes: u32, new: bool, curated: bool) -> Arrived {
        let paper_id = PaperId::parse(&format!("9901.{id:05}")).unwrap();
        Arrived { key: (id, 1), paper: Paper { upvotes: Some(upvotes), ..Paper::new(paper_id, title) }, new, curated }
    }

    /// What readers who were sent `sent` find in `window`, and in the days before where there are some.
    fn laid_out(window: &Window, recent: Option<&Window>, queries: &[&str], max_papers: usize, sent: &HashSet<i64>) -> Content {
        let catalogue = Catalogue::default();
        let filters = compile(&catalogue, 1, &queries.iter().map(|query| NamedFilter::from_query(query)).collect::<Vec<_>>());
        let mut recent = recent.map(|recent| Searched::new(recent, &catalogue));
        lay_out(
            &mut Searched::new(window, &catalogue),
            recent.as_mut(),
            &Wanted { filters: &filters, max_papers, ranking: Ranking::Relevance, sent },
        )
    }

    fn ids(content: &Content) -> Vec<Vec<i64>> {
        content.sections.iter().map(|section| section.papers.iter().map(|entry| entry.paper).collect()).collect()
    }

    #[test]
    fn places_are_shared_in_turn() {
        let check = |sizes: &[usize], total: usize, expect: &[usize]| assert_eq!(share(sizes, total), expect, "{sizes:?} {total}");
        check(&[], 5, &[]);
        check(&[10], 5, &[5]);
        check(&[10, 1, 10], 5, &[2, 1, 2]);
        check(&[2, 2], 100, &[2, 2]);
        check(&[3, 3], 0, &[0, 0]);
    }

    #[test]
    fn without_filters_the_curated_papers_come_by_votes() {
        let window = Window::new(vec![
            arrived(1, "One", 3, true, true),
            arrived(2, "Two", 9, true, false),
            arrived(3, "Three", 8, true, true),
            arrived(4, "Four", 9, false, true),
        ]);
        let sent = HashSet::from([4]);
        let content = laid_out(&window, None, &[], 1, &sent);
        assert_eq!(ids(&content), [[3, 1]]);
        assert_eq!(content.sections[0].shown, 1);
    }

    #[test]
    fn a_paper_stands_once_under_its_first_filter_with_the_others_named() {
        let window = Window::new(vec![arrived(1, "Robot diffusion", 0, true, false), arrived(2, "Robot hands", 5, true, false)]);
        let content = laid_out(&window, None, &["diffusion", "robot", "fish"], 20, &HashSet::new());
        assert_eq!(ids(&content), [vec![1], vec![2]]);
        assert_eq!(content.sections[0].papers[0].also, ["robot"]);
        assert_eq!(content.sections[1].name.as_deref(), Some("robot"));
    }

    #[test]
    fn a_known_paper_comes_only_to_those_who_did_not_have_it() {
        let window = Window::new(vec![arrived(1, "Robot hands", 0, false, true)]);
        let had = HashSet::from([1]);
        let check = |sent: &HashSet<i64>, expect: usize| {
            assert_eq!(laid_out(&window, None, &["robot"], 20, sent).papers().count(), expect);
        };
        check(&HashSet::new(), 1);
        check(&had, 0);
    }

    #[test]
    fn a_filter_on_votes_finds_a_paper_that_earned_them_later() {
        let window = Window::new(Vec::new());
        let recent = Window::new(vec![arrived(1, "Robot hands", 12, false, true), arrived(2, "Robot feet", 2, false, true)]);
        let content = laid_out(&window, Some(&recent), &["robot upvotes:>=10", "robot"], 20, &HashSet::new());
        assert_eq!(ids(&content), [vec![1]]);
    }
}
