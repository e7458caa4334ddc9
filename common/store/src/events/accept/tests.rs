use super::*;

#[test]
fn whoever_stops_making_calls_before_its_time_lets_the_next_one_begin() {
    let intake = SharedIntake::default();
    assert!(intake.lock().begin_calling());
    drop(Turn {
        intake: &intake,
        is_over: false,
    });
    assert!(intake.lock().begin_calling());
}

#[test]
fn a_turn_that_is_over_takes_nothing_from_the_next_one() {
    let intake = SharedIntake::default();
    assert!(intake.lock().begin_calling());
    let mut first = Turn {
        intake: &intake,
        is_over: false,
    };
    assert!(first.next_call().is_none());
    assert!(intake.lock().begin_calling(), "nobody makes calls");
    drop(first);
    assert!(!intake.lock().begin_calling(), "the second one does");
}
