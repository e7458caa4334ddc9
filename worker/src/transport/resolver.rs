//! Turns names into addresses, and checks every address before the client connects to one.
//!
//! A host with one blocked address among good ones is refused as a whole: otherwise an attacker would only have to wait
//! until the good ones fail. Literal addresses need no lookup, and are checked all the same.
//!
//! [`system`] asks the name servers, as [`settings`] has them from the system, with the messages of [`question`]. [`lookups`] sees
//! to it that nobody's names keep others waiting: [shares](crate::shares), one look-up for each name, and a short memory of [`failures`].

mod failures;

mod lookups;

mod question;

mod settings;

mod system;

mod unfound;

use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::address::{AddressPolicy, BlockedAddress};
use domain::id::AccountId;
use reqwest::dns::Resolve;

use super::BoxError;
use lookups::Lookups;

pub(crate) use failures::rests_for;
pub(crate) use system::SystemResolver;

/// For whom a name is looked up; `None`: for this worker itself, which finds out whether its own network is up.
pub(crate) type Asker = Option<AccountId>;

/// A host that is refused because of where its name points to. In words it says no more than its owner may know: what names within
/// our networks lead to is the operator's business.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} resolves to an address that is not public")]
pub(crate) struct BlockedHost {
    host: String,
    blocked: BlockedAddress,
}

impl BlockedHost {
    /// Tells the operator which address it is.
    pub(super) fn log(&self) {
        let BlockedAddress { address, reason } = self.blocked;
        tracing::info!(host = %self.host, %address, reason, "a host was refused for an address that is not public");
    }
}

/// Why there is no address to connect to.
#[derive(Debug)]
pub(super) enum NoAddress {
    /// One of them is blocked.
    Blocked(BlockedHost),
    /// The name was not found.
    Unresolved(BoxError),
}

/// Why a name was not found, for everybody who asked for it.
#[derive(Debug, Clone)]
struct SharedError(Arc<dyn StdError + Send + Sync>);

/// Looks names up with `names`, and refuses hosts with an address that is blocked.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    lookups: Lookups,
    policy: AddressPolicy,
}

impl GuardedResolver {
    /// One for attempts that may take `timeout`. A look-up whose turn doesn't come within a quarter of that is none: that is our own
    /// shortage, and the rest is for the receiver.
    pub(crate) fn new(names: Arc<dyn Resolve>, policy: AddressPolicy, timeout: Duration) -> Self {
        Self {
            lookups: Lookups::new(names, timeout / 4),
            policy,
        }
    }

    /// The addresses of a host name, all of which may be connected to, looked up for `asker`.
    pub(super) async fn addresses_of(&self, host: &str, asker: &Asker) -> Result<Vec<IpAddr>, NoAddress> {
        let found = self.lookups.find(asker, host).await;
        let addresses = found.map_err(NoAddress::Unresolved)?;
        admit(host, &addresses, &self.policy).map_err(NoAddress::Blocked)?;
        Ok(addresses.to_vec())
    }

    /// Checks a host that is a literal address.
    pub(super) fn admit_literal(&self, host: &str, address: IpAddr) -> Result<(), BlockedHost> {
        admit(host, &[address], &self.policy)
    }
}

/// Refuses a host if any of its addresses is blocked.
fn admit(host: &str, addresses: &[IpAddr], policy: &AddressPolicy) -> Result<(), BlockedHost> {
    addresses.iter().try_for_each(|address| {
        policy.check(*address).map_err(|blocked| BlockedHost {
            host: host.to_owned(),
            blocked,
        })
    })
}

impl fmt::Display for SharedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl StdError for SharedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests;
