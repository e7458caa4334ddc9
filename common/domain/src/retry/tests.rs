use super::*;
use proptest::prelude::*;

#[test]
fn the_documented_schedule() {
    let schedule = RetrySchedule::default();
    assert_eq!(schedule.max_attempts(), 10);
    let waits: Vec<_> = (1..=10)
        .map(|attempt| schedule.next_delay(attempt, None, 0.0).map(|wait| wait.as_secs()))
        .collect();
    let expected = [5, 30, 180, 900, 3600, 14_400, 36_000, 72_000, 86_400].map(Some);
    assert_eq!(waits[..9], expected);
    assert_eq!(waits[9], None);
}

#[test]
fn retry_after_lengthens_a_wait_up_to_a_day_and_never_shortens_it() {
    let schedule = RetrySchedule::default();
    let delay = |seconds| {
        schedule
            .next_delay(2, Some(Duration::from_secs(seconds)), 0.0)
            .unwrap()
            .as_secs()
    };
    assert_eq!(
        [delay(0), delay(29), delay(31), delay(90_000), delay(u64::MAX)],
        [30, 30, 31, 86_400, 86_400]
    );
    assert_eq!(
        schedule.next_delay(10, Some(Duration::from_secs(5)), 0.0),
        None,
        "the last attempt stays the last"
    );
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = 784_111_700; // 77 s before the date in RFC 9110's own example.
    for (value, seconds) in [
        ("120", Some(120)),
        (" 7 ", Some(7)),
        ("0", Some(0)),
        ("99999999999999999999999", Some(86_400)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(77)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Some(77)),
        ("Sun Nov  6 08:49:37 1994", Some(77)),
        ("Sun Nov 13 08:49:37 1994", Some(77 + 7 * 86_400)),
        ("Mon, 06 Nov 1994 08:49:37 GMT", Some(77)), // it was a Sunday
        ("Sun, 06 Nov 1994 08:49:37 +0000", Some(77)),
        (
            "Sunday, 06-Nov-43 08:49:37 GMT",
            Some(77 + 49 * 31_557_600 - 21_600),
        ),
        ("Sunday, 06-Nov-60 08:49:37 GMT", Some(0)),
        ("1.5", Some(2)),
        ("0.2", Some(1)),
        ("3.0", Some(3)),
        ("1.", None),
        (".5", None),
        ("1.5s", None),
        ("-5", None),
        ("soon", None),
        ("Sun", None),
        ("Sun, 06 Nov", None),
    ] {
        assert_eq!(
            parse_retry_after(value, now).map(|wait| wait.as_secs()),
            seconds,
            "{value}"
        );
    }
}

proptest! {
    #[test]
    fn jitter_only_adds_up_to_a_tenth(attempt in 1_u32..=9, jitter in 0.0_f64..=1.0) {
        let schedule = RetrySchedule::default();
        let (plain, jittered) = (schedule.next_delay(attempt, None, 0.0).unwrap(), schedule.next_delay(attempt, None, jitter).unwrap());
        prop_assert!(jittered >= plain && jittered <= plain.mul_f64(1.1) + Duration::from_millis(1));
    }

    #[test]
    fn no_header_breaks_the_parser(value in "\\PC{0,60}", now in 0_i64..4_000_000_000) {
        prop_assert!(parse_retry_after(&value, now).is_none_or(|wait| wait.as_secs() < u64::MAX));
    }
}
