//! The time that receivers are told. It is Redis's, measured with each call: this machine's own clock may be minutes off, and
//! strict receivers refuse a `webhook-timestamp` that is.
//!
//! Between two measurements the monotonic clock goes on, so a step of this machine's clock changes nothing. A step of
//! Redis's is followed at once: this is the raw time of its server, not that of the scripts, which never goes back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use prometheus::Gauge;

/// A difference from which on an operator hears of it.
const WORTH_TELLING: Duration = Duration::from_secs(5);

/// A call that took longer than this says less about the time than what was measured shortly before.
const PRECISE_WITHIN: Duration = Duration::from_secs(1);

/// How long a measurement is good enough to pass an imprecise one over.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What a call told: it was `time` at the moment `at`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measured {
    time: Timestamp,
    at: Instant,
}

impl Measured {
    /// Redis's time at another moment.
    fn at(self, now: Instant) -> Timestamp {
        let millis = i64::try_from(self.time.as_millis()).unwrap_or(i64::MAX);
        let span = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let later = span(now.saturating_duration_since(self.at));
        let earlier = span(self.at.saturating_duration_since(now));
        Timestamp::from_millis(millis.saturating_add(later).saturating_sub(earlier)).unwrap_or(self.time)
    }
}

/// The time that receivers are told. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    measured: Arc<Mutex<Option<Measured>>>,
    skew: Gauge,
}

impl Clock {
    /// A clock that has measured nothing yet. `skew` shows by how many seconds this machine's clock is ahead of Redis's.
    pub(crate) fn new(skew: Gauge) -> Self {
        Self {
            measured: Arc::default(),
            skew,
        }
    }

    /// Takes what a call told that was `asked` and `answered` then: Redis read its clock in between.
    pub(crate) fn measure(&self, asked: Instant, answered: Instant, time: Timestamp) {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        *measured = Some(better(*measured, asked, answered, time));
        drop(measured);
        if let Some(skew) = self.skew(Timestamp::now(), answered) {
            self.skew.set(skew);
        }
    }

    /// The time now. Before the first measurement there is nothing to send, and this is the machine's own time.
    pub(crate) fn now(&self) -> Timestamp {
        let measured = *self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.map_or_else(Timestamp::now, |measured| measured.at(Instant::now()))
    }

    /// What an operator should know of this machine's clock.
    pub(crate) fn warning(&self) -> Option<String> {
        let skew = self.skew(Timestamp::now(), Instant::now())?;
        warning(skew)
    }

    /// By how many seconds a clock that shows `own` at `now` is ahead of Redis's.
    fn skew(&self, own: Timestamp, now: Instant) -> Option<f64> {
        let measured = *self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = measured?.at(now);
        let ahead = Duration::from_millis(own.as_millis().saturating_sub(theirs.as_millis()));
        let behind = Duration::from_millis(theirs.as_millis().saturating_sub(own.as_millis()));
        Some(ahead.as_secs_f64() - behind.as_secs_f64())
    }
}

/// Which measurement to go by: the new one, unless its call took long and the last one is recent.
fn better(last: Option<Measured>, asked: Instant, answered: Instant, time: Timestamp) -> Measured {
    let took = answered.saturating_duration_since(asked);
    let new = Measured {
        time,
        at: asked + took / 2,
    };
    match last {
        Some(last) if took > PRECISE_WITHIN && answered.saturating_duration_since(last.at) < GOOD_FOR => last,
        _ => new,
    }
}

/// The sentence about a difference of so many seconds.
fn warning(skew: f64) -> Option<String> {
    let apart = skew.abs();
    (apart >= WORTH_TELLING.as_secs_f64()).then(|| {
        let side = if skew > 0.0 { "ahead of" } else { "behind" };
        format!(
            "The clock of this machine is {apart:.0} s {side} Redis's, which receivers are told: synchronize the one that is wrong"
        )
    })
}

#[cfg(test)]
mod tests;
