use super::*;
use std::time::Duration;

/// The phases after these steps, each at a number of milliseconds, of an attempt that lasted 100 ms.
fn phases(steps: &[(Mark, u64)]) -> [Option<u128>; 4] {
    let mut trace = Trace::new();
    for (step, ms) in steps {
        trace.at[*step as usize] = Some(trace.began + Duration::from_millis(*ms));
    }
    let phases = trace.phases_until(trace.began + Duration::from_millis(100));
    [phases.dns, phases.connect, phases.tls, phases.first_byte].map(|span| span.map(|span| span.as_millis()))
}

#[test]
fn each_phase_lasts_until_the_next_or_until_the_end() {
    use Mark::{Answered, Connect, Connected, Handshake, Lookup, Resolved};
    let all = [
        (Connect, 0),
        (Lookup, 1),
        (Resolved, 3),
        (Handshake, 6),
        (Connected, 10),
        (Answered, 15),
    ];
    for (steps, expected) in [
        (&all[..0], [None, None, None, None]),
        (&all, [Some(2), Some(3), Some(4), Some(15)]),
        // It hangs.
        (&all[..5], [Some(2), Some(3), Some(4), None]),
        (&all[..4], [Some(2), Some(3), Some(94), None]),
        (&all[..3], [Some(2), Some(97), None, None]),
        (&all[..2], [Some(99), None, None, None]),
        (&all[..1], [None, Some(100), None, None]),
        // It fails.
        (
            &[(Connect, 0), (Lookup, 1), (Connected, 4)],
            [Some(3), None, None, None],
        ),
        (
            &[(Connect, 0), (Lookup, 1), (Resolved, 3), (Connected, 4)],
            [Some(2), Some(1), None, None],
        ),
        // A literal address, plain.
        (
            &[(Connect, 1), (Connected, 4), (Answered, 9)],
            [None, Some(3), None, Some(9)],
        ),
        // A kept connection.
        (&[(Answered, 9)], [None, None, None, Some(9)]),
    ] {
        assert_eq!(phases(steps), expected, "{steps:?}");
    }
}

#[test]
fn the_phases_are_those_of_the_last_connection() {
    let mut trace = Trace::new();
    for step in [
        Mark::Connect,
        Mark::Lookup,
        Mark::Resolved,
        Mark::Handshake,
        Mark::Connected,
    ] {
        trace.mark(step);
    }
    assert!(trace.has_connected() && trace.phases().tls.is_some());
    trace.again();
    trace.mark(Mark::Connect);
    trace.mark(Mark::Connected);
    let phases = trace.phases();
    assert_eq!((phases.dns, phases.tls, phases.sent_again), (None, None, 1));
    assert!(phases.connect.is_some());
}
