//! When to attempt a delivery again after an attempt failed.

use std::time::Duration;

/// The longest `Retry-After` that we honour.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The waits between the attempts of a delivery (`RETRY_SCHEDULE`): a delivery gets one more attempt than there are waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl RetrySchedule {
    /// The most waits that an operator can configure.
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
    /// `jitter` between 0 and 1 adds up to 10 % and never makes a wait shorter. A `Retry-After` that asks for a longer wait
    /// gets it, up to [`MAX_RETRY_AFTER`].
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
/// `None` for a value that is neither. The result may be longer than [`MAX_RETRY_AFTER`].
#[must_use]
pub fn parse_retry_after(value: &str, now_seconds: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What doesn't fit into 64 bits is longer than we honour.
        return Some(value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    Some(Duration::from_secs(
        u64::try_from(date.timestamp() - now_seconds).unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests;
