use super::*;

#[test]
fn what_was_packed_as_soon_as_it_could_be_is_not_overdue() {
    assert_eq!(overdue(1_059_000, 1_000_000), Duration::ZERO);
    assert_eq!(overdue(1_075_000, 1_000_000), Duration::from_secs(15));
    assert_eq!(
        overdue(1_000_000, 1_059_000),
        Duration::ZERO,
        "a clock was set back"
    );
}
