//! All shards hold the same service keys: reading their copies, and taking what is known to each.

use futures_util::future::{join_all, try_join_all};

use super::entries::ServiceKeyEntries;
use crate::audit::Order;
use crate::scripts::{record, script};
use crate::shards::Shards;
use crate::{Store, StoreError};

script! {
    /// Enters service keys in this shard's copy; `false` when somebody else has changed the same id meanwhile.
    "service_keys_enter": AllowOom, Writes, needs [AUDIT];
    struct ServiceKeysEnter<'a> {
        order: &'a str,
        action: &'a str,
        result: &'a str,
        target: &'a str,
        /// The version of the target that the caller knows.
        seen: u64;
        each entry: &'a [EntryText<'a>]
    } -> bool
}

record! {
    /// An id, and its entry as it is stored.
    struct EntryText<'a> {
        id: &'a str,
        text: &'a str,
    }
}

/// A change of one id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) order: &'a Order,
    pub(super) action: &'a str,
    pub(super) result: &'a str,
    pub(super) id: &'a str,
    /// The version of it that is known.
    pub(super) seen: u64,
}

impl Shards {
    /// The service keys that the shards know together, and the shards that couldn't be asked.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when none could.
    pub async fn service_keys(&self) -> Result<(ServiceKeyEntries, Vec<(u16, StoreError)>), StoreError> {
        let copies = join_all(self.all().iter().map(Store::service_keys)).await;
        let (mut known, mut away) = (ServiceKeyEntries::default(), Vec::new());
        for (store, copy) in self.all().iter().zip(copies) {
            match copy {
                Ok(copy) => _ = known.merge(copy),
                Err(error) => away.push((store.shard().number, error)),
            }
        }
        match away.pop() {
            Some((_, error)) if away.len() + 1 == self.all().len() => Err(error),
            last => {
                away.extend(last);
                Ok((known, away))
            }
        }
    }

    /// The shards whose copies lack something that another one has. All are asked, each once.
    pub(crate) async fn lacking_service_keys(&self) -> Result<Vec<u16>, StoreError> {
        let copies = try_join_all(self.all().iter().map(Store::service_keys)).await?;
        let mut known = ServiceKeyEntries::default();
        for copy in &copies {
            known.merge(copy.clone());
        }
        let of_shards = self.all().iter().zip(copies);
        let lacking = of_shards.filter(|(_, copy)| *copy != known);
        Ok(lacking.map(|(store, _)| store.shard().number).collect())
    }

    /// Gives these shards all that the others know: new ones begin with it.
    pub(crate) async fn copy_service_keys(&self, to: &[Store]) -> Result<(), StoreError> {
        let (known, _) = self.service_keys().await?;
        for store in to.iter().filter(|_| known.len() > 0) {
            store.enter_service_keys(&known, None).await?;
        }
        Ok(())
    }

    /// Takes all entries to all shards, one after the other; returns those that couldn't be told, and `None` if somebody else was faster. The
    /// audit of the first that could be told has the change.
    pub(super) async fn spread(
        &self,
        entries: &ServiceKeyEntries,
        change: Change<'_>,
    ) -> Option<Vec<(u16, StoreError)>> {
        let (mut untold, mut is_noted) = (Vec::new(), false);
        for store in self.all() {
            let store = if is_noted {
                store.clone()
            } else {
                store.ordered_by(change.order)
            };
            match store.enter_service_keys(entries, Some(change)).await {
                Ok(true) => is_noted = true,
                Ok(false) => return None,
                Err(error) => untold.push((store.shard().number, error)),
            }
        }
        Some(untold)
    }
}

impl Store {
    /// Enters all entries in this shard's copy, because of a change or, without one, so that it has them.
    async fn enter_service_keys(
        &self,
        entries: &ServiceKeyEntries,
        change: Option<Change<'_>>,
    ) -> Result<bool, StoreError> {
        let texts: Vec<_> = entries.texts().collect();
        let entry: Vec<_> = texts.iter().map(|(id, text)| EntryText { id, text }).collect();
        self.call(&ServiceKeysEnter {
            order: self.order(),
            action: change.map_or("", |change| change.action),
            result: change.map_or("", |change| change.result),
            target: change.map_or("", |change| change.id),
            seen: change.map_or(0, |change| change.seen),
            entry: &entry,
        })
        .await
    }
}
