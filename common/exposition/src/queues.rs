//! What is in the store, shard by shard, as a program that looks at it has seen it last.

mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use store::overview::{Overview, Totals};
use store::server::Memory;

use self::told::Told;
use crate::page::{Page, number};

/// What was seen of the shards. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Queues(Arc<Mutex<BTreeMap<u16, Seen>>>);

/// What a look at a shard has shown.
#[derive(Debug)]
pub struct Sight {
    /// What is unfinished there.
    pub overview: Overview,
    /// The memory of its server, and how much that may use; if it tells.
    pub memory: Option<(Memory, Option<u64>)>,
    /// How long the look took.
    pub took: Duration,
    /// How many endpoints with the largest backlogs are told one by one.
    pub top: usize,
}

/// What is kept of a look.
#[derive(Debug)]
struct Seen {
    at: Instant,
    took: Duration,
    totals: Totals,
    /// Seconds that the delivery which waits longest had waited then.
    oldest: f64,
    discarding: u64,
    releasing: u64,
    expired_leases: u64,
    counters: BTreeMap<String, u64>,
    memory: Option<(Memory, Option<u64>)>,
    backlogs: Vec<(String, u64)>,
}

impl From<Sight> for Seen {
    fn from(sight: Sight) -> Self {
        let Sight { overview, .. } = sight;
        let totals = overview.totals();
        let oldest = totals.oldest.as_ref().map_or(0.0, |oldest| {
            let waited = overview
                .now
                .as_millis()
                .saturating_sub(oldest.accepted_at.as_millis());
            Duration::from_millis(waited).as_secs_f64()
        });
        let mut backlogs: Vec<_> = overview
            .endpoints
            .iter()
            .map(|(id, load)| (load.backlog(), id))
            .filter(|(backlog, _)| sight.top > 0 && *backlog > 0)
            .collect();
        backlogs.sort_unstable_by(|one, other| other.cmp(one));
        backlogs.truncate(sight.top);
        Self {
            at: Instant::now(),
            took: sight.took,
            totals,
            oldest,
            discarding: overview.sweeping,
            releasing: overview.releasing,
            expired_leases: overview.expired_leases,
            memory: sight.memory,
            backlogs: backlogs
                .into_iter()
                .map(|(backlog, id)| (id.as_str().to_owned(), backlog))
                .collect(),
            counters: overview.counters,
        }
    }
}

impl Seen {
    fn counter(&self, name: &str) -> f64 {
        number(self.counters.get(name).copied().unwrap_or(0))
    }
}

impl Queues {
    /// Notes what a look at a shard has shown; `None` if this program doesn't look at it any more.
    pub fn note(&self, shard: u16, sight: Option<Sight>) {
        match sight {
            Some(sight) => self.seen().insert(shard, sight.into()),
            None => self.seen().remove(&shard),
        };
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<u16, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells it all.
    pub(crate) fn tell(&self, page: &mut Page) {
        let seen = self.seen();
        let seen: Vec<_> = seen
            .iter()
            .map(|(shard, seen)| (shard.to_string(), seen))
            .collect();
        let mut told = Told { page, seen: &seen };
        told.deliveries();
        told.endpoints();
        told.counters();
        told.of(
            "webhooks_store_memory_used_bytes",
            "Memory in use of the server that has the shard.",
            |seen| seen.memory.map(|(memory, _)| number(memory.used)),
        );
        told.of(
            "webhooks_store_memory_limit_bytes",
            "What that may be: maxmemory or STORE_BUDGET_BYTES, whichever is less; absent if there is neither.",
            |seen| seen.memory.and_then(|(_, limit)| limit).map(number),
        );
        told.of(
            "webhooks_store_seen_age_seconds",
            "How old what this page tells of the store is.",
            |seen| Some(seen.at.elapsed().as_secs_f64()),
        );
        told.of(
            "webhooks_store_look_seconds",
            "How long it took to look.",
            |seen| Some(seen.took.as_secs_f64()),
        );
    }
}

#[cfg(test)]
mod tests;
