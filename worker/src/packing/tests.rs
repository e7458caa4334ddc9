use super::*;

#[test]
fn it_rests_for_longer_than_it_works_unless_memory_is_short() {
    let took = Duration::from_millis(20);
    assert_eq!(rest_after(Step::Went, took, false), Duration::from_millis(80));
    assert_eq!(rest_after(Step::Went, took, true), Duration::ZERO);
    assert_eq!(rest_after(Step::Idle, took, true), EVERY);
}

#[test]
fn what_was_packed_as_soon_as_it_could_be_is_not_behind() {
    assert_eq!(behind(Duration::from_secs(59)), Duration::ZERO);
    assert_eq!(behind(Duration::from_secs(75)), Duration::from_secs(15));
}
