//! Which accounts have something in a shard.

use std::collections::HashSet;

use domain::id::AccountId;

use super::Shards;
use crate::{Store, StoreError};

impl Shards {
    /// Every account that has anything lasting, with its shard, in the order of their names. `on_progress` is told how many of a shard were
    /// found so far.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn accounts(&self, on_progress: impl Fn(usize)) -> Result<Vec<(AccountId, Store)>, StoreError> {
        let mut all = Vec::new();
        for store in self.all() {
            let here = usize::from(store.shard().number);
            for account in store.accounts(&on_progress).await? {
                // Where one was before it moved, a copy may be left.
                if self.number_of(&account) == here {
                    all.push((account, store.clone()));
                }
            }
        }
        all.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        Ok(all)
    }
}

impl Store {
    /// The accounts that have anything lasting here, each once. `on_progress` is told how many were found so far.
    pub(super) async fn accounts(
        &self,
        mut on_progress: impl FnMut(usize),
    ) -> Result<HashSet<AccountId>, StoreError> {
        let (mut found, mut cursor) = (HashSet::new(), Some(0));
        while let Some(at) = cursor {
            let (next, names) = self.names_of_accounts(at, "*").await?;
            found.extend(names.iter().filter_map(|name| owner(name)));
            on_progress(found.len());
            cursor = next;
        }
        Ok(found)
    }

    /// An account that is on its way from here to another shard.
    pub(super) async fn one_that_leaves(&self) -> Result<Option<AccountId>, StoreError> {
        let mut cursor = Some(0);
        while let Some(at) = cursor {
            let (next, names) = self.names_of_accounts(at, "*:move").await?;
            for account in names.iter().filter_map(|name| owner(name)) {
                // Where it has come to, the same key says since when.
                if self.leaves(&account).await?.is_some() {
                    return Ok(Some(account));
                }
            }
            cursor = next;
        }
        Ok(None)
    }

    /// The next keys of accounts, without `account:`, and where to go on.
    async fn names_of_accounts(
        &self,
        cursor: u64,
        like: &str,
    ) -> Result<(Option<u64>, Vec<String>), StoreError> {
        let start = self.keys().key("account:");
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor)
            .arg("MATCH")
            .arg(format!("{start}{like}"))
            .arg("COUNT")
            .arg(1_000);
        let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
        let names = keys
            .iter()
            .filter_map(|key| Some(key.strip_prefix(&start)?.to_owned()));
        Ok((Some(next).filter(|next| *next != 0), names.collect()))
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
