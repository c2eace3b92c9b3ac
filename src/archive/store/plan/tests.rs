use super::*;
use crate::archive::store::known::KnownPaper;
use crate::archive::{Day, Incoming};
use crate::paper::Authority;

fn paper(ids: &[&str], title: &str) -> Paper {
    let ids: Vec<PaperId> = ids.iter().map(|id| id.parse().unwrap()).collect();
    Paper { aliases: ids[1..].to_vec(), authors: vec!["Mara Lind".into()], ..Paper::new(ids[0].clone(), title) }
}

fn day(day: &str, history: bool, papers: Vec<Paper>) -> Day {
    Day { day: day.parse().unwrap(), papers, history }
}

fn reports(days: Vec<Day>, updates: Vec<Paper>) -> Reports {
    let incoming = Incoming { source: "feed".into(), authority: Authority::Feed, days, updates, validators: Vec::new() };
    let mut pieces = Reports::of(incoming);
    assert_eq!(pieces.len(), 1);
    pieces.remove(0)
}

/// An archive in which each of `rows` is a paper of its own.
fn known(rows: &[(i64, Paper)]) -> Known {
    let mut known = Known::default();
    for (id, facts) in rows {
        let facts = facts.clone().reported_by("other", Authority::Crossref);
        known.names.extend(facts.identities().into_iter().map(|name| (name, *id)));
        known.papers.insert(*id, KnownPaper { id: *id, revision: 1, facts });
    }
    known
}

/// Each batch as day, how many it lists, its `new` and its `curated` papers by place.
fn batches(plan: &Plan) -> Vec<(String, usize, Vec<usize>, Vec<usize>)> {
    plan.batches.iter().map(|batch| (batch.day.to_string(), batch.listed.len(), batch.new.clone(), batch.curated.clone())).collect()
}

const MONDAY: &str = "2026-01-12";
const TUESDAY: &str = "2026-01-13";
const TITLE: &str = "Tides: a harbour that measures itself";

#[test]
fn the_arrivals_of_two_rows_are_those_of_one_paper() {
    let check = |input: &[(i64, &str)], expect: &[(i64, &str)]| {
        let owned = |all: &[(i64, &str)]| all.iter().map(|(batch, kind)| (*batch, (*kind).to_owned())).collect::<Vec<_>>();
        assert_eq!(united(owned(input)), owned(expect), "{input:?}");
    };
    check(&[], &[]);
    check(&[(10, "new")], &[(10, "new")]);
    check(&[(12, "new"), (10, "new")], &[(10, "new"), (12, "again")]);
    check(&[(10, "new"), (14, "curated"), (12, "new"), (16, "curated")], &[(10, "new"), (12, "again"), (14, "curated"), (16, "again")]);
    check(&[(10, "curated"), (12, "new")], &[(10, "curated"), (12, "again")]);
    check(&[(10, "new"), (10, "new")], &[(10, "new")]);
    check(&[(10, "curated"), (10, "new")], &[(10, "new")]);
    check(&[(10, "new"), (12, "again"), (14, "new")], &[(10, "new"), (12, "again"), (14, "again")]);
}

#[test]
fn a_paper_arrives_with_its_first_listing_among_the_news() {
    let one = paper(&["9901.00001"], "One");
    let listed = reports(vec![day(MONDAY, true, vec![one.clone()]), day(TUESDAY, false, vec![one.clone()])], vec![]);
    let plan = Plan::of(&listed, &Known::default(), true);
    assert_eq!(batches(&plan), [(MONDAY.into(), 1, vec![], vec![]), (TUESDAY.into(), 1, vec![0], vec![])]);
    assert_eq!(plan.outcome.days.iter().map(|(_, stored)| (stored.new, stored.unchanged)).collect::<Vec<_>>(), [(1, 0), (0, 1)]);

    let mut before = known(&[(7, one.clone())]);
    let plan =
        |known: &Known, curated: bool| batches(&Plan::of(&reports(vec![day(TUESDAY, false, vec![one.clone()])], vec![]), known, curated));
    assert_eq!(plan(&before, false), [(TUESDAY.into(), 1, vec![0], vec![])], "known from history only");
    before.arrivals.insert(7, vec![(3, "new".into())]);
    assert_eq!(plan(&before, false), [(TUESDAY.into(), 1, vec![], vec![])], "another source listed it before");
    assert_eq!(plan(&before, true), [(TUESDAY.into(), 1, vec![], vec![0])], "now it is chosen");
    before.chosen.insert(7);
    assert_eq!(plan(&before, true), [(TUESDAY.into(), 1, vec![], vec![])], "it was chosen before");
    before.listed.insert(7, vec![TUESDAY.parse().unwrap()]);
    assert_eq!(plan(&before, true), [], "nothing has changed");
}

#[test]
fn a_mention_adds_to_what_is_known_and_never_arrives() {
    let revised = Paper { version: Some(2), ..paper(&["9901.00001"], "One") };
    let plan = Plan::of(&reports(vec![], vec![revised.clone()]), &Known::default(), true);
    assert_eq!((plan.batches.len(), plan.papers.len(), plan.outcome.updates.new), (0, 1, 1));
    let plan = Plan::of(&reports(vec![], vec![revised]), &known(&[(7, paper(&["9901.00001"], "One"))]), true);
    assert_eq!((plan.batches.len(), plan.outcome.updates.updated), (0, 1));
    assert_eq!(plan.papers[0].revision.as_ref().map(|(number, _)| *number), Some(2));
    assert!(plan.papers[0].revision.as_ref().unwrap().1.get().contains(r#""version":2"#));
}

#[test]
fn a_record_that_names_two_rows_makes_them_one() {
    let mut before = known(&[(3, paper(&["10.1000/182"], "Journal")), (5, paper(&["9901.00001"], "Preprint"))]);
    before.arrivals.insert(3, vec![(1, "new".into())]);
    before.arrivals.insert(5, vec![(2, "new".into())]);
    let link = reports(vec![], vec![paper(&["10.1000/182", "9901.00001", "pmid:1234567"], "Journal")]);
    let plan = Plan::of(&link, &before, false);
    assert_eq!(plan.unions, [(3, 5)], "the better identity keeps its row");
    assert_eq!(plan.arrivals, [(5, vec![(1, "new".into()), (2, "again".into())])]);
    let united = &plan.papers[0];
    assert_eq!((united.row, united.identity.as_str()), (Some(5), "arxiv:9901.00001"));
    assert_eq!(united.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>(), ["pmid:1234567"], "the others lead there already");
    assert_eq!(plan.outcome.updates.merged, 1);
}

#[test]
fn a_better_identity_becomes_the_canonical_one() {
    let before = known(&[(3, paper(&["10.1000/182"], "Journal"))]);
    let plan = Plan::of(&reports(vec![], vec![paper(&["10.1000/182", "9901.00001"], "Journal")]), &before, false);
    let changed = &plan.papers[0];
    assert_eq!((changed.row, changed.identity.as_str(), plan.unions.len()), (Some(3), "arxiv:9901.00001", 0));
    assert_eq!(changed.aliases.iter().map(PaperId::as_str).collect::<Vec<_>>(), ["doi:10.1000/182"]);
}

#[test]
fn two_arxiv_papers_stay_two_whatever_they_claim_in_common() {
    let claimed = reports(vec![day(MONDAY, false, vec![paper(&["9901.00002", "10.1000/182"], "Part two")])], vec![]);
    let before = known(&[(3, paper(&["9901.00001", "10.1000/182"], "Part one"))]);
    let plan = Plan::of(&claimed, &before, false);
    assert_eq!((plan.unions.len(), plan.papers[0].row, plan.papers[0].aliases.len()), (0, None, 0));
    assert!(!plan.papers[0].revision.as_ref().unwrap().1.get().contains("10.1000/182"));
}

#[test]
fn records_that_look_alike_within_days_are_one_paper() {
    let post = paper(&["https://lab.example/tides"], TITLE);
    let mut before = known(&[(3, paper(&["9901.00001"], "TIDES: a harbour that measures itself."))]);
    let alone = reports(vec![day(MONDAY, false, vec![post.clone()])], vec![]);
    before.alike = vec![(0, 3)];
    let plan = Plan::of(&alone, &before, false);
    assert_eq!((plan.papers[0].row, plan.papers[0].identity.as_str()), (Some(3), "arxiv:9901.00001"));
    assert_eq!(plan.papers[0].aliases, std::slice::from_ref(&post.id));

    let stranger = Paper { authors: vec!["Teo Okafor".into()], ..post.clone() };
    assert_eq!(Plan::of(&reports(vec![day(MONDAY, false, vec![stranger])], vec![]), &before, false).papers[0].row, None);

    let together = |first: &str, second: &str| {
        let days = vec![day(first, false, vec![post.clone()]), day(second, false, vec![paper(&["10.1000/182"], TITLE)])];
        Plan::of(&reports(days, vec![]), &Known::default(), false).papers.len()
    };
    assert_eq!(together(MONDAY, "2026-01-22"), 1);
    assert_eq!(together(MONDAY, "2026-01-23"), 2, "the title is used again");
}

#[test]
fn lists_are_stored_whole_and_in_pieces() {
    let papers = |from: u32| (from..from + 1_500).map(|n| paper(&[&format!("9901.{n:05}")], "A")).collect::<Vec<_>>();
    let days = vec![day(MONDAY, false, papers(0)), day(TUESDAY, false, papers(1_500)), day("2026-01-14", false, papers(0)[..10].to_vec())];
    let pieces = Reports::of(Incoming { source: "x".into(), authority: Authority::File, days, updates: papers(4_000), validators: vec![] });
    assert_eq!(pieces.iter().map(|piece| piece.days.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pieces.iter().map(|piece| piece.updates.len()).collect::<Vec<_>>(), [0, 1_500]);
}
