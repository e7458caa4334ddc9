//! What commands that work on the store need: a runtime, and progress for whoever waits.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

/// How often a command says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// A runtime on this thread.
pub(crate) fn new() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Says on standard error, every two seconds, what `sentence` makes of the count that it is given.
pub(crate) fn progress<N>(sentence: impl Fn(N) -> String + Sync) -> impl Fn(N) + Sync {
    let said = Mutex::new(Instant::now());
    move |count| {
        if let Ok(mut said) = said.lock()
            && said.elapsed() >= SAY_EVERY
        {
            *said = Instant::now();
            eprintln!("{}", sentence(count));
        }
    }
}
