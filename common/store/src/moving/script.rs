//! The scripts of a move. All may be repeated.

use std::time::Duration;

use domain::id::AccountId;

use crate::scripts::{answered_in_words, script};

script! {
    /// An account is to leave this shard.
    "account_move_begin": AllowOom, Writes, needs [PENDING, MOVES];
    struct AccountMoveBegin<'a> {
        account: &'a AccountId,
        to: u16
    } -> Departure
}

/// Whether a move begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    Begins,
    UnderWay,
    /// The store gets more shards.
    Growing,
}

answered_in_words! {
    Departure { "begun" => Begins, "under_way" => UnderWay, "growing" => Growing }
}

script! {
    /// An account is to come to this shard.
    "account_move_arrive": DenyOom, Writes, needs [PENDING, MOVES];
    struct AccountMoveArrive<'a> {
        account: &'a AccountId,
        from: u16
    } -> Arrival
}

/// Whether an account can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    Ready,
    Occupied,
}

answered_in_words! {
    Arrival { "ready" => Ready, "occupied" => Occupied }
}

script! {
    /// Takes an account to where nothing of it changes any more.
    "account_move_close": AllowOom, Writes, needs [MOVES, RELEASES];
    struct AccountMoveClose<'a> {
        account: &'a AccountId
    } -> Closing
}

/// How far it has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// An endpoint of it is still served.
    Held,
    InFlight,
    /// Upkeep has something to work through.
    Queues,
    GoesOn,
    Closed,
}

answered_in_words! {
    Closing { "held" => Held, "in_flight" => InFlight, "queues" => Queues, "goes_on" => GoesOn, "closed" => Closed }
}

script! {
    /// Which of the next keys are the account's: where it goes on, the server, their names.
    "account_move_walk": AllowOom, Reads, needs [BELONGS];
    struct AccountMoveWalk<'a> {
        account: &'a AccountId,
        cursor: &'a str,
        server: &'a str,
        keys_looked_at: u32
    } -> (String, String, Vec<String>)
}

script! {
    /// How large keys are: their types, and how many entries or bytes they have.
    "account_move_sizes": AllowOom, Reads, needs [ENDPOINTS];
    struct AccountMoveSizes<'a> {;
        each name: &'a [&'a str]
    } -> Vec<String>
}

script! {
    /// An account is no longer this shard's.
    "account_move_switch": AllowOom, Writes, needs [MOVES];
    struct AccountMoveSwitch<'a> {
        account: &'a AccountId
    } -> ()
}

script! {
    /// Opens an account.
    "account_move_open": AllowOom, Writes, needs [MOVES];
    struct AccountMoveOpen<'a> {
        account: &'a AccountId,
        terms: &'a str,
        waiting: u64
    } -> Opening
}

/// Whether it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    GoesOn,
    Open,
}

answered_in_words! {
    Opening { "goes_on" => GoesOn, "open" => Open }
}

script! {
    /// What is left of an account may go, unless that is too early: after how long (ms).
    "account_move_leave": AllowOom, Writes, needs [MOVES];
    struct AccountMoveLeave<'a> {
        account: &'a AccountId,
        settles: Duration
    } -> u64
}

script! {
    /// Removes keys of a copy that doesn't count.
    "account_move_remove": AllowOom, Writes, needs [MOVES];
    struct AccountMoveRemove<'a> {
        account: &'a AccountId;
        each name: &'a [&'a str]
    } -> bool
}

script! {
    /// A move is over.
    "account_move_end": AllowOom, Writes, needs [MOVES];
    struct AccountMoveEnd<'a> {
        account: &'a AccountId,
        phase: &'static str
    } -> ()
}
