use std::sync::Arc;

use store::queue::LeasedEvent;

use super::*;
use crate::tests::leased;

const PUSHED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A lease whose event goes with this trace.
fn with_trace(trace: &str) -> Leased {
    let mut lease = leased("https://a.example:8443/hook", b"{}");
    lease.event = Arc::new(LeasedEvent {
        trace: Some(trace.parse().unwrap()),
        ..(*lease.event).clone()
    });
    lease
}

#[test]
fn each_attempt_is_a_part_of_its_own_of_the_pushs_trace() {
    let (lease, off) = (with_trace(PUSHED), Tracer::default());
    let told = || Traced::begin(&lease, &off).unwrap().told().unwrap();
    let (first, second) = (told(), told());
    let pushed = TraceContext::parse(PUSHED).unwrap();
    for told in [first, second] {
        assert_eq!((told.trace, told.is_sampled), (pushed.trace, true));
        assert_ne!(told.parent, pushed.parent);
    }
    assert_ne!(first.parent, second.parent);
}

#[test]
fn a_trace_that_the_push_didnt_have_is_not_told() {
    let lease = with_trace(&format!("-{PUSHED}"));
    let traced = Traced::begin(&lease, &Tracer::default()).unwrap();
    assert_eq!(traced.told(), None);
}

#[test]
fn without_a_trace_and_for_replays_there_is_nothing() {
    let lease = leased("https://a.example/", b"{}");
    assert!(Traced::begin(&lease, &Tracer::default()).is_none());
    let mut replay = with_trace(PUSHED);
    replay.delivery = format!("{}_0123abcd", replay.delivery).parse().unwrap();
    assert!(Traced::begin(&replay, &Tracer::default()).is_none());
}

#[test]
fn a_host_is_told_without_what_may_be_secret() {
    for (url, host) in [
        ("https://a.example/hook?token=x", "a.example"),
        ("https://a.example:8443/hook", "a.example:8443"),
        ("https://user:password@a.example/", "a.example"),
        ("http://[::1]:80", "[::1]:80"),
        ("nonsense", "nonsense"),
    ] {
        assert_eq!(host_of(url), host);
    }
}
