//! Processor time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this thread has kept a processor busy since it began. It doesn't go on while the thread waits, or while others have
/// the processor.
#[must_use]
pub fn time_of_this_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}
