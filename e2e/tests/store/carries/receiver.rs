//! A receiver in simulated time: requests wait in one line for a worker.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Says when each request is answered. Requests come in the order of time.
pub(super) struct Receiver {
    /// When each worker is free again; those that were never busy are not in it.
    busy_until: BinaryHeap<Reverse<u64>>,
    workers: usize,
    /// How long requests take a worker, in turn (ms).
    handlers: Vec<u64>,
    next: usize,
    /// How long a byte needs to come there and back (ms).
    distance: u64,
    /// From when on a request takes how long.
    later: Option<(u64, u64)>,
    /// From when on there are how many workers.
    more: Option<(u64, usize)>,
    /// When nothing goes on, and for how long.
    pause: Option<(u64, u64)>,
}

impl Receiver {
    /// So many workers, each busy for so many ms with a request, in turn.
    pub(super) fn new(workers: usize, handlers: &[u64]) -> Self {
        Self {
            busy_until: BinaryHeap::new(),
            workers,
            handlers: handlers.to_vec(),
            next: 0,
            distance: 0,
            later: None,
            more: None,
            pause: None,
        }
    }

    pub(super) fn away(self, distance: u64) -> Self {
        Self { distance, ..self }
    }

    /// From `at` on, each request takes `handler`.
    pub(super) fn becomes(self, at: u64, handler: u64) -> Self {
        Self {
            later: Some((at, handler)),
            ..self
        }
    }

    /// From `at` on, there are so many workers.
    pub(super) fn grows(self, at: u64, workers: usize) -> Self {
        Self {
            more: Some((at, workers)),
            ..self
        }
    }

    /// Nothing ends between `at` and `ms` later.
    pub(super) fn pauses(self, at: u64, ms: u64) -> Self {
        Self {
            pause: Some((at, ms)),
            ..self
        }
    }

    /// When the answer to what is sent now comes back. The connection is new, so the request needs one way more for it and
    /// back.
    pub(super) fn answers_at(&mut self, sent: u64) -> u64 {
        let arrives = sent + self.distance + self.distance / 2;
        if let Some((_, workers)) = self.more.take_if(|(at, _)| *at <= arrives) {
            self.workers = workers;
        }
        let begins = if self.busy_until.len() < self.workers {
            arrives
        } else {
            self.busy_until
                .pop()
                .map_or(arrives, |Reverse(free)| free.max(arrives))
        };
        let handler = match self.later {
            Some((at, handler)) if at <= begins => handler,
            _ => self.handlers[self.next % self.handlers.len()],
        };
        self.next += 1;
        let mut ends = begins + handler;
        if let Some((at, ms)) = self.pause
            && (at..at + ms).contains(&ends)
        {
            ends = at + ms;
        }
        if self.workers < usize::MAX {
            self.busy_until.push(Reverse(ends));
        }
        ends + self.distance / 2
    }
}
