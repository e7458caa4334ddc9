//! What sealing anew came to.

use std::collections::BTreeMap;

/// What sealing anew came to. Values of headers count as secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewrapReport {
    /// Endpoints that were looked at.
    pub endpoints: u64,
    /// Secrets that were sealed anew, or would be in a dry run.
    pub rewrapped: u64,
    /// Secrets that changed meanwhile, and stayed as they were.
    pub overtaken: u64,
    /// Secrets by the id of the key that seals them now, without those that changed meanwhile.
    pub by_key: BTreeMap<String, u64>,
    /// Secrets that don't open.
    pub unopened: u64,
    /// The first of them, each with its endpoint and the reason.
    pub reasons: Vec<String>,
}

impl RewrapReport {
    /// Adds what was done in another shard.
    pub fn merge(&mut self, other: Self) {
        self.endpoints += other.endpoints;
        self.rewrapped += other.rewrapped;
        self.overtaken += other.overtaken;
        self.unopened += other.unopened;
        self.reasons.extend(other.reasons);
        for (key, count) in other.by_key {
            *self.by_key.entry(key).or_default() += count;
        }
    }
}
