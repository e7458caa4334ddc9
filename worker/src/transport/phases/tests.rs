use super::*;
use std::time::Duration;

/// The phases after these steps, each at a number of milliseconds, of an attempt that lasted 100 ms.
fn phases(steps: &[(Mark, u64)]) -> [Option<u128>; 4] {
    let start = Instant::now();
    let marks = Marks::default();
    for (step, ms) in steps {
        marks.0.lock().unwrap()[*step as usize] = Some(start + Duration::from_millis(*ms));
    }
    let phases = marks.phases(start, start + Duration::from_millis(100));
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
        // An idle connection, from the start or instead of the one that was begun.
        (&[(Answered, 9)], [None, None, None, Some(9)]),
        (
            &[(Connect, 0), (Lookup, 1), (Answered, 9)],
            [None, None, None, Some(9)],
        ),
    ] {
        assert_eq!(phases(steps), expected, "{steps:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_finished_elsewhere_is_nobodys() {
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let ((), phases) = measured(async {
        mark(Mark::Connect);
        mark(Mark::Lookup);
        let connecting = Connecting {
            marks: MARKS.try_with(Marks::clone).ok(),
            connection: finished,
        };
        let elsewhere = tokio::spawn(connecting);
        finish.send(()).unwrap();
        elsewhere.await.unwrap().unwrap();
    })
    .await;
    assert_eq!(phases, Phases::default());
}

#[tokio::test]
async fn outside_of_an_attempt_nothing_is_marked() {
    mark(Mark::Connect);
    let ((), phases) = measured(async {}).await;
    assert_eq!(phases, Phases::default());
}
