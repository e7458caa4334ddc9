//! The signals that ask a program to stop, or to read its files again.

use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT. While this exists, they end nothing by themselves: whoever holds it decides.
#[derive(Debug)]
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Catches both from now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the system doesn't let this process catch them.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        let came = tokio::select! {
            came = self.terminate.recv() => came,
            came = self.interrupt.recv() => came,
        };
        if came.is_none() {
            // No more signals can come.
            pending::<()>().await;
        }
    }
}

/// SIGHUP, which asks to read files again. While this exists, it ends nothing.
#[derive(Debug)]
pub struct ReloadSignal(Signal);

impl ReloadSignal {
    /// Catches it from now on. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the system doesn't let this process catch it.
    pub fn catch() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // No more signals can come.
            pending::<()>().await;
        }
    }
}
