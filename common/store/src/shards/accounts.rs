//! Which accounts have something in a shard.

use domain::id::AccountId;

use crate::{Store, StoreError};

impl Store {
    /// Some of the accounts that have anything lasting here; the first time after 0, and then after what this returns, until that is 0.
    pub(super) async fn accounts_after(&self, cursor: u64) -> Result<(u64, Vec<AccountId>), StoreError> {
        let start = self.keys().key("account:");
        let (next, keys): (u64, Vec<String>) = self
            .query(
                redis::cmd("SCAN")
                    .arg(cursor)
                    .arg("MATCH")
                    .arg(format!("{start}*"))
                    .arg("COUNT")
                    .arg(1_000),
            )
            .await?;
        Ok((
            next,
            keys.iter()
                .filter_map(|key| owner(key.strip_prefix(&start)?))
                .collect(),
        ))
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
