//! Being asked to stop, between one account and the next.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask to stop. From the first time on they end nothing by themselves.
pub(super) struct Stop {
    interrupt: Signal,
    end: Signal,
}

impl Stop {
    pub(super) fn catch() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            end: signal(SignalKind::terminate())?,
        })
    }

    pub(super) async fn comes(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.end.recv() => {}
        }
    }
}
