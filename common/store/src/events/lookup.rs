//! Finding an event by the key that its caller gave it.

use domain::id::{AccountId, EventId};

use super::Idempotency;
use crate::{Store, StoreError};

impl Store {
    /// The event that was accepted with this idempotency key, as long as the key is remembered.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn event_of_key(&self, account: &AccountId, key: &str) -> Result<Option<EventId>, StoreError> {
        let hash = Idempotency::hash_of(key);
        let mut read = redis::cmd("HGET");
        read.arg(self.keys().key(&format!("idempotency:{account}:{hash}")))
            .arg("event");
        let event: Option<String> = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        Ok(event.and_then(|event| event.parse().ok()))
    }
}
