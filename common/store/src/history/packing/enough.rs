//! What is enough for a block.

use std::time::Duration;

/// What the payloads of a full block are charged, about (bytes).
pub(super) const WORTH: u64 = 320 << 10;

/// What is not worth a block, however long it has waited (bytes that payloads are charged).
pub(super) const LEAST: u64 = 64 << 10;

/// The same of logs (entries).
pub(super) const LOG_WORTH: usize = 1000;
pub(super) const LOG_LEAST: usize = 100;

/// The newest entries of each log, which stay in it: health is judged by them.
pub(crate) const LOG_KEPT: usize = 200;

/// A log that has fewer entries is never packed.
pub(crate) const LONG_LOG: usize = LOG_KEPT + LOG_LEAST;

/// Events have been finished for so long before they are packed, unless memory is short.
pub(super) const AGE: Duration = Duration::from_secs(60);

/// The same while memory is short. Until then the call that accepted an event may be repeated, and needs it.
pub(super) const LEAST_AGE: Duration = Duration::from_secs(11);

/// What has waited for so long is packed although a block will not be full.
pub(super) const LEAST_AFTER: Duration = Duration::from_secs(3600);

/// What is enough for a block.
pub(super) struct Enough {
    /// What the payloads are charged, and for how long they have been finished.
    pub(super) charged: u64,
    pub(super) age: Duration,
    /// The entries of a log, besides the newest ones, which stay in it.
    pub(super) entries: usize,
    pub(super) log_kept: usize,
}

impl Enough {
    pub(super) fn of(takes_little: bool) -> Self {
        let (charged, entries, age) = if takes_little {
            (LEAST, LOG_LEAST, LEAST_AGE)
        } else {
            (WORTH, LOG_WORTH, AGE)
        };
        Self {
            charged,
            age,
            entries,
            log_kept: LOG_KEPT,
        }
    }
}
