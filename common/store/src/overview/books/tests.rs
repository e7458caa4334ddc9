use super::*;

fn reading(ms: i64, in_flight: u64, counters: &[(&str, i64)]) -> Reading {
    let counters = counters.iter().map(|(name, count)| ((*name).to_owned(), *count));
    Reading {
        at: Timestamp::from_millis(ms).unwrap(),
        in_flight,
        counters: counters.collect(),
    }
}

fn shards(readings: impl IntoIterator<Item = Reading>) -> BTreeMap<u16, Reading> {
    (0..).zip(readings).collect()
}

#[test]
fn rates_are_what_was_counted_in_between_in_all_shards() {
    let before = shards([reading(0, 0, &[("deliveries", 10)]), reading(0, 0, &[])]);
    let after = shards([
        reading(500, 0, &[("deliveries", 20), ("succeeded", 30), ("canceled", 5)]),
        reading(2000, 0, &[("deliveries", 8), ("events", 4)]),
    ]);
    let rates = Rates::between(&before, &after).unwrap();
    let expected = Rates {
        over: Duration::from_secs(2),
        events: 2.0,
        made: 24.0,
        delivered: 60.0,
        ended: 70.0,
    };
    assert_eq!(rates, expected);
    assert_eq!(rates.drains(92), Some(Duration::from_secs(2)));
    assert_eq!(rates.drains(0), Some(Duration::ZERO));
}

#[test]
fn where_nothing_can_be_said_nothing_is() {
    let one = |ms, count| shards([reading(ms, 0, &[("deliveries", count)])]);
    assert_eq!(Rates::between(&one(5, 1), &one(5, 1)), None, "no time has passed");
    assert_eq!(Rates::between(&one(0, 7), &one(5, 1)), None, "another store");
    assert_eq!(Rates::between(&BTreeMap::new(), &one(5, 1)), None, "one reading");
    let still = Rates::between(&one(0, 1), &one(1000, 1)).unwrap();
    assert_eq!((still.made, still.ended), (0.0, 0.0));
    assert_eq!(still.drains(1), None);
    let grows = Rates::between(&one(0, 1), &one(1000, 5)).unwrap();
    assert_eq!(grows.drains(1), None);
}

#[test]
fn what_was_made_has_ended_or_is_unfinished() {
    let counted = [
        ("deliveries", 20),
        ("movedIn", 4),
        ("movedOut", 1),
        ("succeeded", 10),
        ("exhausted", 2),
        ("canceled", 1),
    ];
    let overview = |last: &[(&str, i64)], in_flight| {
        let mut all = counted.to_vec();
        all.extend(last);
        Overview {
            readings: BTreeMap::from([(0, [reading(0, 3, &counted), reading(9, in_flight, &all)])]),
            sweeping: 1,
            releasing: 2,
            ..Overview::default()
        }
    };
    let totals = |waiting| Totals {
        waiting,
        in_flight: 3,
        ..Totals::default()
    };
    let balance = Balance::of(&overview(&[], 3), &totals(4));
    assert_eq!(
        (balance.made, balance.unfinished, balance.missing(), balance.moved),
        (23, 10, 0, 0)
    );
    assert!(balance.is_even());
    let lost = Balance::of(&overview(&[], 3), &totals(3));
    assert_eq!(lost.missing(), 1);
    assert!(!lost.is_even());
    let twice = Balance::of(&overview(&[], 3), &totals(5));
    assert!(!twice.is_even());
    // One was taken, and one attempt was reported: either may have been missed, or seen twice.
    for (waiting, is_even) in [(2, true), (6, true), (1, false), (7, false)] {
        let busy = Balance::of(&overview(&[("attempts", 1)], 4), &totals(waiting));
        assert_eq!(busy.is_even(), is_even, "{waiting}: {busy:?}");
    }
}
