use std::slice::from_ref;

use super::*;

fn slot(endpoint: &EndpointId, since: Instant) -> Slot {
    Slot {
        endpoint: endpoint.clone(),
        since,
        bytes: 1,
        fetched_slow: false,
    }
}

/// What a call names at that moment.
fn names(taken: &mut Taken, now: Instant) -> Vec<EndpointId> {
    taken.pass(now);
    taken.name_slow(now)
}

#[test]
fn a_slow_endpoint_is_named_at_once_and_then_every_two_seconds() {
    let (a, b) = (EndpointId::random(), EndpointId::random());
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut taken = Taken::default();
    let of_a = taken.take(slot(&a, at(0)));
    let again_of_a = taken.take(slot(&a, at(400)));
    taken.take(slot(&b, at(500)));
    assert_eq!(
        names(&mut taken, at(1000)),
        [],
        "exactly a second is none too long"
    );
    assert_eq!(names(&mut taken, at(1001)), *from_ref(&a));
    assert_eq!(names(&mut taken, at(1501)), *from_ref(&b));
    taken.free(of_a);
    assert_eq!(
        names(&mut taken, at(3000)),
        [],
        "one of its attempts is still open"
    );
    assert_eq!(names(&mut taken, at(3001)), *from_ref(&a));
    taken.take(slot(&a, at(3002)));
    taken.free(again_of_a);
    assert_eq!(
        (names(&mut taken, at(3100)), taken.held_slow()),
        (vec![], 1),
        "a is quick again"
    );
    let again = names(&mut taken, at(4003));
    assert_eq!((again.len(), taken.held_slow()), (2, 2), "and slow again");
    assert!(again.contains(&a) && again.contains(&b), "{again:?}");
}

#[test]
fn a_call_names_a_bounded_number_and_the_next_ones_the_rest() {
    let now = Instant::now();
    let mut taken = Taken::default();
    for _ in 0..70 {
        taken.take(slot(&EndpointId::random(), now));
    }
    let later = now + 2 * SLOW_AFTER;
    let counts: Vec<_> = (0..10).map(|_| names(&mut taken, later).len()).collect();
    assert_eq!(counts[..3], [8, 8, 8]);
    assert_eq!((counts[8], counts[9]), (6, 0));
}

#[test]
fn what_is_counted_as_it_changes_is_what_a_look_at_all_would_find() {
    let endpoints: Vec<_> = (0..5).map(|_| EndpointId::random()).collect();
    let start = Instant::now();
    let mut taken = Taken::default();
    let mut open: Vec<(u64, usize, bool, u64)> = Vec::new();
    let mut random = 7_u64;
    for step in 0..5_000_u64 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = usize::try_from(random >> 40).unwrap();
        let (endpoint, fetched_slow) = (number % 5, number.is_multiple_of(7));
        let now = start + Duration::from_millis(step * 37);
        if number.is_multiple_of(2) || open.is_empty() {
            let mut slot = slot(&endpoints[endpoint], now);
            slot.fetched_slow = fetched_slow;
            open.push((taken.take(slot), endpoint, fetched_slow, step));
        } else {
            let (ticket, ..) = open.swap_remove(number % open.len());
            assert_eq!(taken.free(ticket), Some(1));
            assert_eq!(taken.free(ticket), None);
        }
        taken.pass(now);
        let is_slow = |endpoint: usize| {
            let slow = |(_, of, fetched_slow, since): &(u64, usize, bool, u64)| {
                *of == endpoint && (*fetched_slow || (step - since) * 37 > 1000)
            };
            open.iter().any(slow)
        };
        let slow = open.iter().filter(|(_, endpoint, ..)| is_slow(*endpoint)).count();
        assert_eq!(
            (taken.count(), taken.bytes(), taken.held_slow() as usize),
            (open.len(), open.len() as u64, slow)
        );
    }
}
