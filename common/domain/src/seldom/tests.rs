use super::*;

const PAUSE: Duration = Duration::from_secs(30);

#[test]
fn it_is_said_at_once_and_then_once_per_pause() {
    let start = Instant::now();
    let mut message = Seldom::every(PAUSE);
    for (seconds, expected) in [
        (0, true),
        (0, false),
        (29, false),
        (30, true),
        (59, false),
        (100, true),
    ] {
        let now = start + Duration::from_secs(seconds);
        assert_eq!(message.is_due(now), expected, "after {seconds} s");
    }
}

#[test]
fn what_went_unsaid_is_counted_with_the_next_message() {
    let start = Instant::now();
    let mut message = Seldom::every(PAUSE);
    assert_eq!(message.add(0, start), None, "nothing has happened yet");
    assert_eq!(message.add(3, start), Some(3));
    assert_eq!(message.add(4, start), None);
    assert_eq!(message.add(1, start + PAUSE / 2), None);
    assert_eq!(message.add(2, start + PAUSE), Some(7));
    assert_eq!(message.add(0, start + 2 * PAUSE), None, "nothing new to say");
}
