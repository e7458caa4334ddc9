//! Turns names into addresses, and checks every address before the client connects to one.
//!
//! A host with one blocked address among good ones is refused as a whole: otherwise an attacker would only have to wait
//! until the good ones fail. Literal addresses need no lookup, and are checked all the same.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use domain::address::{AddressPolicy, BlockedAddress};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::BoxError;
use crate::fault::{Fault, NotAttempted};

/// Name lookups at a time. Each takes a thread that waits for the system's resolver, and can't be stopped.
const MAX_LOOKUPS: usize = 256;

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

/// Looks names up with `names`, and refuses hosts with an address that is blocked.
pub(crate) struct GuardedResolver {
    names: Arc<dyn Resolve>,
    policy: AddressPolicy,
}

impl GuardedResolver {
    pub(crate) fn new(names: Arc<dyn Resolve>, policy: AddressPolicy) -> Self {
        Self { names, policy }
    }

    /// The addresses of a host name, all of which may be connected to.
    pub(super) async fn addresses_of(&self, host: &str) -> Result<Vec<IpAddr>, NoAddress> {
        let name: Name = host
            .parse()
            .map_err(|error| NoAddress::Unresolved(Box::new(error)))?;
        let found = self.names.resolve(name).await.map_err(NoAddress::Unresolved)?;
        let addresses: Vec<_> = found.map(|address| address.ip()).collect();
        admit(host, &addresses, &self.policy).map_err(NoAddress::Blocked)?;
        Ok(addresses)
    }

    /// Checks a host that is a literal address.
    pub(super) fn admit_literal(&self, host: &str, address: IpAddr) -> Result<(), BlockedHost> {
        admit(host, &[address], &self.policy)
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GuardedResolver({:?})", self.policy)
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

/// The system's resolver.
#[derive(Debug)]
pub(crate) struct SystemResolver {
    lookups: Arc<Semaphore>,
    /// How long a look-up waits for its turn.
    wait: Duration,
}

impl SystemResolver {
    /// One for attempts that may take this long. A look-up whose turn doesn't come in half of that is none: that is our own trouble,
    /// and the rest is for the receiver.
    pub(crate) fn for_attempts_of(timeout: Duration) -> Self {
        Self {
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            wait: timeout / 2,
        }
    }
}

/// A look-up that failed may have lacked a file of ours: the system's resolver says of that only that it failed for now.
fn look_up(name: &str) -> io::Result<std::vec::IntoIter<SocketAddr>> {
    (name, 0).to_socket_addrs().or_else(|error| {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        Err(error)
    })
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookups, wait) = (Arc::clone(&self.lookups), self.wait);
        Box::pin(async move {
            let Ok(permit) = tokio::time::timeout(wait, lookups.acquire_owned()).await else {
                let sentence = format!("{MAX_LOOKUPS} name look-ups wait for the resolver");
                return Err(Fault::from(NotAttempted::Resources(sentence)).into());
            };
            let permit = permit?;
            let found = tokio::task::spawn_blocking(move || {
                // A lookup goes on after the attempt that waited for it has given up, and keeps its permit.
                let _permit = permit;
                look_up(name.as_str())
            });
            let addresses = found.await??;
            if addresses.len() == 0 {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
