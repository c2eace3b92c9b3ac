use super::*;

#[test]
fn weekdays_are_read_in_common_spellings_and_printed_in_one() {
    let check =
        |input: &str, expect: &str| assert_eq!(Weekdays::parse(input).map(|days| days.to_string()).as_deref(), Ok(expect), "{input:?}");
    check("mon,tue", "mon,tue");
    check("Tuesday, MON", "mon,tue");
    check("mon-fri", "weekdays");
    check("weekdays", "weekdays");
    check("daily", "daily");
    check("weekdays weekend", "daily");
    check("sat-mon", "mon,sat,sun");
    check("Fridays", "fri");
    check(" sun ,, sun ", "sun");
}

#[test]
fn what_is_no_weekday_is_refused_with_advice() {
    assert_eq!(Weekdays::parse(" , "), Err(WeekdaysError::Empty));
    for input in ["mo", "1", "mon-", "-", "mon--tue", "funday", "mon,ﬁ"] {
        let error = Weekdays::parse(input).unwrap_err();
        assert!(error.to_string().contains("such as mon,thu"), "{input:?}: {error}");
    }
    assert_eq!((Weekdays::from_bits(0), Weekdays::from_bits(128)), (None, None));
}

#[test]
fn every_set_reads_back_from_its_text_and_its_bits() {
    for bits in 1..=DAILY {
        let days = Weekdays::from_bits(bits).unwrap();
        assert_eq!(Weekdays::parse(&days.to_string()), Ok(days));
        assert_eq!(serde_json::from_str::<Weekdays>(&serde_json::to_string(&days).unwrap()).unwrap(), days);
        assert_eq!((days.bits(), days.iter().count()), (bits, bits.count_ones() as usize));
    }
}

#[test]
fn hours_are_full_hours_of_a_day() {
    for (input, expect) in [
        ("7", Some(7)),
        ("07:00", Some(7)),
        (" 23 ", Some(23)),
        ("24", None),
        ("7:30", None),
        ("-1", None),
        ("+7", None),
        ("", None),
        (":00", None),
    ] {
        assert_eq!(input.parse::<Hour>().ok().map(Hour::get), expect, "{input:?}");
    }
    assert!(Hour::new(24).is_err());
    assert!(serde_json::from_str::<Hour>("24").is_err());
    assert_eq!(Hour::new(7).unwrap().to_string(), "07:00");
}
