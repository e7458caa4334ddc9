use super::*;

#[test]
fn it_rests_for_longer_than_it_works_unless_memory_is_short() {
    let took = Duration::from_millis(20);
    assert_eq!(
        rest_after(Step::Went, took, took, false),
        Duration::from_millis(80)
    );
    assert_eq!(rest_after(Step::Went, took, took, true), Duration::ZERO);
    assert_eq!(rest_after(Step::Idle, took, took, true), EVERY);
}

#[test]
fn blocks_come_seldom_and_more_often_the_later_they_are() {
    let took = Duration::from_millis(20);
    let after_busy = |busy_for, behind, workers, is_pressed| {
        let [busy_for, behind] = [busy_for, behind].map(Duration::from_secs);
        rest_after(Step::Wrote { behind, workers }, took, busy_for, is_pressed).as_millis()
    };
    let after = |behind, workers, is_pressed| after_busy(0, behind, workers, is_pressed);
    assert_eq!(after(0, 1, false), 2000);
    assert_eq!(after(150, 1, false), 1000);
    assert_eq!(after(299, 1, false), 80, "no more often than it rests anyway");
    assert_eq!(after(100_000, 1, false), 80);
    assert_eq!(
        after_busy(150, 0, 1, false),
        1000,
        "nothing is late, but it never ends"
    );
    assert_eq!(after_busy(300, 0, 1, false), 80);
    assert_eq!(after(0, 1, true), 0, "memory is short");
    assert_eq!(
        after(0, 0, false),
        2000,
        "a worker that the shard doesn't know yet"
    );
    assert_eq!(after(0, 4, false), 8000, "together they keep the pace of one");
    assert_eq!(after(0, 1000, false), 30_000);
    assert_eq!(after(300, 1000, false), 80);
}
