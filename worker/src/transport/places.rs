//! How many requests of one account are on their way to one address at a time.
//!
//! The queue bounds them by the host and port of the URL. Many names may lead to one server (`*.example.com`), so a worker bounds
//! them by address and port as well.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::AccountId;

/// The places of this worker. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<Taken>>,
    /// The most of one account at one address.
    most: u32,
}

/// How many each account has taken at each address and port.
type Taken = HashMap<(AccountId, IpAddr, u16), u32>;

/// A place at each address of a host, for as long as this lives.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    account: AccountId,
    addresses: Arc<[IpAddr]>,
    port: u16,
}

impl Places {
    /// Places, none of them taken.
    pub(super) fn new(most: u32) -> Self {
        Self {
            taken: Arc::default(),
            most,
        }
    }

    /// Takes a place at each of these addresses; `None` if one of them has none left.
    pub(super) fn take(&self, account: &AccountId, addresses: &Arc<[IpAddr]>, port: u16) -> Option<Place> {
        let mut taken = self.taken();
        let key = |address: &IpAddr| (account.clone(), *address, port);
        let is_full = |address| taken.get(&key(address)).is_some_and(|taken| *taken >= self.most);
        if addresses.iter().any(is_full) {
            return None;
        }
        for address in addresses.iter() {
            *taken.entry(key(address)).or_default() += 1;
        }
        drop(taken);
        Some(Place {
            places: self.clone(),
            account: account.clone(),
            addresses: Arc::clone(addresses),
            port,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        for address in self.addresses.iter() {
            let key = (self.account.clone(), *address, self.port);
            if let Some(number) = taken.get_mut(&key) {
                *number -= 1;
                if *number == 0 {
                    taken.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
