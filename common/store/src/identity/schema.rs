//! The schema of a store: in which forms programs write what they store.
//!
//! A program reads every form that it knows, and writes those of the store's schema. So programs of two releases can work
//! on one store: it stays in the older forms until all of them know the newer ones (`upgrade`).

/// The schemas that this version knows, the newest last; `base.lua` knows the same. Schema 3 has blocks of history (`history`), schema 4
/// what programs of before would take for something else (paused endpoints, endpoints of several chatbots or with filters, replays that choose by more than before), schema 5
/// accounts that lie in another shard than their ids say: scripts that write such a form refuse while the store doesn't have it
/// (`lua/shared/pending.lua`).
pub(crate) const KNOWN: [&str; 5] = ["1", "2", "3", "4", "5"];

/// The one that a new store begins with, and that an older one is raised to.
pub(crate) const NEWEST: &str = KNOWN[4];

/// The newest schema that this version knows.
#[must_use]
pub const fn newest_schema() -> &'static str {
    NEWEST
}

/// Why this version must leave a store alone, if it doesn't know the store's schema: a sentence that says what to do.
#[must_use]
pub fn unknown_schema(stored: &str) -> Option<String> {
    (!KNOWN.contains(&stored)).then(|| {
        format!(
            "the stored data has schema {stored}, this program knows {}: use the version of the programs that wrote it",
            KNOWN.join(", ")
        )
    })
}
