use super::*;
use std::slice::from_ref;

#[test]
fn a_slow_endpoint_is_named_at_once_and_then_every_two_seconds() {
    let (a, b) = (EndpointId::random(), EndpointId::random());
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut names = SlowNames::default();
    assert_eq!(names.choose(from_ref(&a), at(0)), *from_ref(&a));
    assert_eq!(names.choose(&[a.clone(), b.clone()], at(500)), *from_ref(&b));
    assert_eq!(names.choose(&[a.clone(), b.clone()], at(1999)), []);
    assert_eq!(names.choose(&[a.clone(), b.clone()], at(2000)), *from_ref(&a));
    assert_eq!(names.choose(&[], at(2100)), [], "both are quick again");
    assert_eq!(
        names.choose(&[a.clone(), b.clone()], at(2200)),
        [a, b],
        "and slow again"
    );
}

#[test]
fn a_call_names_a_bounded_number_and_the_next_ones_the_rest() {
    let slow: Vec<_> = (0..70).map(|_| EndpointId::random()).collect();
    let now = Instant::now();
    let mut names = SlowNames::default();
    let counts: Vec<_> = (0..10).map(|_| names.choose(&slow, now).len()).collect();
    assert_eq!(counts[..3], [8, 8, 8]);
    assert_eq!((counts[8], counts[9]), (6, 0));
}
