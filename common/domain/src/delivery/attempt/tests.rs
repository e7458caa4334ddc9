use super::*;

#[test]
fn only_2xx_is_success_and_410_is_gone() {
    for status in 100..=599 {
        let expected = match status {
            200..=299 => None,
            300..=399 => Some(Failure::Redirect),
            410 => Some(Failure::Gone),
            _ => Some(Failure::Status),
        };
        assert_eq!(Failure::of_status(status), expected);
    }
}

#[test]
fn the_tenth_failure_exhausts_and_no_earlier_one() {
    let schedule = RetrySchedule::default();
    for attempt in 1..=9 {
        assert!(matches!(
            Verdict::of(Some(Failure::Status), attempt, &schedule, None, 0.5),
            Verdict::RetryIn(_)
        ));
    }
    assert_eq!(
        Verdict::of(Some(Failure::Status), 10, &schedule, None, 0.5),
        Verdict::Exhausted
    );
    assert_eq!(Verdict::of(None, 10, &schedule, None, 0.5), Verdict::Succeeded);
    assert_eq!(
        Verdict::of(Some(Failure::Dns), 1, &RetrySchedule::new(vec![]), None, 0.0),
        Verdict::Exhausted
    );
}
