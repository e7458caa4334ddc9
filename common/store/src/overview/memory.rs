//! What the kinds of keys take of Redis's memory, from a sample: a table of keys is in no order, so the first few thousand that `SCAN`
//! comes to stand for all.

use std::collections::BTreeMap;

use redis::Cmd;

use crate::{Store, StoreError};

/// How many keys are measured.
const SAMPLE: usize = 2_000;

/// How many keys one `SCAN` looks for.
const STEP: usize = 500;

/// What the keys of a kind take, about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindMemory {
    /// How many keys.
    pub keys: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Asks how many bytes a key takes.
pub(super) fn usage_of(key: &str) -> Cmd {
    redis::cmd("MEMORY").arg("USAGE").arg(key).take()
}

impl Store {
    /// What the kinds of keys take, by the first word of their names. Exact with up to two thousand keys; of more, what is rare and large
    /// may be missing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn memory_by_kind(&self) -> Result<BTreeMap<String, KindMemory>, StoreError> {
        let all: u64 = self.query(&redis::cmd("DBSIZE")).await?;
        let (mut cursor, mut names) = (0_u64, Vec::new());
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<String>) = self.query(&scan).await?;
            names.extend(found);
            cursor = next;
            if cursor == 0 || names.len() >= SAMPLE {
                break;
            }
        }
        // A server that others use too may have keys that we may not look at.
        let prefix = self.keys().key("");
        let looked_at = names.len().max(1) as u64;
        let ours: Vec<_> = names
            .iter()
            .filter_map(|name| Some((name, name.strip_prefix(&prefix)?)))
            .collect();
        let asked = ours.iter().map(|(key, _)| usage_of(key));
        let mut answers = self.ask_all(asked.collect()).await?;
        let mut kinds: BTreeMap<String, KindMemory> = BTreeMap::new();
        for (_, name) in &ours {
            let kind = kinds
                .entry(name.split(':').next().unwrap_or_default().to_owned())
                .or_default();
            kind.keys += 1;
            kind.bytes += answers.count();
        }
        if cursor != 0 {
            for kind in kinds.values_mut() {
                kind.keys = kind.keys.saturating_mul(all) / looked_at;
                kind.bytes = kind.bytes.saturating_mul(all) / looked_at;
            }
        }
        Ok(kinds)
    }
}
