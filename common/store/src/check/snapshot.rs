//! What a walk saw: the stored state as plain maps.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use super::finished::Finished;
use super::ids::{DeliveryKey, EventKey};
use super::places::Places;
use crate::policy::Policy;

/// Everything that one shard holds. Events and deliveries, of which there may be millions, are held by number; all else as
/// texts as they were found, readable or not.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Keys that were read.
    pub keys: usize,
    /// `endpoint:<e>`.
    pub endpoints: HashMap<String, EndpointRow>,
    /// `account:<a>:endpoints`: (account, endpoint) → route.
    pub routes: HashMap<(String, String), String>,
    /// `account:<a>:bytes`.
    pub account_bytes: HashMap<String, i64>,
    /// The accounts that events name.
    pub accounts: Names,
    /// `event:<v>`.
    pub events: HashMap<EventKey, EventRow>,
    /// `delivery:<d>`.
    pub records: HashMap<DeliveryKey, RecordRow>,
    /// Where each delivery was seen.
    pub places: Places,
    /// `leases`: delivery → when its lease expires.
    pub leases: HashMap<DeliveryKey, f64>,
    /// The fields of `tokens`.
    pub tokens: BTreeSet<String>,
    /// What `tokens` says of each delivery.
    pub token_texts: HashMap<DeliveryKey, String>,
    /// `ready`: endpoint → its turn.
    pub ready: HashMap<String, f64>,
    /// `ready:slow`: endpoint → its turn.
    pub ready_slow: HashMap<String, f64>,
    /// `timers`: endpoint → when its nearest retry is due.
    pub timers: HashMap<String, f64>,
    /// The members of `parked`, and of `disabled`, where the release before entered some.
    pub parked: BTreeSet<String>,
    /// Keys that belong to an endpoint, such as `log:<e>`, with the endpoint.
    pub owned: Vec<(String, String)>,
    /// Keys that no rule knows.
    pub unknown: Vec<String>,
    /// Keys that must have a lifetime and have none.
    pub immortal: Vec<String>,
    /// Keys, and entries of pending lists, that can't be read, with the reason.
    pub unreadable: Vec<String>,
    /// Names of keys that were moved away, since something else had overwritten them.
    pub away: Vec<String>,
    /// The entries of `sweeps`.
    pub sweeps: Vec<String>,
    /// The keys that were set aside for upkeep.
    pub set_aside: Vec<String>,
    /// `replay:<r>`.
    pub replays: HashMap<String, ReplayRow>,
    /// `replays`: replay of many → when its next step is due.
    pub replaying: HashMap<String, f64>,
    /// `replays:<e>`: the endpoint's replays of many that have ended.
    pub ended_replays: HashMap<String, Vec<String>>,
    /// `corrupt` has entries.
    pub has_corrupt: bool,
    /// The index of finished events.
    pub finished: Finished,
    /// What the workers are configured to.
    pub policy: Option<Policy>,
    /// `stats`, read after everything else: no time and no turn that was seen is later.
    pub stats: Stats,
}

/// `stats`: counters and times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats(pub(super) HashMap<String, String>);

impl Stats {
    /// A counter, or a time in ms; 0 when there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.0.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The time (ms) as the last script saw it. It stands still while nothing runs.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.number("clockRaw") + self.number("clockSkew")
    }
}

/// Names that many rows have in common, each held once.
#[derive(Debug, Clone, Default)]
pub struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// The name of a number that `Names::number` gave.
    #[must_use]
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

/// What the check needs of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointRow {
    /// Its owner.
    pub account: String,
    /// `active`, `disabled` or `off`.
    pub state: String,
    /// Whether it says why it is not active.
    pub has_reason: bool,
    /// `disabledAt`: since when it isn't active (ms), or 0.
    pub disabled_at: i64,
    /// `inFlight`.
    pub in_flight: i64,
    /// `generation`.
    pub generation: i64,
    /// Whether it is probed with one attempt at a time.
    pub probing: bool,
    /// Whether it is slow.
    pub slow: bool,
    /// `queuedBytes`.
    pub queued_bytes: i64,
    /// The types that it wants.
    pub events: String,
    /// The chatbot that it wants events of, or nothing.
    pub chatbot_id: String,
    /// Whether it has a previous secret, and whether that has an end.
    pub previous_secret: (bool, bool),
}

/// What the check needs of an event: 40 bytes, and 16 for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Its owner's number in `Snapshot::accounts`.
    pub account: u32,
    /// `refs`.
    pub refs: i32,
    /// `charge`.
    pub charge: i64,
    /// The length of its payload.
    pub bytes: i32,
    /// `acceptedAt` (ms), or 0.
    pub accepted_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// Whether one of its deliveries was exhausted.
    pub failed: bool,
    /// `again`: how often it was sent again after it had finished.
    pub again: i32,
}

/// What the check needs of a delivery's record: 40 bytes, and 32 for its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// `state`.
    pub state: RecordState,
    /// `attempts`.
    pub attempts: i32,
    /// `exhaustedAt` (ms), or 0.
    pub exhausted_at: i64,
    /// When a replay was asked for (ms), or 0.
    pub made_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// The newest log entry that it points to: outcome and attempt. `None` when it points to none, or when the log has
    /// been cut since.
    pub logged: Option<(RecordState, i32)>,
}

/// What a record, or a log entry, says became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordState {
    /// `pending`.
    Pending,
    /// `retrying`.
    Retrying,
    /// `quarantined`.
    Quarantined,
    /// `exhausted`.
    Exhausted,
    /// `succeeded`.
    Succeeded,
}

impl RecordState {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Pending, "pending"),
        (Self::Retrying, "retrying"),
        (Self::Quarantined, "quarantined"),
        (Self::Exhausted, "exhausted"),
        (Self::Succeeded, "succeeded"),
    ];

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, text)| *text)
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Exhausted | Self::Succeeded)
    }
}

impl FromStr for RecordState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(state, _)| *state)
            .ok_or_else(|| format!("says {text:?}"))
    }
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
    /// Whether it has ended and stands in its endpoint's list; those of the release before don't.
    pub is_listed: bool,
    /// What became of those: `succeeded`, `exhausted` and `canceled` together.
    pub ended: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
}
