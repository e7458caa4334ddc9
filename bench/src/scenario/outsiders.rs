//! Neighbours that come from outside, on a thread of their own.
//!
//! Elsewhere they would bring processors of their own; here they share two cores with the system, with the one who sends the events that
//! are measured, and with the receiver. So their thread has the lowest priority: it has what the others leave, and one core at
//! most, which is what one machine of theirs would send with. What they make the system do is not bounded by that: it does that with
//! its usual priority, and at the expense of everybody else.

use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

/// The niceness of a thread that gives way to all others.
const LOWEST: i32 = 19;

/// Neighbours that are there.
pub(super) struct Outsiders {
    /// They leave when this is dropped.
    stay: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Outsiders {
    /// Lets them do this until they leave.
    pub(super) fn come<F: Future<Output = ()>>(act: impl FnOnce() -> F + Send + 'static) -> Self {
        let (stay, left) = oneshot::channel();
        let thread = thread::spawn(move || {
            rustix::process::setpriority_process(None, LOWEST).expect("a lower priority is always allowed");
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = act() => {}
                    _ = left => {}
                }
            });
        });
        Self { stay, thread }
    }

    /// Waits until they have left.
    pub(super) async fn leave(self) {
        drop(self.stay);
        let left = tokio::task::spawn_blocking(|| self.thread.join().unwrap());
        left.await.unwrap();
    }
}
