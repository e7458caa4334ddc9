use super::*;

fn at(hour: u64, minutes: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(hour * HOUR_MS + minutes * 60_000).unwrap_or(0)).unwrap_or_default()
}

#[test]
fn the_last_hour_is_this_one_and_a_part_of_the_one_before() {
    let (recent, hours) = (Some("100 8 4 !!!"), Some("98:1000:1000 99:20:10"));
    assert_eq!(last_hour(recent, hours, at(100, 30)), (18, 9));
    assert_eq!(last_hour(recent, hours, at(101, 45)), (2, 1));
    assert_eq!(last_hour(recent, hours, at(102, 0)), (0, 0));
    assert_eq!(last_hour(None, None, at(100, 0)), (0, 0));
    assert_eq!(last_hour(Some("what"), Some("ever"), at(100, 0)), (0, 0));
}
