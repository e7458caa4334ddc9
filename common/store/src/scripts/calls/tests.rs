use super::*;

#[test]
fn calls_are_sorted_by_how_long_they_took_and_failures_are_counted() {
    let calls = Calls::new();
    assert_eq!(calls.seen("work"), None);
    let refused = StoreError::Unexpected("no".to_owned());
    let answered = StoreError::AccountMoved("elsewhere".to_owned());
    calls.note(Duration::from_millis(1), None);
    calls.note(Duration::from_millis(20), Some(&answered));
    calls.note(Duration::from_secs(3), Some(&refused));
    let seen = calls.seen("work").unwrap();
    assert_eq!(seen.within.map(|(_, count)| count), [1, 1, 1, 2, 2, 2]);
    assert_eq!((seen.count, seen.failed), (3, 1));
    assert_eq!(seen.took, Duration::from_millis(3021));
}
