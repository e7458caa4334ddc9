//! A lease, as its token tells of it.

use domain::clock::Timestamp;
use domain::id::DeliveryId;

/// A delivery that a worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub delivery: DeliveryId,
    /// Whose.
    pub account: String,
    /// Where it goes: `host:port`.
    pub destination: String,
    /// The attempt's number.
    pub attempt: u32,
    /// When the lease expires.
    pub until: Option<Timestamp>,
}

impl Lease {
    /// From `<incarnation>:<sequence> <expires (ms)>|<host:port> <account>|<beside>|<generation>|<attempt>|<bytes>`, with who holds it.
    pub(super) fn read(delivery: &str, token: &str) -> Option<(String, Self)> {
        let (holder, rest) = token.split_once('|')?;
        let (incarnation, since) = holder.split_once(':')?;
        let mut terms = rest.split('|');
        let (destination, account) = terms.next()?.rsplit_once(' ')?;
        let until = since.split(' ').nth(1).and_then(|ms| ms.parse().ok());
        let lease = Self {
            delivery: delivery.parse().ok()?,
            account: account.to_owned(),
            destination: destination.to_owned(),
            attempt: terms.nth(2)?.parse().ok()?,
            until: until.and_then(Timestamp::from_millis),
        };
        Some((incarnation.to_owned(), lease))
    }
}
