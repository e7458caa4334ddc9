//! Tables for the fetcher's decisions.

use super::super::looks::LOOK_AFTER;
use super::*;
use crate::tests::leased;

const CAPACITY: Capacity = Capacity {
    slots: 100,
    bytes: 1000,
};
const MS: Duration = Duration::from_millis(1);

fn view(held: u32) -> View {
    View {
        held,
        ..View::default()
    }
}

fn found(count: usize, more: bool) -> WorkReply {
    let one = leased("https://a.example/", b"{}");
    WorkReply {
        leased: vec![one; count],
        more,
        ..WorkReply::default()
    }
}

fn want(step: Action) -> Want {
    match step {
        Action::Call(want) => want,
        Action::Wait { .. } => panic!("waits"),
    }
}

/// A planner that knows there is nothing to do.
fn idle(now: Instant) -> Planner {
    let mut planner = Planner::new(CAPACITY, now);
    let asked = want(planner.next(now, &view(0), 0, false));
    planner.answered(now, asked, 0, &found(0, false));
    planner
}

#[test]
fn at_first_it_asks_for_as_much_as_a_call_hands_out() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    let asked = want(planner.next(now, &view(0), 0, false));
    assert_eq!(
        asked,
        Want {
            deliveries: 64,
            slow: 50,
            free: u32::MAX,
            free_slow: u32::MAX,
            bytes: 1000,
            suspects: 16,
            standby_room: 50,
            standby_most: 4,
        }
    );
}

#[test]
fn it_may_be_handed_something_while_more_than_half_is_free() {
    let now = Instant::now();
    let room = |held, bytes, allowance| {
        let mut planner = Planner::new(CAPACITY, now);
        planner.allow(allowance);
        let view = View {
            held,
            bytes,
            ..View::default()
        };
        want(planner.next(now, &view, REPORTS_AT_ONCE, false)).standby_room
    };
    assert_eq!((room(0, 0, None), room(20, 0, None)), (50, 30));
    assert_eq!(room(49, 499, None), 1, "if it gets nothing");
    assert_eq!(room(50, 0, None), 0);
    assert_eq!(room(0, 500, None), 0);
    let trying = Allowance { most: 1, from: None };
    assert_eq!(room(0, 0, Some(trying)), 0, "not while it can't do its work");
}

#[test]
fn the_report_of_what_it_was_handed_hardly_waits() {
    let now = Instant::now();
    let mut planner = idle(now);
    planner.handed(true);
    planner.next(now, &view(0), 1, false);
    let wait = planner.next(now, &view(0), 1, false);
    assert!(
        matches!(wait, Action::Wait { until: Some(until), idle: true } if until == now + REPORT_AFTER),
        "{wait:?}"
    );
}

#[test]
fn a_worker_with_many_slots_tells_how_many_are_free() {
    let now = Instant::now();
    let capacity = Capacity {
        slots: 512,
        ..CAPACITY
    };
    let asked = want(Planner::new(capacity, now).next(now, &view(500), 0, false));
    assert_eq!((asked.deliveries, asked.free, asked.free_slow), (12, 12, 256));
}

#[test]
fn it_asks_only_for_what_it_has_room_for() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    let mut asked = |held, held_slow, bytes| {
        let view = View {
            held,
            held_slow,
            bytes,
            ..View::default()
        };
        match planner.next(now, &view, REPORTS_AT_ONCE, false) {
            Action::Call(want) => (want.deliveries, want.slow, want.bytes),
            Action::Wait { .. } => panic!("so many reports don't wait"),
        }
    };
    assert_eq!(asked(90, 0, 10), (10, 10, 990));
    assert_eq!(asked(90, 45, 10), (10, 5, 990));
    assert_eq!(asked(90, 60, 10), (10, 0, 990));
    assert_eq!(asked(100, 0, 10), (0, 0, 990));
    assert_eq!(asked(5, 0, 1000), (0, 0, 0), "no byte is left");
    assert_eq!(
        asked(0, 0, 5000).0,
        64,
        "but with nothing held one is always let in"
    );
}

#[test]
fn without_room_it_waits_for_a_report() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    assert_eq!(
        planner.next(now, &view(100), 0, false),
        Action::Wait {
            until: None,
            idle: false
        }
    );
}

#[test]
fn a_few_reports_wait_a_moment_unless_there_is_something_to_fetch() {
    let now = Instant::now();
    let mut planner = idle(now);
    let moment = Action::Wait {
        until: Some(now + REPORT_AT_LEISURE_AFTER),
        idle: true,
    };
    assert_eq!(planner.next(now, &view(10), 1, false), moment);
    let later = now + REPORT_AT_LEISURE_AFTER / 2;
    assert_eq!(
        planner.next(later, &view(10), 2, false),
        moment,
        "the moment of the first one"
    );
    let again = now + REPORT_AT_LEISURE_AFTER;
    assert_eq!(
        want(planner.next(again, &view(10), 2, false)).deliveries,
        64,
        "the same call also fetches"
    );
    assert_eq!(
        planner.next(again, &view(10), 1, false),
        Action::Wait {
            until: Some(again + REPORT_AT_LEISURE_AFTER),
            idle: true
        }
    );
    planner.woken();
    assert!(matches!(
        planner.next(again, &view(10), 1, false),
        Action::Call(_)
    ));
}

/// What the last call with reports has said, what the worker holds, and how long reports wait (ms).
#[test]
fn reports_wait_longer_while_nobody_can_be_waiting_for_them() {
    let now = Instant::now();
    let restrained = Allowance { most: 4, from: None };
    let full = View {
        bytes: 1000,
        ..view(1)
    };
    for (case, awaited, allowance, held, waits) in [
        ("nobody waits", false, None, view(0), 5),
        ("an eighth and more is left", false, None, view(87), 5),
        ("somebody waits", true, None, view(0), 1),
        ("an eighth is left", false, None, view(88), 1),
        ("every slot is taken", false, None, view(100), 1),
        ("no byte is left", false, None, full, 1),
        ("it can't do its work", false, Some(restrained), view(0), 1),
    ] {
        let mut planner = idle(now);
        let asked = want(planner.next(now, &view(0), REPORTS_AT_ONCE, false));
        let reply = WorkReply {
            awaited,
            ..found(0, false)
        };
        planner.answered(now, asked, REPORTS_AT_ONCE, &reply);
        planner.allow(allowance);
        let Action::Wait { until, .. } = planner.next(now, &held, 1, false) else {
            panic!("{case}: doesn't wait");
        };
        assert_eq!(until, Some(now + waits * MS), "{case}");
        assert!(
            matches!(planner.next(now, &held, 1, true), Action::Call(_)),
            "{case}: a stopping worker doesn't wait"
        );
    }
}

#[test]
fn reports_hardly_wait_while_the_worker_may_not_take_what_there_is() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    let asked = want(planner.next(now, &view(0), 0, false));
    planner.answered(now, asked, 0, &found(0, true));
    assert_eq!(
        planner.next(now, &view(3), 1, false),
        Action::Wait {
            until: Some(now + REPORT_AFTER),
            idle: false
        }
    );
}

#[test]
fn reports_are_awaited_until_an_answer_to_some_says_otherwise_and_for_a_while_at_least() {
    let start = Instant::now();
    let mut planner = idle(start);
    // So many ms later, a call with so many reports says whether somebody waits.
    for (ms, reports, says, is_awaited) in [
        (0, 1, true, true),
        (100, 0, false, true),
        (100, 3, false, false),
        (101, 0, true, true),
        (110, 1, true, true),
        // Those may have been reports of others.
        (120, 1, false, true),
        (159, 8, false, true),
        (160, 1, false, false),
        (161, 0, false, false),
    ] {
        let now = start + ms * MS;
        for asked in [
            Want::default(),
            want(planner.next(now, &view(0), REPORTS_AT_ONCE, false)),
        ] {
            let reply = WorkReply {
                awaited: says,
                ..found(0, false)
            };
            planner.answered(now, asked, reports, &reply);
            assert_eq!(
                planner.awaited.is_some(),
                is_awaited,
                "at {ms}: {reports} reports, {says}, asked {asked:?}"
            );
        }
    }
}

#[test]
fn what_is_due_waits_a_little_for_a_call_and_reports_go_with_it_before_their_time() {
    let now = Instant::now();
    let mut planner = idle(now);
    let asked = want(planner.next(now, &view(0), REPORTS_AT_ONCE, false));
    let reply = WorkReply {
        next_due: Some(2 * MS),
        ..found(0, false)
    };
    planner.answered(now, asked, 0, &reply);
    let later = now + 4 * MS;
    assert_eq!(
        planner.next(later, &view(1), 1, false),
        Action::Wait {
            until: Some(now + 7 * MS),
            idle: true
        }
    );
    assert_eq!(
        want(planner.next(now + 7 * MS, &view(1), 1, false)).deliveries,
        64
    );
    // A call that goes anyway takes along what is due.
    let full = want(planner.next(later, &view(1), REPORTS_AT_ONCE, false));
    assert_eq!(full.deliveries, 64);
}

#[test]
fn many_reports_never_wait_and_while_there_are_too_many_only_a_few_are_fetched() {
    let now = Instant::now();
    let mut planner = idle(now);
    for reports in [REPORTS_AT_ONCE, MAX_REPORTS] {
        assert_eq!(want(planner.next(now, &view(10), reports, false)).deliveries, 64);
    }
    let few = want(planner.next(now, &view(10), MAX_REPORTS + 1, false));
    assert_eq!((few.deliveries, few.slow), (8, 8));
    let full = want(planner.next(now, &view(512), MAX_REPORTS + 1, false));
    assert_eq!(full, Want::default());
    assert_eq!(
        want(planner.next(now, &view(10), 1, true)),
        Want::default(),
        "a stopping worker fetches nothing"
    );
    assert_eq!(
        planner.next(now, &view(10), 0, true),
        Action::Wait {
            until: None,
            idle: false
        }
    );
}

#[test]
fn with_nothing_to_do_it_waits_for_a_token_or_the_next_due_or_three_seconds() {
    let now = Instant::now();
    let mut planner = idle(now);
    assert_eq!(
        planner.next(now, &view(0), 0, false),
        Action::Wait {
            until: Some(now + LOOK_AFTER),
            idle: true
        }
    );
    assert!(matches!(
        planner.next(now + LOOK_AFTER, &view(0), 0, false),
        Action::Call(_)
    ));

    let asked = want(planner.next(now, &view(0), REPORTS_AT_ONCE, false));
    for (due, expected) in [
        (Some(200 * MS), 205 * MS),
        (Some(9000 * MS), LOOK_AFTER),
        (None, LOOK_AFTER),
    ] {
        let reply = WorkReply {
            next_due: due,
            ..WorkReply::default()
        };
        planner.answered(now, asked, 0, &reply);
        assert_eq!(
            planner.next(now, &view(0), 0, false),
            Action::Wait {
                until: Some(now + expected),
                idle: true
            }
        );
    }

    planner.woken();
    assert!(matches!(planner.next(now, &view(0), 0, false), Action::Call(_)));
}

#[test]
fn while_there_is_more_it_goes_on_but_pauses_when_it_may_take_nothing() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    let asked = want(planner.next(now, &view(0), 0, false));
    planner.answered(now, asked, 0, &found(3, true));
    assert!(matches!(planner.next(now, &view(3), 0, false), Action::Call(_)));
    for pause in [10, 20, 40, 80, 160, 320, 500, 500] {
        planner.answered(now, asked, 0, &found(0, true));
        planner.woken();
        assert_eq!(
            planner.next(now, &view(3), 0, false),
            Action::Wait {
                until: Some(now + pause * MS),
                idle: false
            }
        );
        assert!(
            matches!(
                planner.next(now, &view(3), REPORTS_AT_ONCE, false),
                Action::Call(_)
            ),
            "reports don't wait for it"
        );
    }
    planner.answered(now, asked, 0, &found(1, true));
    assert!(matches!(planner.next(now, &view(3), 0, false), Action::Call(_)));
}

#[test]
fn a_call_that_only_reports_tells_nothing_about_what_there_is() {
    let now = Instant::now();
    let mut planner = idle(now);
    planner.woken();
    planner.answered(now, Want::default(), 0, &found(0, false));
    assert!(matches!(planner.next(now, &view(0), 0, false), Action::Call(_)));
}

#[test]
fn suspects_get_sixteen_slots_but_never_more_than_a_quarter() {
    let now = Instant::now();
    for (slots, suspects) in [(1, 1), (4, 1), (20, 5), (64, 16), (100, 16), (512, 16)] {
        let capacity = Capacity { slots, ..CAPACITY };
        let asked = want(Planner::new(capacity, now).next(now, &view(0), 0, false));
        assert_eq!(asked.suspects, suspects, "of {slots}");
    }
    assert_eq!(Want::default().suspects, 0, "a call that only reports takes none");
}

#[test]
fn a_restrained_worker_takes_a_few_after_its_pause_and_reports_meanwhile() {
    let now = Instant::now();
    let mut planner = Planner::new(CAPACITY, now);
    let until = now + 100 * MS;
    let pausing = Allowance {
        most: 4,
        from: Some(until),
    };
    planner.allow(Some(pausing));
    let waits = Action::Wait {
        until: Some(until),
        idle: false,
    };
    assert_eq!(planner.next(now, &view(0), 0, false), waits);
    assert_eq!(
        want(planner.next(now, &view(0), REPORTS_AT_ONCE, false)),
        Want::default(),
        "reports don't wait, and nothing is fetched with them"
    );
    for (held, expected) in [(0, 4), (1, 3)] {
        let asked = want(planner.next(until, &view(held), 0, false));
        assert_eq!((asked.deliveries, asked.suspects), (expected, 1), "{held} held");
        assert!(asked.slow <= asked.deliveries);
    }
    assert_eq!(
        planner.next(until, &view(4), 0, false),
        Action::Wait {
            until: None,
            idle: false
        },
        "what it tries is in flight"
    );

    let asked = want(planner.next(until, &view(0), 0, false));
    planner.answered(until, asked, 0, &found(0, false));
    planner.allow(Some(Allowance { most: 4, from: None }));
    assert_eq!(
        planner.next(until, &view(0), 0, false),
        Action::Wait {
            until: Some(until + LOOK_AFTER),
            idle: false
        },
        "wake tokens are for those that can do the work"
    );
    planner.allow(None);
    planner.woken();
    assert_eq!(want(planner.next(until, &view(0), 0, false)).deliveries, 64);
}

/// Until when it waits, from `start` on, if at all.
fn waits(planner: &mut Planner, start: Instant, now: Instant) -> Option<Duration> {
    match planner.next(now, &view(0), 0, false) {
        Action::Wait { until, .. } => until.map(|until| until - start),
        Action::Call(_) => None,
    }
}

#[test]
fn while_looks_find_nothing_it_needs_none_of_its_own_until_something_is_due() {
    let now = Instant::now();
    let at = |seconds| now + Duration::from_secs(seconds);
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let mut planner = idle(now);
    assert_eq!(waits(&mut planner, now, now), seconds(3));
    planner.found_quiet(at(2));
    assert_eq!(waits(&mut planner, now, at(3)), seconds(8));
    // An older look changes nothing, and without another one it looks itself.
    planner.found_quiet(at(1));
    assert_eq!(waits(&mut planner, now, at(7)), seconds(8));
    assert_eq!(waits(&mut planner, now, at(8)), None);
    // It calls now and then, whatever looks find.
    planner.found_quiet(at(28));
    assert_eq!(waits(&mut planner, now, at(29)), seconds(30));
    planner.woken();
    assert_eq!(waits(&mut planner, now, at(29)), None, "the quiet has ended");

    let mut planner = idle(now);
    let due_in = |seconds| WorkReply {
        next_due: Some(Duration::from_secs(seconds) - 5 * MS),
        ..found(0, false)
    };
    let asked = want(planner.next(at(3), &view(0), 0, false));
    planner.answered(now, asked, 0, &due_in(5));
    planner.found_quiet(now);
    assert_eq!(waits(&mut planner, now, at(4)), seconds(5), "a retry is due then");
}
