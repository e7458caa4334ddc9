//! Which accounts have something in a shard.

use std::collections::HashSet;

use domain::id::AccountId;

use crate::{Store, StoreError};

impl Store {
    /// The accounts that have anything lasting here, each once. `on_progress` is told how many were found so far.
    pub(super) async fn accounts(
        &self,
        mut on_progress: impl FnMut(usize),
    ) -> Result<HashSet<AccountId>, StoreError> {
        let start = self.keys().key("account:");
        let pattern = format!("{start}*");
        let (mut found, mut cursor) = (HashSet::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(&pattern)
                .arg("COUNT")
                .arg(1_000);
            let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
            let owners = keys.iter().filter_map(|key| owner(key.strip_prefix(&start)?));
            found.extend(owners);
            on_progress(found.len());
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Whether an account is on its way to another shard, or has left only the word about that.
    pub(super) async fn has_left(&self, account: &AccountId) -> Result<bool, StoreError> {
        let key = self.keys().key(&format!("account:{account}:terms"));
        let terms: Option<String> = self.query(redis::cmd("GET").arg(key)).await?;
        Ok(terms.is_some_and(|terms| terms.starts_with("moving ") || terms.starts_with("moved ")))
    }
}

/// Whose `<a>:<what>` is, unless it only counts calls of a minute.
fn owner(name: &str) -> Option<AccountId> {
    let (kind, rest) = name.split_once(':')?;
    let (id, what) = rest.split_once(':')?;
    if what == "calls" || what.starts_with("calls:") {
        return None;
    }
    format!("{kind}:{id}").parse().ok()
}
