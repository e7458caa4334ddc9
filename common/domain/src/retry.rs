//! When a failed attempt is made again: a pure decision, with a table of tests.

use std::time::Duration;

/// The longest `Retry-After` that is honoured.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The waits between the attempts of one delivery (`RETRY_SCHEDULE`). One more attempt than waits is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl RetrySchedule {
    /// The most waits that can be configured.
    pub const MAX_WAITS: usize = 100;

    /// A schedule with these waits; empty means one attempt.
    #[must_use]
    pub const fn new(waits: Vec<Duration>) -> Self {
        Self(waits)
    }

    /// How many attempts a delivery gets.
    #[must_use]
    pub const fn max_attempts(&self) -> usize {
        self.0.len() + 1
    }

    /// How long to wait after attempt number `attempt` (from 1) failed; `None` when it was the last.
    ///
    /// `jitter` between 0 and 1 adds up to 10 %, so that waits never get shorter. A `Retry-After` that asks for more
    /// than the schedule is honoured up to [`MAX_RETRY_AFTER`].
    #[must_use]
    pub fn next_delay(&self, attempt: u32, retry_after: Option<Duration>, jitter: f64) -> Option<Duration> {
        let wait = *self.0.get((attempt.max(1) - 1) as usize)?;
        let jittered = wait + wait.mul_f64(jitter.clamp(0.0, 1.0) * 0.1);
        Some(jittered.max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }
}

impl Default for RetrySchedule {
    /// The documented schedule: 5 s, 30 s, 3 min, 15 min, 1 h, 4 h, 10 h, 20 h, 24 h.
    fn default() -> Self {
        Self(
            [5, 30, 180, 900, 3600, 14_400, 36_000, 72_000, 86_400]
                .map(Duration::from_secs)
                .to_vec(),
        )
    }
}

/// Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds, or an HTTP date relative to `now_seconds`.
///
/// A value that is neither is ignored. The result is not yet capped.
#[must_use]
pub fn parse_retry_after(value: &str, now_seconds: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit into 64 bits is "very long", which the cap makes a day.
        return Some(value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    Some(Duration::from_secs(
        u64::try_from(date.timestamp() - now_seconds).unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
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
            ("-5", None),
            ("1.5", None),
            ("soon", None),
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
}
