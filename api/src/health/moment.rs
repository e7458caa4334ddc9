//! Times as sentences write them.

use std::ops::Range;

use domain::clock::Timestamp;

/// A time as `11:52 UTC`; with its date, unless that is today's.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    written(at, now, 11..16)
}

/// A time as `11:52:03 UTC`; with its date, unless that is today's.
pub(crate) fn exact_moment(at: Timestamp, now: Timestamp) -> String {
    written(at, now, 11..19)
}

fn written(at: Timestamp, now: Timestamp, clock: Range<usize>) -> String {
    let (at, now) = (at.to_string(), now.to_string());
    // `2026-03-26T15:30:00.000Z`
    match (at.get(..10), at.get(clock)) {
        (Some(day), Some(time)) if now.starts_with(day) => format!("{time} UTC"),
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => at,
    }
}
