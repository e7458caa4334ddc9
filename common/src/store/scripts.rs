//! The Lua scripts, each with the shared parts in front that it needs.

use redis::Script;

/// Says what a script may do while Redis is out of memory (Redis and Valkey from 7.0).
#[derive(Debug, Clone, Copy)]
enum Memory {
    /// It takes new work in, so it is refused as a whole.
    Refused,
    /// It finishes work, frees memory or only reads.
    Allowed,
}

const CORE: &str = include_str!("lua/shared/core.lua");
const VIEW: &str = include_str!("lua/shared/view.lua");
const LOG: &str = include_str!("lua/shared/log.lua");
const ACCOUNT_EVENTS: &str = include_str!("lua/shared/account_events.lua");
const DELIVERIES: &str = include_str!("lua/shared/deliveries.lua");
const REPLAYS: &str = include_str!("lua/shared/replays.lua");

/// Everything that finishes deliveries.
const FINISHING: &[&str] = &[CORE, LOG, ACCOUNT_EVENTS, DELIVERIES];
/// Everything that makes new ones of finished ones.
const REPLAYING: &[&str] = &[CORE, LOG, ACCOUNT_EVENTS, DELIVERIES, REPLAYS];

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $memory:ident, $parts:expr;)+) => {
        /// All scripts, compiled to their hashes once.
        #[derive(Debug)]
        pub(super) struct Scripts {
            $($(#[$doc])* pub(super) $name: Script,)+
        }

        impl Scripts {
            pub(super) fn new() -> Self {
                Self {
                    $($name: script(Memory::$memory, $parts, include_str!(concat!("lua/", stringify!($name), ".lua"))),)+
                }
            }
        }
    };
}

scripts! {
    accept: Refused, &[CORE];
    work: Allowed, FINISHING;
    upkeep: Allowed, REPLAYING;
    endpoint_create: Refused, &[CORE];
    endpoint_update: Allowed, FINISHING;
    endpoint_rotate: Allowed, &[CORE, LOG];
    endpoint_remove: Allowed, FINISHING;
    endpoint_list: Allowed, &[CORE];
    endpoint_health: Allowed, &[CORE];
    account_summary: Allowed, &[CORE];
    log_page: Allowed, &[CORE, VIEW];
    log_waiting: Allowed, &[CORE, VIEW];
    delivery_get: Allowed, &[CORE, VIEW];
    replay_one: Refused, REPLAYING;
    replay_start: Refused, REPLAYING;
    replay_get: Allowed, REPLAYING;
    trial_request: Refused, &[CORE];
    trial_begin: Allowed, &[CORE];
    trial_finish: Allowed, &[CORE, LOG];
}

fn script(memory: Memory, parts: &[&str], body: &str) -> Script {
    let flags = match memory {
        Memory::Refused => "",
        Memory::Allowed => " flags=allow-oom",
    };
    Script::new(&format!("#!lua{flags}\n{}{body}", parts.concat()))
}
