//! Decides when a connection has to end: when its time is up, or when another one needs its place.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::Sleep;

use crate::limits::Limits;
use crate::progress::SharedProgress;

/// What a connection's task has to do something about.
pub(super) enum Event {
    /// The connection is over.
    Ended,
    /// It has to end as soon as that loses nothing, for this reason.
    Close(&'static str),
    /// Its time is up, for this reason: it ends now.
    CutOff(&'static str),
}

/// Watches one connection.
pub(super) struct Watchdog {
    progress: SharedProgress,
    limits: Limits,
    /// Whether its task has heard that it has to leave.
    is_leaving: bool,
    /// Set for the deadline that was known then. It may have moved since, which costs another look.
    alarm: Pin<Box<Sleep>>,
    alarm_at: Option<Instant>,
}

impl Watchdog {
    /// Watches the connection with this `progress`.
    pub(super) fn new(progress: &SharedProgress, limits: Limits) -> Self {
        Self {
            progress: progress.clone(),
            limits,
            is_leaving: false,
            alarm: Box::pin(tokio::time::sleep(limits.head)),
            alarm_at: None,
        }
    }

    /// Ready when the connection has to end. Its task polls this whenever something has happened on it.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let (is_leaving, deadline, reason) = {
                let mut progress = self.progress.lock();
                progress.wake(context.waker());
                (
                    progress.is_leaving(),
                    progress.deadline(&self.limits),
                    progress.reason(),
                )
            };
            if is_leaving && !self.is_leaving {
                self.is_leaving = true;
                return Poll::Ready(Event::Close(reason));
            }
            let Some(next) = deadline else {
                return Poll::Pending;
            };
            if self.alarm_at.is_none_or(|at| next < at) {
                self.alarm.as_mut().reset(next.into());
                self.alarm_at = Some(next);
            }
            ready!(self.alarm.as_mut().poll(context));
            let at = self.alarm_at.take();
            if at >= deadline {
                return Poll::Ready(Event::CutOff(reason));
            }
        }
    }
}
