//! Times and addresses as readers see them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

/// A moment on a reader's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Such as `Friday, 8 August 2025 at 07:00`.
    pub text: String,
    /// The zone, such as `America/New_York`.
    pub zone: String,
    /// The same for machines (RFC 3339).
    pub iso: String,
}

impl Moment {
    /// `at` on the clocks of `zone`.
    pub fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        let local = at.with_timezone(&zone);
        Self {
            text: local.format("%A, %-d %B %Y at %H:%M").to_string(),
            zone: zone.name().to_owned(),
            iso: local.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        }
    }
}

/// An address that its owner recognizes and others cannot use: `a…@example.org`.
pub fn mask_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().next().map(String::from).unwrap_or_default()),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_on_the_readers_clock() {
        let at = DateTime::from_timestamp(1_754_625_600, 0).unwrap();
        let moment = Moment::new(at, Tz::America__New_York);
        assert_eq!(moment.text, "Friday, 8 August 2025 at 00:00");
        assert_eq!(moment.zone, "America/New_York");
        assert_eq!(moment.iso, "2025-08-08T00:00:00-04:00");
    }

    #[test]
    fn a_masked_address_keeps_one_letter_and_the_domain() {
        for (address, expect) in [
            ("ada@example.org", "a…@example.org"),
            ("\"a@b\"@example.org", "\"…@example.org"),
            ("Ü@bücher.example", "Ü…@bücher.example"),
            ("@x", "…@x"),
            ("nobody", "…"),
        ] {
            assert_eq!(mask_address(address), expect);
        }
    }
}
