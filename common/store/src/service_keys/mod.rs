//! Service keys that operators keep in the store (`webhooksctl keys`), beside those that `SERVICE_KEYS` has. Of each there is its SHA-256.
//!
//! Every shard holds all of them, so that an API knows them whichever shard it reaches. Each id has an entry with a version, the time of its
//! last change, and a key that was revoked keeps its entry: whoever reads several copies goes by the newest entry of each id, so that a shard which was
//! away, or set back, brings no revoked key back. Each change takes all entries to every shard, and a shard keeps of each id what is
//! newest: whatever a copy missed, the next change brings.
//!
//! - `entries`: what is stored of each. `spread`: all copies together. `change`: making and revoking keys. Here: how an API reads them, and hears of changes.

mod change;

mod entries;

mod spread;

use std::collections::HashMap;

use tokio::sync::watch;

pub use change::{CreateError, RevokeError, Revoked};
pub use entries::{ServiceKeyEntries, StoredServiceKey};
pub(crate) use spread::ServiceKeysEnter;

use super::{Store, StoreError};

impl Store {
    /// This shard's copy.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn service_keys(&self) -> Result<ServiceKeyEntries, StoreError> {
        let key = self.keys().key("service_keys");
        let read = self.query(redis::cmd("HGETALL").arg(key)).await;
        let copy: HashMap<String, String> = read.or_else(|error| error.unless_overwritten(HashMap::new()))?;
        Ok(ServiceKeyEntries::read(copy))
    }

    /// When the copy was last changed (ms; each change has another number), as far as [`Store::watch`] has seen: it looks about once a second.
    #[must_use]
    pub fn service_key_changes(&self) -> watch::Receiver<u64> {
        self.service_key_count().subscribe()
    }

    /// The store says that its copy was last changed then. After it was set back that may be earlier.
    pub(crate) fn note_service_keys(&self, changes: u64) {
        self.service_key_count().send_if_modified(|known| {
            let is_other = *known != changes;
            *known = changes;
            is_other
        });
    }
}
