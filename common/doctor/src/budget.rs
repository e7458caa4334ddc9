//! How much processor time an examination may take.
//!
//! Whoever asks chooses the body, so what an examination costs is theirs to choose too. It has a [`Budget`]; what is left undone
//! at its end is said ([`FindingCode::StoppedLooking`](super::FindingCode::StoppedLooking)), and what is said is right all the same.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

/// Of the budget, this share is for finding out how signatures were made. The rest is for saying what is wrong.
const SEARCH: (u32, u32) = (5, 8);

/// How many small steps are taken between two looks at the clock, which costs more than a step.
const STEPS: u32 = 128;

/// How much processor time an examination may take.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    time: Duration,
    clock: &'a dyn Fn() -> Duration,
}

impl<'a> Budget<'a> {
    /// At most `time`, by a clock that only goes on while the examination runs. It is looked at between two steps, the longest of
    /// which reads a body once.
    #[must_use]
    pub const fn new(time: Duration, clock: &'a dyn Fn() -> Duration) -> Self {
        Self { time, clock }
    }

    /// As much as it takes.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            time: Duration::MAX,
            clock: &|| Duration::ZERO,
        }
    }

    /// The meters of an examination that begins now: for its search, and for what is said about it.
    pub(crate) fn start(&self) -> (Meter<'a>, Meter<'a>) {
        let began = (self.clock)();
        let meter = |time: Duration| Meter {
            until: began.saturating_add(time),
            clock: self.clock,
            steps: Cell::new(0),
            is_over: Cell::new(false),
        };
        (meter(self.time / SEARCH.1 * SEARCH.0), meter(self.time))
    }
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Budget({:?})", self.time)
    }
}

/// Tells when a part of an examination has used up its time.
pub(crate) struct Meter<'a> {
    until: Duration,
    clock: &'a dyn Fn() -> Duration,
    steps: Cell<u32>,
    is_over: Cell<bool>,
}

impl Meter<'_> {
    /// Whether the time is used up. It never comes back.
    pub(crate) fn is_over(&self) -> bool {
        if !self.is_over.get() && (self.clock)() > self.until {
            self.is_over.set(true);
        }
        self.is_over.get()
    }

    /// The same before one of many small steps: looks at the clock now and then.
    pub(crate) fn step(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps % STEPS);
        if steps == STEPS {
            self.is_over()
        } else {
            self.is_over.get()
        }
    }
}

#[cfg(test)]
impl Meter<'static> {
    /// One that never ends.
    pub(crate) fn unlimited() -> Self {
        Budget::unlimited().start().1
    }
}
