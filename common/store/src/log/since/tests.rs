use super::*;

#[test]
fn a_time_is_complete_if_none_of_its_entries_can_have_gone() {
    for (place, time) in [("1000-0", 1000), ("1000-1", 1001), ("1000-99", 1001)] {
        let place: EntryId = place.parse().unwrap();
        assert_eq!(place.complete_from().as_millis(), time, "{place}");
    }
    let place = after(999).unwrap();
    assert_eq!(
        (place.to_string().as_str(), place.complete_from().as_millis()),
        ("1000-0", 1000)
    );
    assert_eq!(after(u64::MAX), None);
}
