use std::time::{Duration, Instant};

use crate::metrics::Metrics;

#[test]
fn it_is_the_time_since_when_something_was_left_without_a_break() {
    let metrics = Metrics::new().unwrap();
    let due = &metrics.due;
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let value = |now| {
        due.measure(now);
        due.seconds.get()
    };
    assert!(value(at(0)).abs() < f64::EPSILON);
    due.left(true, at(1));
    due.left(true, at(5));
    assert!((value(at(9)) - 8.0).abs() < 1e-9);
    due.left(false, at(10));
    assert!(value(at(11)).abs() < f64::EPSILON);
    due.left(true, at(12));
    assert!((value(at(13)) - 1.0).abs() < 1e-9);
}
