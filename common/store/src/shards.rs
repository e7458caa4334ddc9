//! Shards: slices of the accounts. Each is a whole store of its own, a [`Store`], whose keys share one hash slot, so that no script
//! needs a key of another. Most stores have one.
//!
//! How many there are is recorded at the first start, and an account's id says in which of them everything of it lies.

use std::sync::Arc;
use std::time::Duration;

use domain::id::AccountId;
use sha2::{Digest as _, Sha256};

use super::connection::Lost;
use super::identity::StoreFacts;
use super::server::Readings;
use super::settings::{InvalidRedis, RedisArgs, Servers};
use super::{Store, StoreError};

/// How many shards a store in a cluster gets: four times as many as it is likely to have primaries, so that they can be spread evenly.
const IN_A_CLUSTER: u16 = 16;

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
    /// says, or 1 on one server and 16 in a cluster: the first [`inspect_server`](Store::inspect_server) records it.
    ///
    /// # Errors
    ///
    /// [`FindError`].
    pub async fn find(args: &RedisArgs) -> Result<Self, FindError> {
        let servers = args.servers()?;
        let of = match args.shards {
            Some(shards) => shards,
            None => recorded(args, &servers).await?,
        };
        let readings = Readings::default();
        let shards = (0..of).map(|number| Store::of(args, &servers, Shard { number, of }, &readings));
        Ok(Self {
            all: shards.collect(),
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
    /// The server that has the shard, once it was asked anything: an address, or what sentinels call it.
    #[must_use]
    pub fn served_by(&self) -> String {
        self.connections().served_by()
    }
}

/// How many shards the store has, or is to get. In a cluster each has the number: one that is away now keeps nobody from the others.
async fn recorded(args: &RedisArgs, servers: &Servers) -> Result<u16, FindError> {
    let asked = async |number| {
        let store = Store::of(args, servers, Shard { number, of: 1 }, &Readings::default());
        if let Err(Lost::Nowhere(reason)) = store.connections().look_for_server(Duration::ZERO).await {
            return Err(InvalidRedis::url(&reason));
        }
        // An operator's user may read this, and run no script.
        let marks = store.store_marks().await;
        let marks = marks.or_else(|error| error.unless_overwritten(StoreFacts::default()));
        let recorded: Result<Option<String>, StoreError> = marks.map(|marks| marks.shards);
        Ok((recorded, store.connections().are_to_cluster()))
    };
    let (first, is_cluster) = asked(0).await?;
    let default = if is_cluster { IN_A_CLUSTER } else { 1 };
    let failed = match first {
        // What can't be read is refused by whoever compares it.
        Ok(recorded) => return Ok(recorded.as_deref().and_then(readable).unwrap_or(default)),
        Err(error) => error,
    };
    for number in 1..default {
        if let (Ok(Some(recorded)), _) = asked(number).await?
            && let Some(shards) = readable(&recorded)
        {
            return Ok(shards);
        }
    }
    Err(failed.into())
}

fn readable(recorded: &str) -> Option<u16> {
    recorded.parse().ok().filter(|shards| *shards > 0)
}

#[cfg(test)]
mod tests;
