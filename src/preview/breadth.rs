//! How much a filter brings.

/// From this share of all papers on, a filter hardly chooses.
const BROAD_SHARE: f64 = 0.25;
/// Fewer papers than this are no burden, whatever share they are.
const BURDEN: usize = 10;
/// More papers a day than a mail shows unless its reader says otherwise.
const BROAD_A_DAY: f64 = 20.0;

/// The figures of one filter over some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breadth {
    /// Papers it finds.
    pub hits: usize,
    /// Papers there are.
    pub papers: usize,
    /// Days on which papers were listed.
    pub listing_days: usize,
    /// Days of the calendar, weekends included.
    pub calendar_days: usize,
}

impl Breadth {
    /// The part of all papers, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.papers == 0 { 0.0 } else { self.hits as f64 / self.papers as f64 }
    }

    /// Papers on a day that has papers.
    pub fn a_day(&self) -> f64 {
        if self.listing_days == 0 { 0.0 } else { self.hits as f64 / self.listing_days as f64 }
    }

    /// The share in words: `41 %`. Only nothing is 0 %, only all is 100 %.
    pub fn percent(&self) -> String {
        let percent = (self.share() * 100.0).round();
        match self.hits {
            0 => "0 %".to_owned(),
            hits if hits == self.papers => "100 %".to_owned(),
            _ if percent < 1.0 => "less than 1 %".to_owned(),
            _ if percent > 99.0 => "more than 99 %".to_owned(),
            _ => format!("{percent} %"),
        }
    }

    /// How often a paper comes, in the largest unit that has at least one: `about 3 papers a day`. None where nothing
    /// was found, or where a week is not over yet.
    pub fn pace(&self) -> Option<String> {
        const ENOUGH: usize = 7;
        if self.hits == 0 || self.calendar_days < ENOUGH {
            return None;
        }
        let a_week = self.hits as f64 * 7.0 / self.calendar_days as f64;
        let a_month = self.hits as f64 * 30.0 / self.calendar_days as f64;
        let units = [(self.a_day(), "day"), (a_week, "week"), (a_month, "month")];
        let (number, unit) = units.into_iter().find(|(number, _)| number.round() >= 1.0).unwrap_or((1.0, "month"));
        let number = number.round();
        Some(format!("about {number} {} a {unit}", if number == 1.0 { "paper" } else { "papers" }))
    }

    /// Whether it brings so much that it hardly chooses.
    pub fn is_broad(&self) -> bool {
        let most = self.hits >= BURDEN && self.share() >= BROAD_SHARE;
        most || self.a_day() > BROAD_A_DAY
    }

    /// All of it in a sentence: `Matches 41 % of 823 papers, about 11 papers a day`.
    pub fn sentence(&self) -> String {
        let papers = |count: usize| if count == 1 { "paper" } else { "papers" };
        let pace = self.pace().map(|pace| format!(", {pace}")).unwrap_or_default();
        match self.hits {
            0 => format!("Matches none of {} {}", self.papers, papers(self.papers)),
            hits => format!("Matches {hits} of {} {} ({}){pace}", self.papers, papers(self.papers), self.percent()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(hits: usize, papers: usize) -> Breadth {
        Breadth { hits, papers, listing_days: 21, calendar_days: 30 }
    }

    #[test]
    fn breadth_is_told_in_words() {
        let check = |hits, papers, percent: &str, pace: Option<&str>| {
            let breadth = month(hits, papers);
            assert_eq!((breadth.percent().as_str(), breadth.pace().as_deref()), (percent, pace), "{hits} of {papers}");
        };
        check(0, 0, "0 %", None);
        check(0, 800, "0 %", None);
        check(1, 800, "less than 1 %", Some("about 1 paper a month"));
        check(9, 800, "1 %", Some("about 2 papers a week"));
        check(20, 800, "3 %", Some("about 1 paper a day"));
        check(337, 823, "41 %", Some("about 16 papers a day"));
        check(799, 800, "more than 99 %", Some("about 38 papers a day"));
        check(800, 800, "100 %", Some("about 38 papers a day"));
        assert_eq!(month(337, 823).sentence(), "Matches 337 of 823 papers (41 %), about 16 papers a day");
        assert_eq!(month(0, 1).sentence(), "Matches none of 1 paper");
    }

    #[test]
    fn a_filter_is_broad_by_its_share_or_by_its_number() {
        assert!(month(337, 823).is_broad() && month(500, 9_000).is_broad());
        assert!(!month(9, 20).is_broad() && !month(200, 823).is_broad() && !month(0, 0).is_broad());
    }

    proptest! {
        #[test]
        fn figures_stay_within_what_they_count(papers in 0_usize..20_000, part in 0.0_f64..=1.0, listing in 0_usize..=30, calendar in 30_usize..400) {
            let hits = (papers as f64 * part) as usize;
            let breadth = Breadth { hits, papers, listing_days: if papers == 0 { 0 } else { listing.max(1) }, calendar_days: calendar };
            prop_assert!((0.0..=1.0).contains(&breadth.share()));
            prop_assert!(breadth.a_day() <= hits as f64);
            prop_assert_eq!(breadth.percent() == "0 %", hits == 0);
            prop_assert_eq!(breadth.percent() == "100 %", hits > 0 && hits == papers);
            prop_assert_eq!(breadth.pace().is_some(), hits > 0);
            if let Some(pace) = breadth.pace() {
                let number: f64 = pace.split(' ').nth(1).unwrap().parse().unwrap();
                prop_assert!(number >= 1.0 && number <= (hits as f64).max(1.0), "{} of {}", pace, hits);
            }
        }
    }
}
