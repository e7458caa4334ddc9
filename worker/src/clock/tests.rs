use super::*;

fn clock() -> Clock {
    Clock::new(Gauge::new("skew", "skew").unwrap())
}

fn millis(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn the_time_that_a_call_told_was_in_the_middle_of_it() {
    let asked = Instant::now();
    let measured = better(None, asked, asked + 400 * MS, millis(10_000));
    assert_eq!(measured.at(asked + 200 * MS), millis(10_000));
    assert_eq!(measured.at(asked + 1_200 * MS), millis(11_000));
    assert_eq!(measured.at(asked), millis(9_800));
}

#[test]
fn a_call_that_took_long_counts_only_when_nothing_better_is_recent() {
    let asked = Instant::now();
    let first = better(None, asked, asked + 30_000 * MS, millis(50_000));
    assert_eq!(first.time, millis(50_000), "there was nothing else");
    let quick = better(Some(first), asked, asked + MS, millis(60_000));
    assert_eq!(quick.time, millis(60_000), "a step is followed at once");
    let slow = better(Some(quick), asked, asked + 3_000 * MS, millis(99_000));
    assert_eq!(slow, quick);
    let later = asked + 70_000 * MS;
    let much_later = better(Some(quick), later, later + 3_000 * MS, millis(99_000));
    assert_eq!(much_later.time, millis(99_000));
}

#[test]
fn receivers_are_told_redis_time_whatever_this_machine_believes() {
    let clock = clock();
    let far = millis(4_000_000_000_000);
    let now = Instant::now();
    clock.measure(now, now, far);
    assert!(clock.now() >= far);
    assert!(clock.now().as_seconds() - far.as_seconds() < 60);
    let back = millis(1_000_000_000_000);
    clock.measure(now, now, back);
    assert!(clock.now() < far, "a step back is followed");
}

#[test]
fn five_seconds_are_worth_telling_and_in_the_metric() {
    let clock = clock();
    assert_eq!(clock.warning(), None, "nothing was measured");
    let now = Instant::now();
    let own = i64::try_from(Timestamp::now().as_millis()).unwrap();
    clock.measure(now, now, millis(own + 1_000));
    assert_eq!(clock.warning(), None);
    clock.measure(now, now, millis(own - 600_000));
    let told = clock.warning().unwrap();
    assert!(told.contains(" s ahead of Redis's"), "{told}");
    assert!((599.0..700.0).contains(&clock.skew.get()), "{}", clock.skew.get());
    assert_eq!(warning(4.9), None);
    assert!(warning(-5.0).unwrap().contains("5 s behind Redis's"));
}
