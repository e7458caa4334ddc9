//! Tables for a worker's restraint.

use super::*;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn proxy() -> NotAttempted {
    NotAttempted::Proxy("it is dead".to_owned())
}

fn endpoint() -> EndpointId {
    EndpointId::random()
}

fn unfit(restraint: &Restraint, now: Instant) -> Vec<Need> {
    restraint.unfit(now).collect()
}

#[test]
fn a_worker_that_lacks_nothing_takes_what_it_has_room_for() {
    let (mut restraint, now) = (Restraint::default(), Instant::now());
    assert_eq!(restraint.allowance(now), None);
    for reason in [
        NotAttempted::Late,
        NotAttempted::Stopping,
        NotAttempted::Unsendable("no".to_owned()),
    ] {
        assert_eq!(restraint.could_not(now, &reason, &endpoint()), Duration::ZERO);
    }
    let wait = restraint.could_not(now, &NotAttempted::Names, &endpoint());
    assert_eq!(wait, FIRST_WAIT, "its account's look-ups need a moment");
    restraint.could(now, &Need::ALL, &endpoint());
    assert_eq!(restraint.allowance(now), None);
    assert_eq!((unfit(&restraint, now), restraint.unopened(now)), (vec![], 0));
}

#[test]
fn pauses_grow_while_nothing_works_and_few_are_tried_after_each() {
    let (mut restraint, mut now) = (Restraint::default(), Instant::now());
    for (pause, most) in [
        (100, 4),
        (200, 2),
        (400, 1),
        (800, 1),
        (1600, 1),
        (3200, 1),
        (5000, 1),
        (5000, 1),
    ] {
        for _ in 0..10 {
            // What was in flight together makes one pause.
            let wait = restraint.could_not(now, &proxy(), &endpoint());
            assert_eq!(wait, Duration::ZERO, "others find it at once");
        }
        let until = now + pause * MS;
        let from = Some(until);
        assert_eq!(restraint.allowance(now), Some(Allowance { most, from }));
        assert_eq!(restraint.allowance(until), Some(Allowance { most, from: None }));
        now = until;
    }
}

#[test]
fn the_first_success_ends_it_after_a_short_pause_at_most() {
    let (mut restraint, mut now) = (Restraint::default(), Instant::now());
    for _ in 0..20 {
        restraint.could_not(now, &proxy(), &endpoint());
        now += LONGEST_PAUSE;
    }
    restraint.could_not(now, &proxy(), &endpoint());
    assert_eq!(unfit(&restraint, now), [Need::Proxy]);
    restraint.could(
        now,
        Need::met_by(Some(domain::delivery::Failure::Dns)),
        &endpoint(),
    );
    assert_eq!(unfit(&restraint, now), [Need::Proxy], "the proxy was not asked");
    restraint.could(now, Need::met_by(None), &endpoint());
    assert_eq!(unfit(&restraint, now), []);
    let short = Allowance {
        most: u32::MAX,
        from: Some(now + FIRST_PAUSE),
    };
    assert_eq!(restraint.allowance(now), Some(short));
    assert_eq!(restraint.allowance(now + FIRST_PAUSE), None);
    // And the next trouble begins with short pauses again.
    now += SECOND;
    restraint.could_not(now, &proxy(), &endpoint());
    assert_eq!(restraint.allowance(now).unwrap().from, Some(now + FIRST_PAUSE));
}

#[test]
fn several_failures_make_it_unfit_and_one_is_a_hiccup() {
    let (mut restraint, now) = (Restraint::default(), Instant::now());
    for expected in [0, 0, 1] {
        restraint.could_not(now, &proxy(), &endpoint());
        assert_eq!(unfit(&restraint, now).len(), expected);
    }
    let resources = NotAttempted::Resources("no file".to_owned());
    for _ in 0..UNFIT_FROM {
        restraint.could_not(now, &resources, &endpoint());
    }
    assert_eq!(unfit(&restraint, now), [Need::Proxy, Need::Resources]);
    restraint.could(now, &[Need::Resources], &endpoint());
    assert_eq!(unfit(&restraint, now), [Need::Proxy]);
}

#[test]
fn a_worker_with_nothing_to_try_forgets_a_dead_proxy_and_not_a_wrong_key() {
    let (mut restraint, now) = (Restraint::default(), Instant::now());
    for _ in 0..UNFIT_FROM {
        restraint.could_not(now, &proxy(), &endpoint());
        restraint.could_not(now, &NotAttempted::Secret, &endpoint());
    }
    assert_eq!(unfit(&restraint, now), [Need::Keys, Need::Proxy]);
    let later = now + FORGET_AFTER;
    assert_eq!(unfit(&restraint, later), [Need::Keys]);
    restraint.could_not(later, &proxy(), &endpoint());
    assert_eq!(unfit(&restraint, later), [Need::Keys], "it counts anew");
}

#[test]
fn a_wrong_key_restrains_and_one_endpoint_that_does_not_open_waits_longer_each_time() {
    let (mut restraint, mut now) = (Restraint::default(), Instant::now());
    let (sealed, other) = (endpoint(), endpoint());
    let unknown = NotAttempted::Secret;
    assert_eq!(restraint.could_not(now, &unknown, &sealed), Duration::ZERO);
    assert!(restraint.allowance(now).is_some(), "nothing has opened yet");
    restraint.could(now, &[Need::Keys], &other);
    now += SECOND;
    assert_eq!(restraint.allowance(now), None);

    for (reason, endpoint) in [(&unknown, &sealed), (&NotAttempted::DamagedSecret, &other)] {
        for seconds in [5, 10, 20, 40, 60, 60] {
            let wait = Duration::from_secs(seconds);
            for _ in 0..3 {
                assert_eq!(restraint.could_not(now, reason, endpoint), wait, "{reason:?}");
            }
            assert_eq!(restraint.allowance(now), None, "others flow");
            now += wait;
        }
    }
    assert_eq!((unfit(&restraint, now), restraint.unopened(now)), (vec![], 1));
    restraint.could(now, &[Need::Keys], &other);
    assert_eq!(restraint.unopened(now), 0);
    assert_eq!(restraint.could_not(now, &unknown, &other), FIRST_WAIT);
}

#[test]
fn a_damaged_secret_says_nothing_about_the_worker() {
    let (mut restraint, now) = (Restraint::default(), Instant::now());
    for _ in 0..10 {
        let wait = restraint.could_not(now, &NotAttempted::DamagedSecret, &endpoint());
        assert_eq!(wait, FIRST_WAIT);
    }
    assert_eq!(restraint.allowance(now), None);
    assert_eq!(unfit(&restraint, now), []);
}

#[test]
fn what_is_remembered_is_bounded() {
    let (mut restraint, now) = (Restraint::default(), Instant::now());
    for _ in 0..=MOST_REMEMBERED {
        restraint.could_not(now, &NotAttempted::DamagedSecret, &endpoint());
    }
    assert!(restraint.waits.len() <= MOST_REMEMBERED);
}
