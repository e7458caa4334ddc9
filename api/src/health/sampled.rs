//! What the latest attempts say: how many succeeded, and how long they took.

use std::time::Duration;

use store::log::LoggedAttempt;

/// The attempts of a sample that count. Deliveries that were given up without an attempt are not among them.
pub(super) struct Sampled {
    /// Shortest first.
    durations: Vec<Duration>,
    succeeded: usize,
}

impl Sampled {
    /// Those that count among a log's latest.
    pub(super) fn of(attempts: &[LoggedAttempt]) -> Self {
        let made = attempts
            .iter()
            .filter(|attempt| attempt.duration.is_some() && !attempt.is_held());
        let mut durations: Vec<_> = made.clone().filter_map(|attempt| attempt.duration).collect();
        durations.sort_unstable();
        Self {
            durations,
            succeeded: made.filter(|attempt| attempt.error.is_none()).count(),
        }
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.durations.len()
    }

    /// The share of them that succeeded.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sample has at most a hundred attempts"
    )]
    pub(super) fn success_rate(&self) -> Option<f64> {
        let count = self.durations.len();
        (count > 0).then(|| self.succeeded as f64 / count as f64)
    }

    /// A percentile by the nearest-rank method: the shortest duration that `percent` % of the attempts did not exceed.
    pub(super) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.durations.len() * percent).div_ceil(100);
        self.durations.get(rank.checked_sub(1)?).copied()
    }
}
