use super::*;

#[test]
fn what_was_packed_as_soon_as_it_could_be_is_not_overdue() {
    let full = |now| overdue(now, (500_000, 1_000_000), false);
    assert_eq!(full(1_059_000), Duration::ZERO);
    assert_eq!(full(1_075_000), Duration::from_secs(15));
    assert_eq!(full(900_000), Duration::ZERO, "a clock was set back");
    // What makes no full block waits for an hour.
    let little = |now| overdue(now, (500_000, 1_000_000), true);
    assert_eq!(little(4_100_000), Duration::ZERO);
    assert_eq!(little(4_115_000), Duration::from_secs(15));
}
