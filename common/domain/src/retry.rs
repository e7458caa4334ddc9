//! When to attempt a delivery again after an attempt failed.

use std::time::Duration;

use chrono::NaiveDateTime;

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

/// Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds, a fraction of which counts as a whole one, or an HTTP date in any of
/// its three forms, relative to `now_seconds`.
///
/// `None` for a value that is neither. The result may be longer than [`MAX_RETRY_AFTER`].
#[must_use]
pub fn parse_retry_after(value: &str, now_seconds: i64) -> Option<Duration> {
    let value = value.trim();
    delay(value).or_else(|| {
        let seconds = date(value, now_seconds)? - now_seconds;
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    })
}

/// `120`, or `1.5`, which is more than the standard allows.
fn delay(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // What doesn't fit into 64 bits is longer than we honour.
    let seconds = whole.parse().unwrap_or(MAX_RETRY_AFTER.as_secs());
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(u64::saturating_add(seconds, more)))
}

/// Seconds since 1970 of an HTTP date (RFC 9110 §5.6.7). The day of the week is not looked at: it may be wrong.
fn date(value: &str, now_seconds: i64) -> Option<i64> {
    const OBSOLETE: &str = "%d-%b-%y %H:%M:%S GMT";
    let parse = |text: &str, form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    if let Some((_, rest)) = value.split_once(',') {
        let rest = rest.trim_start();
        let standard = parse(rest, "%d %b %Y %H:%M:%S GMT").or_else(|| {
            let with_offset = chrono::DateTime::parse_from_rfc2822(rest).ok()?;
            Some(with_offset.naive_utc())
        });
        return match standard {
            Some(date) => Some(date.and_utc().timestamp()),
            None => Some(in_this_century(parse(rest, OBSOLETE)?, now_seconds)),
        };
    }
    let (_, rest) = value.split_once(' ')?;
    Some(parse(rest, "%b %e %H:%M:%S %Y")?.and_utc().timestamp())
}

/// A year of two digits is never more than 50 years ahead.
fn in_this_century(date: NaiveDateTime, now_seconds: i64) -> i64 {
    const CENTURY: i64 = 36_525 * 86_400;
    let seconds = date.and_utc().timestamp();
    let ahead = seconds - now_seconds;
    if ahead > CENTURY / 2 {
        seconds - CENTURY
    } else if ahead < -CENTURY / 2 {
        seconds + CENTURY
    } else {
        seconds
    }
}

#[cfg(test)]
mod tests;
