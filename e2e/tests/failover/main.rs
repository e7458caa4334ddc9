//! Failovers that Redis's own sentinels decide and announce, against the real programs, real servers and real sentinels. Those that
//! take long are in `long`.
//!
//! A primary replicates without waiting, so a failover may lose what was acknowledged in the last moment: each test looks for every
//! acknowledged event on the new primary, prints what is lost, and accounts for all others ([`e2e::account`]).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod cut_off;
mod guarded;
mod killed;
mod long;
mod named_elsewhere;
mod partition;
mod planned;
mod scene;
mod settings;
mod three;
