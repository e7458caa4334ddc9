//! What became of the store.

use ::store::Turn;
use prometheus::{IntCounter, IntGaugeVec, Opts, Registry};

use super::registered;

/// How often the store turned out to be older than before, or on another server.
#[derive(Debug, Clone)]
pub(crate) struct StoreMetrics {
    shards: IntGaugeVec,
    rewinds: IntCounter,
    failovers: IntCounter,
    lost_writes: IntCounter,
}

impl StoreMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help));
        let shards = Opts::new("shard_ready", "Whether the worker can do a shard's work");
        Ok(Self {
            shards: registered(registry, IntGaugeVec::new(shards, &["shard"]))?,
            rewinds: counter(
                "store_rewinds_total",
                "Times that the store was found to be older than it was",
            )?,
            failovers: counter(
                "store_failovers_total",
                "Times that the sentinels named another primary",
            )?,
            lost_writes: counter(
                "store_failover_lost_writes_total",
                "Seconds of a program's writing that new primaries lacked after failovers",
            )?,
        })
    }

    /// Whether each of the shards, from the first on, can be used now.
    pub(crate) fn shards_ready(&self, each: impl IntoIterator<Item = bool>) {
        for (number, is_ready) in each.into_iter().enumerate() {
            let shard = self.shards.with_label_values(&[number.to_string()]);
            shard.set(i64::from(is_ready));
        }
    }

    pub(crate) fn turned(&self, turn: Turn) {
        match turn {
            Turn::Rewound => self.rewinds.inc(),
            Turn::FailedOver => self.failovers.inc(),
            Turn::LostWrites(writes) => self.lost_writes.inc_by(writes),
        }
    }
}
