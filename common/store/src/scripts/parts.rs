//! The shared parts: Lua that stands in front of the scripts that need it. What runs with each call of theirs takes time, so
//! each script names what it needs, and each part names the parts that it needs in turn.

/// Lua that several scripts share.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its file below `lua/shared/`.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// The parts that have to stand before it.
    pub(crate) needs: &'static [&'static Part],
}

macro_rules! parts {
    ($($part:ident = $file:literal needs [$($need:ident),*];)+) => {
        $(pub(crate) static $part: Part = Part {
            name: $file,
            text: include_str!(concat!("../lua/shared/", $file, ".lua")),
            needs: &[$(&$need),*],
        };)+

        /// All of them.
        #[cfg(test)]
        pub(crate) static PARTS: &[&Part] = &[$(&$part),+];
    };
}

parts! {
    BASE = "base" needs [];
    PENDING = "pending" needs [BASE];
    PLACED = "placed" needs [BASE];
    QUOTA = "quota" needs [BASE];
    OWNER = "owner" needs [BASE];
    TERMS = "terms" needs [BASE];
    HERE = "here" needs [TERMS];
    API_KEYS = "api_keys" needs [BASE];
    PORTAL_SESSIONS = "portal_sessions" needs [BASE];
    ROUTES = "routes" needs [BASE];
    TYPES = "types" needs [BASE];
    FILTERS = "filters" needs [ROUTES];
    IDS = "ids" needs [BASE];
    ENDPOINTS = "endpoints" needs [BASE, IDS];
    CARRIES = "carries" needs [ENDPOINTS];
    ROUNDS = "rounds" needs [BASE];
    TURNS = "turns" needs [CARRIES, ROUNDS];
    TAG = "tag" needs [BASE];
    CORE = "core" needs [TURNS, TAG];
    TALLY = "tally" needs [TURNS];
    SHARES = "shares" needs [TALLY];
    PLACES = "places" needs [SHARES];
    TAKEN = "taken" needs [PLACES];
    RECENT = "recent" needs [CORE];
    VIEW = "view" needs [CORE];
    AUDIT = "audit" needs [CORE];
    FINISHED = "finished" needs [CORE];
    LOG = "log" needs [CORE];
    LOGGED = "logged" needs [BASE];
    OPERATOR_EVENTS = "operator_events" needs [BASE];
    ACCOUNT_EVENTS = "account_events" needs [ROUTES, CORE, OPERATOR_EVENTS];
    DELIVERIES = "deliveries" needs [FINISHED, LOG, ACCOUNT_EVENTS];
    QUARANTINE = "quarantine" needs [DELIVERIES];
    OPERATOR = "operator" needs [ENDPOINTS];
    RESUME = "resume" needs [OPERATOR];
    FORWARD = "forward" needs [TURNS, DELIVERIES];
    STOP = "stop" needs [QUARANTINE];
    STRIKES = "strikes" needs [STOP, FORWARD, RESUME];
    ENABLE = "enable" needs [LOG, RESUME];
    RELEASES = "releases" needs [CORE];
    SWEEPS = "sweeps" needs [QUARANTINE, RELEASES];
    REMOVAL = "removal" needs [FILTERS, QUARANTINE, RELEASES];
    SUSPEND = "suspend" needs [STOP, ENABLE, RELEASES, ROUTES];
    UNFINISHED = "unfinished" needs [CORE];
    PARKED = "parked" needs [DELIVERIES, TERMS];
    REPLAYS = "replays" needs [DELIVERIES, LOGGED, TERMS];
    RESTORE = "restore" needs [REPLAYS];
    REPLAY_VIEW = "replay_view" needs [BASE];
    LOG_NUMBERS = "log_numbers" needs [BASE];
    BLOCKS = "blocks" needs [CORE, TERMS];
    DROPS = "drops" needs [BLOCKS];
    RELEASE = "release" needs [FINISHED, DROPS];
    BELONGS = "belongs" needs [IDS, PORTAL_SESSIONS];
    MOVES = "moves" needs [TERMS, ENDPOINTS];
}

/// These parts and all that they need, each once, behind those that it needs.
pub(crate) fn in_order(parts: &[&'static Part]) -> Vec<&'static Part> {
    fn add(part: &'static Part, ordered: &mut Vec<&'static Part>) {
        if ordered.iter().any(|known| known.name == part.name) {
            return;
        }
        for need in part.needs {
            add(need, ordered);
        }
        ordered.push(part);
    }
    let mut ordered = Vec::new();
    for part in parts {
        add(part, &mut ordered);
    }
    ordered
}
