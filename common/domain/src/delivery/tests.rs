use super::*;
use proptest::prelude::*;

const STEPS: [Step; 10] = [
    Step::Fetched,
    Step::Succeeded,
    Step::FailedForNow,
    Step::FailedForGood,
    Step::GivenBack,
    Step::Due,
    Step::EndpointDisabled,
    Step::EndpointReleased,
    Step::Discarded,
    Step::Overflowed,
];

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

proptest! {
    #[test]
    fn a_final_state_stays_and_an_attempt_starts_only_from_pending(steps in proptest::collection::vec(0..STEPS.len(), 0..40)) {
        let mut state = DeliveryState::Pending;
        for step in steps.into_iter().map(|index| STEPS[index]) {
            let Some(next) = state.after(step) else { continue };
            prop_assert!(!state.is_final());
            prop_assert_eq!(next == DeliveryState::InFlight && state != next, state == DeliveryState::Pending && step == Step::Fetched);
            prop_assert!(next != DeliveryState::Succeeded || state == DeliveryState::InFlight);
            state = next;
        }
    }

    #[test]
    fn every_unfinished_state_can_still_finish(start in 0_usize..4) {
        let start = DeliveryState::ALL[start];
        let mut reached = vec![start];
        let mut index = 0;
        while index < reached.len() {
            let from = reached[index];
            for next in STEPS.iter().filter_map(|step| from.after(*step)) {
                if !reached.contains(&next) { reached.push(next); }
            }
            index += 1;
        }
        for end in [DeliveryState::Succeeded, DeliveryState::Exhausted, DeliveryState::Canceled] {
            prop_assert!(reached.contains(&end));
        }
    }
}
