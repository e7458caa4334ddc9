//! Every key that we write. All other code, Rust and Lua, gets its keys from here.
//!
//! | key | type | content | lifetime |
//! |---|---|---|---|
//! | `wh:meta` | hash | `store` (its identity, checked in every script; from schema 2 on `<identity>+s<schema>`), `writes` (rises about once a second while anything is written), `schema` (which forms are written), `shards`, `growsTo` (while there are to be more shards: how many, and `closed` behind it while no account may begin), `directory` (its version), `serviceKeys` (when they last changed, ms; rises with each change), `raisedAt` (when the schema last rose, ms); `acceptedAt`, `rewoundAt`, `rewoundFrom`, `rewoundTo` (ms, and `writes` before and after) | for ever |
//! | `account:<a>:endpoints` | hash | endpoint → `<A\|D\|O\|F\|G>\|,<types>,\|<chatbots>`: what `accept` needs of it; `F` and `G` are `A` and `D` with filters; several chatbots have a line feed around each | while it has endpoints |
//! | `account:<a>:filters` | hash | endpoint → its filters, as JSON; `version`, which follows from them all | while an endpoint has some |
//! | `account:<a>:bytes` | string | bytes of the account's unfinished payloads | while there are some |
//! | `account:<a>:delivered` | list | finished events of which no delivery was exhausted, oldest first: `<when (s)> <26 characters of the id>`, and ` <how often it was sent again>` | until upkeep lets go of their payloads |
//! | `account:<a>:exhausted` | list | the same of those of which one was exhausted | until upkeep lets go of their payloads |
//! | `account:<a>:hours` | hash | `<hour>:<outcome>` → how many, of the last 24 hours | 91 days after the last |
//! | `account:<a>:days` | hash | `<day>:<outcome>` → how many, of what is older than that, 90 days | 91 days after the last |
//! | `account:<a>:unmatched` | list | events that matched nobody, newest last: `<26 characters of the id> <none\|type\|chatbot\|filter\|off\|limits> <event type> <chatbot>` | a day after the last, the last 1,000 |
//! | `account:<a>:idempotency` | hash | table of idempotency keys → `<opened (ms)> <its hashes> <its keys>`; `before` (until when there may be keys of before schema 3, ms) | 36 h after the last was opened |
//! | `account:<a>:told` | string | account events about exhausted deliveries in this minute | 1 min |
//! | `account:<a>:trials` | string | test events asked for in this minute | 1 min |
//! | `account:<a>:calls` | string | calls of the dashboard in this minute | 1 min |
//! | `account:<a>:calls:keys` | string | calls with the account's own keys in this minute | 1 min |
//! | `account:<a>:calls:portal` | string | calls with the account's portal sessions in this minute | 1 min |
//! | `account:<a>:calls:manage` | string | calls that the backend made in its name in this minute | 1 min |
//! | `account:<a>:keys` | hash | `<id of an API key>` → `<hash of its text> <when it expires (ms), 0: never> <scopes> <made at (ms)> <by whom>`, a line feed, and its name; `<id>:used` → when it was last used (ms, give or take a minute) | while it has keys |
//! | `account:<a>:portal` | sorted set | portal session that is good → when it expires (ms) | 15 min after the last was made |
//! | `account:<a>:pushed` | string | events accepted in this minute, if they are limited | 1 min |
//! | `account:<a>:hold` | string | that all its endpoints are paused: `pause 0 <since (ms)> <reason>` | until an operator ends it |
//! | `account:<a>:terms` | string | what is decided of the account: `erasing`, or limits of its own, `<limit>=<value>` with spaces between them; from schema 4 on. `moving <shard>` while nothing is done for it since it moves there, `moved <shard>` where it was before | until it is erased; while it has some; `moved` for ever |
//! | `account:<a>:move` | hash | how far it has got on its way to another shard: `phase`, `since` (ms); where it leaves `to`, `terms` (what they were), `waiting` (its unfinished deliveries), `switchedAt` (ms), `asked`, `swept` (what upkeep works through before), `behind`; where it arrives `from`, `terms` | until that is over |
//! | `account:<a>:places` | hash | while it moves: `<key> <member>` → score, of what it has in sorted sets that all accounts share | until it is open again |
//! | `account:<a>:erasure` | hash | how far erasing it has got: `phase`, `since`, `endedAt` (ms), `endpoints`, `events`, `keys`, `cursor` (of `server`), `swept` | until it is erased, and 7 days |
//! | `account:<a>:removed` | sorted set | the endpoints that erasing it has removed | until it is erased |
//! | `account:<a>:near` | string | the part of its budget that the operator was told of last (percent) | 1 day |
//! | `account:<a>:turn` | string | the last turn of the account's endpoints in `ready` | 1 h |
//! | `account:<a>:turn:slow` | string | the same in `ready:slow` | 1 h |
//! | `key:<k>:pushed` | string | events accepted with this service key in this minute, if they are limited | 1 min |
//! | `portal:<s>` | string | a portal session: `<hash of its token> <when it expires (ms)> <read\|write> <a>` | 15 min |
//! | `endpoint:<e>` | hash | `url`, `events`, `chatbotId` (one, or several with a line feed around each), `filters`, `headers` (of its own: `<name> <sealed value>`, with commas between them; from schema 4 on), `state`, `consecutiveFailures`, `inFlight`, `createdBy`, `updatedBy`, `enabledAt` (when it was last switched on, by anybody, ms), `operatorHold`, `accountHold`, `wantedRate` (what an operator does to it, see `operator.lua`), `pausedBefore` (it was paused when failures disabled it), `completeSince` (when the newest entry was written that its log has lost, ms), `logGone` (how many entries had left `log:<e>` when the last block was written), `logErased` (how often something was erased of it), `recent`, `hours`, `days`, `lastError` (how the latest attempts went, see `recent.lua`), `failingTold`, `expiringTold` (which streak, and when last, the operator was told of, ms), … | until it is removed |
//! | `event:<v>` | hash | `body`, `event`, `account`, `refs` (unfinished deliveries), `deliveries`, `charge`, `acceptedAt`, `failed`, `again` (how often it was sent again after it had finished), `erased` (when it was, ms: then it has no `body`; from schema 4 on), `trace` (the `traceparent` of its push, if it had one; behind `-` if the API began the trace) | `RETENTION_SUCCEEDED` after its last delivery finished, `RETENTION_FAILED` if one was exhausted; less while memory is short; erased, 7 days |
//! | `delivery:<d>` | hash | `state`, `attempts`, `holds`, `nextAttemptAt`, `reason`, `status`, `forwarded`, `lostLeases`, `quarantinedAt`, `singly`, `log` (ids of its log entries), `replayOf`, `madeAt`, `redeliveredAt` (exhausted: when a replay of it succeeded, ms), … | from its first failed attempt or lost lease, replays from the start; after success `RETENTION_SUCCEEDED`, exhausted `RETENTION_FAILED` |
//! | `pending:<e>` | list | deliveries that wait for their turn, as `<d>` or `<d>:<attempts made>`; suspects as `<d>:0<attempts made>` | while there are some |
//! | `retry:<e>` | sorted set | delivery → when its next attempt is due (ms); parked: when it was accepted (s) | while there are some |
//! | `finished:<class>` | sorted set | account → when the oldest entry of its list `delivered` or `exhausted` finished (s) | while there are some |
//! | `finished:<class>:bytes` | sorted set | account → what the events in that list are charged | while there are some |
//! | `block:<b>` | string | a block of history: finished events of an account, or entries of a log, compressed (`common/history`) | see `blocks:…` |
//! | `blocks:log:<e>`, `blocks:delivered:<a>`, `blocks:exhausted:<a>` | sorted set | descriptor of a block, which begins with its id → the time of the newest in it (ms) | `RETENTION_SUCCEEDED`, exhausted `RETENTION_FAILED`, at most `HISTORY_BUDGET_BYTES` for an account; less while memory is short |
//! | `history:<class>` | sorted set | endpoint (`log`) or account (`delivered`, `exhausted`) → the time of its oldest block (ms) | while there are some |
//! | `history:bytes`, `history:bytes:exhausted` | sorted set | account → what its blocks take: of logs and of what was delivered; of what was exhausted | while there are some |
//! | `history:over` | sorted set | account whose blocks may take more than a limit of its own | until upkeep has looked |
//! | `account:<a>:history` | sorted set | `log:<e>`, `delivered`, `exhausted` → the time of its oldest block (ms) | while there are some |
//! | `account:<a>:again` | string | how many of its finished events were sent again, or erased, lately | 1 h after the last |
//! | `account:<a>:since` | hash | `delivered`, `exhausted` → when the newest of those finished whose payloads have gone (ms) | as long as such payloads are kept |
//! | `packing` | sorted set | `log:<e>`, `<class>:<a>` → when a worker may look whether there is enough to be packed (ms) | while there are some |
//! | `failed:<e>` | sorted set | exhausted delivery → when (ms) | `RETENTION_FAILED` |
//! | `canceled:<e>` | sorted set | discarded delivery, unless a replay delivered it since, as `<26 characters of its event's id> <event type>` → when (ms); from schema 4 on | `RETENTION_SUCCEEDED` after the last, the last 100,000 |
//! | `log:<e>` | stream | attempts (`attempt`: `<d> <event type> <attempt> <outcome> <ms> <status> <timing>`, `-` for what is absent; schema 1: a field for each; failures have `error`, `detail`, … besides) and changes of the endpoint's state, newest last | until they are packed, at most 100,000; before schema 3 `LOG_LENGTH` entries |
//! | `ready` | sorted set | endpoint that has something to send → its turn | while there are some |
//! | `ready:slow` | sorted set | the same, for endpoints that are slow | while there are some |
//! | `timers` | sorted set | active endpoint → when something of it is due (ms): the end of its hold, its next turn by its rate, or its nearest retry | while there are some |
//! | `leases` | sorted set | delivery in flight → when its lease expires (ms) | while there are some |
//! | `tokens` | hash | delivery in flight → `<incarnation>:<sequence> <when the lease expires (ms)>\|<host:port> <account>\|<in flight at its endpoint; 0: a probe>\|<generation>\|<attempt>\|<payload bytes>` | while there are some |
//! | `shares` | hash | `account <a>`, `destination <host:port>` and `<host:port> <a>` → how many of its attempts are in flight, `slow <one of these>` → how many of them may hang, with a `w` if endpoints wait for a place; `accounts`, `destinations` (the two that were served last, and when) | for ever |
//! | `waiting` | sorted set | name of a count in `shares` that has no place for endpoints → when upkeep looks at those who wait (ms) | while there are some |
//! | `waiting:<name>` | sorted set | endpoint that waits for such a place → its turn | while there are some |
//! | `turns:<name>` | hash | account → the last turn of its endpoints in `waiting:<name>`; `returned` → those that came back lately, each with its turn | while some wait, at most 1 h |
//! | `quarantine` | sorted set | suspect (a delivery that lost three leases) of an active endpoint → when it is served (ms) | while there are some |
//! | `failing` | sorted set | active endpoint whose streak of failures is long enough to disable it, but has not lasted `DISABLE_MIN_SPAN` → when upkeep's clock looks at it (ms) | while there are some |
//! | `parked` | sorted set | endpoint that isn't active → when upkeep looks at what is parked there (ms) | while there are some |
//! | `disabled` | sorted set | the same, as the previous release entered disabled endpoints; upkeep moves them to `parked` | until then |
//! | `replays` | sorted set | replay of many that is under way → when its next step is due (ms) | while there are some |
//! | `replay:<r>` | hash | a replay of many: `status`, `events` (from schema 4 on: `,<type>,<type>,`), `since`, `until`, `position`, `made`, `succeeded`, … | 14 days after its end, at most until 20 more have ended or its endpoint is removed |
//! | `replays:<e>` | list | the endpoint's replays of many that have ended, newest last | 14 days after the last one's end, the last 20 |
//! | `erasures` | sorted set | account that is being erased → when its last step was (ms) | while there are some |
//! | `trials` | list | test events that no worker has taken yet | while there are some |
//! | `trial:<d>` | hash | a test event: `endpoint`, `event`, `body`, `at`, `done` | 2 min |
//! | `answer:<d>` | list | the log entry of a test event, for the one who waits for it | 1 min |
//! | `sweeps` | list | `<cancel\|forget\|drop> <e> <key> <type>`: what upkeep has to work through; `erased <a> …` and `moves <a> …` stand behind the last of an account | while there are some |
//! | `chores` | sorted set | `<release\|forward\|resume> <e>[ <operation>]`, `suspend <a> <e>`: what upkeep does step by step for an endpoint, or for those of an account behind this one → when the next step is due (ms) | while there are some |
//! | `sweep:<operation>:<queue>` | list or sorted set | a queue that was set aside in one step | until it is worked through |
//! | `corrupt` | list | `<e> <entry>`: entries that could not be read; `<id> <key>`: keys that were moved away | the last 1,000 |
//! | `corrupt:<key>` | any | what something else had written in the place of a key of ours | 14 days |
//! | `idempotency:<a>:<table>:<number>` | hash | 20 digits of an idempotency key's hash → `<26 characters of the event's id><when (s since the table was opened)> <deliveries> <12 characters that stand for the request>` | 24 h after the last, at most 36 h |
//! | `idempotency:<a>:<hash of the key>` | hash | until schema 3: `fingerprint`, `parts`, `event`, `deliveries` | 24 h |
//! | `creation:<a>:<hash of the key>` | string | which endpoint was made with this idempotency key: `<fingerprint> <e> <number of its secret>` | 24 h |
//! | `worker:<incarnation>` | string | the last sequence, what came of its reports, the deliveries that it leased, and the suspects that it holds | 1 h |
//! | `workers` | sorted set | worker that runs → when it was last heard of (ms): at most the last 1,000 | 72 s after the last was heard of |
//! | `workers:<w>` | hash | what a worker tells of itself: `host`, `version`, `incarnation` (its leases' name for it here), `slots`, `inFlight` (of this shard), `state`, `startedAt`; `drain`, since when an operator wants it to take nothing new (ms, -1: nobody does) | 72 s after it was last heard of |
//! | `removed:<operation>` | string | the endpoint, the API key, or the portal session, that this operation removed | 1 min |
//! | `changed:<operation>` | string | the endpoint that this operation changed; or how many deliveries it discarded; or how many strikes it took back, and how many endpoints it switched on | 1 min; 1 h |
//! | `answered` | sorted set | destination that answered any worker (`<URL without path> <account>`; `check` in place of the account: an address of `EGRESS_CHECK`) → when last (ms): the last 1,000, of an hour | 1 h |
//! | `outages` | hash | worker's incarnation → until when (ms) its own network counts as down | 10 min |
//! | `wake` | list | a token while there is something to fetch | until a worker takes it |
//! | `handed:<incarnation>` | list | deliveries of an event that are leased to that worker, with all that an attempt needs: fields one after the other, each behind its length | until the worker takes it; as long as the lease |
//! | `operator` | list | events for the operator, oldest first: `<26 characters of an id> <event type> <body>`; 64 MiB at most | until they are sent, if somebody is told |
//! | `operator:bytes` | string | how long they are together | while there are some |
//! | `operator:sender` | string | incarnation of the worker that sends them | 30 s |
//! | `audit` | stream | what operators did: `by`, `why`, `action`, `target`, `account`, `result` | for ever, the last 10,000 |
//! | `observer` | string | incarnation of the worker that reads the shard for the metrics | 30 s; 3 min where there are several shards |
//! | `policy` | hash | what the workers are configured to: `disableAfter`, `logLength`, `headerPrefix`, … | for ever |
//! | `directory` | hash | account that lies in another shard than its id names → that shard's number; the same in all shards | for ever |
//! | `service_keys` | hash | id of a service key that operators keep here → `<version: when it was made (ms)> <SHA-256 of the key> <push\|manage> <by whom>`, or `<version> revoked`; of each id the newest counts, and all shards hold the same | for ever |
//! | `event_types` | hash | event type → what stands for all that is known about it, as the API announced that started last | for ever |
//! | `event_types:leaving` | hash | event type that an API which starts would not have → who noticed first: nobody can subscribe to it | 10 min, while endpoints are searched |
//! | `secrets_key` | string | what only the right `SECRETS_KEY` makes: the first API that starts puts it there, `secrets rewrap` and `secrets accept` replace it | for ever |
//! | `memory` | hash | hour (since 1970) → how many bytes of memory the server used in it, as the first worker noted that told of itself: the last 48 hours | for ever |
//! | `checked` | hash | what the latest `webhooksctl check --keep` found: `at` (ms), `violations`, `unfinished`, `took` (ms) | for ever |
//! | `stats` | hash | counters, `turn`, `clockRaw`, `clockSkew`, `clockSteps`, `reapedAt`, `reapHold`, `ageHold`, `parkedSoughtAt`, `sharesCountedAt`, `standby` (who may be handed deliveries) | for ever |
//!
//! Every key but `wh:meta` starts with the prefix `wh:{<shard>}:`, which keeps a shard in one hash slot. In a cluster the hash stands in
//! there too, as `wh:{<shard>}:meta`: a script can only work on what one node has.

/// The hash that is common to all shards, where there is no cluster.
pub const META: &str = "wh:meta";

/// How many hash slots a cluster has.
const SLOTS: u16 = 16_384;

/// The keys of one shard.
#[derive(Debug, Clone)]
pub struct Keys {
    tag: String,
    prefix: String,
    meta_in_slot: String,
}

impl Keys {
    /// The keys of shard number `shard`.
    #[must_use]
    pub fn new(shard: u16) -> Self {
        Self {
            tag: shard.to_string(),
            prefix: format!("wh:{{{shard}}}:"),
            meta_in_slot: format!("wh:{{{shard}}}:meta"),
        }
    }

    /// The hash slot of [`META`], which a server has that became the node of a cluster.
    #[must_use]
    pub(crate) fn slot_of_meta() -> u16 {
        crc16(META.as_bytes()) % SLOTS
    }

    /// `KEYS` for scripts, which compute all other keys from the prefix.
    #[must_use]
    pub fn declared(&self, is_cluster: bool) -> [&str; 2] {
        [&self.prefix, self.meta(is_cluster)]
    }

    /// The hash that says whose store this is.
    #[must_use]
    pub fn meta(&self, is_cluster: bool) -> &str {
        if is_cluster { &self.meta_in_slot } else { META }
    }

    /// The hash slot that all of them are in, but for `wh:meta`.
    #[must_use]
    pub fn slot(&self) -> u16 {
        crc16(self.tag.as_bytes()) % SLOTS
    }

    /// One key of this shard, such as `key("wake")` or `key("pending:ep_…")`.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// The checksum that a cluster takes for a key's slot (CRC-16/XMODEM).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests;
