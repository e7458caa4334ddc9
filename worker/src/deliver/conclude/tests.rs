use super::*;
use crate::fault::Fault;

const TOOK: Duration = Duration::from_millis(20);

fn failed(failure: Failure) -> Exchange {
    Exchange::without_request(Fault::Receiver(failure, "no".to_owned())).unwrap()
}

/// The wait until the next attempt, if there is one; whether the endpoint is gone.
fn after(failure: Failure, attempt: u32, schedule: &RetrySchedule) -> (Option<Duration>, bool) {
    match conclude(failed(failure), TOOK, attempt, schedule, || 0.5, Timestamp::now()) {
        Outcome::Failed {
            attempt: record,
            retry_in,
            gone,
            rest,
        } => {
            assert_eq!((record.error, record.duration), (Some(failure.code()), TOOK));
            let expected = Duration::from_millis(1500);
            assert_eq!(rest, (failure == Failure::Dns).then_some(expected));
            (retry_in, gone)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_tenth_failure_exhausts_and_no_earlier_one() {
    let schedule = RetrySchedule::default();
    for attempt in 1..=9 {
        assert!(
            after(Failure::Status, attempt, &schedule).0.is_some(),
            "{attempt}"
        );
    }
    assert_eq!(after(Failure::Status, 10, &schedule), (None, false));
    assert_eq!(after(Failure::Dns, 1, &RetrySchedule::new(vec![])), (None, false));
}

#[test]
fn a_success_is_one_even_of_the_last_attempt() {
    let outcome = conclude(
        Exchange::default(),
        TOOK,
        10,
        &RetrySchedule::default(),
        || panic!("a success needs none"),
        Timestamp::now(),
    );
    let Outcome::Succeeded(record) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((record.error, record.duration), (None, TOOK));
}

#[test]
fn gone_is_told_whether_or_not_there_is_another_attempt() {
    for failure in Failure::ALL {
        for attempt in [1, 10] {
            let (_, gone) = after(failure, attempt, &RetrySchedule::default());
            assert_eq!(gone, failure == Failure::Gone, "{failure:?}");
        }
    }
}
