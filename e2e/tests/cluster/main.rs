//! A Redis Cluster of six real processes under the real programs: its own failovers, and slots that move. Those that take long are in `long`.
//!
//! A primary replicates without waiting, so a failover may lose what was acknowledged in the last moment: such a test looks for every
//! acknowledged event on the new primary, prints what is lost, and accounts for all others ([`e2e::account`]).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod adopted;
mod guarded;
mod hung;
mod killed;
mod long;
mod moved;
mod ordered;
mod planned;
mod scene;
mod settings;
mod shards;
