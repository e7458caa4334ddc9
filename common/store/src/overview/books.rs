//! What the counters of a shard say, which the scripts keep that move deliveries: how fast things go, and whether anything is lost.
//!
//! Of what was made (`deliveries`), and came with accounts from other shards, everything has been delivered, given up or canceled, or is
//! unfinished. That is what `check` proves of a shard at rest; here it is compared with the lengths of the queues, which move while they are
//! read. So it holds give or take as many as moved meanwhile, and the counters are read twice to know how many that may be.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Timestamp;

use super::time::{KEPT, dated};
use super::{Overview, Totals};
use crate::{Store, StoreError};

/// The counters of a shard at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The time by which what is stored is dated.
    pub at: Timestamp,
    /// Deliveries in flight.
    pub in_flight: u64,
    counters: BTreeMap<String, i64>,
}

/// How fast things go.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Over what time.
    pub over: Duration,
    /// Events that were accepted in a second, and matched an endpoint.
    pub events: f64,
    /// Deliveries that were made in a second.
    pub made: f64,
    /// Deliveries that succeeded in a second.
    pub delivered: f64,
    /// Deliveries that ended in a second, one way or the other.
    pub ended: f64,
}

/// Whether what was made, has ended and is unfinished adds up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Deliveries that were made; and those that came with accounts from elsewhere, less those that left.
    pub made: i64,
    /// Deliveries that succeeded.
    pub delivered: i64,
    /// Deliveries that were given up.
    pub exhausted: i64,
    /// Deliveries that were discarded.
    pub canceled: i64,
    /// Deliveries that wait or are in flight.
    pub unfinished: i64,
    /// How many moved while they were looked at.
    pub moved: u64,
    /// Entries that could not be read, and were left out visibly.
    pub corrupt: i64,
}

impl Reading {
    /// A counter; 0 if nothing was counted.
    #[must_use]
    pub fn count(&self, name: &str) -> i64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (String, u64)> {
        let positive = self.counters.iter();
        positive.filter_map(|(name, count)| Some((name.clone(), u64::try_from(*count).ok()?)))
    }

    fn ended(&self) -> i64 {
        self.count("succeeded") + self.count("exhausted") + self.count("canceled")
    }

    /// How often a delivery was made, taken, or ended since an earlier reading.
    fn moved_since(&self, before: &Self) -> u64 {
        let counted = |reading: &Self| {
            let attempts = reading.count("attempts") + reading.count("leasesLost");
            reading.count("deliveries")
                + reading.count("movedIn")
                + reading.count("movedOut")
                + attempts
                + reading.ended()
        };
        let granted = self.in_flight.saturating_sub(before.in_flight);
        counted(self).abs_diff(counted(before)) + granted
    }
}

impl Rates {
    /// From two readings of each shard; `None` where none has two that are apart, or a store was replaced in between.
    #[must_use]
    pub fn between(before: &BTreeMap<u16, Reading>, after: &BTreeMap<u16, Reading>) -> Option<Self> {
        let mut rates: Option<Self> = None;
        for (shard, after) in after {
            let Some(before) = before.get(shard) else { continue };
            let over = after.at.as_millis().saturating_sub(before.at.as_millis());
            if over == 0 {
                continue;
            }
            let rate = |count: fn(&Reading) -> i64| {
                let grown = count(after) - count(before);
                #[expect(clippy::cast_precision_loss, reason = "counts of a moment are small")]
                let rate = grown as f64 * 1000.0 / over as f64;
                (grown >= 0).then_some(rate)
            };
            let all = rates.get_or_insert_default();
            all.over = all.over.max(Duration::from_millis(over));
            all.events += rate(|reading| reading.count("events"))?;
            all.made += rate(|reading| reading.count("deliveries"))?;
            all.delivered += rate(|reading| reading.count("succeeded"))?;
            all.ended += rate(Reading::ended)?;
        }
        rates
    }

    /// In what time a backlog is gone at this pace; `None` if it doesn't shrink.
    #[must_use]
    pub fn drains(&self, backlog: u64) -> Option<Duration> {
        if backlog == 0 {
            return Some(Duration::ZERO);
        }
        #[expect(clippy::cast_precision_loss, reason = "a forecast is no exact number")]
        let seconds = backlog as f64 / (self.ended - self.made);
        // Neither below zero nor endless.
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Balance {
    /// Of all that was looked at.
    #[must_use]
    pub fn of(overview: &Overview, totals: &Totals) -> Self {
        let sum = |name: &str| {
            let first = overview.readings.values().map(|[first, _]| first.count(name));
            first.sum::<i64>()
        };
        let moved = overview
            .readings
            .values()
            .map(|[first, last]| last.moved_since(first));
        let unfinished = totals.waiting
            + totals.held
            + totals.in_flight
            + totals.retrying
            + totals.parked
            + totals.quarantined
            + overview.sweeping
            + overview.releasing;
        Self {
            made: sum("deliveries") + sum("movedIn") - sum("movedOut"),
            delivered: sum("succeeded"),
            exhausted: sum("exhausted"),
            canceled: sum("canceled"),
            unfinished: i64::try_from(unfinished).unwrap_or(i64::MAX),
            moved: moved.sum(),
            corrupt: sum("corrupt"),
        }
    }

    /// How many more were made than have ended or are unfinished.
    #[must_use]
    pub const fn missing(&self) -> i64 {
        self.made - self.delivered - self.exhausted - self.canceled - self.unfinished
    }

    /// Whether it adds up, as far as that can be said while things move.
    #[must_use]
    pub const fn is_even(&self) -> bool {
        self.missing().unsigned_abs() <= self.moved
    }
}

impl Store {
    /// Reads the counters.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn reading(&self) -> Result<Reading, StoreError> {
        let key = |name: &str| self.keys().key(name);
        let mut answers = self
            .ask_all(vec![
                redis::cmd("TIME"),
                redis::cmd("HGETALL").arg(key("stats")).take(),
                redis::cmd("ZCARD").arg(key("leases")).take(),
            ])
            .await?;
        let server = answers.take().unwrap_or_default();
        let stats: BTreeMap<String, String> = answers.take().unwrap_or_default();
        let counters: BTreeMap<_, _> = stats
            .into_iter()
            .filter_map(|(name, count)| Some((name, count.parse().ok()?)))
            .collect();
        Ok(Reading {
            at: dated(server, KEPT.map(|name| counters.get(name).copied())),
            counters,
            in_flight: answers.count(),
        })
    }
}

#[cfg(test)]
mod tests;
