//! Blocks of history, as a walk saw them.

use std::collections::{BTreeMap, HashMap};

use ::history::{EventsDescriptor, LogDescriptor};

/// `log`, `delivered` or `exhausted`, and an endpoint or an account.
pub(super) type SeriesKey = (&'static str, String);

/// Blocks, and their index.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// `block:<b>`: how many bytes each has.
    pub blocks: HashMap<String, usize>,
    /// `blocks:<series>`: what is said of each block, with the time of the newest in it (ms), the oldest first.
    pub index: BTreeMap<SeriesKey, Vec<(BlockFacts, f64)>>,
    /// Blocks of logs whose endpoints were removed.
    pub set_aside: Vec<BlockFacts>,
    /// `history:<class>`: the time of the oldest block (ms).
    pub oldest: BTreeMap<SeriesKey, f64>,
    /// `account:<a>:history`: (account, series) → the time of the oldest block (ms).
    pub of_accounts: BTreeMap<(String, String), f64>,
    /// `history:bytes` and `history:bytes:exhausted`: what the account's blocks take, and whether those of what was exhausted.
    pub bytes: BTreeMap<(String, bool), f64>,
}

/// What the index says of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockFacts {
    /// The block.
    pub block: String,
    /// Whose it is.
    pub account: String,
    /// Its length.
    pub bytes: usize,
}

impl BlockFacts {
    pub(super) fn of_log(descriptor: &str) -> Option<Self> {
        let descriptor: LogDescriptor = descriptor.parse().ok()?;
        Some(Self {
            block: descriptor.block.to_string(),
            account: descriptor.account.to_string(),
            bytes: usize::try_from(descriptor.bytes).ok()?,
        })
    }

    pub(super) fn of_events(descriptor: &str, account: &str) -> Option<Self> {
        let descriptor: EventsDescriptor = descriptor.parse().ok()?;
        Some(Self {
            block: descriptor.block.to_string(),
            account: account.to_owned(),
            bytes: usize::try_from(descriptor.bytes).ok()?,
        })
    }
}
