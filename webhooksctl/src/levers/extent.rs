//! How much a lever reaches.

use super::deliveries;

/// How much that is, when it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) accounts: u64,
    pub(super) endpoints: u64,
    pub(super) deliveries: u64,
}

impl Extent {
    /// `12 deliveries for 3 endpoints of 2 accounts`.
    pub(super) fn described(self) -> String {
        let Self {
            accounts,
            endpoints,
            deliveries: count,
        } = self;
        let s = |count: u64| if count == 1 { "" } else { "s" };
        format!(
            "{} for {endpoints} endpoint{} of {accounts} account{}",
            deliveries(count),
            s(endpoints),
            s(accounts)
        )
    }
}
