//! The scripts that mend: each says what it did.

use std::time::Duration;

use crate::scripts::{answered_in_words, script};

/// What came of mending something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaired {
    /// It is mended: what was done.
    Repaired(String),
    /// It isn't so any more, or not as the check saw it. Nothing was changed.
    Changed,
    /// Nothing was changed, and why.
    Left(String),
}

answered_in_words! {
    Repaired { "repaired" => Repaired(said), "changed" => Changed, "left" => Left(why) }
}

script! {
    /// Counts an account's or an endpoint's sum anew.
    "repair_sum": AllowOom, Writes, needs [TERMS, UNFINISHED, AUDIT];
    struct RepairSum<'a> {
        account: &'a str,
        endpoint: &'a str,
        field: &'a str,
        stored: &'a str,
        counted: &'a str,
        order: &'a str
    } -> Repaired
}

script! {
    /// Gives an endpoint what follows from the rest of it.
    "repair_endpoint": AllowOom, Writes, needs [TERMS, ROUTES, CORE, AUDIT];
    struct RepairEndpoint<'a> {
        endpoint: &'a str,
        aspect: &'a str,
        failures: u64,
        order: &'a str
    } -> Repaired
}

script! {
    /// Sums up an account's finished events anew.
    "repair_finished": AllowOom, Writes, needs [TERMS, CORE, AUDIT];
    struct RepairFinished<'a> {
        account: &'a str,
        class: &'a str,
        event: &'a str,
        order: &'a str
    } -> Repaired
}

script! {
    /// Takes an entry out of an index.
    "repair_member": AllowOom, Writes, needs [TERMS, CORE, AUDIT];
    struct RepairMember<'a> {
        index: &'a str,
        member: &'a str,
        order: &'a str
    } -> Repaired
}

script! {
    /// Gives a key a lifetime, or takes it.
    "repair_lifetime": AllowOom, Writes, needs [CORE, AUDIT];
    struct RepairLifetime<'a> {
        name: &'a str,
        /// How long it stays; zero for ever.
        stays: Duration,
        order: &'a str
    } -> Repaired
}

script! {
    /// Counts anew what is in flight of accounts and at destinations.
    "repair_shares": AllowOom, Writes, needs [TALLY, AUDIT];
    struct RepairShares<'a> {
        waited: &'a str,
        order: &'a str
    } -> Repaired
}

script! {
    /// Brings a delivery back that waits nowhere.
    "repair_delivery": AllowOom, Writes, needs [TERMS, DELIVERIES, UNFINISHED, AUDIT];
    struct RepairDelivery<'a> {
        delivery: &'a str,
        order: &'a str
    } -> Repaired
}
