//! The fields that sign-up and preferences share, with their values and errors.

use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use super::problem::FilterProblem;

/// Regions of the IANA time zone database; names outside them are old aliases.
const REGIONS: [&str; 10] = ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// The zones proposed while typing. Any other name the database knows is taken too.
static ZONES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let in_region = |name: &&str| name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region));
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(in_region).chain(["Etc/UTC"]).collect()
});

/// A field with what was typed, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TextField {
    /// What stands in it, as typed.
    pub value: String,
    /// What is wrong and how to correct it.
    pub error: Option<String>,
}

impl TextField {
    /// A field without an error.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// The same field with an error beside it.
    pub fn with_error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }
}

/// One hour to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Hour {
    value: u8,
    label: String,
    selected: bool,
}

/// When the digest should come: hour and zone.
#[derive(Debug, Clone, Serialize)]
pub struct WhenFields {
    hours: Vec<Hour>,
    hour_error: Option<String>,
    zone: TextField,
    /// A script may put the browser's own zone in the place of a proposed one.
    zone_is_proposed: bool,
    #[serde(serialize_with = "all_zones")]
    zones: (),
}

impl WhenFields {
    /// A form for a new reader: the operator's hour (0 to 23) and zone, the latter only as a proposal.
    pub fn proposed(hour: u8, zone: impl Into<String>) -> Self {
        Self { zone_is_proposed: true, ..Self::chosen(hour, zone) }
    }

    /// A form with what a reader chose.
    pub fn chosen(hour: u8, zone: impl Into<String>) -> Self {
        let hours = (0..24).map(|value| Hour { value, label: format!("{value:02}:00"), selected: value == hour });
        Self { hours: hours.collect(), hour_error: None, zone: TextField::new(zone), zone_is_proposed: false, zones: () }
    }

    /// The same fields with an error beside the hour.
    pub fn with_hour_error(self, error: impl Into<String>) -> Self {
        Self { hour_error: Some(error.into()), ..self }
    }

    /// The same fields with an error beside the zone.
    pub fn with_zone_error(self, error: impl Into<String>) -> Self {
        Self { zone: self.zone.with_error(error), ..self }
    }
}

fn all_zones<S: Serializer>(_: &(), serializer: S) -> Result<S::Ok, S::Error> {
    ZONES.serialize(serializer)
}

/// The box to subscribe.
#[derive(Debug, Clone, Serialize)]
pub struct SubscribeForm {
    /// The email address.
    pub address: TextField,
    /// One filter a line; empty for the trending papers. Its error is one of the whole field.
    pub keywords: TextField,
    /// What is wrong with single filters.
    pub problems: Vec<FilterProblem>,
    /// When the digest should come.
    pub when: WhenFields,
}

impl SubscribeForm {
    /// An empty form that proposes an hour (0 to 23) and a zone.
    pub fn empty(hour: u8, zone: impl Into<String>) -> Self {
        let when = WhenFields::proposed(hour, zone);
        Self { address: TextField::default(), keywords: TextField::default(), problems: Vec::new(), when }
    }

    /// Whether any field has an error.
    pub fn has_errors(&self) -> bool {
        let errors = [&self.address.error, &self.keywords.error, &self.when.hour_error, &self.when.zone.error];
        !self.problems.is_empty() || errors.iter().any(|error| error.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zones_proposed_are_places_in_order_and_utc() {
        assert!(ZONES.contains(&"Europe/Berlin") && ZONES.contains(&"Asia/Kathmandu"));
        assert!(!ZONES.contains(&"US/Pacific") && !ZONES.contains(&"EST"));
        assert_eq!(ZONES.last(), Some(&"Etc/UTC"));
        assert!(ZONES[..ZONES.len() - 1].is_sorted());
    }

    #[test]
    fn exactly_the_chosen_hour_is_selected() {
        let selected = |hour| {
            WhenFields::chosen(hour, "UTC").hours.into_iter().filter(|hour| hour.selected).map(|hour| hour.value).collect::<Vec<_>>()
        };
        assert_eq!((selected(0), selected(23), selected(24)), (vec![0], vec![23], vec![]));
    }

    #[test]
    fn an_error_in_any_field_is_an_error_of_the_form() {
        let empty = SubscribeForm::empty(7, "Etc/UTC");
        assert!(!empty.has_errors());
        let problem = FilterProblem::new(Some(1), "(", 0..1, "close the parenthesis");
        for form in [
            SubscribeForm { address: TextField::new("x").with_error("no @"), ..empty.clone() },
            SubscribeForm { problems: vec![problem], ..empty.clone() },
            SubscribeForm { when: WhenFields::chosen(7, "Berlin").with_zone_error("Europe/Berlin"), ..empty.clone() },
            SubscribeForm { when: WhenFields::chosen(24, "UTC").with_hour_error("0 to 23"), ..empty },
        ] {
            assert!(form.has_errors());
        }
    }
}
