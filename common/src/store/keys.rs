//! Every key that we write. All other code, Rust and Lua, gets its keys from here.
//!
//! | key | type | content | lifetime |
//! |---|---|---|---|
//! | `wh:meta` | hash | `schema`, `shards`: checked at every start | for ever |
//! | `account:<a>:endpoints` | hash | endpoint → `<A\|D\|O>\|,<types>,\|<chatbot>`: what `accept` needs of it | while it has endpoints |
//! | `account:<a>:bytes` | string | bytes of the account's unfinished payloads | while there are some |
//! | `endpoint:<e>` | hash | `url`, `events`, `state`, `consecutiveFailures`, `inFlight`, … | until it is removed |
//! | `event:<v>` | hash | `body`, `event`, `account`, `refs` (unfinished deliveries), `deliveries`, `charge`, `acceptedAt`, `failed` | `RETENTION_SUCCEEDED` after its last delivery finished, `RETENTION_FAILED` if one was exhausted |
//! | `delivery:<d>` | hash | `state`, `attempts`, `nextAttemptAt`, `reason`, `lostLeases`, … | from its first failed attempt or lost lease until it succeeds; exhausted: `RETENTION_FAILED` |
//! | `pending:<e>` | list | deliveries that wait for their turn, as `<d>` or `<d>:<attempts made>` | while there are some |
//! | `retry:<e>` | sorted set | delivery → when its next attempt is due (ms) | while there are some |
//! | `failed:<e>` | sorted set | exhausted delivery → when (ms) | `RETENTION_FAILED` |
//! | `log:<e>` | stream | attempts, newest last | `LOG_LENGTH` entries |
//! | `ready` | sorted set | endpoint that has something to send → its turn | while there are some |
//! | `ready:slow` | sorted set | the same, for endpoints that are slow | while there are some |
//! | `timers` | sorted set | active endpoint → when its nearest retry is due (ms) | while there are some |
//! | `leases` | sorted set | delivery in flight → when its lease expires (ms) | while there are some |
//! | `tokens` | hash | delivery in flight → `<incarnation>:<sequence>\|<generation>\|<attempt>\|<payload bytes>` | while there are some |
//! | `quarantine` | sorted set | delivery that lost three leases → when it is served, alone (ms) | while there are some |
//! | `disabled` | sorted set | disabled endpoint → when upkeep looks at what is parked there (ms) | while there are some |
//! | `sweeps` | list | `<release\|cancel\|forget> <e> <key> <type>`: what upkeep has to work through | while there are some |
//! | `sweep:<operation>:<queue>` | list or sorted set | a queue that was set aside in one step | until it is worked through |
//! | `corrupt` | list | `<e> <entry>`: entries that could not be read | the last 1,000 |
//! | `idempotency:<a>:<hash of the key>` | hash | `fingerprint`, `event`, `deliveries` | 24 h |
//! | `worker:<incarnation>` | string | the last sequence, what came of its reports, and the deliveries that it leased | 1 h |
//! | `removed:<operation>` | string | the endpoint that this operation removed | 1 min |
//! | `wake` | list | a token while there is something to fetch | until a worker takes it |
//! | `stats` | hash | counters, `turn`, `clockRaw`, `clockSkew`, `reapedAt`, `reapHold`, `soloWorker` | for ever |
//!
//! Every key but `wh:meta` starts with the prefix `wh:{<shard>}:`, which keeps a shard in one hash slot.

/// The hash that is common to all shards.
pub const META: &str = "wh:meta";

/// The names of the keys that scripts declare, in the order in which the prelude takes them after the prefix.
const FIXED: [&str; 11] = [
    "ready",
    "ready:slow",
    "timers",
    "leases",
    "tokens",
    "stats",
    "wake",
    "sweeps",
    "quarantine",
    "disabled",
    "corrupt",
];

/// The keys of one shard.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
    declared: Vec<String>,
}

impl Keys {
    /// The keys of shard number `shard`.
    #[must_use]
    pub fn new(shard: u16) -> Self {
        let prefix = format!("wh:{{{shard}}}:");
        let declared = std::iter::once(prefix.clone())
            .chain(FIXED.iter().map(|name| format!("{prefix}{name}")))
            .collect();
        Self { prefix, declared }
    }

    /// `KEYS` for every script: the prefix and the fixed keys.
    #[must_use]
    pub fn declared(&self) -> &[String] {
        &self.declared
    }

    /// One key of this shard, such as `key("wake")` or `key("pending:ep_…")`.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
