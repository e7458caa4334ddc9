//! Finding an event by the key that its caller gave it.

use std::collections::HashMap;

use domain::id::{AccountId, EventId};

use super::Idempotency;
use crate::{Store, StoreError};

/// How many characters of an event's id stand first in what is remembered of a key.
const ID: usize = 26;

/// Which characters of a key's hash say in which hash of a table it is, and which are its field there (`accept/remembered_keys.lua`).
const NUMBER: std::ops::Range<usize> = 0..6;
const FIELD: std::ops::Range<usize> = 6..26;

impl Store {
    /// The event that was accepted with this idempotency key (without quotes), as long as the key is remembered: for a day at least.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn event_of_key(&self, account: &AccountId, key: &str) -> Result<Option<EventId>, StoreError> {
        let (hash, quoted) = Idempotency::hashes_of(key);
        let mut directory = redis::cmd("HGETALL");
        directory.arg(self.keys().key(&format!("account:{account}:idempotency")));
        let tables: HashMap<String, String> = self
            .query(&directory)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(HashMap::new()))?;
        for (table, hashes) in newest_first(&tables) {
            let Some((number, field)) = hash.get(NUMBER).zip(hash.get(FIELD)) else {
                continue;
            };
            let number = u64::from_str_radix(number, 16).unwrap_or(0) % hashes;
            let place = format!("idempotency:{account}:{table}:{number}");
            let used = self.field(&place, field).await?;
            let event = used.as_deref().and_then(|used| used.get(..ID));
            if let Some(event) = event.and_then(|id| format!("evt_{id}").parse().ok()) {
                return Ok(Some(event));
            }
        }
        // Until schema 3 each key had a hash of its own, in the spelling in which it came.
        for hash in [hash, quoted] {
            let event = self
                .field(&format!("idempotency:{account}:{hash}"), "event")
                .await?;
            if let Some(event) = event.and_then(|event| event.parse().ok()) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    async fn field(&self, key: &str, field: &str) -> Result<Option<String>, StoreError> {
        let mut read = redis::cmd("HGET");
        read.arg(self.keys().key(key)).arg(field);
        self.query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))
    }
}

/// An account's tables of keys: their numbers, and how many hashes each has.
fn newest_first(tables: &HashMap<String, String>) -> Vec<(u64, u64)> {
    let read = tables.iter().filter_map(|(number, facts)| {
        let hashes = facts.split(' ').nth(1)?.parse().ok()?;
        Some((number.parse().ok()?, std::cmp::max(1, hashes)))
    });
    let mut read: Vec<_> = read.collect();
    read.sort_unstable_by(|one, other| other.cmp(one));
    read
}
