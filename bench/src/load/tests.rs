use super::*;

#[test]
fn the_promised_deliveries_are_added_up() {
    assert_eq!(promised(br#"{"id":"evt_1","deliveries":10}"#), 10);
    assert_eq!(
        promised(br#"{"results":[{"deliveries":1},{"deliveries":2,"x":0}]}"#),
        3
    );
    assert_eq!(promised(b"{}"), 0);
}

#[test]
fn what_was_refused_is_reported_with_a_bounded_number_of_reasons() {
    let mut pushed = Pushed::new();
    for number in 0..20 {
        pushed.count(1, 0, Err(format!("reason {number}")));
    }
    assert_eq!(pushed.refused.len(), 6);
    assert_eq!(pushed.refused.values().sum::<u64>(), 20);
    assert_eq!(pushed.refused["other"], 15);
}
