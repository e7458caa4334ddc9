//! Waiting for a condition, with a deadline; never for a time.

use std::time::{Duration, Instant};

/// A deadline that only a hang reaches, even on a slow and busy machine.
pub const LONG: Duration = Duration::from_secs(60);

/// Asks `check` again and again until it answers `Ok`, and returns that value.
///
/// # Panics
///
/// After `deadline`, with `what` it waited for and the last `Err`: the reason why it was not there yet.
#[track_caller]
pub fn eventually<T>(
    deadline: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Result<T, String>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + deadline;
        let mut pause = Duration::from_millis(2);
        loop {
            match check().await {
                Ok(value) => return value,
                Err(reason) if Instant::now() > end => {
                    panic!("{caller}: waited {deadline:?} for {what}; at last: {reason}")
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

/// `Ok` if `condition` holds, else the reason: what [`eventually`] asks for.
///
/// # Errors
///
/// `reason` when `condition` doesn't hold.
pub fn check(condition: bool, reason: impl Into<String>) -> Result<(), String> {
    if condition { Ok(()) } else { Err(reason.into()) }
}
