use std::io;
use std::sync::Arc;

use super::*;

fn error() -> SharedError {
    SharedError(Arc::new(io::Error::other("nobody knows")))
}

#[test]
fn a_failure_is_remembered_for_as_long_as_it_took_between_one_second_and_five() {
    let start = Instant::now();
    for (took, remembered) in [
        (0, 1_000),
        (999, 1_000),
        (2_500, 2_500),
        (5_000, 5_000),
        (60_000, 5_000),
    ] {
        let mut failures = Failures::default();
        failures.remember(
            "a.example".to_owned(),
            error(),
            Duration::from_millis(took),
            start,
        );
        let end = start + Duration::from_millis(remembered);
        let known = failures.of("a.example", end - Duration::from_millis(1)).unwrap();
        assert_eq!(known.to_string(), "nobody knows");
        assert!(failures.of("b.example", start).is_none());
        assert!(failures.of("a.example", end).is_none(), "{took}");
    }
}

#[test]
fn an_endpoint_rests_until_its_name_may_be_asked_for_and_no_two_for_as_long() {
    for (took, jitter, rests) in [
        (0, 0.0, 1_000),
        (0, 0.25, 1_250),
        (2_500, 0.5, 3_750),
        (60_000, 0.0, 5_000),
        (60_000, 1.0, 10_000),
    ] {
        let rest = rests_for(Duration::from_millis(took), jitter);
        assert_eq!(rest, Duration::from_millis(rests), "{took} {jitter}");
    }
}

#[test]
fn the_memory_has_a_bound() {
    let mut failures = Failures::default();
    let now = Instant::now();
    for number in 0..=MAX_REMEMBERED {
        failures.remember(format!("{number}.example"), error(), LONGEST, now);
    }
    assert_eq!(failures.0.len(), 1);
    assert!(failures.of(&format!("{MAX_REMEMBERED}.example"), now).is_some());
}
