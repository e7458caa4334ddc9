//! How fast places change hands in a crowd. Pure.

use std::time::{Duration, Instant};

/// How long after one connection had to leave for a newcomer the next one may have to.
///
/// Those of a crowd who are thrown out together come again together: in waves of 160 within 70 ms and then nobody for 130, and whoever
/// had a place waited behind them. At one a millisecond the waves flatten out, and hardly anybody waits longer for a place: a thousand
/// leave in a [`Limits::grace`](crate::Limits::grace) of a second, and nobody is slow any sooner.
const APART: Duration = Duration::from_millis(1);

/// How much may be made up for: timers are no more exact than [`APART`].
const CREDIT: Duration = Duration::from_millis(4);

/// When the next connection may have to leave.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turnover {
    next: Option<Instant>,
}

impl Turnover {
    /// From when on somebody may have to leave, if not at once.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        self.next.filter(|next| now < *next)
    }

    /// One had to leave.
    pub(super) fn left(&mut self, now: Instant) {
        let earliest = now.checked_sub(CREDIT).unwrap_or(now);
        self.next = Some(self.next.unwrap_or(earliest).max(earliest) + APART);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_millisecond_leaves_and_a_late_timer_costs_nothing() {
        let start = Instant::now() + Duration::from_secs(1);
        let at = |millis| start + Duration::from_millis(millis);
        let mut turnover = Turnover::default();
        let mut left = 0;
        // Whoever asks every other millisecond sees two leave each time.
        for millis in (0..1000).step_by(2) {
            while turnover.not_before(at(millis)).is_none() {
                turnover.left(at(millis));
                left += 1;
            }
        }
        assert_eq!(left, 1000 + 3, "after quiet a few may leave at once");
        for _ in 0..64 {
            turnover.left(at(1000));
        }
        assert_eq!(turnover.not_before(at(1000)), Some(at(1064 - 1)));
    }
}
