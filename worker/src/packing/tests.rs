use super::*;

#[test]
fn it_rests_for_longer_than_it_works_unless_memory_is_short() {
    let took = Duration::from_millis(20);
    assert_eq!(rest_after(Step::Went, took, false), Duration::from_millis(80));
    assert_eq!(rest_after(Step::Went, took, true), Duration::ZERO);
    assert_eq!(rest_after(Step::Idle, took, true), EVERY);
}
