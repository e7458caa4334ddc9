//! How an endpoint did lately.

use domain::clock::Timestamp;

/// An hour (ms).
pub(super) const HOUR_MS: u64 = 3_600_000;

/// How many attempts succeeded and failed within about an hour: this hour's, and as much of the last one's as is not over an hour ago.
pub(super) fn last_hour(recent: Option<&str>, hours: Option<&str>, now: Timestamp) -> (u64, u64) {
    let (hour, passed) = (now.as_millis() / HOUR_MS, now.as_millis() % HOUR_MS);
    let mut newest = recent
        .unwrap_or_default()
        .split(' ')
        .map_while(|word| word.parse::<u64>().ok());
    let newest = newest.next().zip(newest.next()).zip(newest.next());
    let newest = newest.map(|((hour, succeeded), failed)| (hour, succeeded, failed));
    let before = hours.unwrap_or_default().split(' ').filter_map(|entry| {
        let mut parts = entry.split(':').filter_map(|part| part.parse::<u64>().ok());
        Some((parts.next()?, parts.next()?, parts.next()?))
    });
    let mut found = (0, 0);
    for (at, succeeded, failed) in newest.into_iter().chain(before) {
        let part = |count: u64| match hour.checked_sub(at) {
            Some(0) => count,
            Some(1) => count.saturating_mul(HOUR_MS - passed) / HOUR_MS,
            _ => 0,
        };
        found = (found.0 + part(succeeded), found.1 + part(failed));
    }
    found
}

#[cfg(test)]
mod tests;
