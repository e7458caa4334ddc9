use std::time::{Duration, Instant};

use store::shards::Shard;

use crate::metrics::Metrics;

const ONE: Shard = Shard { number: 0, of: 2 };
const OTHER: Shard = Shard { number: 1, of: 2 };

#[test]
fn it_is_the_time_since_when_something_was_left_without_a_break() {
    let metrics = Metrics::new().unwrap();
    let due = &metrics.due;
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let value = |now| {
        due.measure(now, false);
        due.seconds.get()
    };
    assert!(value(at(0)).abs() < f64::EPSILON);
    due.left(ONE, true, at(1));
    due.left(ONE, true, at(5));
    assert!((value(at(9)) - 8.0).abs() < 1e-9);
    due.left(ONE, false, at(10));
    assert!(value(at(11)).abs() < f64::EPSILON);
    due.left(ONE, true, at(12));
    assert!((value(at(13)) - 1.0).abs() < 1e-9);
    due.measure(at(13), true);
    assert!(
        due.seconds.get() > f64::MAX,
        "a drained worker takes nothing, and says nothing of how much is due"
    );
    // Another shard in which nothing is left says nothing of this one.
    due.left(OTHER, false, at(14));
    assert!((value(at(15)) - 3.0).abs() < 1e-9);
}
