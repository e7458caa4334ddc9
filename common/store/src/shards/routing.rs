//! Which shard has an account: the one that its id names, unless the directory says another.
//!
//! All shards hold the directory (`directory`: account → shard), so that none is needed to find the others. Programs keep it in memory,
//! and read it anew when its version in `wh:meta` rises.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::AccountId;
use sha2::{Digest as _, Sha256};

/// What the shards of a program share of where accounts lie.
#[derive(Debug)]
pub(crate) struct Routing(RwLock<Arc<Routes>>);

/// Where accounts lie, as it was known at some moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    /// The number of shards that an id names one of.
    pub(crate) by: u16,
    /// The version of the directory.
    pub(crate) version: u64,
    /// The accounts that lie elsewhere.
    pub(crate) elsewhere: HashMap<AccountId, u16>,
}

impl Routing {
    pub(crate) fn new(routes: Routes) -> Self {
        Self(RwLock::new(Arc::new(routes)))
    }

    pub(crate) fn now(&self) -> Arc<Routes> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes by what was read in the store, unless something newer is known. The number of shards never falls.
    pub(crate) fn learn(&self, routes: Routes) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if (routes.by, routes.version) > (known.by, known.version) {
            *known = Arc::new(routes);
        }
    }
}

impl Routes {
    /// Where accounts lie that were never moved.
    pub(crate) fn by(shards: u16) -> Self {
        Self {
            by: shards,
            ..Self::default()
        }
    }

    /// The number of the shard that has the account, or would.
    pub(crate) fn place(&self, account: &AccountId) -> u16 {
        match self.elsewhere.get(account) {
            Some(place) => *place,
            None => named_by_id(account, self.by),
        }
    }
}

/// Which of so many shards an account's id names: the first eight bytes of its SHA-256, as a number, modulo theirs.
pub(crate) fn named_by_id(account: &AccountId, shards: u16) -> u16 {
    if shards <= 1 {
        return 0;
    }
    let digest = Sha256::digest(account.as_str());
    let number = digest[..8]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    u16::try_from(number % u64::from(shards)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
