//! The Lua scripts, each with the shared parts in front that it needs.

use redis::Script;

use super::keys::BASE_KEYS;

/// Says what a script may do while Redis is out of memory (Redis and Valkey from 7.0).
#[derive(Debug, Clone, Copy)]
enum Memory {
    /// It takes new work in, so it is refused as a whole.
    Refused,
    /// It finishes work, frees memory or only reads.
    Allowed,
}

const BASE: &str = include_str!("lua/shared/base.lua");
const ROUTES: &str = include_str!("lua/shared/routes.lua");
const CORE: &str = include_str!("lua/shared/core.lua");
const VIEW: &str = include_str!("lua/shared/view.lua");
const FINISHED: &str = include_str!("lua/shared/finished.lua");
const LOG: &str = include_str!("lua/shared/log.lua");
const ACCOUNT_EVENTS: &str = include_str!("lua/shared/account_events.lua");
const DELIVERIES: &str = include_str!("lua/shared/deliveries.lua");
const QUARANTINE: &str = include_str!("lua/shared/quarantine.lua");
const REPLAYS: &str = include_str!("lua/shared/replays.lua");
const SWEEPS: &str = include_str!("lua/shared/sweeps.lua");
const PARKED: &str = include_str!("lua/shared/parked.lua");
const RELEASE: &str = include_str!("lua/shared/release.lua");

/// Everything that finishes deliveries.
const FINISHING: &[&str] = &[
    BASE,
    ROUTES,
    CORE,
    FINISHED,
    LOG,
    ACCOUNT_EVENTS,
    DELIVERIES,
    QUARANTINE,
];
/// Everything that sets queues aside.
const SWEEPING: &[&str] = &[
    BASE,
    ROUTES,
    CORE,
    FINISHED,
    LOG,
    ACCOUNT_EVENTS,
    DELIVERIES,
    QUARANTINE,
    SWEEPS,
];
/// Everything that nobody waits for.
const KEEPING_UP: &[&str] = &[
    BASE,
    ROUTES,
    CORE,
    FINISHED,
    LOG,
    ACCOUNT_EVENTS,
    DELIVERIES,
    QUARANTINE,
    SWEEPS,
    PARKED,
    REPLAYS,
    RELEASE,
];
/// Everything that makes new ones of finished ones.
const REPLAYING: &[&str] = &[
    BASE,
    ROUTES,
    CORE,
    FINISHED,
    LOG,
    ACCOUNT_EVENTS,
    DELIVERIES,
    QUARANTINE,
    REPLAYS,
];

/// Those that only read: they don't make `writes` rise.
const READING: [&str; 7] = [
    "endpoint_list",
    "endpoint_health",
    "account_summary",
    "log_page",
    "log_waiting",
    "delivery_get",
    "replay_count",
];

/// One step: a script, how many of the declared keys it takes, and whether it writes.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) script: Script,
    pub(crate) keys: usize,
    pub(crate) writes: bool,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $memory:ident, $parts:expr;)+) => {
        /// All scripts, compiled to their hashes once.
        #[derive(Debug)]
        pub(crate) struct Scripts {
            $($(#[$doc])* pub(crate) $name: Step,)+
        }

        /// Every script as Redis gets it, with its name: for whoever looks at scripts and doesn't run them.
        #[must_use]
        pub fn assembled() -> Vec<(&'static str, String)> {
            vec![
                $((stringify!($name), text(Memory::$memory, $parts, include_str!(concat!("lua/", stringify!($name), ".lua"))))),+
            ]
        }

        impl Scripts {
            pub(crate) fn new() -> Self {
                Self {
                    $($name: step(stringify!($name), Memory::$memory, $parts, include_str!(concat!("lua/", stringify!($name), ".lua"))),)+
                }
            }
        }
    };
}

scripts! {
    accept: Refused, &[BASE, ROUTES];
    work: Allowed, FINISHING;
    upkeep: Allowed, KEEPING_UP;
    parked_find: Allowed, &[BASE, CORE];
    endpoint_create: Refused, &[BASE, ROUTES, CORE];
    endpoint_update: Allowed, SWEEPING;
    endpoint_rotate: Allowed, &[BASE, CORE, LOG];
    endpoint_rewrap: Allowed, &[BASE];
    endpoint_remove: Allowed, SWEEPING;
    endpoint_list: Allowed, &[BASE, CORE];
    endpoint_health: Allowed, &[BASE, CORE];
    clock: Allowed, &[BASE];
    call_count: Allowed, &[BASE];
    account_summary: Allowed, &[BASE, CORE];
    log_page: Allowed, &[BASE, CORE, VIEW];
    log_waiting: Allowed, &[BASE, CORE, VIEW];
    delivery_get: Allowed, &[BASE, CORE, VIEW];
    replay_one: Refused, REPLAYING;
    replay_start: Refused, REPLAYING;
    replay_get: Allowed, REPLAYING;
    replay_count: Allowed, &[BASE, CORE];
    test_event_request: Refused, &[BASE, CORE];
    test_event_begin: Allowed, &[BASE, CORE];
    test_event_finish: Allowed, &[BASE, CORE, FINISHED, LOG];
    test_event_withdraw: Allowed, &[BASE];
    policy_announce: Allowed, &[BASE];
    store_watch: Allowed, &[];
    store_claim: Allowed, &[];
    store_room: Refused, &[];
}

fn text(memory: Memory, parts: &[&str], body: &str) -> String {
    let flags = match memory {
        Memory::Refused => "",
        Memory::Allowed => " flags=allow-oom",
    };
    format!("#!lua{flags}\n{}{body}", parts.concat())
}

fn step(name: &str, memory: Memory, parts: &[&str], body: &str) -> Step {
    Step {
        script: Script::new(&text(memory, parts, body)),
        keys: if parts.contains(&CORE) || parts.is_empty() {
            usize::MAX
        } else {
            BASE_KEYS
        },
        writes: !READING.contains(&name),
    }
}
