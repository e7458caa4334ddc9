use super::*;

#[test]
fn as_many_are_kept_as_were_lately_in_use() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut demand = Demand::default();
    assert_eq!(demand.idle_at_most(at(0)), 1, "for the first one that comes");
    for _ in 0..8 {
        demand.begin(at(0));
    }
    assert_eq!((demand.in_use(), demand.idle_at_most(at(0))), (8, 0));
    for _ in 0..8 {
        demand.end();
    }
    assert_eq!(demand.idle_at_most(at(900)), 8);
    // From now on there are three at a time.
    for _ in 0..3 {
        demand.begin(at(1100));
    }
    assert_eq!(demand.idle_at_most(at(1200)), 5, "the span before counts");
    for _ in 0..3 {
        demand.end();
    }
    assert_eq!(demand.idle_at_most(at(2050)), 8);
    assert_eq!(demand.idle_at_most(at(2150)), 3, "and then no more");
    assert_eq!(demand.idle_at_most(at(10_000)), 1, "nobody came since");
}

#[test]
fn what_is_in_use_for_long_counts_in_each_span() {
    let start = Instant::now();
    let mut demand = Demand::default();
    for _ in 0..4 {
        demand.begin(start);
    }
    assert_eq!(demand.idle_at_most(start + Duration::from_secs(9)), 0);
    for _ in 0..4 {
        demand.end();
    }
    assert_eq!(demand.idle_at_most(start + Duration::from_secs(9)), 4);
}
