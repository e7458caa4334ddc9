//! What packing history counts.

use prometheus::{Gauge, IntCounterVec, Opts, Registry};

use super::merged::Merged;
use super::registered;

/// The label of payloads of finished events.
pub(crate) const PAYLOADS: &str = "payloads";

/// The label of entries of logs.
pub(crate) const LOGS: &str = "logs";

/// What one worker has packed.
#[derive(Debug, Clone)]
pub(crate) struct HistoryMetrics {
    /// Blocks that it wrote, by what is in them.
    pub(crate) blocks: IntCounterVec,
    /// Bytes of what it packed into them, before.
    pub(crate) unpacked: IntCounterVec,
    /// The bytes of these blocks.
    pub(crate) packed: IntCounterVec,
    /// For how long the last full block of payloads could have been packed before.
    pub(crate) behind: Merged,
}

impl HistoryMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let family = |name: &str, help: &str| {
            let made = IntCounterVec::new(Opts::new(name, help), &["of"])?;
            for of in [PAYLOADS, LOGS] {
                made.with_label_values(&[of]).reset();
            }
            registered(registry, Ok(made))
        };
        Ok(Self {
            blocks: family(
                "history_blocks_written_total",
                "Blocks of history that were written, by what is in them: payloads of finished events, or entries of logs",
            )?,
            unpacked: family(
                "history_bytes_unpacked_total",
                "Bytes of what was packed into them, before",
            )?,
            packed: family("history_bytes_packed_total", "Bytes of those blocks")?,
            behind: Merged::highest(registered(
                registry,
                Gauge::new(
                    "history_behind_seconds",
                    "For how long the last full block of payloads could have been packed before it was; 0 when there is nothing to pack",
                ),
            )?),
        })
    }
}
