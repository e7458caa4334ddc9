//! What a walk saw: the stored state as plain maps.

use std::collections::{BTreeSet, HashMap};

use super::finished::Finished;
use super::history::History;
use super::ids::{DeliveryKey, EventKey};
use super::places::Places;
use super::rows::{EndpointRow, EventRow, RecordRow, ReplayRow};
use crate::policy::Policy;

/// Everything that one shard holds. There may be millions of events and deliveries, so their ids are numbers; all other ids are
/// the texts that the walk found, valid or not.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// How many keys the walk read.
    pub keys: usize,
    /// `endpoint:<e>`.
    pub endpoints: HashMap<String, EndpointRow>,
    /// `account:<a>:endpoints`: (account, endpoint) → route.
    pub routes: HashMap<(String, String), String>,
    /// `account:<a>:filters`: (account, endpoint) → its filters, and (account, `version`).
    pub filters: HashMap<(String, String), String>,
    /// `account:<a>:bytes`.
    pub account_bytes: HashMap<String, i64>,
    /// The accounts that events name.
    pub accounts: Names,
    /// `event:<v>`.
    pub events: HashMap<EventKey, EventRow>,
    /// `delivery:<d>`.
    pub records: HashMap<DeliveryKey, RecordRow>,
    /// Where the walk saw each delivery.
    pub places: Places,
    /// `leases`: delivery → when its lease expires.
    pub leases: HashMap<DeliveryKey, f64>,
    /// The fields of `tokens`.
    pub tokens: BTreeSet<String>,
    /// What `tokens` says of each delivery.
    pub token_texts: HashMap<DeliveryKey, String>,
    /// `shares`: what is counted → how many are in flight, and whether endpoints wait for a place.
    pub shares: HashMap<String, String>,
    /// `waiting`: the names of such counts for which endpoints wait.
    pub waited_for: BTreeSet<String>,
    /// `waiting:<name>`: the endpoints that wait.
    pub waiting: HashMap<String, Vec<String>>,
    /// `ready`: endpoint → its turn.
    pub ready: HashMap<String, f64>,
    /// `ready:slow`: endpoint → its turn.
    pub ready_slow: HashMap<String, f64>,
    /// `account:<a>:turn`: account → the last turn of its endpoints in `ready`.
    pub turns: HashMap<String, i64>,
    /// `account:<a>:turn:slow`: the same in `ready:slow`.
    pub slow_turns: HashMap<String, i64>,
    /// `timers`: endpoint → when something of it is due.
    pub timers: HashMap<String, f64>,
    /// `failing`: endpoint → when upkeep's clock looks at it.
    pub failing: HashMap<String, f64>,
    /// The members of `parked`, and of `disabled`, where the previous release entered some.
    pub parked: BTreeSet<String>,
    /// Keys that belong to an endpoint, such as `log:<e>`, with the endpoint.
    pub owned: Vec<(String, String)>,
    /// Keys of no known kind.
    pub unknown: Vec<String>,
    /// Keys that must have a lifetime and have none.
    pub immortal: Vec<String>,
    /// Keys, and entries of pending lists, that can't be read, with the reason.
    pub unreadable: Vec<String>,
    /// Names of keys that scripts moved away, since something else had overwritten them.
    pub away: Vec<String>,
    /// The entries of `sweeps`.
    pub sweeps: Vec<String>,
    /// The members of `chores`, with the times of their next steps.
    pub chores: HashMap<String, f64>,
    /// The queues that scripts set aside for upkeep.
    pub set_aside: Vec<String>,
    /// `replay:<r>`.
    pub replays: HashMap<String, ReplayRow>,
    /// `replays`: replay of many → when its next step is due.
    pub replaying: HashMap<String, f64>,
    /// `replays:<e>`: the endpoint's replays of many that have ended.
    pub ended_replays: HashMap<String, Vec<String>>,
    /// `account:<a>:move`: how far accounts have got that leave this shard, or come to it.
    pub moving: HashMap<String, String>,
    /// `account:<a>:terms`: accounts that have moved, with their shards.
    pub moved: HashMap<String, String>,
    /// Whether `corrupt` has entries.
    pub has_corrupt: bool,
    /// The index of finished events.
    pub finished: Finished,
    /// Blocks of history, and their index.
    pub history: History,
    /// The workers' settings, as they announced them.
    pub policy: Option<Policy>,
    /// `stats`, which the walk reads last: no time and no turn in this snapshot is later.
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

/// Names that many rows share, each stored once.
#[derive(Debug, Clone, Default)]
pub struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Snapshot {
    /// Whether a queue was set aside to be released.
    #[must_use]
    pub fn is_released(&self, key: &str) -> bool {
        let is_of = |operation: &str| {
            let queue = key
                .strip_prefix("sweep:")
                .and_then(|rest| rest.strip_prefix(operation));
            matches!(queue, Some(":pending" | ":retry"))
        };
        let mut releases = self
            .chores
            .keys()
            .filter_map(|chore| chore.strip_prefix("release ")?.split_once(' '));
        releases.any(|(_, operation)| is_of(operation))
    }
}

impl Names {
    /// The name with this number.
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
