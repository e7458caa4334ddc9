//! Shards: slices of the accounts. Each is a whole store of its own, a [`Store`], whose keys share one hash slot, so that no script
//! needs a key of another. Most stores have one.
//!
//! How many there are is recorded at the first start, and an account's id says in which of them everything of it lies.

use std::sync::Arc;

use domain::id::AccountId;
use sha2::{Digest as _, Sha256};

use super::settings::{InvalidRedis, RedisArgs};
use super::{Store, StoreError};

/// One of the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0 on.
    pub number: u16,
    /// How many there are.
    pub of: u16,
}

impl Shard {
    /// All there is.
    pub const ONLY: Self = Self { number: 0, of: 1 };

    /// Whether there are others.
    #[must_use]
    pub const fn has_others(self) -> bool {
        self.of > 1
    }

    /// Why no program may use this shard, if another number of shards is recorded.
    pub(crate) fn differs(self, recorded: &Option<String>) -> Option<String> {
        let recorded = recorded
            .as_ref()
            .filter(|shards| **shards != self.of.to_string())?;
        Some(format!(
            "SHARDS is {}, and the store has {recorded}, which can't be changed: set it to {recorded}, or leave it out",
            self.of
        ))
    }
}

/// All shards of the store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shards {
    all: Arc<[Store]>,
}

impl Shards {
    /// Asks how many shards the store has, and prepares the connections to them. A store that isn't there yet gets as many as `SHARDS`
    /// says, at its first start: the first [`inspect_server`](Store::inspect_server) records it.
    ///
    /// # Errors
    ///
    /// [`FindError`].
    pub async fn find(args: &RedisArgs) -> Result<Self, FindError> {
        if let Some(shards) = args.shards {
            return Ok(Self::new(args, shards)?);
        }
        let first = Store::new(args)?;
        let recorded = first.recorded_shards().await?;
        Ok(Self::new(args, recorded.unwrap_or(1))?)
    }

    /// So many shards.
    fn new(args: &RedisArgs, of: u16) -> Result<Self, InvalidRedis> {
        let shards = (0..of).map(|number| Store::of(args, Shard { number, of }));
        Ok(Self {
            all: shards.collect::<Result<_, _>>()?,
        })
    }

    /// The shard that has everything of an account.
    #[must_use]
    pub fn of(&self, account: &AccountId) -> &Store {
        &self.all[self.number_of(account)]
    }

    /// Which of [`Self::all`] that is.
    #[must_use]
    pub fn number_of(&self, account: &AccountId) -> usize {
        place(account, self.all.len())
    }

    /// All of them, in order; there is at least one.
    #[must_use]
    pub fn all(&self) -> &[Store] {
        &self.all
    }
}

/// Where an account lies among so many shards: the first eight bytes of the SHA-256 of its id, as a number, modulo theirs.
fn place(account: &AccountId, shards: usize) -> usize {
    if shards == 1 {
        return 0;
    }
    let digest = Sha256::digest(account.as_str());
    let number = digest[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number % shards as u64).unwrap_or_default()
}

/// Why the shards were not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] InvalidRedis),
    /// Redis can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// How many shards the store has, if there is one.
    async fn recorded_shards(&self) -> Result<Option<u16>, StoreError> {
        let recorded = self.store_facts().await?.shards;
        // What can't be read is refused by whoever compares it.
        Ok(recorded
            .and_then(|shards| shards.parse().ok())
            .filter(|shards| *shards > 0))
    }
}

#[cfg(test)]
mod tests;
