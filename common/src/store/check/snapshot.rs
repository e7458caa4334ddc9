//! What a walk saw: the stored state as plain maps.

use std::collections::{BTreeSet, HashMap};

use super::finished::Finished;

/// Everything that one shard holds. Ids and keys are texts as they were found, readable or not.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// `endpoint:<e>`.
    pub endpoints: HashMap<String, EndpointRow>,
    /// `account:<a>:endpoints`: (account, endpoint) → route.
    pub routes: HashMap<(String, String), String>,
    /// `account:<a>:bytes`.
    pub account_bytes: HashMap<String, i64>,
    /// `event:<v>`.
    pub events: HashMap<String, EventRow>,
    /// `delivery:<d>`.
    pub records: HashMap<String, RecordRow>,
    /// Where each delivery was seen.
    pub places: HashMap<String, Vec<Place>>,
    /// The fields of `tokens`.
    pub tokens: BTreeSet<String>,
    /// The members of `ready`.
    pub ready: BTreeSet<String>,
    /// The members of `ready:slow`.
    pub ready_slow: BTreeSet<String>,
    /// `timers`: endpoint → when its nearest retry is due.
    pub timers: HashMap<String, f64>,
    /// The members of `disabled`.
    pub disabled: BTreeSet<String>,
    /// Keys that belong to an endpoint, such as `log:<e>`, with the endpoint.
    pub owned: Vec<(String, String)>,
    /// Keys that no rule knows.
    pub unknown: Vec<String>,
    /// Keys that must have a lifetime and have none.
    pub immortal: Vec<String>,
    /// Keys, and entries of pending lists, that can't be read.
    pub unreadable: Vec<String>,
    /// The entries of `sweeps`.
    pub sweeps: Vec<String>,
    /// The keys that were set aside for upkeep.
    pub set_aside: Vec<String>,
    /// `replay:<r>`.
    pub replays: HashMap<String, ReplayRow>,
    /// The members of `replays`.
    pub replaying: BTreeSet<String>,
    /// The index of finished events.
    pub finished: Finished,
}

/// What the check needs of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointRow {
    /// Its owner.
    pub account: String,
    /// `active`, `disabled` or `off`.
    pub state: String,
    /// `inFlight`.
    pub in_flight: i64,
    /// Whether it is probed with one attempt at a time.
    pub probing: bool,
    /// Whether it is slow.
    pub slow: bool,
    /// `queuedBytes`.
    pub queued_bytes: i64,
    /// `events`.
    pub events: String,
    /// `chatbotId`, or nothing.
    pub chatbot_id: String,
    /// Whether there is a secret before the last rotation, and whether it is said until when.
    pub previous_secret: (bool, bool),
}

/// What the check needs of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Its owner.
    pub account: String,
    /// `refs`.
    pub refs: i64,
    /// `charge`.
    pub charge: i64,
    /// The length of its payload.
    pub bytes: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// Whether one of its deliveries was exhausted.
    pub failed: bool,
    /// `again`: how often it was sent again after it had finished.
    pub again: i64,
}

/// What the check needs of a delivery's record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordRow {
    /// `state`.
    pub state: String,
    /// `attempts`.
    pub attempts: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// The newest log entry that it points to: outcome and attempt. `None` when it points to none, or when the log has
    /// been cut since.
    pub logged: Option<(String, i64)>,
}

/// What the check needs of a replay of many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayRow {
    /// The endpoint whose deliveries it sends again.
    pub endpoint: String,
    /// `running`, `finished` or `canceled`.
    pub state: String,
    /// `made`.
    pub made: i64,
    /// What became of those: `succeeded`, `exhausted` and `canceled` together.
    pub ended: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
}

/// A place where a delivery can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// In an endpoint's pending list.
    Pending(String),
    /// In an endpoint's retry set, due at that time.
    Retry(String, f64),
    /// In `leases`.
    Leased,
    /// In `quarantine`.
    Quarantined,
    /// In a queue that was set aside to be released or canceled.
    SetAside(String),
    /// In an endpoint's set of exhausted deliveries, or in one that was set aside.
    Failed(String),
}

impl Place {
    /// Whether a delivery in this place is not finished.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}
