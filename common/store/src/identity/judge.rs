//! Is it still the store that it was? A pure decision on what a program knows and what it sees.

use super::{Replaced, StoreId, unknown_schema};

/// What a program knows of its store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The identity that it insists on (`STORE_ID`).
    pub(crate) insists_on: Option<StoreId>,
    /// The identity of the store that it works on; `None` before it has seen it.
    pub(crate) identity: Option<StoreId>,
    /// The highest `writes` that it has seen.
    pub(crate) writes: u64,
    /// When, by Redis's clock, it last saw that all is well, or first saw that it isn't (ms).
    pub(crate) at: u64,
}

/// What a look at the store showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Redis's clock (ms).
    pub(crate) now: u64,
    /// The store's identity.
    pub(crate) identity: Option<StoreId>,
    /// Its schema.
    pub(crate) schema: Option<String>,
    /// Its number of shards.
    pub(crate) shards: Option<String>,
    /// To how many that is being raised.
    pub(crate) growth: Option<String>,
    /// The version of the directory.
    pub(crate) directory: u64,
    /// Its `writes`.
    pub(crate) writes: u64,
    /// When an operator last accepted it (ms); 0 for never.
    pub(crate) accepted_at: u64,
    /// When it was last found to be set back.
    pub(crate) rewound: Option<Rewind>,
    /// When its service keys were last changed (ms): each change has another number.
    pub(crate) service_keys: u64,
    /// Without an identity: whether there are other keys of ours.
    pub(crate) has_others: bool,
    /// When a worker last did its upkeep, as the scripts wrote it.
    pub(crate) reaped_at: String,
    /// Whether deliveries wait for a worker.
    pub(crate) waits: bool,
    /// Nothing waits, is in flight or is due.
    pub(crate) is_quiet: bool,
    /// Whether sentinels have just named another server: what it lacks was never replicated to it.
    pub(crate) failed_over: bool,
}

/// A store was found to be set back to an earlier state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewind {
    /// When that was noticed (ms since 1970).
    pub at: u64,
    /// `writes` before.
    pub from: u64,
    /// `writes` after.
    pub to: u64,
}

/// What the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the store that it was, or the first one that this program sees.
    Fine,
    /// The server is empty, and the program insists on no identity: this is the very first start.
    Create,
    /// A release that knew no identities wrote it.
    Adopt,
    /// An operator accepted what is there since this program saw that something is wrong: it is the store from now on.
    Accepted,
    /// It is the same store, but older than it was.
    Rewound {
        /// `writes` as it was.
        from: u64,
        /// `writes` as it is.
        to: u64,
    },
    /// It is the same store on another server, which the sentinels named and which lacks the last writes.
    FailedOver {
        /// `writes` as it was.
        from: u64,
        /// `writes` as it is.
        to: u64,
    },
    /// It is not the store.
    Replaced(Replaced),
}

/// Compares what a program sees with what it knew before it asked.
pub(crate) fn judge(known: &Known, sight: &Sight) -> Verdict {
    let was_accepted = sight.accepted_at > known.at;
    let wanted = known.insists_on.as_ref().or(known.identity.as_ref());
    if let Some(schema) = &sight.schema
        && unknown_schema(schema).is_some()
    {
        return Verdict::Replaced(Replaced::Schema(schema.clone()));
    }
    match (&sight.identity, wanted) {
        (Some(_), None) => Verdict::Fine,
        (Some(found), Some(wanted)) if found == wanted => match &known.identity {
            Some(_) if was_accepted => Verdict::Accepted,
            Some(worked_on) if worked_on == found && sight.writes < known.writes => {
                let (from, to) = (known.writes, sight.writes);
                if sight.failed_over {
                    Verdict::FailedOver { from, to }
                } else {
                    Verdict::Rewound { from, to }
                }
            }
            _ => Verdict::Fine,
        },
        // A program that insists goes on insisting: after its next start it would do so too.
        (Some(_), Some(_)) if known.insists_on.is_none() && was_accepted => Verdict::Accepted,
        (Some(found), Some(_)) => Verdict::Replaced(Replaced::Other(found.clone())),
        (None, _) if sight.schema.is_some() && known.identity.is_none() => Verdict::Adopt,
        (None, _) if sight.has_others => Verdict::Replaced(Replaced::Unmarked),
        (None, None) => Verdict::Create,
        (None, Some(_)) => Verdict::Replaced(Replaced::Empty),
    }
}

#[cfg(test)]
mod tests;
