//! One clock for all processes of a measurement: the machine's monotonic clock, which no correction of the time of day
//! moves.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Microseconds of the monotonic clock.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000 + u64::try_from(time.tv_nsec).unwrap() / 1000
}

/// Waits, on this thread, until the clock shows `at`. More exact than a runtime's timer, which counts milliseconds.
pub(crate) fn sleep_until(at: u64) {
    let left = at.saturating_sub(now());
    if left > 0 {
        std::thread::sleep(Duration::from_micros(left));
    }
}

/// The seconds between two times of the clock.
#[expect(clippy::cast_precision_loss, reason = "a span is far below 2^52 microseconds")]
pub(crate) fn seconds(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}
