use super::*;

const MS: Duration = Duration::from_millis(1);

#[test]
fn while_nobody_else_is_served_all_failures_go_at_once() {
    let now = Instant::now();
    let mut trickle = Trickle::default();
    assert_eq!(trickle.due(now, 100, 100, 512), 100);
    trickle.answered(now, 2 * MS, 0, 16);
    assert_eq!(trickle.due(now, 100, 100, 512), 100, "none has succeeded");
    trickle.answered(now, 2 * MS, 1, 0);
    assert_eq!(trickle.due(now + LATELY, 100, 100, 512), 100, "none has lately");
}

#[test]
fn while_others_are_served_a_few_go_and_the_next_ones_rest() {
    let now = Instant::now();
    let mut trickle = Trickle::default();
    trickle.answered(now, 2 * MS, 1, 0);
    for (failures, due) in [(0, 0), (1, 1), (4, 4), (100, 4)] {
        assert_eq!(trickle.due(now, failures, 100, 512), due, "of {failures}");
    }
    for (took, rest) in [(2 * MS, 6 * MS), (100 * MS, LONGEST_REST)] {
        trickle.answered(now, took, 3, 4);
        assert_eq!(trickle.rests_until(), Some(now + rest));
        assert_eq!(trickle.due(now + rest - MS, 100, 100, 512), 0);
        assert_eq!(trickle.due(now + rest, 100, 100, 512), 4);
    }
    trickle.answered(now, MS, 5, 0);
    assert_eq!(
        trickle.rests_until(),
        Some(now + LONGEST_REST),
        "a call without failures changes nothing"
    );
}

#[test]
fn they_hurry_when_hardly_a_slot_is_left() {
    let now = Instant::now();
    let mut trickle = Trickle::default();
    trickle.answered(now, 2 * MS, 1, 4);
    for (held, slots, due) in [
        (448, 512, 0),
        (449, 512, 100),
        (600, 512, 100),
        (3, 4, 0),
        (4, 4, 100),
    ] {
        assert_eq!(trickle.due(now, 100, held, slots), due, "{held} of {slots} held");
    }
}
