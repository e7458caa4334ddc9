//! The directory, as a shard holds it.

use std::collections::HashMap;

use domain::id::AccountId;

use super::Shards;
use super::routing::Routes;
use crate::scripts::{record, script};
use crate::{Store, StoreError};

/// How many entries one call reads or writes.
const STEP: usize = 1_000;

script! {
    /// Enters accounts in this shard's copy of the directory.
    "directory_enter": AllowOom, Writes, needs [PENDING];
    struct DirectoryEnter<'a> {
        /// The version that the directory has with these; `None`: more entries follow, and programs need not look yet.
        version: Option<u64>,
        /// Whether these take the place of others.
        replaces: bool;
        each entry: &'a [Entry<'a>]
    } -> ()
}

record! {
    /// An account, and the shard that has it.
    struct Entry<'a> {
        account: &'a AccountId,
        number: u16,
    }
}

impl Shards {
    /// Enters an account in the directory that all shards hold: from now on it lies in the shard of this number. Programs learn it when they
    /// look next, about once a second.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: some shards may have the entry then. The same again changes nothing.
    pub async fn enter(&self, account: &AccountId, number: u16) -> Result<(), StoreError> {
        let version = self.enter_all(&[(account.clone(), number)], true).await?;
        let first = &self.all()[0];
        self.routing
            .learn(first.routes(self.routing.now().by, version).await?);
        Ok(())
    }

    /// The version of the directory by which these shards were found, or which was learned since.
    #[must_use]
    pub fn directory_version(&self) -> u64 {
        self.routing.now().version
    }

    /// Enters accounts in all copies of the directory, in the place of other entries for them or beside them. Returns the version that it has
    /// with these, which is newer than any before: the time by which the first shard goes.
    pub(super) async fn enter_all(
        &self,
        entries: &[(AccountId, u16)],
        replaces: bool,
    ) -> Result<u64, StoreError> {
        let version = self.all()[0].time().await?.as_millis();
        for store in self.all() {
            store.enter_in_directory(entries, version, replaces).await?;
        }
        Ok(version)
    }
}

impl Store {
    /// What this shard says of where accounts lie: `by` and `version` are what `wh:meta` says.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn routes(&self, by: u16, version: u64) -> Result<Routes, StoreError> {
        let elsewhere = if version == 0 {
            HashMap::new()
        } else {
            self.directory().await?
        };
        Ok(Routes {
            by,
            version,
            elsewhere,
        })
    }

    /// This shard's copy of the directory.
    pub(super) async fn directory(&self) -> Result<HashMap<AccountId, u16>, StoreError> {
        let (key, mut cursor) = (self.keys().key("directory"), 0_u64);
        let mut found = HashMap::new();
        loop {
            let (next, page): (u64, Vec<(String, String)>) = self
                .query_anywhere(redis::cmd("HSCAN").arg(&key).arg(cursor).arg("COUNT").arg(STEP))
                .await?;
            // Nobody but us writes it: what can't be read leads nowhere.
            let entries = page
                .into_iter()
                .filter_map(|(account, number)| Some((account.parse().ok()?, number.parse().ok()?)));
            found.extend(entries);
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// Enters accounts in this shard's copy, in bounded steps; programs look once it has this version.
    async fn enter_in_directory(
        &self,
        entries: &[(AccountId, u16)],
        version: u64,
        replaces: bool,
    ) -> Result<(), StoreError> {
        let mut steps = entries.chunks(STEP).peekable();
        if steps.peek().is_none() {
            return self.enter_step(&[], Some(version), replaces).await;
        }
        while let Some(step) = steps.next() {
            let is_last = steps.peek().is_none();
            self.enter_step(step, is_last.then_some(version), replaces)
                .await?;
        }
        Ok(())
    }

    async fn enter_step(
        &self,
        step: &[(AccountId, u16)],
        version: Option<u64>,
        replaces: bool,
    ) -> Result<(), StoreError> {
        let entry: Vec<_> = step
            .iter()
            .map(|(account, number)| Entry {
                account,
                number: *number,
            })
            .collect();
        self.call(&DirectoryEnter {
            version,
            replaces,
            entry: &entry,
        })
        .await
    }

    /// Goes by what the store says of where accounts lie, if that is newer than what is known.
    pub(crate) async fn learn_routes(&self, shards: Option<&str>, version: u64) -> Result<(), StoreError> {
        let known = self.routing().now();
        let by = shards.and_then(super::readable).unwrap_or(known.by);
        if (by, version) > (known.by, known.version) {
            let routes = self.routes(by, version).await?;
            self.routing().learn(routes);
        }
        Ok(())
    }

    /// Looks at once where accounts lie, if one of these results says that it is elsewhere.
    pub(crate) fn look_if_elsewhere<T>(&self, results: &[Result<T, StoreError>]) {
        let is_elsewhere = |result: &Result<T, _>| {
            matches!(
                result,
                Err(StoreError::Misplaced(_) | StoreError::AccountMoved(_))
            )
        };
        if results.iter().any(is_elsewhere) {
            self.guard().trouble.notify_one();
        }
    }

    /// The number that accounts were cut by when this shard was chosen for one; 0 if the account is known by now to lie elsewhere. Scripts
    /// that make the first thing of an account compare it with the store's (`lua/shared/placed.lua`).
    pub(crate) fn chosen_by(&self, account: &AccountId) -> u16 {
        self.chosen_by_all(std::iter::once(account))
    }

    /// The same of several accounts.
    pub(crate) fn chosen_by_all<'a>(&self, mut accounts: impl Iterator<Item = &'a AccountId>) -> u16 {
        let routes = self.routing().now();
        let is_here = |account: &AccountId| routes.place(account) == self.shard().number;
        if accounts.all(is_here) { routes.by } else { 0 }
    }
}
