//! The thread that examines signatures.
//!
//! It has the lowest priority that the system gives, and rests after every millisecond: so examinations take a quarter of a core at most,
//! nobody waits longer than that millisecond for them, and events are accepted meanwhile as if there were none.

use std::cell::Cell;
use std::sync::mpsc::{self, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// The niceness of a thread that gives way to all others.
const LOWEST: i32 = 19;

/// For so much processor time an examination goes on without a rest, and so much longer it rests then.
const SLICE: Duration = Duration::from_millis(1);
const REST: u32 = 3;

type Work = Box<dyn FnOnce() + Send>;

/// `None` when the system gives us no thread.
static EXAMINER: LazyLock<Option<Mutex<Sender<Work>>>> = LazyLock::new(|| {
    let (sender, works) = mpsc::channel::<Work>();
    let run = move || {
        // Of this thread alone, on Linux. Elsewhere, or where it is refused, it has the priority of the others.
        if let Err(error) = rustix::process::setpriority_process(None, LOWEST) {
            tracing::debug!(%error, "examinations have the priority of everything else");
        }
        for work in works {
            // What it panics at costs its caller the answer, and nobody else.
            let _panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        }
    };
    let spawned = thread::Builder::new().name("examiner".to_owned()).spawn(run);
    spawned.ok().map(|_| Mutex::new(sender))
});

/// Runs `work` on the examiner's thread, after what it was given before. Goes on when the caller goes away. `None` when there is no such
/// thread, or the work panicked.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, answer) = oneshot::channel();
    let work = Box::new(move || {
        // Its caller may have gone away.
        let _unsent = done.send(work());
    });
    let examiner = EXAMINER.as_ref()?;
    examiner
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(work)
        .ok()?;
    answer.await.ok()
}

/// A clock that shows the processor time of this thread, for an examination that begins now. Who looks at it rests if it is time to.
pub(super) fn clock() -> impl Fn() -> Duration {
    let rested_at = Cell::new(program::processor::time_of_this_thread());
    move || {
        let now = program::processor::time_of_this_thread();
        if now.saturating_sub(rested_at.get()) >= SLICE {
            thread::sleep(SLICE * REST);
            rested_at.set(now);
        }
        now
    }
}

#[cfg(test)]
mod tests;
