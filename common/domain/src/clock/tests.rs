use super::*;
use proptest::prelude::*;

#[test]
fn any_offset_comes_in_and_utc_with_three_decimals_goes_out() {
    for (given, written) in [
        ("2026-03-26T15:30:00Z", "2026-03-26T15:30:00.000Z"),
        ("2026-03-26T16:30:00.1234567+01:00", "2026-03-26T15:30:00.123Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
    ] {
        assert_eq!(given.parse::<Timestamp>().unwrap().to_string(), written);
    }
}

#[test]
fn other_texts_are_refused() {
    for bad in [
        "",
        "yesterday",
        "2026-03-26",
        "2026-03-26T15:30:00",
        "1774539000",
        "1969-12-31T23:59:59Z",
    ] {
        assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
    }
}

#[test]
fn what_a_time_lacks_is_told() {
    for (bad, lack) in [
        ("2026-03-26T15:30Z", InvalidTimestamp::NoSeconds),
        ("2026-03-26T15:30+02:00", InvalidTimestamp::NoSeconds),
        ("2026-03-26T15:30:00", InvalidTimestamp::NoOffset),
        ("2026-03-26T15:30:00.5", InvalidTimestamp::NoOffset),
        ("2026-03-26T15:30", InvalidTimestamp::Other),
        ("2026-03-26", InvalidTimestamp::Other),
        ("1969-12-31T23:59:59Z", InvalidTimestamp::Other),
        ("2026-03-26T15:3éZ", InvalidTimestamp::Other),
        ("", InvalidTimestamp::Other),
    ] {
        assert_eq!(bad.parse::<Timestamp>(), Err(lack), "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_written_can_be_read(millis in 0_i64..=LAST_MS) {
        let time = Timestamp::from_millis(millis).unwrap();
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }
}
