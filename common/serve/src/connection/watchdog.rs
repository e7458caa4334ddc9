//! Decides when a connection has to end: when its time is up, or when it is idle and another one needs its place.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Sleep;

use crate::Limits;
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
    crowded: Arc<Notify>,
    /// While the connection is idle: since when it has offered its place to others, and the call that accepts the offer.
    offer: Option<(Instant, Pin<Box<OwnedNotified>>)>,
    /// Set for the deadline that was known then. It may have moved since, which costs another look.
    alarm: Pin<Box<Sleep>>,
    alarm_at: Option<Instant>,
}

impl Watchdog {
    /// Watches the connection with this `progress`. Whoever wants its place notifies `crowded`.
    pub(super) fn new(progress: &SharedProgress, limits: Limits, crowded: Arc<Notify>) -> Self {
        Self {
            progress: progress.clone(),
            limits,
            crowded,
            offer: None,
            alarm: Box::pin(tokio::time::sleep(limits.head)),
            alarm_at: None,
        }
    }

    /// Ready when the connection has to end. Its task polls this whenever something has happened on it.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let (makes_room_from, deadline, reason) = {
                let progress = self.progress.lock();
                (
                    progress.makes_room_from(&self.limits),
                    progress.deadline(&self.limits),
                    progress.reason(),
                )
            };
            let now = Instant::now();
            let (since, later) = match makes_room_from {
                Some(from) if from > now => (None, Some(from)),
                since => (since, None),
            };
            // A whole request may have come and gone since the last look: then the connection makes a new offer,
            // which is taken after those of connections that have been idle for longer.
            if self.offer.as_ref().map(|(since, _)| *since) != since {
                self.offer = since.map(|since| (since, Box::pin(Arc::clone(&self.crowded).notified_owned())));
            }
            if let Some((_, called)) = &mut self.offer
                && called.as_mut().poll(context).is_ready()
            {
                self.offer = None;
                return Poll::Ready(Event::Close("it makes room for another"));
            }
            let Some(next) = deadline.into_iter().chain(later).min() else {
                return Poll::Pending;
            };
            if self.alarm_at.is_none_or(|at| next < at) {
                self.alarm.as_mut().reset(next.into());
                self.alarm_at = Some(next);
            }
            ready!(self.alarm.as_mut().poll(context));
            let at = self.alarm_at.take();
            if deadline.is_some() && at >= deadline {
                return Poll::Ready(Event::CutOff(reason));
            }
        }
    }
}
